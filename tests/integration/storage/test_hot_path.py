import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan, CampaignSignal
from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import RunnerId
from dialer.errors import Conflict
from dialer.ports.storage import Progress, TimelineEntry
from dialer.storage.postgres.queries import QUERIES
from tests.integration.storage.rig import NEW_YORK, NOW, TRUNK, Rig, ended, forbidden, number, person
from tests.support.gate import wanted_at

pytestmark = pytest.mark.postgres

LATER = NOW + timedelta(hours=1)


async def test_a_claim_carries_everything_that_the_gate_needs(rig: Rig) -> None:
    await rig.add(person(2, 20, 21, external_id="a"))
    claimed = await rig.claim_one()
    assert (claimed.number, claimed.zones, claimed.other_numbers) == (number(20), NEW_YORK, 1)
    assert (claimed.attempts, claimed.tally) == (0, {})
    assert claimed.campaign == rig.campaign
    assert await rig.all("select state, runner_id from attempts") == [("claimed", rig.runner)]
    assert await rig.claim() == []


async def test_the_zone_of_the_list_wins_over_those_of_the_number(rig: Rig) -> None:
    await rig.add(person(2, zone="Asia/Shanghai"))
    assert (await rig.claim_one()).zones == ("Asia/Shanghai",)


async def test_higher_priority_comes_first_then_who_is_due_longer(rig: Rig) -> None:
    await rig.add(person(2), person(3, priority=5), person(4))
    longest = "update contacts set due_at = due_at - interval '1 h' where id = (select max(id) from contacts)"
    await rig.store.pool.execute(longest)
    assert [each.number for each in await rig.claim(3)] == [number(3), number(4), number(2)]


async def test_contacts_not_yet_due_are_left_alone(rig: Rig) -> None:
    await rig.add(person(2))
    assert await rig.claim(now=NOW - timedelta(seconds=1)) == []


async def test_the_number_tried_least_is_chosen_and_dead_ones_never(rig: Rig) -> None:
    await rig.add(person(2, 20, 21, 22))
    first = await rig.dial()
    await rig.store.attempts.settle([ended(first, Disposition.NOT_IN_SERVICE, number_is_dead=True)], [])
    (second,) = await rig.claim(now=LATER)
    assert (second.number, second.other_numbers, second.attempts) == (number(21), 1, 1)
    assert second.tally == {"not_in_service": 1}


async def test_a_contact_without_a_usable_number_is_exhausted_and_blocks_nobody(rig: Rig) -> None:
    await rig.add(person(2), person(3))
    await rig.store.pool.execute("update contact_numbers set dead = true where e164 = $1", number(2).e164)
    assert await rig.claim(1) == []
    assert [each.number for each in await rig.claim(1)] == [number(3)]
    assert ("exhausted", "no usable number left") in await rig.all("select state, because from contacts")


async def test_forty_claimers_at_once_never_get_the_same_contact(rig: Rig) -> None:
    await rig.add(*(person(nth) for nth in range(2, 402)))
    hands = await asyncio.gather(*(rig.claim(15) for _ in range(40)))
    contacts = [each.contact for hand in hands for each in hand]
    assert len(contacts) == len(set(contacts)) == 400


async def test_a_claim_and_a_crash_leave_exactly_one_open_attempt_for_the_next_runner(rig: Rig) -> None:
    await rig.add(person(2, attributes={"state": "CA"}))
    claimed = await rig.claim_one()
    heir = RunnerId(uuid4())
    (found,) = await rig.store.attempts.open_attempts(heir)
    assert (found.claimed, found.attributes) == (claimed, {"state": "CA"})
    assert (found.state, found.trunk, found.dialled_at) == (AttemptState.CLAIMED, None, None)
    assert await rig.store.attempts.open_attempts(heir) == []
    assert await rig.begin(claimed) == frozenset()


async def test_a_contact_cannot_have_two_open_attempts(rig: Rig) -> None:
    await rig.add(person(2))
    await rig.claim_one()
    await rig.store.pool.execute("update contacts set state = 'ready', due_at = $1", NOW)
    with pytest.raises(Conflict, match="attempts_one_open"):
        await rig.claim()


async def test_a_release_leaves_the_contact_as_it_was(rig: Rig) -> None:
    await rig.add(person(2))
    before = await rig.all("select state, due_at, attempts, tally, because from contacts")
    claimed = await rig.claim(now=LATER)
    for _again in range(2):
        await rig.store.attempts.release([each.attempt for each in claimed])
    assert await rig.all("select state, due_at, attempts, tally, because from contacts") == before
    assert await rig.all("select id from attempts") == []


async def test_what_is_being_dialled_cannot_be_released(rig: Rig) -> None:
    await rig.add(person(2))
    dialled = await rig.dial()
    await rig.store.attempts.release([dialled.attempt])
    assert await rig.all("select state from attempts") == [("dialling",)]


async def test_do_not_call_is_among_the_facts_of_a_claim(rig: Rig) -> None:
    await rig.add(person(2), person(3), person(4))
    over = forbidden(3, expires_at=NOW)
    elsewhere = await rig.store.campaigns.create_campaign(CampaignPlan("other", TRUNK), NOW)
    await rig.store.do_not_call.add_do_not_call([forbidden(2), over, forbidden(4, campaign=elsewhere)])
    facts = await rig.store.attempts.facts(await rig.claim(3), wanted_at(NOW))
    assert [each.lists.internal_dnc for each in facts] == ["asked", None, None]


@pytest.mark.parametrize("whose", ["every campaign", "this campaign"])
async def test_do_not_call_added_after_the_claim_stops_the_dial(rig: Rig, whose: str) -> None:
    await rig.add(person(2), person(3))
    stopped, other = await rig.claim(2)
    entry = forbidden(2, campaign=rig.campaign if whose == "this campaign" else None)
    await rig.store.do_not_call.add_do_not_call([entry])
    assert await rig.begin(stopped, other) == {other.attempt}


async def test_a_paused_campaign_dials_nothing(rig: Rig) -> None:
    await rig.add(person(2))
    claimed = await rig.claim_one()
    await rig.store.campaigns.move_campaign(rig.campaign, CampaignSignal.PAUSE, NOW)
    assert await rig.begin(claimed) == frozenset()


async def test_a_contact_blocked_after_the_claim_is_not_dialled(rig: Rig) -> None:
    await rig.add(person(2))
    claimed = await rig.claim_one()
    await rig.store.contacts.move_contact(claimed.contact, ContactSignal.BLOCK, None, "asked by letter")
    assert await rig.begin(claimed) == frozenset()


async def test_dialling_begins_once(rig: Rig) -> None:
    await rig.add(person(2))
    dialled = await rig.dial()
    assert await rig.begin(dialled) == frozenset()


async def test_progress_fills_in_and_never_empties(rig: Rig) -> None:
    await rig.add(person(2))
    attempt = (await rig.dial()).attempt
    first = Progress(attempt, AttemptState.RINGING, rang_at=NOW)
    second = Progress(attempt, AttemptState.WAITING, answered_at=LATER)
    await rig.store.attempts.record([first, second], [TimelineEntry(attempt, NOW, "rang")])
    await rig.store.attempts.record([Progress(attempt, AttemptState.WAITING)], [])
    seen = await rig.store.history.attempt(attempt)
    assert (seen.state, seen.rang_at, seen.answered_at) == (AttemptState.WAITING, NOW, LATER)
    assert [entry.kind for entry in await rig.store.history.timeline(attempt)] == ["rang"]


async def test_an_ended_attempt_is_not_moved(rig: Rig) -> None:
    await rig.add(person(2))
    dialled = await rig.dial()
    await rig.store.attempts.settle([ended(dialled)], [])
    await rig.store.attempts.record([Progress(dialled.attempt, AttemptState.RINGING, rang_at=NOW)], [])
    seen = await rig.store.history.attempt(dialled.attempt)
    assert (seen.state, seen.rang_at) == (AttemptState.ENDED, None)


async def test_a_settlement_moves_attempt_contact_and_number_at_once(rig: Rig) -> None:
    await rig.add(person(2))
    dialled = await rig.dial()
    late = Progress(dialled.attempt, AttemptState.RINGING, rang_at=NOW)
    await rig.store.attempts.settle(
        [ended(dialled, progress=late)], [TimelineEntry(dialled.attempt, NOW, "ended")]
    )
    seen = await rig.store.history.attempt(dialled.attempt)
    assert (seen.disposition, seen.rang_at, seen.cause.sip) == (Disposition.BUSY, NOW, 486)
    assert await rig.all("select state, attempts, tally, because from contacts") == [
        ("ready", 1, {"busy": 1}, "again in ten minutes")
    ]
    assert await rig.all("select attempts, dead from contact_numbers") == [(1, False)]


async def test_settling_twice_changes_nothing(rig: Rig) -> None:
    await rig.add(person(2), person(3))
    dialled, other = await rig.dial(), await rig.dial()
    entries = [TimelineEntry(dialled.attempt, NOW, "ended"), TimelineEntry(other.attempt, NOW, "rang")]
    await rig.store.attempts.settle([ended(dialled), ended(dialled, Disposition.FAILED)], entries)
    await rig.store.attempts.settle([ended(dialled, Disposition.FAILED)], entries[:1])
    assert await rig.all("select disposition from attempts where disposition is not null") == [("busy",)]
    assert sorted(await rig.all("select attempts, tally from contacts")) == [(0, {}), (1, {"busy": 1})]
    assert sorted(await rig.all("select kind from call_events")) == [("ended",), ("rang",)]


async def test_a_refusal_counts_in_the_tally_but_not_as_an_attempt(rig: Rig) -> None:
    await rig.add(person(2))
    claimed = await rig.claim_one()
    await rig.store.attempts.settle([ended(claimed, Disposition.REFUSED, dialled=False)], [])
    assert await rig.all("select state, attempts, tally from contacts") == [("ready", 0, {"refused": 1})]
    assert await rig.all("select attempts from contact_numbers") == [(0,)]


async def test_a_contact_blocked_during_the_call_stays_blocked(rig: Rig) -> None:
    await rig.add(person(2))
    dialled = await rig.dial()
    await rig.store.contacts.move_contact(dialled.contact, ContactSignal.BLOCK, None, "asked by letter")
    await rig.store.attempts.settle([ended(dialled)], [])
    contact = await rig.store.contacts.contact(dialled.contact)
    assert (contact.state, contact.due_at, contact.attempts) == (ContactState.BLOCKED, None, 1)


async def test_empty_batches_are_harmless(rig: Rig) -> None:
    await rig.store.attempts.release([])
    await rig.store.attempts.record([], [])
    await rig.store.attempts.settle([], [])
    assert await rig.begin() == frozenset()


async def test_the_timeline_of_an_attempt_that_is_gone_is_dropped(rig: Rig) -> None:
    await rig.add(person(2))
    claimed = await rig.claim_one()
    await rig.store.attempts.release([claimed.attempt])
    await rig.store.attempts.record([], [TimelineEntry(claimed.attempt, NOW, "late")])
    await rig.store.attempts.settle([], [TimelineEntry(claimed.attempt, NOW, "late")])
    assert await rig.all("select * from call_events") == []


async def test_the_claim_uses_its_index_among_a_hundred_thousand_contacts(rig: Rig) -> None:
    await rig.store.pool.execute(
        "insert into contacts (campaign_id, due_at) select $1, $2 from generate_series(1, 100000)",
        rig.campaign,
        NOW,
    )
    for analyse in ("select 1", "analyze contacts"):
        await rig.store.pool.execute(analyse)
        async with rig.store.pool.acquire() as connection, connection.transaction():
            await connection.execute("set local plan_cache_mode = force_generic_plan")
            plan = await connection.fetch(
                "explain " + QUERIES["claim_contacts"].sql, rig.campaign, rig.runner, 100, NOW
            )
        lines = "\n".join(row[0] for row in plan)
        assert "Index Scan using contacts_dialable on contacts" in lines, lines
        assert "Sort Key: contacts.priority" not in lines, lines
