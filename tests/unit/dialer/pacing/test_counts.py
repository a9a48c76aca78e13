"""Pacing by counts: never more lines than agents can answer, never more than trunk and plan take, and it says why."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.ids import CampaignId, TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.engine.trunk_meter import TrunkLimits, TrunkMeter
from dialer.pacing.counts import CountedPacer
from dialer.pacing.decision import Binding
from dialer.pacing.pacer import UNKNOWN_CONTACT, LineEnd, Presence, Room

pytestmark = pytest.mark.unit

COUNTS = st.integers(0, 60)
CAMPAIGN = CampaignId(1)
WALL = datetime(2026, 11, 20, 15, tzinfo=UTC)


def pacer(
    mode: PacingMode = PacingMode.PROGRESSIVE, *, ready: int = 0, ringing: int = 0, waiting: int = 0
) -> CountedPacer:
    made = CountedPacer()
    made.plans({CAMPAIGN: PacingPlan(mode, lines_per_agent=2.5)}, 0.0)
    for agent in range(ready):
        made.present(agent, Presence.READY, 0.0)
    for line in range(ringing + waiting):
        made.dialled(line, CAMPAIGN, UNKNOWN_CONTACT, 0.0, WALL)
        if line < waiting:
            made.answered(line, 1.0, WALL)
    return made


@given(ready=COUNTS, ringing=COUNTS, waiting=COUNTS, trunk=COUNTS, most=st.none() | COUNTS)
def test_lines_and_callers_never_outnumber_free_agents(
    ready: int, ringing: int, waiting: int, trunk: int, most: int | None
) -> None:
    made = pacer(ready=ready, ringing=ringing, waiting=waiting)
    decision = made.decide(CAMPAIGN, Room(trunk, most), 2.0, WALL)
    assert decision.dial == max(0, min(ready - waiting - ringing, trunk, 60 if most is None else most))
    assert decision.because


@pytest.mark.parametrize(
    ("room", "dial", "binding"),
    [
        (Room(9), 5, Binding.NOBODY_FREE),
        (Room(2), 2, Binding.TRUNK),
        (Room(9, 3), 3, Binding.CAMPAIGN_LIMIT),
        (Room(9, -1), 0, Binding.CAMPAIGN_LIMIT),
        (Room(9, None, "telephony is down"), 0, Binding.OBSTACLE),
    ],
)
def test_the_binding_limit_is_named(room: Room, dial: int, binding: Binding) -> None:
    decision = pacer(ready=5).decide(CAMPAIGN, room, 2.0, WALL)
    assert (decision.dial, decision.binding) == (dial, binding)


def test_power_dials_a_fixed_number_of_lines_for_each_free_agent() -> None:
    assert pacer(PacingMode.POWER, ready=3).decide(CAMPAIGN, Room(99), 2.0, WALL).dial == 7
    assert pacer(PacingMode.POWER, ready=3, ringing=7).decide(CAMPAIGN, Room(99), 2.0, WALL).dial == 0


def test_without_agents_only_an_agentless_campaign_dials() -> None:
    nobody = pacer().decide(CAMPAIGN, Room(9), 2.0, WALL)
    assert (nobody.dial, nobody.binding) == (0, Binding.NO_AGENTS)
    assert pacer(PacingMode.AGENTLESS).decide(CAMPAIGN, Room(9), 2.0, WALL).dial == 9


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(("dialled", "answered", "joined", "ended"))), max_size=80
    )
)
def test_events_in_any_order_never_break_the_counts(events: list[tuple[int, str]]) -> None:
    made = pacer(ready=5)
    for line, what in events:
        match what:
            case "dialled":
                if not any(line in lines for lines in (made.ringing, made.waiting, made.talking)):
                    made.dialled(line, CAMPAIGN, UNKNOWN_CONTACT, 1.0, WALL)
            case "answered":
                made.answered(line, 1.0, WALL)
            case "joined":
                made.joined(line, 0, 1.0)
            case _:
                made.ended(line, LineEnd.UNKNOWN, 1.0, WALL)
        places = [line in lines for lines in (made.ringing, made.waiting, made.talking)]
        assert sum(places) <= 1


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
