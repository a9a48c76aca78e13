"""The one-line rules on a floor set by hand: 2 idle, 3 talking, 1 in wrap-up; 2 lines ring."""

import random

import pytest

from dialer.domain.pacing_plan import PacingMode
from dialer.pacing.pacer import Pacer, Presence
from dialer.simulation.policies.simple import (
    LinesPerAgent,
    MeanBased,
    OpenLoop,
    OwnMode,
    SmallGroup,
    SuperProgressive,
)
from tests.unit.dialer.simulation.policies.floor import HandFloor

pytestmark = pytest.mark.unit


def at_work(pacer: Pacer) -> HandFloor:
    floor = HandFloor(pacer, agents=6)
    for agent in (0, 1, 2):
        floor.present(agent, Presence.ON_CALL)
    floor.present(3, Presence.WRAP_UP)
    floor.dial()
    floor.dial()
    return floor


@pytest.mark.parametrize(
    ("pacer", "expected"),
    [
        (OwnMode(PacingMode.PROGRESSIVE), 0),
        (OwnMode(PacingMode.POWER, 2.5), 3),
        (SuperProgressive(2.8), 3),  # 5.6 down to 5, less 2
        (LinesPerAgent(1.5), 4),  # 9 less 2 that ring and 3 that talk
        (MeanBased(0.9, 0.3, 10.0, 100.0), 5),  # 0.9 * 2.4 / 0.3 = 7.2, less 2
        (SmallGroup(2.8), 3),
    ],
)
def test_lines_wanted(pacer: Pacer, expected: int) -> None:
    assert at_work(pacer).decide() == expected


@pytest.mark.parametrize(
    ("pacer", "expected"),
    [
        (LinesPerAgent(1.5), 4),  # the caller is a line, the answered one rings no more
        (MeanBased(0.9, 0.3, 10.0, 100.0), 2),  # (2.16 - 1) / 0.3 = 3.9, less 1
        (SmallGroup(2.8), 1),
    ],
)
def test_a_caller_who_waits_counts(pacer: Pacer, expected: int) -> None:
    floor = at_work(pacer)
    floor.answer(0)
    assert floor.decide() == expected


def test_the_trunk_limits_every_rule() -> None:
    assert at_work(SuperProgressive(10.0)).decide(trunk=4) == 4


def test_an_open_loop_dials_at_its_rate_whatever_happens() -> None:
    floor = HandFloor(OpenLoop(0.01, 0.25, random.Random(3)), agents=10)
    floor.play(5000.0)
    assert len(floor.dials) == pytest.approx(0.01 / 0.25 * 10 * 5000, rel=0.07)  # 2000 and three deviations
    assert len(set(floor.dials)) > 1500


def test_an_open_loop_stops_with_nobody_there() -> None:
    floor = HandFloor(OpenLoop(0.01, 0.25, random.Random(3)), agents=0)
    floor.play(500.0)
    assert floor.dials == []
