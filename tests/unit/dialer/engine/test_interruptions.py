"""What the engine knows, the store holds and the exchange does come apart for a while, and are brought together again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dialer.compliance.gate import DialPermit
from dialer.domain.attempt import AttemptState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import StorageDown
from dialer.telephony.fake import TALKS, Script
from tests.support.floor_in_virtual_time import PLAN, VirtualFloor, floor, number
from tests.support.pacers import Flood
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit

SHORT = replace(TALKS, talk_s=5)


def losing_one_answer(work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """It is done, but the first time nobody hears so."""
    answers_lost = 0

    async def wrapped(*args: Any) -> Any:
        nonlocal answers_lost
        answer = await work(*args)
        if answers_lost == 0:
            answers_lost += 1
            raise StorageDown("the answer was lost")
        return answer

    return wrapped


def counting_phones_called(hall: VirtualFloor) -> list[AgentId]:
    called, connect = [], hall.telephony.connect_desk

    async def counted(agent: AgentId, phone: str) -> None:
        called.append(agent)
        await connect(agent, phone)

    hall.telephony.connect_desk = counted  # type: ignore[method-assign]
    return called


@pytest.mark.parametrize("step", ["claim", "begin_dialling"])
def test_contacts_taken_in_a_statement_whose_answer_was_lost_go_back_and_are_dialled_once(step: str) -> None:
    async def scene() -> None:
        async with floor(lambda _: SHORT, contacts=4, agents=0) as hall:
            setattr(hall.attempts, step, losing_one_answer(getattr(hall.attempts, step)))
            hall.agents.log_in("late", hall.engine._clock.now())
            await asyncio.sleep(200)
            assert hall.attempts.ends() == [Disposition.CONNECTED] * 4
            assert len(hall.telephony.calls_placed) == 4

    run(scene())


def test_a_link_that_goes_while_the_store_is_asked_costs_the_contact_nothing() -> None:
    async def scene() -> None:
        async with floor(lambda _: SHORT, contacts=1, agents=0) as hall:
            begin = hall.attempts.begin_dialling

            async def cut_meanwhile(*args: Any) -> Sequence[DialPermit]:
                hall.attempts.begin_dialling = begin  # type: ignore[method-assign]
                hall.telephony.drop_link()
                return await begin(*args)

            hall.attempts.begin_dialling = cut_meanwhile  # type: ignore[method-assign, assignment]
            hall.agents.log_in("late", hall.engine._clock.now())
            await asyncio.sleep(10)
            assert hall.telephony.calls_placed == []
            hall.telephony.raise_link()
            await asyncio.sleep(60)
            assert hall.attempts.ends() == [Disposition.CONNECTED]

    run(scene())


def test_conversations_of_an_outage_have_their_recordings_in_the_store_afterwards() -> None:
    async def scene() -> None:
        async with floor(lambda _: replace(TALKS, talk_s=20), contacts=2, agents=2) as hall:
            begin = hall.recordings.begin_recording

            async def begun(*args: Any) -> None:
                hall.attempts._reach()
                await begin(*args)

            hall.recordings.begin_recording = begun  # type: ignore[method-assign, assignment]
            await asyncio.sleep(2)
            hall.attempts.away = True
            await asyncio.sleep(10)
            assert {call.state for call in hall.engine.supervisor.calls.values()} == {AttemptState.TALKING}
            assert hall.recordings.begun == []
            hall.attempts.away = False
            await asyncio.sleep(60)
            assert len(hall.recordings.begun) == len(hall.recordings.talks) == 2

    run(scene())


def test_the_next_engine_calls_no_phone_that_is_connected() -> None:
    async def scene() -> None:
        async with floor(lambda _: SHORT, contacts=0, agents=2) as first:
            await asyncio.sleep(10)
        called = counting_phones_called(first)
        # the link is up before the engine has looked around
        async with floor(
            lambda _: SHORT, contacts=0, agents=2, attempts=first.attempts, telephony=first.telephony
        ) as second:
            await asyncio.sleep(10)
            assert set(second.agent_states().values()) == {"ready"}
            assert called == []

    run(scene())


def test_a_phone_that_was_being_called_when_the_exchange_died_is_called_again() -> None:
    async def scene() -> None:
        async with floor(lambda _: SHORT, contacts=0, agents=1) as hall:
            connect = hall.telephony.connect_desk

            async def rings_unanswered(agent: AgentId, phone: str) -> None:
                hall.telephony.connect_desk = connect  # type: ignore[method-assign]

            hall.telephony.connect_desk = rings_unanswered  # type: ignore[method-assign]
            await asyncio.sleep(5)
            assert hall.agent_states() == {1: "connecting"}
            hall.telephony.drop_link()
            await asyncio.sleep(1)
            hall.telephony.raise_link()
            await asyncio.sleep(10)
            assert hall.agent_states() == {1: "ready"}

    run(scene())


def test_an_order_carried_out_after_the_comparison_does_not_leave_a_call_nobody_looks_after() -> None:
    async def scene() -> None:
        async with floor(lambda _: SHORT, contacts=0, agents=1) as hall:
            await asyncio.sleep(5)
            hall.telephony._enter(AttemptId(uuid4()), 60, 15, Script())
            assert len((await hall.telephony.census()).calls) == 1
            await asyncio.sleep(30)
            assert (await hall.telephony.census()).calls == []

    run(scene())


def test_a_person_who_answered_and_was_gone_when_the_link_came_back_counts_as_abandoned() -> None:
    async def scene() -> None:
        script = replace(TALKS, talk_s=10)
        async with floor(lambda _: script, contacts=1, agents=0, pacer=Flood()) as hall:
            await asyncio.sleep(4)
            assert hall.engine.supervisor.waiting == 1
            hall.telephony.drop_link()
            await asyncio.sleep(30)
            hall.telephony.raise_link()
            await asyncio.sleep(5)
            assert hall.attempts.ends() == [Disposition.ABANDONED]

    run(scene())


def test_an_agent_found_in_a_conversation_is_not_given_to_another_caller() -> None:
    async def scene() -> None:
        plan = replace(PLAN, answer_within=timedelta(seconds=30), wrap_up=timedelta(0))
        talks_first = replace(TALKS, talk_s=60)
        answers_later = replace(talks_first, answer_s=4.0)

        def script(called: PhoneNumber) -> Script:
            return answers_later if called.e164 == number(0) else talks_first

        async with floor(script, contacts=2, agents=1, plan=plan, pacer=Flood()) as first:
            await asyncio.sleep(10)
        async with floor(
            script,
            contacts=2,
            agents=1,
            plan=plan,
            pacer=Flood(),
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await asyncio.sleep(5)
            states = [call.state for call in second.engine.supervisor.calls.values()]
            assert states == [AttemptState.WAITING, AttemptState.TALKING]
            await asyncio.sleep(100)
            assert second.recordings.begun == [], "the conversation went on undisturbed"

    run(scene())


def test_callers_found_waiting_get_an_agent_each() -> None:
    async def scene() -> None:
        plan = replace(PLAN, answer_within=timedelta(seconds=30))
        script = replace(TALKS, talk_s=60)
        async with floor(lambda _: script, contacts=3, agents=0, plan=plan, pacer=Flood()) as first:
            await asyncio.sleep(10)
        joined, join = [], first.telephony.join

        async def noted(attempt: AttemptId, agent: AgentId, recording: str | None) -> None:
            joined.append(agent)
            await join(attempt, agent, recording)

        first.telephony.join = noted  # type: ignore[method-assign]
        first.telephony._desks.update(map(AgentId, (1, 2, 3)))
        async with floor(
            lambda _: script,
            contacts=3,
            agents=3,
            plan=plan,
            pacer=Flood(),
            attempts=first.attempts,
            telephony=first.telephony,
        ) as second:
            await asyncio.sleep(5)
            assert sorted(joined) == [1, 2, 3]
            assert set(second.agent_states().values()) == {"on_call"}

    run(scene())
