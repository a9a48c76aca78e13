"""The engine's promises, on a scripted exchange in virtual time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId
from dialer.domain.phone_number import PhoneNumber
from dialer.telephony.fake import BUSY, RINGS_OUT, TALKS, Script
from tests.support.floor_in_virtual_time import PLAN, floor, number
from tests.support.pacers import Flood
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit


def always(script: Script) -> Callable[[PhoneNumber], Script]:
    return lambda _number: script


def test_every_contact_is_dialled_once_and_the_campaign_finishes() -> None:
    async def scene() -> None:
        async with floor(always(TALKS), contacts=7, agents=2) as hall:
            await asyncio.sleep(300)
            assert hall.attempts.ends() == [Disposition.CONNECTED] * 7
            assert hall.campaigns.known[hall.campaign].state is CampaignState.FINISHED
            assert len(hall.telephony.calls_placed) == 7
            assert set(hall.agent_states().values()) == {"ready"}

    run(scene())


def test_an_unanswered_call_rings_its_full_time() -> None:
    async def scene() -> None:
        async with floor(always(RINGS_OUT), contacts=1, agents=1) as hall:
            await asyncio.sleep(60)
            (row,) = hall.attempts.rows.values()
            assert row.settlement is not None
            assert row.progress is not None
            assert row.progress.rang_at is not None
            assert row.settlement.disposition is Disposition.NO_ANSWER
            assert row.settlement.ended_at - row.progress.rang_at == PLAN.ring_for

    run(scene())


def test_nobody_can_cut_a_ringing_short_of_fifteen_seconds() -> None:
    async def scene() -> None:
        async with floor(always(RINGS_OUT), contacts=1, agents=1) as hall:
            await asyncio.sleep(5)
            (call,) = hall.engine.supervisor.calls.values()
            await hall.engine.supervisor.hang_up(call.id)
            await asyncio.sleep(30)
            (row,) = hall.attempts.rows.values()
            assert row.settlement is not None
            assert row.settlement.disposition is Disposition.CANCELLED
            assert call.rang_at is not None
            assert row.settlement.ended_at - call.rang_at == timedelta(seconds=15)

    run(scene())


def test_the_longest_idle_agent_gets_the_call() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=10)), contacts=6, agents=3) as hall:
            await asyncio.sleep(200)
            joined = [change.agent for change in hall.agents.changes if change.state is AgentState.ON_CALL]
            assert joined == [1, 2, 3, 1, 2, 3]

    run(scene())


def test_an_answer_without_an_agent_hears_the_message_after_two_seconds_and_is_abandoned() -> None:
    async def scene() -> None:
        async with floor(always(TALKS), contacts=3, agents=1, pacer=Flood()) as hall:
            await asyncio.sleep(30)
            assert sorted(hall.attempts.ends()) == [Disposition.ABANDONED, Disposition.ABANDONED]
            messages = [line for line in hall.attempts.lines if line.kind == "message_started"]
            answers = {line.attempt: line.at for line in hall.attempts.lines if line.kind == "answered"}
            (waited,) = {line.at - answers[line.attempt] for line in messages}
            assert timedelta(milliseconds=-50) <= waited - PLAN.answer_within < timedelta(0)  # begun in time

    run(scene())


def test_a_caller_who_leaves_within_two_seconds_is_not_abandoned() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=1)), contacts=2, agents=0, pacer=Flood()) as hall:
            await asyncio.sleep(30)
            assert hall.attempts.ends() == [Disposition.HUNG_UP] * 2

    run(scene())


def test_a_waiting_caller_gets_the_agent_who_becomes_free() -> None:
    async def scene() -> None:
        plan = replace(PLAN, answer_within=timedelta(seconds=30))
        async with floor(
            always(replace(TALKS, talk_s=40)), contacts=2, agents=1, plan=plan, pacer=Flood()
        ) as hall:
            await asyncio.sleep(5)
            first = next(
                call for call in hall.engine.supervisor.calls.values() if call.state is AttemptState.TALKING
            )
            await hall.engine.supervisor.hang_up(first.id)
            await asyncio.sleep(60)
            assert hall.attempts.ends() == [Disposition.CONNECTED] * 2

    run(scene())


def test_progressive_pacing_never_has_more_lines_than_free_agents() -> None:
    async def scene() -> None:
        async with floor(always(TALKS), contacts=50, agents=4) as hall:
            for _ in range(200):
                await asyncio.sleep(0.5)
                out = sum(1 for _ in hall.engine.supervisor.lines())
                assert out <= hall.engine.desks.free
            assert Disposition.ABANDONED not in hall.attempts.ends()

    run(scene())


@pytest.mark.parametrize(("channels", "calls_per_second"), [(5, 1000.0), (100, 2.0)])
def test_never_more_lines_than_channels_nor_more_calls_than_the_rate(
    channels: int, calls_per_second: float
) -> None:
    async def scene() -> None:
        async with floor(
            always(RINGS_OUT),
            contacts=60,
            agents=0,
            pacer=Flood(),
            channels=channels,
            calls_per_second=calls_per_second,
        ) as hall:
            placed = []
            for _ in range(100):
                await asyncio.sleep(0.1)
                assert len(hall.engine.supervisor.calls) <= channels
                placed.append(len(hall.telephony.calls_placed))
            assert placed[-1] > 0
            ten = placed[-1] - placed[-101 + 1]
            assert ten <= 10 * calls_per_second + 1

    run(scene())


def test_a_full_trunk_is_looked_at_when_a_call_ends_and_not_all_the_time() -> None:
    async def scene() -> None:
        flood = Flood()
        async with floor(always(RINGS_OUT), contacts=9, agents=0, pacer=flood, channels=2):
            await asyncio.sleep(2)
            before = len(flood.asked)
            await asyncio.sleep(10)
            assert len(flood.asked) - before <= 10 * 6  # four looks a second, and the wake-ups of the store

    run(scene())


def test_a_number_put_on_the_list_after_the_claim_is_not_dialled() -> None:
    async def scene() -> None:
        async with floor(always(BUSY), contacts=1, agents=0) as hall:
            hall.attempts.do_not_call.add(number(0))
            hall.agents.log_in("late", hall.engine._clock.now())
            await asyncio.sleep(20)
            assert hall.telephony.calls_placed == []
            (contact,) = hall.attempts.contacts.values()
            assert contact.state is ContactState.BLOCKED
            (refusal,) = hall.attempts.refusals[contact.id]
            assert (refusal.reason, refusal.times) == ("internal_dnc", 1)

    run(scene())


def test_outside_calling_hours_nothing_is_dialled_and_the_contact_waits_for_the_opening() -> None:
    async def scene() -> None:
        hours = replace(PLAN.hours, weekdays=frozenset({5}))  # the scene plays on a Friday
        async with floor(always(TALKS), contacts=1, agents=1, plan=replace(PLAN, hours=hours)) as hall:
            await asyncio.sleep(20)
            assert hall.telephony.calls_placed == []
            (contact,) = hall.attempts.contacts.values()
            assert contact.due_at is not None
            assert contact.due_at.isoformat() == "2026-11-21T13:00:00+00:00"  # Saturday, 08:00 in New York

    run(scene())


def test_a_busy_number_is_tried_again_by_its_rule() -> None:
    async def scene() -> None:
        async with floor(always(BUSY), contacts=1, agents=1) as hall:
            await asyncio.sleep(3 * 3600)
            assert hall.attempts.ends() == [Disposition.BUSY] * PLAN.retry[Disposition.BUSY].most
            (contact,) = hall.attempts.contacts.values()
            assert contact.state is ContactState.EXHAUSTED

    run(scene())


def test_an_agent_whose_phone_drops_leaves_the_caller_to_another_agent() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=60)), contacts=1, agents=2) as hall:
            await asyncio.sleep(10)
            (call,) = hall.engine.supervisor.calls.values()
            assert call.agent == 1
            hall.telephony.drop_phone(AgentId(1))
            await asyncio.sleep(1)
            assert (call.agent, call.state) == (2, AttemptState.TALKING)
            await asyncio.sleep(120)
            assert hall.attempts.ends() == [Disposition.CONNECTED]
            assert len(hall.recordings.begun) == 2

    run(scene())


def test_a_caller_who_lost_the_only_agent_hears_the_message_and_is_recorded_as_dropped() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=60)), contacts=1, agents=1) as hall:
            await asyncio.sleep(10)
            hall.telephony.dead_phones.add("agent-1")
            hall.telephony.drop_phone(AgentId(1))
            await asyncio.sleep(60)
            assert hall.attempts.ends() == [Disposition.DROPPED]
            assert hall.agent_states() == {1: "logged_out"}

    run(scene())


def test_a_phone_out_of_reach_for_twenty_seconds_is_connected_again() -> None:
    async def scene() -> None:
        async with floor(always(TALKS), contacts=0, agents=1) as hall:
            await asyncio.sleep(5)
            hall.telephony.dead_phones.add("agent-1")
            hall.telephony.drop_phone(AgentId(1))
            await asyncio.sleep(20)
            assert hall.agent_states() == {1: "logged_out"}
            hall.telephony.dead_phones.clear()
            await asyncio.sleep(20)
            assert hall.agent_states() == {1: "ready"}

    run(scene())


def test_a_lost_phone_is_called_again_and_given_up_after_five_failures() -> None:
    async def scene() -> None:
        async with floor(always(TALKS), contacts=0, agents=2) as hall:
            await asyncio.sleep(5)
            hall.telephony.drop_phone(AgentId(1))
            await asyncio.sleep(10)
            assert hall.agent_states()[AgentId(1)] == "ready"
            hall.telephony.dead_phones.add("agent-2")
            hall.telephony.drop_phone(AgentId(2))
            await asyncio.sleep(60)
            assert hall.agent_states()[AgentId(2)] == "logged_out"
            assert hall.agents.known[AgentId(2)].wish is AgentState.LOGGED_OUT
            assert hall.agents.known[AgentId(2)].wish_reason == "phone lost"

    run(scene())


def test_a_pause_asked_for_in_a_call_begins_after_it() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=20)), contacts=2, agents=1) as hall:
            await asyncio.sleep(8)
            await hall.agents.wish(AgentId(1), AgentState.PAUSED, "lunch", hall.engine._clock.now())
            await asyncio.sleep(5)
            assert hall.agent_states() == {1: "on_call"}
            await asyncio.sleep(60)
            assert hall.agent_states() == {1: "paused"}
            assert hall.attempts.ends() == [Disposition.CONNECTED]

    run(scene())


def test_while_the_database_is_away_nothing_is_dialled_and_nothing_is_lost() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=5)), contacts=10, agents=2) as hall:
            await asyncio.sleep(5)
            hall.attempts.away = True
            before = len(hall.telephony.calls_placed)
            await asyncio.sleep(60)
            assert len(hall.telephony.calls_placed) == before
            hall.attempts.away = False
            await asyncio.sleep(200)
            assert hall.attempts.ends() == [Disposition.CONNECTED] * 10

    run(scene())


def test_calls_that_end_while_the_link_is_down_are_settled_and_not_dialled_again() -> None:
    async def scene() -> None:
        script = replace(TALKS, answer_s=10.0, talk_s=5.0)
        async with floor(always(script), contacts=2, agents=2) as hall:
            await asyncio.sleep(5)
            hall.telephony.drop_link()
            await asyncio.sleep(60)
            hall.telephony.raise_link()
            await asyncio.sleep(60)
            assert hall.attempts.ends() == [Disposition.LOST] * 2
            assert len(hall.telephony.calls_placed) == 2

    run(scene())


def test_a_conversation_that_outlives_the_link_goes_on() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=60)), contacts=1, agents=1) as hall:
            await asyncio.sleep(10)
            hall.telephony.drop_link()
            await asyncio.sleep(10)
            hall.telephony.raise_link()
            await asyncio.sleep(1)
            assert hall.agent_states() == {1: "on_call"}
            await asyncio.sleep(100)
            assert hall.attempts.ends() == [Disposition.CONNECTED]

    run(scene())


def test_the_next_engine_adopts_conversations_and_settles_what_is_gone() -> None:
    async def scene() -> None:
        script = replace(TALKS, talk_s=100)
        async with floor(always(script), contacts=2, agents=2) as first:
            await asyncio.sleep(10)
        first.telephony.link_up = False
        gone, kept = first.attempts.rows
        first.telephony.forget(gone)
        async with floor(
            always(script), contacts=2, agents=2, attempts=first.attempts, telephony=first.telephony
        ) as second:
            await asyncio.sleep(10)
            assert first.attempts.rows[gone].state is AttemptState.ENDED
            assert [call.id for call in second.engine.supervisor.calls.values()] == [kept]
            assert "on_call" in second.agent_states().values()
            await asyncio.sleep(200)
            assert second.attempts.ends() == [Disposition.CONNECTED] * 2
            assert len(second.telephony.calls_placed) == 2

    run(scene())


def test_claims_of_a_dead_engine_that_were_not_dialled_go_back() -> None:
    async def scene() -> None:
        async with floor(always(TALKS), contacts=1, agents=0) as first:
            await first.attempts.claim(first.campaign, first.engine.runner, 1, first.engine._clock.now())
        async with floor(always(TALKS), contacts=1, agents=1, attempts=first.attempts) as second:
            await asyncio.sleep(100)
            assert second.attempts.ends() == [Disposition.CONNECTED]

    run(scene())


def test_stopping_waits_for_lines_but_leaves_conversations_alone() -> None:
    async def scene() -> None:
        async with floor(always(replace(TALKS, talk_s=500)), contacts=9, agents=3) as hall:
            await asyncio.sleep(1)
            assert sum(1 for _ in hall.engine.supervisor.lines()) == 3
            await hall.engine.drain(30)
            assert sum(1 for _ in hall.engine.supervisor.lines()) == 0
            assert len(hall.engine.supervisor.calls) == 3
            assert len(hall.telephony.calls_placed) == 3

    run(scene())


def test_a_cause_nobody_knows_becomes_failed_with_the_cause_kept() -> None:
    async def scene() -> None:
        odd = Script(ring_s=None, end_s=1, cause=HangupCause(111, None, "protocol error"))
        async with floor(always(odd), contacts=1, agents=1) as hall:
            await asyncio.sleep(5)
            (row,) = hall.attempts.rows.values()
            assert row.settlement is not None
            assert row.settlement.disposition is Disposition.FAILED
            assert row.settlement.cause.q850 == 111

    run(scene())
