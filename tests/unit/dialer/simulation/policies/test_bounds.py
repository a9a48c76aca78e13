"""The marginal rule with true laws, with and without knowing what becomes of ringing lines."""

import numpy as np
import pytest

from dialer.pacing.marginal import BINS, MOMENTS
from dialer.pacing.pacer import KnowsFate, Presence
from dialer.simulation.model_floor import ModelFloor
from dialer.simulation.policies.oracle import FixedRisk, Oracle
from dialer.simulation.policies.true_laws import TALK_STEP_S, true_laws
from tests.unit.dialer.simulation.policies.floor import HandFloor
from tests.unit.dialer.simulation.policies.small_world import SmallWorld, memoryless

pytestmark = pytest.mark.unit

LAWS = true_laws(SmallWorld(5).facts(10_000))


def test_exponential_times_give_terms_without_age() -> None:
    laws = true_laws(SmallWorld(5, memoryless(0.3, 100.0, 15.0)).facts(40_000))
    ahead = np.exp(-MOMENTS / 100.0)
    for age in (0, 30, 120):
        assert laws.talking[int(age / TALK_STEP_S), :BINS] == pytest.approx(ahead, abs=0.02)
    assert laws.ringing[40, :BINS] == pytest.approx(0.3 * (1 - np.exp(-MOMENTS / 15.0)), abs=0.02)


def test_weights_and_terms_are_probabilities() -> None:
    assert LAWS.weights.sum() == pytest.approx(1.0)
    for table in (LAWS.ringing, LAWS.talking, LAWS.wrapping_up):
        assert table[:, :BINS].min() >= 0.0
        assert table[:, :BINS].max() <= 1.0
    assert (np.diff(LAWS.ringing[:, :BINS], axis=1) >= 0).all()  # more moments, more answers
    assert (np.diff(LAWS.talking[:, :BINS], axis=1) <= 0).all()


def test_more_risk_means_more_lines_and_none_that_ring_count_twice() -> None:
    wanted = [HandFloor(FixedRisk(risk, LAWS), agents=5).decide() for risk in (0.001, 0.02, 0.2)]
    assert 1 <= wanted[0] < wanted[1] < wanted[2]
    floor = HandFloor(FixedRisk(0.02, LAWS), agents=5)
    for _ in range(floor.decide()):
        floor.dial()
    assert floor.decide() == 0


def test_an_agent_about_to_leave_is_no_agent() -> None:
    staying, going = HandFloor(FixedRisk(0.02, LAWS), agents=2), HandFloor(FixedRisk(0.02, LAWS), agents=2)
    for floor in (staying, going):
        floor.present(0, Presence.ON_CALL)
        floor.now = 400.0
    going.pacer.present("a0", Presence.ON_CALL, 400.0, leaving=True)
    assert going.decide() == 1
    assert staying.decide() >= going.decide()


def test_nobody_logged_in_dials_nothing() -> None:
    assert HandFloor(FixedRisk(0.5, LAWS), agents=0).decide() == 0


def test_the_oracle_replaces_lines_that_nobody_will_answer() -> None:
    assert not isinstance(FixedRisk(0.02, LAWS), KnowsFate)
    oracle = Oracle(0.02, LAWS)
    assert isinstance(oracle, KnowsFate)
    floor = HandFloor(oracle, agents=1)
    first = floor.decide()
    for _ in range(first):
        oracle.fate(floor.dial(), None, 28.0)
    assert floor.decide() == first
    oracle.fate(floor.dial(), 1.0, 1.0)
    assert floor.decide() == 0


def test_knowing_the_lines_is_worth_many_points_to_a_small_team() -> None:
    world = SmallWorld(5, hours=1.5, warm_up_s=300.0)
    blind, seeing = (
        ModelFloor(world, pacer).run() for pacer in (FixedRisk(0.0307, LAWS), Oracle(0.0307, LAWS))
    )
    assert seeing.occupancy > blind.occupancy + 0.05
