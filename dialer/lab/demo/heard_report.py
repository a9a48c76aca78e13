"""The part of the report on what was heard on the lines."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from dialer.lab.demo.heard import GOAL_S, HeardFigures
from dialer.words import Language, say


def show_heard(console: Console, heard: HeardFigures, language: Language) -> None:
    """Foreign ring-back by country, and the figures of those who answered."""
    if heard.abroad:
        table = Table(title=say("demo.heard", language), title_justify="left")
        table.add_column(say("demo.heard_country", language))
        for column in ("calls", "ended", "answered", "longest"):
            table.add_column(say(f"demo.heard_{column}", language), justify="right")
        for each in heard.abroad:
            counts = (each.calls, each.ended_as_foreign, each.answered_by_carrier)
            table.add_row(each.country, *map(str, counts), f"{each.longest_s:.1f} s")
        console.print(table)
    for line in _lines(heard, language):
        console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)


def _lines(heard: HeardFigures, language: Language) -> Iterable[str]:
    said = next((each.said for each in heard.abroad if each.said), None)
    if said is not None:
        yield say("demo.heard_example", language, said=said)
    yield say("demo.heard_home", language, calls=heard.at_home_in_band, wrong=heard.at_home_ended_as_foreign)
    yield say("demo.heard_machines", language, known=heard.machines_known, answered=heard.machines_answered)
    yield say("demo.heard_people", language, wrong=heard.people_taken_for_machines, people=heard.people)
    yield say(
        "demo.heard_waits",
        language,
        p50=_seconds(heard.greeting_to_agent_p50_s),
        p99=_seconds(heard.greeting_to_agent_p99_s),
        goal=f"{GOAL_S:g} s",
    )
    yield say("demo.heard_timed", language, timed=heard.timed, people=heard.people)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"
