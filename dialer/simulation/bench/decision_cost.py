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
from dialer.pacing.pacer import UNKNOWN_CONTACT, Presence, Room
from dialer.simulation.contenders import OURS
from dialer.simulation.scenario_reader import from_text
from dialer.simulation.study import Floor, Job, play

FLOORS = ((5, 5), (50, 38), (100, 73), (500, 353))
"""Agents, and the lines that ring when three of them are free."""

_BEGINS = datetime(2026, 11, 20, 9, tzinfo=UTC)
_CAMPAIGN = CampaignId(1)
_STEP_S = 0.005
_SETTLING = 300
_HOUR = "extends: s1\nday: 1 h\nwarm_up: 0 min\nagents: {count: 50}"


@dataclass(frozen=True, slots=True)
class DecisionCost:
    """Microseconds of one `decide` while nothing changes but the time."""

    agents: int
    lines: int
    median_us: float
    p90_us: float


def decision_costs(rounds: int = 2000) -> list[DecisionCost]:
    return [_cost(agents, lines, rounds) for agents, lines in FLOORS]


def engine_times_real() -> float:
    """Simulated seconds for one CPU second of the production engine with 50 agents."""
    (day,) = play(Job(from_text(_HOUR, "an hour"), 50, OURS, {}, 1, 1, Floor.ENGINE)).days
    return day.day_s / day.cpu_s


def _cost(agents: int, lines: int, rounds: int) -> DecisionCost:
    pacer, room = busy_floor(agents, lines), Room(1_000)
    taken: list[int] = []
    for n in range(_SETTLING + rounds):
        begun = time.perf_counter_ns()
        pacer.decide(_CAMPAIGN, room, 100.0 + n * _STEP_S, _BEGINS)
        taken.append(time.perf_counter_ns() - begun)
    kept = sorted(taken[_SETTLING:])
    return DecisionCost(agents, lines, _at(kept, 0.5), _at(kept, 0.9))


def _at(taken: Sequence[int], share: float) -> float:
    return round(taken[int(share * (len(taken) - 1))] / 1_000.0, 1)


def busy_floor(agents: int, lines: int) -> FairPacer:
    """Three agents free, one in seven in wrap-up, the others talking; the campaign's windows partly used."""
    dice = random.Random(1)  # noqa: S311 - a simulation
    pacer = FairPacer()
    pacer.plans({_CAMPAIGN: PacingPlan()}, 0.0)
    pacer.counted(_CAMPAIGN, [WindowCount(window, 1_000, 25, _BEGINS) for window in _windows()])
    for agent in range(agents):
        presence = Presence.ON_CALL if agent % 7 else Presence.WRAP_UP
        pacer.present(agent, Presence.READY if agent < 3 else presence, 100.0 - 90.0 * dice.random())
    for line in range(lines):
        pacer.dialled(("line", line), _CAMPAIGN, UNKNOWN_CONTACT, 100.0 - 25.0 * dice.random(), _BEGINS)
    return pacer


def _windows() -> list[AbandonmentWindow]:
    day, month, half = timedelta(days=1), timedelta(days=30), timedelta(minutes=30)
    return [
        AbandonmentWindow(WindowKind.DAY, 0.03, _BEGINS, _BEGINS + timedelta(hours=8), day),
        AbandonmentWindow(WindowKind.PERIOD, 0.03, _BEGINS, _BEGINS + month, month),
        AbandonmentWindow(WindowKind.HALF_HOUR, 0.05, _BEGINS, None, half, 100),
    ]
