"""Progressive pacing: never more lines than agents can answer, never more than the trunk takes, and it says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.ids import TrunkName
from dialer.engine.trunk_meter import TrunkLimits, TrunkMeter
from dialer.pacing.decision import PacingView
from dialer.pacing.progressive import progressive

pytestmark = pytest.mark.unit

COUNTS = st.integers(0, 500)


@given(ready=COUNTS, lines=COUNTS, waiting=COUNTS, room=COUNTS, most=st.none() | COUNTS, link=st.booleans())
def test_lines_and_callers_never_outnumber_free_agents(
    ready: int, lines: int, waiting: int, room: int, most: int | None, link: bool
) -> None:
    decision = progressive(PacingView(ready, lines, waiting, room, most, link))
    assert decision.dial >= 0
    assert decision.because
    if decision.dial:
        assert link
        assert lines + waiting + decision.dial <= ready
        assert decision.dial <= room
        assert most is None or lines + decision.dial <= most


def test_the_binding_limit_is_named() -> None:
    assert progressive(PacingView(5, 0, 0, 2, None, True)).because == "trunk room: 2"
    assert progressive(PacingView(5, 0, 0, 9, 3, True)).because == "the campaign's own limit: 3"
    assert progressive(PacingView(5, 0, 0, 9, None, False)).because == "telephony is down"


@given(
    rate=st.floats(0.2, 200),
    channels=st.integers(1, 50),
    steps=st.lists(st.floats(0, 2), max_size=60),
)
def test_a_trunk_never_takes_more_than_its_rate_and_channels(
    rate: float, channels: int, steps: list[float]
) -> None:
    meter = TrunkMeter(TrunkLimits(TrunkName("t"), channels, rate, "+12025550100"), 0.0)
    now, taken = 0.0, 0
    for step in steps:
        now += step
        for _ in range(meter.room(now)):
            meter.take(now)
            taken += 1
        assert meter.in_use <= channels
        while meter.in_use > channels // 2:
            meter.give_back()
    assert taken <= rate * now + max(1.0, rate / 4) + 1e-6
