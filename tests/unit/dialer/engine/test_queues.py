"""Callers from outside who wait for an agent: on a scripted exchange in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign import CampaignState as C
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, CampaignId, TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.phone_number import WITHHELD
from dialer.engine.live_call import LiveCall
from dialer.pacing.counts import CountedPacer
from dialer.pacing.floor_pacer import FairPacer
from dialer.telephony.fake import Script
from tests.support.floor_in_virtual_time import VirtualFloor, floor, number
from tests.support.pacers import Flood
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit

QUEUE = CampaignPlan(
    "service",
    TrunkName("main"),
    wrap_up=timedelta(seconds=5),
    answer_within=timedelta(seconds=20),
    pacing=PacingPlan(PacingMode.INBOUND),
)
SERVICE = CampaignId(2)
ANA, BO = AgentId(1), AgentId(2)
TALKS_20_S = Script(ring_s=0.5, answer_s=1.0, talk_s=20.0)


def play(scene: Callable[[VirtualFloor], Awaitable[None]], **how: Any) -> None:
    async def whole() -> None:
        given: dict[str, Any] = {"contacts": 0, "agents": 1, "queues": (QUEUE,), **how}
        async with floor(lambda _: TALKS_20_S, **given) as hall:
            await asyncio.sleep(2)
            await scene(hall)

    run(whole())


def callers(hall: VirtualFloor) -> list[LiveCall]:
    return [call for call in hall.engine.supervisor.calls.values() if call.inbound]


def only(hall: VirtualFloor) -> LiveCall:
    (call,) = callers(hall)
    return call


def in_queue(hall: VirtualFloor) -> tuple[int, int, int, int]:
    now = hall.engine.supervisor.queues.of(SERVICE, hall.engine.supervisor.calls.values())
    return now.waiting, now.answered, now.in_time, now.left


def kept(hall: VirtualFloor) -> list[tuple[str, Disposition | None]]:
    """Number and disposition of every caller, in the order of their coming."""
    return [
        (row.claimed.number.e164, row.settlement.disposition if row.settlement is not None else None)
        for row in hall.attempts.rows.values()
        if row.caller is not None
    ]


class TestServed:
    def test_a_caller_is_joined_to_whoever_is_free_recorded_and_wrapped_up(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1))
            await asyncio.sleep(1)
            call = only(hall)
            assert (call.state, call.agent, call.campaign.id) == (AttemptState.TALKING, ANA, SERVICE)
            assert hall.agent_states() == {ANA: "on_call"}
            await asyncio.sleep(30)  # the caller hangs up
            assert hall.agent_states() == {ANA: "wrap_up"}
            assert hall.recordings.begun == [f"{call.id}-1.wav"]
            await asyncio.sleep(5)
            assert hall.agent_states() == {ANA: "ready"}
            assert kept(hall) == [(number(1), Disposition.CONNECTED)]
            assert in_queue(hall) == (0, 1, 1, 0)
            assert hall.telephony.went_on == []

        play(scene)

    def test_when_the_agent_ends_the_call_the_callers_flow_goes_on(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            channel = hall.telephony.call_in("service", number(1))
            await asyncio.sleep(3)
            await hall.engine.supervisor.hang_up(only(hall).id)
            await asyncio.sleep(1)
            assert hall.telephony.went_on == [(channel, "answered")]
            assert hall.agent_states() == {ANA: "wrap_up"}
            assert kept(hall) == [(number(1), Disposition.CONNECTED)]
            (row,) = hall.attempts.rows.values()
            assert row.settlement is not None
            assert row.settlement.dialled is False

        play(scene)

    def test_when_the_agents_phone_drops_the_flow_goes_on_as_well(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            channel = hall.telephony.call_in("service", number(1))
            await asyncio.sleep(3)
            hall.telephony.drop_phone(ANA)
            await asyncio.sleep(1)
            assert hall.telephony.went_on == [(channel, "answered")]
            assert kept(hall) == [(number(1), Disposition.CONNECTED)]

        play(scene)

    def test_who_shows_no_number_is_served_as_everybody(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", "")
            hall.telephony.call_in("service", "555")
            await asyncio.sleep(100)
            assert [call.claimed.number for call in callers(hall)] == []
            assert kept(hall) == [(WITHHELD.e164, Disposition.CONNECTED)] * 2
            assert len({row.claimed.contact for row in hall.attempts.rows.values()}) == 2

        play(scene)


class TestOrder:
    def test_the_flows_priority_counts_then_who_waits_longest(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1), talk_s=10)  # takes the only agent
            for nth, priority in ((2, 0), (3, 5), (4, 0), (5, 5)):
                await asyncio.sleep(1)
                hall.telephony.call_in("service", number(nth), within_s=300, talk_s=10, priority=priority)
            await asyncio.sleep(1)
            assert in_queue(hall)[0] == 4
            await asyncio.sleep(100)
            joined = sorted(
                (row.progress.joined_at, row.claimed.number.e164)
                for row in hall.attempts.rows.values()
                if row.progress is not None and row.progress.joined_at is not None
            )
            assert [which for _, which in joined] == [number(nth) for nth in (1, 3, 5, 2, 4)]
            assert in_queue(hall) == (0, 5, 2, 0)  # in time: the first, and the next after 14 s

        play(scene)

    @pytest.mark.parametrize("pacer", [CountedPacer, FairPacer])
    def test_no_line_is_started_for_an_agent_whom_a_caller_waits_for(self, pacer: type[CountedPacer]) -> None:
        async def scene(hall: VirtualFloor) -> None:
            await asyncio.sleep(2)
            assert hall.agent_states() == {ANA: "on_call"}  # with somebody who was dialled
            dialled = len(hall.telephony.calls_placed)
            hall.telephony.call_in("service", number(901))
            await asyncio.sleep(28)
            assert len(hall.telephony.calls_placed) == dialled
            call = only(hall)
            assert (call.state, call.agent) == (AttemptState.TALKING, ANA)
            await asyncio.sleep(60)
            assert len(hall.telephony.calls_placed) > dialled, "afterwards dialling goes on"

        play(scene, contacts=20, pacer=pacer())

    def test_whom_we_called_is_served_first_because_the_law_gives_seconds(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(901), talk_s=8.0)
            await asyncio.sleep(1)
            hall.telephony.call_in("service", number(902), within_s=300)
            outbound = [call for call in hall.engine.supervisor.calls.values() if not call.inbound]
            assert outbound == []
            hall.attempts.add(hall.campaign, number(1), hall.engine._clock.now())
            await asyncio.sleep(11)
            (dialled,) = [call for call in hall.engine.supervisor.calls.values() if not call.inbound]
            assert [dialled.state] == [AttemptState.WAITING]
            await asyncio.sleep(1.5)  # Ana is free 15 s after the beginning, within two seconds of the answer
            assert dialled.state is AttemptState.TALKING
            assert only(hall).state is AttemptState.WAITING

        slow = replace(TALKS_20_S, answer_s=10.5)

        async def whole() -> None:
            async with floor(lambda _: slow, contacts=0, agents=1, queues=(QUEUE,), pacer=Flood()) as hall:
                await asyncio.sleep(2)
                await scene(hall)

        run(whole())

    def test_nothing_is_ever_dialled_for_a_queue_and_it_never_finishes(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.attempts.add(SERVICE, number(7), hall.engine._clock.now())
            hall.telephony.call_in("service", number(1))
            await asyncio.sleep(200)
            assert hall.telephony.calls_placed == []
            assert hall.campaigns.known[SERVICE].state is C.RUNNING

        play(scene, pacer=FairPacer())


def joined(hall: VirtualFloor) -> list[str]:
    """Numbers of the callers in the order in which they were joined."""
    rows = [
        (row.progress.joined_at, row.claimed.number.e164)
        for row in hall.attempts.rows.values()
        if row.progress is not None and row.progress.joined_at is not None
    ]
    return [which for _, which in sorted(rows)]


class TestWeight:
    def test_who_waits_in_a_queue_of_twice_the_weight_is_owed_twice_as_much_for_every_second(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in(
                "service", number(1), talk_s=30
            )  # takes the only agent until 30 s, wraps up 5 s
            for after, queue, nth in ((2, "service", 2), (8, "gold", 3), (10, "gold", 4)):
                await asyncio.sleep(after)
                hall.telephony.call_in(queue, number(nth), within_s=300, talk_s=10)
            await asyncio.sleep(110)
            # free after 35 s: 33, 2 × 25, 2 × 15 s; after 50 s: 48, 2 × 30 s
            assert joined(hall) == [number(1), number(3), number(4), number(2)]

        gold = replace(QUEUE, name="gold", pacing=PacingPlan(PacingMode.INBOUND, weight=2.0))
        play(scene, queues=(QUEUE, gold))

    def test_without_weights_it_is_who_waits_longest_whatever_the_queue(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1), talk_s=30)
            for queue, nth in (("gold", 2), ("service", 3), ("gold", 4)):
                await asyncio.sleep(2)
                hall.telephony.call_in(queue, number(nth), within_s=300, talk_s=10)
            await asyncio.sleep(110)
            assert joined(hall) == [number(nth) for nth in (1, 2, 3, 4)]

        play(scene, queues=(QUEUE, replace(QUEUE, name="gold")))


class TestNamedAgent:
    def test_who_wants_one_agent_waits_for_that_one_before_the_others_of_the_queue(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1), talk_s=20, agent=BO)
            await asyncio.sleep(1)
            assert (only(hall).agent, hall.agent_states()) == (BO, {ANA: "ready", BO: "on_call"})
            hall.telephony.call_in("service", number(2), talk_s=60)  # has Ana, longer than Bo is away
            await asyncio.sleep(1)
            hall.telephony.call_in("service", number(3), within_s=300, talk_s=10)
            await asyncio.sleep(1)
            hall.telephony.call_in("service", number(4), within_s=300, talk_s=10, agent=BO)
            hall.telephony.call_in("service", number(5), within_s=300, talk_s=10, agent=ANA)
            await asyncio.sleep(26)  # Bo is free after 25 s
            talking = {call.claimed.number.e164: call.agent for call in callers(hall) if call.agent}
            assert talking == {number(2): ANA, number(4): BO}
            await asyncio.sleep(20)
            talking = {call.claimed.number.e164: call.agent for call in callers(hall) if call.agent}
            assert talking == {number(2): ANA, number(3): BO}, "Bo is not given whoever waits for Ana"
            await asyncio.sleep(40)
            assert joined(hall)[-1] == number(5)

        play(scene, agents=2)

    def test_while_that_agent_does_not_come_nobody_else_does_and_the_flow_goes_on(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1), talk_s=100, agent=ANA)
            await asyncio.sleep(1)
            waits = hall.telephony.call_in("service", number(2), within_s=30, agent=ANA)
            await asyncio.sleep(10)
            assert hall.agent_states() == {ANA: "on_call", BO: "ready"}
            hall.telephony.drop_link()  # who is waited for is known again afterwards
            await asyncio.sleep(3)
            hall.telephony.raise_link()
            await asyncio.sleep(10)
            assert hall.agent_states() == {ANA: "on_call", BO: "ready"}
            await asyncio.sleep(10)
            assert hall.telephony.went_on == [(waits, "no_answer")]
            assert kept(hall)[1] == (number(2), Disposition.LEFT_QUEUE)

        play(scene, agents=2)

    @pytest.mark.parametrize("pacer", [CountedPacer, FairPacer])
    def test_nobody_is_left_idle_for_a_caller_who_wants_somebody_else(
        self, pacer: type[CountedPacer]
    ) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(901), talk_s=300, agent=ANA)
            await asyncio.sleep(60)
            hall.telephony.call_in("service", number(902), within_s=200, agent=ANA)
            dialled = len(hall.telephony.calls_placed)
            await asyncio.sleep(100)
            assert len(hall.telephony.calls_placed) > dialled + 1
            assert [call.claimed.number.e164 for call in callers(hall) if call.agent is None] == [number(902)]

        play(scene, contacts=20, agents=2, pacer=pacer())


class TestInVain:
    def test_with_nobody_free_in_time_the_flow_goes_on_and_the_caller_is_on_record(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            channel = hall.telephony.call_in("service", number(1), within_s=30)
            await asyncio.sleep(29)
            assert in_queue(hall) == (1, 0, 0, 0)
            await asyncio.sleep(2)
            assert hall.telephony.went_on == [(channel, "no_answer")]
            assert kept(hall) == [(number(1), Disposition.LEFT_QUEUE)]
            assert in_queue(hall) == (0, 0, 0, 1)
            assert hall.pacing is not None

        play(scene, agents=0)

    def test_who_hangs_up_has_waited_in_vain_too(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1), leaves_s=12)
            await asyncio.sleep(13)
            assert kept(hall) == [(number(1), Disposition.LEFT_QUEUE)]
            (row,) = hall.attempts.rows.values()
            assert row.settlement is not None
            assert row.settlement.because == "waited 12 s in vain"

        play(scene, agents=0)

    def test_a_queue_that_does_not_exist_takes_nobody(self, caplog: pytest.LogCaptureFixture) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("servcie", number(1), within_s=10)
            await asyncio.sleep(20)
            assert kept(hall) == []
            assert "does not exist" in caplog.text

        play(scene)


class TestInterruptions:
    def test_who_waits_while_the_database_is_away_is_taken_when_it_is_back(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.attempts.away = True
            hall.telephony.call_in("service", number(1))
            hall.telephony.call_in("service", number(2), leaves_s=3)
            await asyncio.sleep(10)
            assert kept(hall) == []
            hall.attempts.away = False
            await asyncio.sleep(3)
            assert only(hall).state is AttemptState.TALKING
            assert dict(kept(hall)) == {number(1): None, number(2): Disposition.LEFT_QUEUE}

        play(scene)

    def test_callers_who_came_and_left_while_the_link_was_down_are_seen_at_the_census(self) -> None:
        async def scene(hall: VirtualFloor) -> None:
            hall.telephony.call_in("service", number(1), leaves_s=10)
            hall.telephony.call_in("service", number(2), within_s=200)
            await asyncio.sleep(5)
            hall.telephony.drop_link()
            hall.telephony.call_in("service", number(3), within_s=200)
            await asyncio.sleep(20)
            hall.telephony.raise_link()
            await asyncio.sleep(3)
            assert dict(kept(hall)) == {number(1): Disposition.LEFT_QUEUE, number(2): None, number(3): None}
            assert in_queue(hall)[0] == 2
            hall.agents.log_in("late", hall.engine._clock.now())
            await asyncio.sleep(10)
            assert {call.claimed.number.e164: call.state for call in callers(hall)} == {
                number(2): AttemptState.TALKING,
                number(3): AttemptState.WAITING,
            }

        play(scene, agents=0)

    def test_after_a_crash_who_waits_is_taken_up_and_who_talks_stays_with_the_agent(self) -> None:
        async def crash_and_after() -> None:
            shape: dict[str, Any] = {"contacts": 0, "agents": 1, "queues": (QUEUE,)}
            async with floor(lambda _: TALKS_20_S, **shape) as before:
                await asyncio.sleep(2)
                before.telephony.call_in("service", number(1), talk_s=60)
                await asyncio.sleep(2)
                before.telephony.call_in("service", number(2), within_s=300)
                before.telephony.call_in("service", number(3), within_s=300, leaves_s=20)
                await asyncio.sleep(2)
            before.telephony.drop_link()
            before.telephony.call_in("service", number(4), within_s=300)
            await asyncio.sleep(30)
            async with floor(
                lambda _: TALKS_20_S, attempts=before.attempts, telephony=before.telephony, **shape
            ) as after:
                await asyncio.sleep(3)
                states = {call.claimed.number.e164: (call.state, call.agent) for call in callers(after)}
                assert states == {
                    number(1): (AttemptState.TALKING, ANA),
                    number(2): (AttemptState.WAITING, None),
                    number(4): (AttemptState.WAITING, None),
                }
                assert dict(kept(after))[number(3)] is Disposition.LEFT_QUEUE
                assert after.engine.meters[TrunkName("main")].in_use == 0
                await asyncio.sleep(120)
                assert dict(kept(after)) == {
                    number(1): Disposition.CONNECTED,
                    number(2): Disposition.CONNECTED,
                    number(3): Disposition.LEFT_QUEUE,
                    number(4): Disposition.CONNECTED,
                }

        run(crash_and_after())
