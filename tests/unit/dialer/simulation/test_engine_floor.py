"""The engine in virtual time: the same day as on the model floor, every call with its own fate, and never another one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from random import Random

import numpy as np
import pytest

from dialer.domain.events import LineSign
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.counts import CountedPacer
from dialer.pacing.pacer import ContactFeatures, Line, LineEnd
from dialer.simulation.engine_floor import EngineFloor
from dialer.simulation.fate import AgentMove, CallFate, Movement, World
from dialer.simulation.model_floor import ModelFloor
from dialer.simulation.result import DayResult

pytestmark = pytest.mark.unit

POWER = PacingPlan(PacingMode.POWER, lines_per_agent=3.0)
COME, LEAVE, VANISH = Movement.COME, Movement.LEAVE, Movement.VANISH


@dataclass
class SmallWorld:
    """Three in ten answer, as in the first scenario; everything of a dial is drawn from the seed and its number."""

    moves: Sequence[AgentMove] = tuple(AgentMove(0.0, agent, COME) for agent in range(8))
    busy_at_start: Sequence[tuple[int, float]] = ()
    day_s: float = 3600.0
    warm_up_s: float = 300.0
    answer_within_s: float = 2.0
    ring_for_s: float = 28.0
    lines: int = 1000
    seed: int = 1
    machines: float = 0.0
    asked: list[int] = field(default_factory=list)

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        return ContactFeatures(area=str(n % 7))

    def fate(self, n: int, at: float) -> CallFate:
        self.asked.append(n)
        luck = Random(f"{self.seed} {n}")
        signs = ((luck.uniform(0.5, 2.0), LineSign.RINGING),)
        contact = ContactFeatures(area=str(n % 7))
        picks_up, rings = luck.random(), luck.uniform(3.0, 35.0)
        if picks_up < 0.3:
            talk, wrap_up, patience = luck.uniform(20, 120), luck.uniform(0, 20), luck.uniform(0.5, 30)
            return CallFate(
                rings, LineEnd.PERSON, rings, talk=talk, wrap_up=wrap_up, patience=patience, signs=signs
            )
        if picks_up < 0.3 + self.machines:
            taken_for = LineEnd.MACHINE if luck.random() < 0.7 else LineEnd.PERSON
            return CallFate(rings, LineEnd.MACHINE, rings, taken_for, talk=12.0, wrap_up=5.0, signs=signs)
        end = LineEnd.CARRIER_FAILED if luck.random() < 0.05 else LineEnd.NOT_ANSWERED
        return CallFate(luck.uniform(0.5, 40.0), end, signs=signs, contact=contact)


def both(world: SmallWorld, plan: PacingPlan = POWER) -> tuple[DayResult, DayResult]:
    model = ModelFloor(world, CountedPacer(), plan).run()
    world.asked.clear()
    return EngineFloor(world, CountedPacer(), plan).run(), model


def figures(result: DayResult) -> dict[str, object]:
    found = {each.name: getattr(result, each.name) for each in fields(result) if each.name != "cpu_s"}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in found.items()}


def test_it_is_a_world_for_both_floors() -> None:
    world: World = SmallWorld()
    assert world.fate(1, 0.0) == SmallWorld().fate(1, 99.0)


@pytest.mark.parametrize("machines", [0.0, 0.2])
def test_the_day_is_that_of_the_model_floor(machines: float) -> None:
    world = SmallWorld(machines=machines)
    engine, model = both(world)
    assert engine.paid == pytest.approx(model.paid, abs=0.01) == pytest.approx(8 * 3300.0)
    assert engine.occupancy == pytest.approx(model.occupancy, abs=0.02)
    assert engine.dials == pytest.approx(model.dials, rel=0.05)
    assert engine.answered == pytest.approx(model.answered, rel=0.05)
    assert engine.joined == pytest.approx(model.joined, rel=0.05)
    assert engine.machines_joined == pytest.approx(model.machines_joined, abs=5)
    assert engine.abandoned == pytest.approx(model.abandoned, abs=8)
    assert np.mean(engine.idle) == pytest.approx(np.mean(model.idle), rel=0.1)
    assert len(engine.waits) == engine.joined
    assert max(engine.waits) <= world.answer_within_s
    assert engine.answered_by_minute.sum() == engine.day_answered
    assert engine.abandoned_by_minute.sum() == engine.day_abandoned
    assert engine.dropped_early == 0
    assert world.asked == list(range(len(world.asked))), "the n-th dial has the n-th fate"


def test_the_same_seed_is_the_same_day() -> None:
    worlds = [SmallWorld(day_s=500.0, warm_up_s=60.0, seed=seed) for seed in (1, 1, 2)]
    days = [figures(EngineFloor(world, CountedPacer(), POWER).run()) for world in worlds]
    assert days[0] == days[1]
    assert days[0] != days[2]


def test_agents_come_leave_after_their_wrap_up_and_vanish() -> None:
    moves = [*(AgentMove(0.0, agent, COME) for agent in range(4)), AgentMove(600.0, 0, LEAVE)]
    moves += [AgentMove(900.0, 1, VANISH), AgentMove(1500.0, 1, COME), AgentMove(1500.0, 0, COME)]
    moves += [AgentMove(2000.0, agent, LEAVE) for agent in range(4)]
    engine, model = both(SmallWorld(moves, warm_up_s=0.0))
    # until 600 four, until 900 three, until 1500 two, until 2000 four; who leaves in a call stays to its end
    least = 4 * 600 + 3 * 300 + 2 * 600 + 4 * 500
    assert least <= engine.paid <= least + 5 * 150
    assert engine.paid == pytest.approx(model.paid, abs=300)
    assert engine.occupancy == pytest.approx(model.occupancy, abs=0.03)
    assert engine.dropped_early == 0


def test_who_begins_the_day_in_a_call_is_in_it_from_the_first_second() -> None:
    moves = [AgentMove(0.0, agent, COME) for agent in range(2)]
    engine, model = both(SmallWorld(moves, busy_at_start=((0, 50.0), (1, 70.0)), day_s=50.0, warm_up_s=0.0))
    assert engine.paid == pytest.approx(model.paid) == pytest.approx(100.0)
    assert engine.talk == pytest.approx(model.talk) == pytest.approx(100.0)
    assert engine.idle == model.idle == []


def test_an_exhausted_list_ends_the_dialling_and_not_the_day() -> None:
    class Short(SmallWorld):
        def contact(self, n: int, at: float) -> ContactFeatures | None:
            return super().contact(n, at) if n < 30 else None

    engine = EngineFloor(Short(day_s=900.0, warm_up_s=0.0), CountedPacer(), POWER).run()
    assert engine.dials == 30
    assert engine.paid == pytest.approx(8 * 900.0)


class _Oracle(CountedPacer):
    """Checks that it is told what becomes of a line after it was told of the line."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[Line, float | None] = {}
        self.right = 0

    def fate(self, line: Line, answers_at: float | None, ends_at: float) -> None:
        assert line in self.ringing
        self.told[line] = answers_at

    def joined(self, line: Line, agent: object, now: float) -> None:
        super().joined(line, agent, now)
        self.right += self.told[line] is not None and now - (self.told[line] or 0.0) <= 2.0


def test_a_pacer_that_may_know_the_fate_of_lines_is_told_the_truth() -> None:
    pacer = _Oracle()
    result = EngineFloor(SmallWorld(day_s=900.0, warm_up_s=0.0), pacer, POWER).run()
    assert len(pacer.told) == result.dials
    assert pacer.right == result.joined > 50
