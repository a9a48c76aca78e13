"""Somebody who hears the message and presses 9, on a real exchange: on the list, hung up on, never dialled again."""

from datetime import timedelta

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.phone_number import PhoneNumber
from dialer.lab.world.numbers import Behaviour, number
from tests.support.service import Hall

pytestmark = pytest.mark.asterisk


async def nobody_free(floor: Hall, called: str) -> None:
    """The only agent pauses while the phone rings."""
    (agent,) = await floor.log_in("agent-101")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(called)
    await floor.wait_state(called, AttemptState.RINGING)
    await floor.wish(agent, AgentState.PAUSED)


async def listed(floor: Hall, called: str) -> bool:
    return bool(await floor.store.do_not_call.do_not_call(PhoneNumber(called)))


def remembered(floor: Hall) -> str:
    return floor.centre.pbx.cli("database show fairdial-opt-outs")


async def test_the_key_puts_the_number_on_the_list_and_ends_the_call_at_once(floor: Hall) -> None:
    called = number(Behaviour.PRESSES_NINE, 1)
    await nobody_free(floor, called)
    end = await floor.wait_ended(called)
    assert end.disposition is Disposition.ABANDONED
    assert end.answered_at is not None
    assert end.message_at is not None
    assert end.ended_at is not None
    assert end.message_at - end.answered_at <= timedelta(seconds=2)
    assert timedelta(seconds=3.4) <= end.ended_at - end.answered_at < timedelta(seconds=4.5)
    await floor.wait_for(lambda: listed(floor, called), "the number is on the list")
    (contact,) = await floor.contacts()
    assert (contact.state, contact.because) == (ContactState.BLOCKED, "pressed the key for no more calls")
    (entry,) = [
        entry
        async for entry in floor.store.ledger.live_answers(
            floor.campaign, end.answered_at, end.answered_at + timedelta(minutes=1)
        )
    ]
    assert entry.answer.optout_at is not None
    assert timedelta(0) <= end.ended_at - entry.answer.optout_at < timedelta(seconds=1)

    (agent,) = await floor.store.agents.agents()
    await floor.wish(agent.id, AgentState.READY)
    await floor.dial(called, name="the very next campaign")
    await floor.wait_campaign("finished")
    assert [contact.state for contact in await floor.contacts()] == [ContactState.BLOCKED]
    await floor.wait_quiet()
    assert [record.number for record in floor.records()] == [called], "called once, and never again"
    assert "0 results found" in remembered(floor)


async def test_a_key_pressed_while_the_service_is_dead_is_not_lost(floor: Hall) -> None:
    called = number(Behaviour.PRESSES_NINE, 2)
    await nobody_free(floor, called)
    await floor.wait_state(called, AttemptState.MESSAGE)
    floor.service.kill()
    await floor.wait_quiet()  # pressed, and hung up on
    assert "1 results found" in remembered(floor)
    assert not await listed(floor, called)
    await floor.start()
    await floor.wait_for(lambda: listed(floor, called), "the number is on the list")
    end = await floor.wait_ended(called)
    assert end.disposition is Disposition.ABANDONED
    (contact,) = await floor.contacts()
    assert contact.state is ContactState.BLOCKED

    async def forgotten() -> bool:
        return "0 results found" in remembered(floor)

    await floor.wait_for(forgotten, "the exchange was told")
