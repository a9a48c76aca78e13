"""How long our pacer thinks, and how much faster than real time the engine plays a floor with it."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.pacing.floor_pacer import FairPacer
from dialer.pacing.pacer import ContactFeatures, LineEnd, Presence, Room
from dialer.simulation.contenders import OURS
from dialer.simulation.scenario_reader import from_text
from dialer.simulation.study import Floor, Job, play

FLOORS = ((5, 5), (50, 38), (100, 73), (500, 353))
"""Agents, and the lines that ring when three of them are free."""

_BEGINS = datetime(2026, 11, 20, 9, tzinfo=UTC)
_CAMPAIGN = CampaignId(1)
_STEP_S = 0.005
_SETTLING = 300
_BATCHES = 20
_AREAS, _ANSWER = ("212", "646"), (0.15, 0.6)
_LESSONS = 800
_HOUR = "extends: s1\nday: 1 h\nwarm_up: 0 min\nagents: {count: 50}"


@dataclass(frozen=True, slots=True)
class DecisionCost:
    """Microseconds of CPU for one `decide` right after an answer, among lines of contacts that differ.

    `quiet_us`: the median while the machine was least disturbed by others, a twentieth of the time.
    """

    agents: int
    lines: int
    quiet_us: float
    median_us: float
    p90_us: float


def decision_costs(rounds: int = 4000) -> list[DecisionCost]:
    return [_cost(agents, lines, rounds) for agents, lines in FLOORS]


def engine_times_real() -> float:
    """Simulated seconds for one CPU second of the production engine with 50 agents."""
    (day,) = play(Job(from_text(_HOUR, "an hour"), 50, OURS, {}, 1, 1, Floor.ENGINE)).days
    return day.day_s / day.cpu_s


def _cost(agents: int, lines: int, rounds: int) -> DecisionCost:
    pacer, room = busy_floor(agents, lines), Room(1_000)
    budget = pacer.minds[_CAMPAIGN].budget
    taken: list[int] = []
    for n in range(_SETTLING + rounds):
        now, wall = 100.0 + n * _STEP_S, _BEGINS + timedelta(seconds=n * _STEP_S)
        budget.note(wall.timestamp(), 1, 0)
        begun = time.thread_time_ns()
        pacer.decide(_CAMPAIGN, room, now, wall)
        taken.append(time.thread_time_ns() - begun)
    kept = taken[_SETTLING:]
    batch = max(rounds // _BATCHES, 1)
    quiet = min(_at(kept[first : first + batch], 0.5) for first in range(0, rounds, batch))
    return DecisionCost(agents, lines, quiet, _at(kept, 0.5), _at(kept, 0.9))


def _at(taken: Sequence[int], share: float) -> float:
    return round(sorted(taken)[int(share * (len(taken) - 1))] / 1_000.0, 1)


def busy_floor(agents: int, lines: int) -> FairPacer:
    """Three agents free, one in seven in wrap-up, the others talking; contacts known apart; the windows partly used."""
    dice = random.Random(1)  # noqa: S311 - a simulation
    pacer = FairPacer()
    pacer.plans({_CAMPAIGN: PacingPlan()}, 0.0)
    _know_contacts(pacer, dice)
    pacer.counted(_CAMPAIGN, [WindowCount(window, 1_000, 25, _BEGINS) for window in _windows()])
    for agent in range(agents):
        presence = Presence.ON_CALL if agent % 7 else Presence.WRAP_UP
        pacer.present(agent, Presence.READY if agent < 3 else presence, 100.0 - 90.0 * dice.random())
    for line in range(lines):
        pacer.dialled(("line", line), _CAMPAIGN, _contact(line), 100.0 - 25.0 * dice.random(), _BEGINS)
    return pacer


def _contact(nth: int) -> ContactFeatures:
    return ContactFeatures(area=_AREAS[nth % len(_AREAS)])


def _know_contacts(pacer: FairPacer, dice: random.Random) -> None:
    """One of two areas answers four times as often; after so many lines that is believed."""
    for line in range(_LESSONS):
        pacer.dialled(line, _CAMPAIGN, _contact(line), 0.0, _BEGINS)
        if dice.random() < _ANSWER[line % len(_ANSWER)]:
            pacer.answered(line, 10.0, _BEGINS)
            pacer.ended(line, LineEnd.PERSON, 20.0, _BEGINS)
        else:
            pacer.ended(line, LineEnd.NOT_ANSWERED, 20.0, _BEGINS)


def _windows() -> list[AbandonmentWindow]:
    day, month, half = timedelta(days=1), timedelta(days=30), timedelta(minutes=30)
    return [
        AbandonmentWindow(WindowKind.DAY, 0.03, _BEGINS, _BEGINS + timedelta(hours=8), day),
        AbandonmentWindow(WindowKind.PERIOD, 0.03, _BEGINS, _BEGINS + month, month),
        AbandonmentWindow(WindowKind.HALF_HOUR, 0.05, _BEGINS, None, half, 100),
    ]
