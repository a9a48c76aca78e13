"""What the demonstration shows: a live table while it runs, and the report at its end. In the operator's language."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table

from dialer.compliance.abandonment_rates import RateVerdict
from dialer.lab.demo.figures import Figures
from dialer.lab.demo.law import OTHER_CLOCK, LawFigures, NotDialled
from dialer.words import Language, name_of, say


def live_view(snapshot: dict[str, Any], language: Language, left_s: float) -> RenderableType:
    campaign = snapshot["campaigns"][0]
    left = Table.grid(padding=(0, 2))
    for label, value in _live_rows(snapshot, campaign, language, left_s):
        left.add_row(label, value)
    right = Table.grid(padding=(0, 2))
    for outcome, count in sorted(campaign["outcomes"].items(), key=lambda item: -item[1]):
        right.add_row(name_of("disposition", outcome, language), str(count))
    both = Table(show_header=False, expand=False)
    both.add_row(left, right)
    return both


def _live_rows(
    snapshot: dict[str, Any], campaign: dict[str, Any], language: Language, left_s: float
) -> Iterable[tuple[str, str]]:
    trunk, today = snapshot["trunks"][0], campaign["abandonment"]["today"]
    yield say("figure.campaign", language), name_of("campaign", campaign["state"], language)
    yield say("figure.calls_now", language), _counts("attempt", campaign["calls"], language)
    yield say("figure.agents", language), _counts("agent", snapshot["agents"]["by_state"], language)
    yield say("figure.contacts", language), _counts("contact", campaign["contacts"]["by_state"], language)
    yield say("figure.trunk", language), f"{trunk['in_use']} / {trunk['channels']}"
    yield say("figure.abandonment", language), f"{today['abandoned']} / {today['answered']}"
    yield say("figure.pacing", language), campaign["pacing"]
    yield say("demo.time_left", language), f"{left_s:.0f} s"


def _counts(group: str, counts: dict[str, int], language: Language) -> str:
    shown = [f"{name_of(group, state, language)} {count}" for state, count in counts.items() if count]
    return "  ".join(shown) or "–"


def one_line(snapshot: dict[str, Any], language: Language, left_s: float) -> str:
    """For a terminal that is none."""
    campaign = snapshot["campaigns"][0]
    return " | ".join(
        f"{label}: {value}" for label, value in _live_rows(snapshot, campaign, language, left_s)
    )


def final_report(figures: Figures, language: Language) -> RenderableType:
    outcomes = Table(title=say("figure.outcomes", language), title_justify="left")
    outcomes.add_column(say("figure.outcome", language))
    outcomes.add_column(say("figure.count", language), justify="right")
    for outcome, count in sorted(figures.outcomes.items(), key=lambda item: -item[1]):
        outcomes.add_row(name_of("disposition", outcome, language), str(count))
    summary = Table(show_header=False, title=say("demo.report", language), title_justify="left")
    for key, value in _summary(figures):
        summary.add_row(say(f"demo.{key}", language), value)
    return Group(outcomes, summary)


def _summary(figures: Figures) -> Iterable[tuple[str, str]]:
    delay, carrier = figures.answer_to_agent_s, figures.carrier
    yield "contacts", f"{figures.contacts}"
    yield "dialled", f"{figures.dialled}"
    yield "answer_rate", f"{_percent(figures.answer_rate)} ({figures.answered} / {figures.dialled})"
    yield (
        "abandonment",
        f"{_percent(figures.abandonment_rate)} ({figures.abandoned} / {figures.answered_by_people})"
        f" / {_percent(figures.abandonment_cap)}",
    )
    yield "accepted_risk", _percent(figures.accepted_risk)
    yield "occupancy", _percent(figures.agent_occupancy)
    yield "agent_wait", _seconds(figures.mean_agent_wait_s)
    yield "answer_to_agent", f"{_milliseconds(delay['p50'])} / {_milliseconds(delay['p99'])}"
    yield "recordings", f"{figures.recordings} ({figures.recordings_total_s:.0f} s)"
    yield "recordings_doubtful", f"{len(figures.recordings_doubtful)}"
    yield "shortest_ring", f"{_seconds(figures.shortest_unanswered_ring_s)} ({figures.cut_before_15_s})"
    yield (
        "carrier",
        f"{carrier['calls_ours']} = {carrier['calls_theirs']}" if carrier["agree"] else str(carrier),
    )
    yield "do_not_call", f"{figures.do_not_call_listed} / {figures.do_not_call_dialled}"


def show_law(console: Console, law: LawFigures, language: Language) -> None:
    """Who was not dialled and why, the carrier's word on it, and the abandonment as regulators count it."""
    table = Table(title=say("demo.law", language), title_justify="left")
    table.add_column(say("demo.law_why", language), overflow="fold")
    table.add_column(say("figure.count", language), justify="right")
    table.add_column(say("demo.law_example", language))
    table.add_column(say("demo.law_citation", language))
    for reason, alike in groupby(law.not_dialled, lambda each: each.reason):
        people = list(alike)
        why = name_of("refusal", reason, language) if reason else say("demo.law_unrefused", language)
        table.add_row(
            why, str(len(people)), _example(people[0]), people[0].citation or say("demo.law_own", language)
        )
    console.print(table)
    called = sum(each.calls_by_carrier for each in law.not_dialled)
    count, example = len(law.not_dialled), next(each.number for each in law.not_dialled if each.by_law)
    lines = [
        say("demo.law_carrier", language, count=count, called=called, calls=law.carrier_calls),
        *(
            say("demo.law_wrong", language, **_wrong(each))
            for each in law.not_dialled
            if not each.as_it_should_be
        ),
        say("demo.law_ask", language, command=f"fairdial explain contact --number {example}"),
        *(_window(each, language) for each in law.abandonment),
        say("demo.law_other_clock", language, profile=OTHER_CLOCK),
    ]
    for line in lines:
        console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)


def _example(each: NotDialled) -> str:
    return f"{each.number} ({each.place})" if each.place else each.number


def _wrong(each: NotDialled) -> dict[str, object]:
    return {
        "number": each.number,
        "expected": each.expected,
        "reason": each.reason or "–",
        "now": each.explained or "–",
    }


def _window(window: Mapping[str, Any], language: Language) -> str:
    return say(
        "demo.law_abandonment",
        language,
        profile=window["profile"],
        window=window["window"],
        abandoned=window["abandoned"],
        answered=window["answered"],
        rate=_share(window, language),
        limit=f"{window['limit']} %",
        citation=window["citation"],
        verdict=name_of("rate_verdict", window["verdict"], language),
    )


def _share(window: Mapping[str, Any], language: Language) -> str:
    no_data = window["verdict"] == RateVerdict.NO_DATA
    return name_of("rate_verdict", RateVerdict.NO_DATA, language) if no_data else f"{window['rate']} %"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value * 1000:.0f} ms"


def step(console: Console, words: str, took_s: float | None = None) -> None:
    console.print(f"  {words}" + ("" if took_s is None else f" [dim]({took_s:.1f} s)[/dim]"), highlight=False)
