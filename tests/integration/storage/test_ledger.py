"""The abandonment ledger, and that nobody who opted out is dialled again, by whichever engine."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from dialer.clock import SystemClock
from dialer.compliance.abandonment_classes import AnsweredBy, HangupBy, SentTo
from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.contact_rows import NewContact
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId
from dialer.domain.number_reader import NewNumber
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import Conflict, NotFound
from dialer.ports.ledger import Heard, LedgerEntry, OptOut
from dialer.ports.storage import ClaimedContact, Progress
from dialer.rulebook.load import load_rules
from dialer.storage.postgres.store import PostgresStore
from dialer.web.abandonment import Asked, report
from dialer.web.wrap_up import AgentWord, note_result
from tests.integration.storage.rig import NOW, Rig, ended, forbidden, number, person

pytestmark = pytest.mark.postgres

SOON = timedelta(seconds=2)


@pytest.fixture
async def other(store_url: str) -> AsyncIterator[PostgresStore]:
    """The store of another process."""
    opened = await PostgresStore.open(store_url, 2, SystemClock())
    yield opened
    await opened.close()


async def message(rig: Rig, **end: object) -> ClaimedContact:
    """A call that heard the message."""
    dialled = await rig.dial()
    told = Progress(dialled.attempt, AttemptState.MESSAGE, answered_at=NOW, message_at=NOW + SOON)
    await rig.store.attempts.record([told], [])
    if end:
        await rig.store.attempts.settle([ended(dialled, Disposition.ABANDONED, **end)], [])
    return dialled


async def entries(rig: Rig) -> list[LedgerEntry]:
    found = rig.store.ledger.live_answers(rig.campaign, NOW - SOON, NOW + timedelta(hours=1))
    return [entry async for entry in found]


async def test_an_entry_holds_what_its_class_is_worked_out_from(rig: Rig) -> None:
    await rig.add(person(1))
    dialled = await message(rig, ended_at=NOW + timedelta(seconds=9), ended_by_us=False)
    await rig.store.ledger.record_heard(
        [
            Heard(dialled.attempt, greeting_start=NOW + timedelta(milliseconds=300)),
            Heard(
                dialled.attempt, greeting_end=NOW + SOON / 2, verdict=AnsweredBy.MACHINE, sent_to=SentTo.IVR
            ),
        ]
    )
    await rig.store.ledger.record_heard([Heard(dialled.attempt, NOW + timedelta(milliseconds=300))])
    (entry,) = await entries(rig)
    answer = entry.answer
    assert (entry.attempt, entry.number, entry.disposition) == (
        dialled.attempt,
        number(1),
        Disposition.ABANDONED,
    )
    assert (answer.answered_at, answer.greeting_end, answer.message_at) == (NOW, NOW + SOON / 2, NOW + SOON)
    assert (answer.greeting_start, answer.ended_by) == (NOW + timedelta(milliseconds=300), HangupBy.PERSON)
    assert (answer.verdict, answer.reviewed, answer.sent_to) == (AnsweredBy.MACHINE, None, SentTo.IVR)
    assert (answer.prerecorded, entry.review) == (False, None)


async def test_a_stretch_of_time_is_half_open_and_in_order(rig: Rig) -> None:
    await rig.add(*(person(line) for line in range(1, 6)))
    for line in range(5):
        dialled = await rig.dial()
        at = NOW + timedelta(minutes=15 * (4 - line))
        await rig.store.attempts.record([Progress(dialled.attempt, AttemptState.WAITING, answered_at=at)], [])
    found = [entry.answer.answered_at async for entry in rig.store.ledger.live_answers(
        rig.campaign, NOW, NOW + timedelta(hours=1)
    )]  # fmt: skip
    assert found == [NOW + timedelta(minutes=15 * quarter) for quarter in range(4)]


async def test_a_key_pressed_blocks_the_very_next_call_of_every_engine(
    rig: Rig, other: PostgresStore
) -> None:
    await rig.add(person(1))
    dialled = await message(rig)
    summer = await Rig.set_up(other, "summer")
    await summer.add(person(1))
    waiting = await summer.claim_one()
    pressed = OptOut(dialled.attempt, NOW + timedelta(seconds=4), "9")
    assert await rig.store.ledger.record_opt_outs([pressed, pressed]) == {dialled.attempt}
    assert await summer.begin(waiting) == frozenset()  # claimed before the key, not dialled after it
    assert [entry.source for entry in await other.do_not_call.do_not_call(number(1))] == ["key press"]
    await rig.store.attempts.settle([ended(dialled, Disposition.ABANDONED)], [])
    contact = await rig.store.contacts.contact(dialled.contact)
    assert (contact.state, contact.due_at) == (ContactState.BLOCKED, None)
    assert await rig.claim(now=NOW + timedelta(days=1)) == []
    (entry,) = await entries(rig)
    assert (entry.answer.optout_at, entry.disposition) == (pressed.at, Disposition.ABANDONED)
    kinds = [each.kind for each in await rig.store.history.timeline(dialled.attempt)]
    assert kinds == ["opted_out"]


async def test_the_same_key_again_changes_nothing_and_an_unknown_call_is_told_apart(rig: Rig) -> None:
    await rig.add(person(1))
    dialled = await message(rig)
    pressed = OptOut(dialled.attempt, NOW, "9")
    await rig.store.do_not_call.add_do_not_call([forbidden(1, expires_at=NOW + SOON)])
    stray = OptOut(AttemptId(uuid4()), NOW, "9")
    assert await rig.store.ledger.record_opt_outs([pressed, stray]) == {dialled.attempt}
    later = OptOut(dialled.attempt, NOW + SOON, "9")
    assert await rig.store.ledger.record_opt_outs([later]) == {dialled.attempt}
    (entry,) = await entries(rig)
    assert entry.answer.optout_at == NOW
    (listed,) = await rig.store.do_not_call.do_not_call(number(1))
    assert listed.expires_at is None  # for ever, whatever it was before
    assert len(await rig.store.history.timeline(dialled.attempt)) == 1


async def test_what_is_said_to_an_agent_blocks_the_very_next_call(rig: Rig, other: PostgresStore) -> None:
    agent = await rig.store.agents.add_agent("Ann", "101", NOW)
    await rig.add(person(1))
    talked = await rig.talk(agent)
    await rig.store.attempts.settle([ended(talked, Disposition.CONNECTED)], [])
    summer = await Rig.set_up(other, "summer")
    await summer.add(person(1))
    waiting = await summer.claim_one()
    view = await rig.store.history.attempt(talked.attempt)
    await note_result(rig.store, view, AgentWord(Disposition.DO_NOT_CALL, "", None), "Ann", NOW)
    assert await summer.begin(waiting) == frozenset()


async def test_what_the_api_adds_blocks_the_very_next_call(rig: Rig, other: PostgresStore) -> None:
    await rig.add(person(1))
    waiting = await rig.claim_one()
    await other.do_not_call.add_do_not_call([forbidden(1)])
    assert await rig.begin(waiting) == frozenset()


async def test_a_person_says_what_was_heard(rig: Rig) -> None:
    await rig.add(person(1), person(2))
    unanswered = await rig.dial()
    heard = await message(rig, ended_at=NOW + SOON)
    ledger = rig.store.ledger
    await ledger.record_heard([Heard(heard.attempt, verdict=AnsweredBy.MACHINE)])
    (sample,) = await ledger.to_review(rig.campaign, 10)
    assert (sample.attempt, sample.number, sample.recordings) == (heard.attempt, number(2), ())
    await ledger.review(heard.attempt, AnsweredBy.MACHINE, "ann", "", NOW)
    await ledger.review(heard.attempt, AnsweredBy.PERSON, "bob", "says hello twice", NOW + SOON)
    (entry,) = await entries(rig)
    assert entry.review is not None
    assert (entry.review.by, entry.answer.reviewed) == ("bob", AnsweredBy.PERSON)
    assert await ledger.to_review(rig.campaign, 10) == []
    with pytest.raises(Conflict, match="nobody answered"):
        await ledger.review(unanswered.attempt, AnsweredBy.PERSON, "ann", "", NOW)
    with pytest.raises(NotFound):
        await ledger.review(AttemptId(uuid4()), AnsweredBy.PERSON, "ann", "", NOW)


async def test_an_agents_word_is_a_review(rig: Rig) -> None:
    agent = await rig.store.agents.add_agent("Ann", "101", NOW)
    await rig.add(person(1))
    talked = await rig.talk(agent)
    await rig.store.attempts.settle([ended(talked, Disposition.CONNECTED)], [])
    (before,) = await entries(rig)
    assert before.review is None
    view = await rig.store.history.attempt(talked.attempt)
    await note_result(rig.store, view, AgentWord(Disposition.MACHINE, "", None), "Ann", NOW)
    (after,) = await entries(rig)
    assert after.answer.reviewed is AnsweredBy.MACHINE


async def test_one_number_tells_of_each_area(rig: Rig) -> None:
    other = [NewContact(line, (NewNumber(PhoneNumber(e164), ("Europe/London",)),)) for line, e164 in enumerate(
        ("+442079460001", "+442079460002", "+441619460001", "+12125550001", "+8613800138000"), 50
    )]  # fmt: skip
    await rig.add(*(person(line) for line in range(1, 20)), *other)
    found = [each.e164 for each in await rig.store.ledger.numbers_by_prefix(rig.campaign)]
    assert sorted(each[:5] for each in found) == ["+1202", "+1212", "+4416", "+4420", "+8613"]


async def test_the_report_and_pacings_quick_count_agree_on_calls_that_went_as_they_should(rig: Rig) -> None:
    agent = await rig.store.agents.add_agent("Ann", "101", NOW)
    await rig.add(*(person(line) for line in range(1, 31)))
    for nth in range(30):
        dialled, at = await rig.dial(), NOW + timedelta(minutes=nth)
        joined = nth % 10 != 0
        known = Progress(
            dialled.attempt,
            AttemptState.TALKING if joined else AttemptState.MESSAGE,
            answered_at=at,
            joined_at=at + timedelta(milliseconds=8) if joined else None,
            message_at=None if joined else at + SOON,
            agent=agent if joined else None,
        )
        await rig.store.attempts.record([known], [])
        over = Disposition.CONNECTED if joined else Disposition.ABANDONED
        await rig.store.attempts.settle([ended(dialled, over, ended_at=at + timedelta(seconds=40))], [])
    campaign = await rig.store.campaigns.campaign(rig.campaign)
    seen: list[LedgerEntry] = []
    told = await report(
        rig.store,
        load_rules().book,
        campaign,
        ZoneInfo("America/New_York"),
        NOW + timedelta(hours=2),
        Asked(since=NOW - timedelta(hours=1)),
        lambda profiles: lambda entry, found: seen.append(entry),
    )
    assert {"us_ftc_tsr", "us_fcc_tcpa"} <= set(told.profiles)  # the list reaches the United States
    assert "uk_ofcom_2017" not in told.profiles
    assert len({entry.attempt for entry in seen}) == told.live_answers == 30
    for window in told.windows:
        assert (window.answered, window.abandoned, window.rate) == (30, 3, "10.00")
    own = [window for window in told.windows if window.profile == "campaign"]
    assert [(each.stored_answered, each.stored_abandoned) for each in own] == [(30, 3), (30, 3)]


async def test_in_britain_the_call_centre_is_counted_across_campaigns_beside_each_of_them(rig: Rig) -> None:
    """Ofcom, statement of 2010: the campaign on which one of four was lost is over, as is the house with one of eight."""
    agent = await rig.store.agents.add_agent("Ann", "101", NOW)
    other, american = await Rig.set_up(rig.store, "other"), await Rig.set_up(rig.store, "american")
    for each, lost, code in ((rig, 1, "+44207946"), (other, 0, "+44207947"), (american, 4, "+1202555")):
        for nth in range(4):
            called = NewNumber(PhoneNumber(f"{code}{nth:04d}"), ("Europe/London",))
            await each.add(NewContact(nth + 1, (called,)))
            dialled = await each.dial()
            joined = nth >= lost
            known = Progress(
                dialled.attempt,
                AttemptState.TALKING if joined else AttemptState.MESSAGE,
                answered_at=NOW,
                joined_at=NOW if joined else None,
                message_at=None if joined else NOW + SOON,
                agent=agent if joined else None,
            )
            await each.store.attempts.record([known], [])
            over = Disposition.CONNECTED if joined else Disposition.ABANDONED
            await each.store.attempts.settle([ended(dialled, over, ended_at=NOW + SOON)], [])
    for each, abandoned, verdict in ((rig, 1, "fail"), (other, 0, "pass")):
        told = await report(
            rig.store,
            load_rules().book,
            await rig.store.campaigns.campaign(each.campaign),
            ZoneInfo("Europe/London"),
            NOW + timedelta(hours=2),
            Asked(since=NOW - timedelta(hours=1), profiles=("uk_ofcom_2010",), rules_as_of=date(2016, 6, 1)),
        )
        own, centre = [window for window in told.windows if window.profile == "uk_ofcom_2010"]
        assert (own.unit, own.abandoned, own.answered) == ("per_campaign", abandoned, 4)
        assert (own.verdict, told.verdict) == (verdict, verdict)
        assert (centre.unit, centre.abandoned, centre.answered) == ("per_call_centre", 1, 8)
        assert (centre.window, centre.rate, centre.verdict) == (own.window, "12.50", "fail")
    told = await report(
        rig.store,
        load_rules().book,
        await rig.store.campaigns.campaign(american.campaign),
        ZoneInfo("America/New_York"),
        NOW + timedelta(hours=2),
        Asked(since=NOW - timedelta(hours=1)),
    )
    assert {window.unit for window in told.windows} == {"per_campaign"}
