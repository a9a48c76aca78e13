"""Callers who wait in a queue: kept once each, found again, and out of everything that the law counts of our own calls."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import RunnerId
from dialer.domain.phone_number import WITHHELD, PhoneNumber
from dialer.domain.queued_caller import QueuedCaller
from dialer.errors import Conflict
from dialer.ports.callers import TakenCaller
from dialer.ports.storage import DoNotCallEntry, Progress
from tests.integration.storage.rig import NOW, Rig, ended, number, person
from tests.support.gate import wanted_at

pytestmark = pytest.mark.postgres

WAITING = QueuedCaller("1700000000.1", "1700000000.1", 2)


async def call_in(rig: Rig, caller: QueuedCaller = WAITING, from_: PhoneNumber | None = None) -> TakenCaller:
    return await rig.store.attempts.take_caller(
        rig.campaign, number(1) if from_ is None else from_, caller, rig.runner, NOW
    )


def channel(nth: int) -> QueuedCaller:
    return replace(WAITING, channel=f"1700000000.{nth}")


async def settle(rig: Rig, taken: TakenCaller, disposition: Disposition, **more: Any) -> None:
    end = ended(
        taken.claimed, disposition, contact_state=ContactState.DONE, due_at=None, dialled=False, **more
    )
    await rig.store.attempts.settle([end], [])


async def test_a_caller_is_an_open_attempt_of_a_contact_that_nobody_dials(rig: Rig) -> None:
    taken = await call_in(rig)
    (row,) = await rig.store.history.attempts(rig.campaign, None, 10)
    assert (row.id, row.state, row.inbound, row.dialled_at) == (
        taken.claimed.attempt,
        AttemptState.WAITING,
        True,
        None,
    )
    assert (row.answered_at, row.session) == (NOW, WAITING.session)
    assert taken.claimed.number == number(1)
    assert taken.claimed.zones == ("America/New_York",)
    assert await rig.claim(10) == []
    await settle(rig, taken, Disposition.LEFT_QUEUE)
    assert await rig.claim(10, NOW + timedelta(days=400)) == []


async def test_the_same_channel_at_the_same_moment_is_the_same_attempt(rig: Rig) -> None:
    first, again = await call_in(rig), await call_in(rig)
    assert first.claimed.attempt == again.claimed.attempt
    assert await rig.all("select count(*) from attempts") == [(1,)]
    assert await rig.all("select count(*) from contacts") == [(1,)]


async def test_who_calls_again_is_the_same_contact_and_two_may_call_from_one_number_at_once(rig: Rig) -> None:
    (one, two) = await asyncio.gather(call_in(rig, channel(1)), call_in(rig, channel(2)))
    assert one.claimed.attempt != two.claimed.attempt
    assert one.claimed.contact == two.claimed.contact


async def test_two_who_show_no_number_are_two_contacts(rig: Rig) -> None:
    one, two = await call_in(rig, channel(1), WITHHELD), await call_in(rig, channel(2), WITHHELD)
    assert one.claimed.contact != two.claimed.contact
    assert (one.claimed.number, one.claimed.zones) == (WITHHELD, ())
    again = await call_in(rig, channel(2), WITHHELD)
    assert again.claimed.attempt == two.claimed.attempt
    await settle(rig, one, Disposition.LEFT_QUEUE)
    assert (await rig.store.contacts.contact(one.claimed.contact)).numbers == ()


async def test_a_contact_of_the_list_may_call_while_it_is_being_dialled(rig: Rig) -> None:
    await rig.add(person(1))
    dialled = await rig.dial()
    taken = await call_in(rig)
    assert taken.claimed.contact == dialled.contact
    await settle(rig, taken, Disposition.LEFT_QUEUE)
    (contact,) = await rig.store.contacts.contacts(rig.campaign, None, 10)
    assert (contact.state, contact.attempts) == (ContactState.CLAIMED, 0)  # still being dialled
    await rig.store.attempts.settle([ended(dialled)], [])
    (contact,) = await rig.store.contacts.contacts(rig.campaign, None, 10)
    assert (contact.state, contact.attempts) == (ContactState.READY, 1)


async def test_what_was_entered_in_the_flow_comes_along_and_the_session_knows_the_attempt(rig: Rig) -> None:
    state = {
        "flow": "hotline",
        "version": "1",
        "language": "zh",
        "caller": number(1).e164,
        "called": "+12025550100",
        "node": "wait",
        "at": NOW.timestamp(),
        "started": NOW.timestamp(),
        "variables": {"order": "0042"},
        "answers": {"q1": {"value": "b"}},
    }
    assert await rig.store.ivr_calls.save(WAITING.session, state, 0)
    taken = await call_in(rig)
    assert taken.caller == replace(
        WAITING,
        called="+12025550100",
        language="zh",
        flow="hotline",
        variables={"order": "0042"},
        answers={"q1": {"value": "b"}},
    )
    assert (await rig.store.ivr_calls.session(WAITING.session)).attempt == taken.claimed.attempt
    (left,) = await rig.store.attempts.open_attempts(RunnerId(uuid4()))
    assert (left.caller, left.state, left.answered_at) == (taken.caller, AttemptState.WAITING, NOW)


async def test_an_open_attempt_of_a_withheld_number_is_taken_over_as_well(rig: Rig) -> None:
    taken = await call_in(rig, from_=WITHHELD)
    (left,) = await rig.store.attempts.open_attempts(RunnerId(uuid4()))
    assert (left.claimed.attempt, left.claimed.number) == (taken.claimed.attempt, WITHHELD)


@pytest.mark.parametrize("disposition", [Disposition.CONNECTED, Disposition.LEFT_QUEUE, Disposition.HUNG_UP])
async def test_nothing_that_the_law_counts_counts_callers(rig: Rig, disposition: Disposition) -> None:
    agent = await rig.store.agents.add_agent("Ana", "101", NOW)
    open_one, ended_one = await call_in(rig, channel(1)), await call_in(rig, channel(2))
    talk = Progress(ended_one.claimed.attempt, AttemptState.TALKING, joined_at=NOW, agent=agent)
    await rig.store.attempts.record([talk], [])
    await settle(rig, ended_one, disposition)
    counted = await rig.store.campaigns.abandonment(rig.campaign, NOW - timedelta(days=1))
    assert (counted.answered, counted.abandoned) == (0, 0)
    assert await rig.all("select count(*) from answered_quarters") == [(0,)]
    day = timedelta(days=1)
    assert [each async for each in rig.store.ledger.live_answers(rig.campaign, NOW - day, NOW + day)] == []
    (facts,) = await rig.store.attempts.facts([open_one.claimed], wanted_at(NOW))
    assert facts.history == ()
    await rig.store.history.note_result(
        ended_one.claimed.attempt, Disposition.MACHINE, "", None, None, None, "", NOW
    )
    assert await rig.all("select count(*) from answered_quarters") == [(0,)]


async def test_who_asked_not_to_be_called_may_call_us(rig: Rig) -> None:
    entry = DoNotCallEntry(number(1), None, "test", "", NOW)
    await rig.store.do_not_call.add_do_not_call([entry])
    assert (await call_in(rig)).claimed.number == number(1)


async def test_a_dial_still_has_to_be_dialled_before_it_is_answered(rig: Rig) -> None:
    await rig.add(person(1))
    claimed = await rig.claim_one()
    with pytest.raises(Conflict):
        await rig.store.attempts.record([Progress(claimed.attempt, AttemptState.RINGING)], [])
    with pytest.raises(Conflict, match="attempts_ended_dialled_or_inbound"):
        await rig.store.attempts.settle([ended(claimed, Disposition.BUSY)], [])


async def test_a_caller_who_wants_no_calls_of_the_campaign_has_peace_from_all_for_a_queue_calls_nobody(
    rig: Rig,
) -> None:
    taken = await call_in(rig)
    await rig.store.pool.execute(
        "insert into ivr_sessions (call, flow, version, language, e164, attempt_id, node, state, revision, started_at,"
        " updated_at) values ($1, 'f', '1', 'en', $2, $3, 'n', '{}', 1, now(), now())",
        WAITING.session,
        number(1).e164,
        taken.claimed.attempt,
    )
    await rig.store.ivr_requests.opt_out(WAITING.session, number(1).e164, "campaign")
    (entry,) = await rig.store.do_not_call.do_not_call(number(1))
    assert entry.campaign is None
