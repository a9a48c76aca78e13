"""The solver against published figures of the model, and against the simulated floor."""

import random

import numpy as np
import pytest

from dialer.errors import BadInput
from dialer.simulation.model_floor import ModelFloor
from dialer.simulation.policies.memoryless import Memoryless
from dialer.simulation.policies.memoryless_model import Model, best, optimum
from tests.unit.dialer.simulation.policies.floor import HandFloor
from tests.unit.dialer.simulation.policies.small_world import SmallWorld, memoryless

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("agents", "p", "handling_s", "line_s", "occupancy"),
    [
        (5, 0.3, 105, 15, 76.7),
        (5, 0.2, 70, 15, 68.6),
        (5, 0.4, 200, 15, 86.6),
        (5, 0.3, 105, 8, 84.3),
        (10, 0.3, 105, 15, 81.9),
        (10, 0.2, 70, 15, 77.6),
        (10, 0.4, 200, 15, 88.3),
        (20, 0.3, 105, 15, 87.3),
    ],
)
def test_the_optimum_at_three_percent(
    agents: int, p: float, handling_s: float, line_s: float, occupancy: float
) -> None:
    mix = optimum(Model(agents, p, handling_s, line_s), 0.03)
    assert mix.abandonment == pytest.approx(0.03)
    assert 100 * mix.occupancy == pytest.approx(occupancy, abs=0.06)


@pytest.mark.parametrize(
    ("agents", "abandonment", "ringing", "wanted"),
    [
        (5, 2.37, 1.8, [0, 1, 3, 5, 8]),
        (10, 2.28, 3.9, [0, 1, 3, 6, 9]),
        (20, 2.90, 8.6, [0, 1, 5, 8, 12]),
    ],
)
def test_the_policy_just_under_the_cap(
    agents: int, abandonment: float, ringing: float, wanted: list[int]
) -> None:
    within = optimum(Model(agents, 0.3, 105, 15), 0.03).within
    assert 100 * within.abandonment == pytest.approx(abandonment, abs=0.01)
    assert within.mean_ringing == pytest.approx(ringing, abs=0.06)
    assert [int(within.lines[agents - idle, 0]) for idle in range(5)] == wanted


def test_no_line_is_ever_taken_back_and_fewer_are_wanted_at_a_higher_price() -> None:
    model = Model(4, 0.3, 105, 15)
    cheap, dear = best(model, 20.0), best(model, 500.0)
    assert (cheap.lines >= np.arange(model.most_lines + 1)).all()
    assert (dear.lines[:, 0] <= cheap.lines[:, 0]).all()
    assert dear.abandonment < cheap.abandonment
    assert dear.occupancy < cheap.occupancy


def test_value_iteration_finds_nothing_better() -> None:
    """The optimality equation, uniformised, holds for the policy's gain."""
    model, price = Model(3, 0.3, 105, 15), 100.0
    policy = best(model, price)
    n, most = model.agents, model.most_lines
    b, m = np.arange(n + 1)[:, None], np.arange(most + 1)[None, :]
    total = n * model.free_rate + most * (model.answer_rate + model.fail_rate)
    freed, answers, fails = b * model.free_rate, m * model.answer_rate, m * model.fail_rate
    reward = b - price * answers * (b == n)
    value = np.zeros((n + 1, most + 1))
    for _ in range(6000):
        answered = np.roll(value, 1, axis=1)[np.minimum(np.arange(n + 1) + 1, n)]
        worth = reward + freed * np.roll(value, 1, axis=0) + answers * answered
        worth += fails * np.roll(value, 1, axis=1) + (total - freed - answers - fails) * value
        new = np.maximum.accumulate((worth / total)[:, ::-1], axis=1)[:, ::-1]
        gain, value = (new - value) * total, new - new[0, 0]
    assert np.ptp(gain) < 1e-4
    assert policy.mean_busy - price * policy.lost_per_s == pytest.approx(float(gain.mean()), abs=1e-4)


def test_too_large_a_floor_is_refused() -> None:
    with pytest.raises(BadInput, match="too many"):
        optimum(Model(500, 0.3, 105, 15), 0.03)


def test_the_pacer_follows_its_table() -> None:
    mix = optimum(Model(5, 0.3, 105, 15), 0.03)
    floor = HandFloor(Memoryless(mix, random.Random(1)), agents=5)
    assert floor.decide() in {int(policy.lines[0, 0]) for policy in (mix.within, mix.beyond)}
    floor.dial()
    floor.answer(0)
    wanted = {int(policy.lines[1, 0]) for policy in (mix.within, mix.beyond)}
    assert floor.decide() in wanted  # a caller who waits takes an agent


def test_the_floor_reaches_what_the_model_promises() -> None:
    mix = optimum(Model(5, 0.3, 105, 15), 0.03)
    day = ModelFloor(SmallWorld(5, memoryless(), hours=10.0), Memoryless(mix, random.Random(1))).run()
    assert 100 * day.occupancy == pytest.approx(100 * mix.occupancy, abs=3.0)
    assert 100 * day.abandonment == pytest.approx(3.0, abs=1.5)
