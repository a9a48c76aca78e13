"""fairdial simulate size."""

import re
from collections.abc import Iterable
from dataclasses import replace

import typer

from dialer.cli import console
from dialer.cli.simulate import Wish
from dialer.cli.simulation import tables, wishes
from dialer.cli.simulation.playing import Playing
from dialer.errors import BadInput
from dialer.simulation.comparison import rows
from dialer.simulation.sizing import TEAMS, Need, need, smallest
from dialer.simulation.study import Job

_MOST_REFINEMENTS = 5


def sizing(wish: Wish, occupancy: str) -> None:
    aim = _share(occupancy)
    bases = wishes.bases(wish)
    if len({(base.scenario.name, base.policy) for base in bases}) > 1:
        raise BadInput("size: name one scenario and one policy")
    base = bases[0]
    sizes = wishes.teams(wish, base.scenario) if wish.agents is not None else TEAMS
    with Playing(wish) as play:
        needs = {each.agents: each for each in _needs(play, base, sizes, wish.seeds)}
        if wish.agents is None:
            _refine(play, base, needs, aim, wish.seeds)
    ordered = sorted(needs.values(), key=lambda each: each.agents)
    answer = smallest(ordered, aim)
    if tables.write_json({"aim": aim, "answer": answer, "teams": ordered}, wish.document):
        tables.show_needs(ordered)
        _say(answer, aim, ordered[-1].agents)


def _needs(play: Playing, base: Job, sizes: Iterable[int], seeds: int) -> list[Need]:
    metered = replace(base, meter_lines=True)
    jobs = [job for agents in sizes for job in wishes.seeded(replace(metered, agents=agents), seeds)]
    return [need(row, base.scenario.day_s) for row in rows(play(jobs))]


def _refine(play: Playing, base: Job, needs: dict[int, Need], aim: float, seeds: int) -> None:
    """Halve the gap between the largest team that will not do and the smallest that will."""
    for _ in range(_MOST_REFINEMENTS):
        answer = smallest(list(needs.values()), aim)
        if answer is None:
            return
        below = max((size for size in needs if size < answer.agents), default=answer.agents)
        if answer.agents - below <= max(1, answer.agents // 20):
            return
        size = (answer.agents + below) // 2
        needs[size] = _needs(play, base, [size], seeds)[0]


def _say(answer: Need | None, aim: float, largest: int) -> None:
    typer.echo()
    occupancy = f"{100 * aim:g} %"
    if answer is None:
        console.tell("cli.simulate_size_none", agents=largest, occupancy=occupancy)
        return
    console.tell(
        "cli.simulate_size",
        occupancy=occupancy,
        agents=answer.agents,
        lines=answer.lines,
        contacts=answer.contacts,
        abandonment=f"{answer.abandonment_percent:.2f}",
    )


def _share(written: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", written)
    value = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0.0 < value < 1.0:
        raise BadInput(f"occupancy: {written!r} is not a share: say 85 % or 0.85", "occupancy")
    return value
