"""Who is at a desk when: shifts less absences, as moves of agents. Tied to the clock and the seed, not to the calls."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dialer.simulation.fate import AgentMove, Movement
from dialer.simulation.scenario import Absence, Leaving, Scenario, Shift


@dataclass(frozen=True, slots=True)
class _Span:
    begins: float
    ends: float  # inf: to the end of the day
    leaves: Movement = Movement.LEAVE
    announced: bool = True  # leaving; shifts are on the roster
    expected: bool = True  # coming


def moves(scenario: Scenario, agents: int, random: np.random.Generator) -> tuple[AgentMove, ...]:
    """In order of time. `random` chooses who is absent."""
    spans = _shifts(scenario.team.shifts, agents)
    for absence in scenario.team.absences:
        _leave_out(spans, absence, agents, random)
    found: list[AgentMove] = []
    for agent, of_agent in spans.items():
        for span in of_agent:
            if span.begins >= scenario.day_s:
                continue
            found.append(AgentMove(span.begins, agent, Movement.COME, span.expected))
            if span.ends < scenario.day_s:
                found.append(AgentMove(span.ends, agent, span.leaves, span.announced))
    return tuple(sorted(found, key=lambda move: (move.at, move.agent)))


def _shifts(shifts: Sequence[Shift], agents: int) -> dict[int, list[_Span]]:
    spans: dict[int, list[_Span]] = {}
    shares, begun = 0.0, 0
    for shift in shifts:
        if shift.number is not None:
            size = shift.number
        else:
            shares += shift.share
            size, begun = round(agents * shares) - begun, round(agents * shares)
        for place in range(size):
            late = _turn(place, size, shift.over_s)
            ends = float("inf") if shift.ends is None else shift.ends + late
            spans[len(spans)] = [_Span(shift.begins + late, ends)]
    return spans


def _turn(place: int, size: int, over_s: float) -> float:
    """One by one: the first at once, the last after `over_s`."""
    return over_s * place / (size - 1) if size > 1 else 0.0


def _leave_out(
    spans: dict[int, list[_Span]], absence: Absence, agents: int, random: np.random.Generator
) -> None:
    size = round(absence.share * agents) if absence.number is None else absence.number
    back_over_s = absence.over_s if absence.back_over_s is None else absence.back_over_s
    chosen = random.permutation(len(spans))[:size]
    for place, agent in enumerate(int(each) for each in chosen):
        leaves = absence.begins + _turn(place, size, absence.over_s)
        returns = float("inf")
        if absence.away_s is not None:
            returns = absence.begins + absence.away_s + _turn(place, size, back_over_s)
        how = Movement.VANISH if absence.leaving is Leaving.AT_ONCE else Movement.LEAVE
        spans[agent] = [
            part for span in spans[agent] for part in _without(span, leaves, returns, how, absence.announced)
        ]


def _without(span: _Span, leaves: float, returns: float, how: Movement, announced: bool) -> list[_Span]:
    if returns <= span.begins or leaves >= span.ends:
        return [span]
    parts = []
    if span.begins < leaves:
        parts.append(replace(span, ends=leaves, leaves=how, announced=announced))
    if returns < span.ends:
        parts.append(replace(span, begins=returns, expected=announced))
    return parts
