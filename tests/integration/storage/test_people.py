"""What people see and do: campaigns, agents, contacts, history, recordings, users, do-not-call."""

from datetime import timedelta
from uuid import uuid4

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId
from dialer.errors import BadInput, Conflict, NotFound
from dialer.ports.storage import AgentChange, Progress, StoredRecording
from tests.integration.storage.rig import NOW, TRUNK, Rig, ended, forbidden, number, person

pytestmark = pytest.mark.postgres

LATER = NOW + timedelta(hours=1)
SHA = "a" * 64


async def test_a_plan_is_stored_and_changed(rig: Rig) -> None:
    campaigns = rig.store.campaigns
    await campaigns.change_plan(rig.campaign, CampaignPlan("summer", TRUNK, most_attempts=2))
    assert (await campaigns.campaign_named("summer")).plan.most_attempts == 2
    assert [each.id for each in await campaigns.campaigns()] == [rig.campaign]
    with pytest.raises(Conflict, match="'summer' already"):
        await campaigns.create_campaign(CampaignPlan("summer", TRUNK), NOW)
    other = await campaigns.create_campaign(CampaignPlan("winter", TRUNK), NOW)
    with pytest.raises(Conflict):
        await campaigns.change_plan(other, CampaignPlan("summer", TRUNK))
    for missing in (
        campaigns.campaign(CampaignId(99)),
        campaigns.campaign_named("spring"),
        campaigns.change_plan(CampaignId(99), CampaignPlan("x", TRUNK)),
        campaigns.move_campaign(CampaignId(99), CampaignSignal.START, NOW),
    ):
        with pytest.raises(NotFound):
            await missing


async def test_a_campaign_moves_as_its_table_says(rig: Rig) -> None:
    move = rig.store.campaigns.move_campaign
    assert await move(rig.campaign, CampaignSignal.STOP, NOW) is CampaignState.STOPPING
    with pytest.raises(Conflict, match="stopping"):
        await move(rig.campaign, CampaignSignal.START, NOW)
    await move(rig.campaign, CampaignSignal.DRAINED, LATER)
    assert await rig.all("select started_at, ended_at from campaigns") == [(NOW, LATER)]
    await move(rig.campaign, CampaignSignal.START, LATER)
    assert await rig.all("select started_at, ended_at from campaigns") == [(NOW, None)]


async def test_contacts_and_outcomes_are_counted(rig: Rig) -> None:
    await rig.add(person(2), person(3), person(4))
    dialled = await rig.dial()
    await rig.store.attempts.settle([ended(dialled)], [])
    counts = await rig.store.campaigns.contact_counts(rig.campaign, NOW)
    assert (counts.by_state, counts.due_now) == ({"ready": 3}, 2)
    assert counts.next_due_at == NOW + timedelta(minutes=10)
    assert await rig.store.campaigns.outcomes(rig.campaign) == {Disposition.BUSY: 1}


async def test_abandonment_counts_people_only(rig: Rig) -> None:
    await rig.add(*(person(nth) for nth in range(2, 7)))
    agent = await rig.store.agents.add_agent("Ada", "101", NOW)
    talked, machine = await rig.talk(agent), await rig.talk(agent)
    left, hearing, busy = await rig.dial(), await rig.dial(), await rig.dial()
    answered = [
        Progress(left.attempt, AttemptState.WAITING, answered_at=NOW),
        Progress(hearing.attempt, AttemptState.MESSAGE, answered_at=NOW, message_at=NOW),
    ]
    await rig.store.attempts.record(answered, [])
    ends = [
        ended(talked, Disposition.CONNECTED),
        ended(machine, Disposition.MACHINE),
        ended(left, Disposition.ABANDONED),
        ended(busy),
    ]
    await rig.store.attempts.settle(ends, [])
    found = await rig.store.campaigns.abandonment(rig.campaign, NOW)
    assert (found.answered, found.abandoned) == (3, 2)
    assert (await rig.store.campaigns.abandonment(rig.campaign, LATER)).answered == 0


async def test_agents_wish_and_the_engine_records(rig: Rig) -> None:
    agents = rig.store.agents
    ada = await agents.add_agent("Ada", "101", NOW)
    with pytest.raises(Conflict, match="phone '101'"):
        await agents.add_agent("Bob", "101", NOW)
    with pytest.raises(Conflict, match="name 'Ada'"):
        await agents.add_agent("Ada", "102", NOW)
    with pytest.raises(BadInput):
        await agents.add_agent("Bob", "1 0 1", NOW)
    await agents.wish(ada, AgentState.PAUSED, "lunch", LATER)
    with pytest.raises(BadInput):
        await agents.wish(ada, AgentState.ON_CALL, "", NOW)
    with pytest.raises(NotFound):
        await agents.wish(AgentId(99), AgentState.READY, "", NOW)
    changes = [
        AgentChange(ada, AgentState.CONNECTING, "", NOW),
        AgentChange(ada, AgentState.READY, "", LATER),
        AgentChange(AgentId(99), AgentState.READY, "", LATER),
    ]
    await agents.record_states(changes)
    (seen,) = await agents.agents()
    assert (seen.state, seen.since, seen.wish, seen.wish_reason) == (
        AgentState.READY,
        LATER,
        AgentState.PAUSED,
        "lunch",
    )
    assert await rig.all("select state from agent_state_log order by id") == [("connecting",), ("ready",)]


async def test_contacts_are_paged_and_moved(rig: Rig) -> None:
    await rig.add(*(person(nth) for nth in range(2, 7)))
    contacts = rig.store.contacts
    first = await contacts.contacts(rig.campaign, None, 3)
    rest = await contacts.contacts(rig.campaign, first[-1].id, 3)
    assert [each.numbers[0] for each in (*first, *rest)] == [number(nth) for nth in range(2, 7)]
    one = first[0].id
    assert await contacts.move_contact(one, ContactSignal.BLOCK, None, "asked") is ContactState.BLOCKED
    assert [each.id for each in await contacts.contacts(rig.campaign, None, 9, ContactState.BLOCKED)] == [one]
    with pytest.raises(Conflict, match="the contact is blocked"):
        await contacts.move_contact(one, ContactSignal.REOPEN, NOW, "")
    with pytest.raises(NotFound):
        await contacts.contact(ContactId(99_999))
    await rig.store.pool.execute(
        "update contacts set state = 'done', due_at = null where id = $1", rest[0].id
    )
    with pytest.raises(BadInput, match="needs the time"):
        await contacts.move_contact(rest[0].id, ContactSignal.REOPEN, None, "")
    assert await contacts.move_contact(rest[0].id, ContactSignal.REOPEN, NOW, "") is ContactState.READY


async def test_do_not_call_entries_are_only_ever_prolonged(rig: Rig) -> None:
    listed = rig.store.do_not_call
    short = forbidden(1, expires_at=LATER)
    assert await listed.add_do_not_call([short, short, forbidden(2)]) == 2
    assert await listed.add_do_not_call([forbidden(1, source="later"), forbidden(2, expires_at=LATER)]) == 0
    assert [(each.source, each.expires_at) for each in await listed.do_not_call(number(1))] == [
        ("test", None)
    ]
    assert [each.expires_at for each in await listed.do_not_call(number(2))] == [None]
    assert await listed.add_do_not_call([forbidden(1, campaign=rig.campaign)]) == 1
    assert await listed.count_do_not_call() == 3
    assert await listed.remove_do_not_call(number(1), None)
    assert not await listed.remove_do_not_call(number(1), None)
    assert [each.campaign for each in await listed.do_not_call(number(1))] == [rig.campaign]


async def test_history_pages_lose_no_attempt_of_the_same_moment(rig: Rig) -> None:
    await rig.add(*(person(nth) for nth in range(2, 7)))
    await rig.claim(3)
    await rig.claim(2, LATER)
    history = rig.store.history
    for campaign in (rig.campaign, None):
        newest = await history.attempts(campaign, None, 1)
        older = await history.attempts(campaign, newest[-1].claimed_at, 1)
        assert (len(newest), len(older)) == (2, 3)
    contact = newest[0].contact
    assert [each.contact for each in await history.attempts(None, None, 5, contact)] == [contact]
    with pytest.raises(NotFound):
        await history.attempt(AttemptId(uuid4()))


async def test_the_agent_s_word_replaces_connected(rig: Rig) -> None:
    await rig.add(person(2, 20, 21))
    agent = await rig.store.agents.add_agent("Ada", "101", NOW)
    call = await rig.talk(agent)
    word = (Disposition.WRONG_NUMBER, "not Ada", None, ContactState.READY, LATER, "next number", LATER)
    with pytest.raises(Conflict, match="not ended yet"):
        await rig.store.history.note_result(call.attempt, *word)
    connected = ended(call, Disposition.CONNECTED, contact_state=ContactState.DONE, due_at=None)
    await rig.store.attempts.settle([connected], [])
    await rig.store.history.note_result(call.attempt, *word)
    seen = await rig.store.history.attempt(call.attempt)
    assert (seen.disposition, seen.note, seen.agent) == (Disposition.WRONG_NUMBER, "not Ada", agent)
    assert await rig.all("select state, tally from contacts") == [
        ("ready", {"connected": 0, "wrong_number": 1})
    ]
    assert await rig.all("select dead from contact_numbers order by position") == [(True,), (False,)]
    with pytest.raises(NotFound):
        await rig.store.history.note_result(AttemptId(uuid4()), *word)


async def test_a_call_without_an_agent_gets_no_word(rig: Rig) -> None:
    await rig.add(person(2))
    call = await rig.dial()
    await rig.store.attempts.settle([ended(call)], [])
    with pytest.raises(Conflict, match="no agent"):
        await rig.store.history.note_result(call.attempt, Disposition.MACHINE, "", None, None, None, "", NOW)


async def test_a_recording_runs_lands_and_is_stored(rig: Rig) -> None:
    await rig.add(person(2))
    call = await rig.dial()
    index = rig.store.recordings
    for _again in range(2):
        await index.begin_recording(call.attempt, 1, "ab/cd.wav", NOW)
        await index.land_recording(call.attempt, 1, timedelta(seconds=12.5))
    (landed,) = await index.landed_recordings(5)
    assert landed.talk == timedelta(seconds=12.5)
    done = StoredRecording(timedelta(seconds=13), 1000, SHA, -20.5, None)
    await index.store_recording(landed.id, done, "", LATER)
    seen = await index.recording(landed.id)
    assert (seen.state, seen.duration, seen.caller_dbfs, seen.agent_dbfs) == (
        "stored",
        done.duration,
        -20.5,
        None,
    )
    for campaign, attempt in ((None, None), (rig.campaign, None), (None, call.attempt)):
        assert await index.recordings(campaign, attempt, 5) == [seen]
    await index.fail_recording(landed.id, "lost")
    for missing in (
        index.land_recording(call.attempt, 2, timedelta(0)),
        index.fail_recording(uuid4(), ""),
        index.recording(uuid4()),
        index.store_recording(uuid4(), done, "", NOW),
    ):
        with pytest.raises(NotFound):
            await missing


async def test_users_tokens_and_audit(rig: Rig) -> None:
    users = rig.store.users
    ada = await users.add_user("Ada", "admin", "hash", None, NOW)
    await users.add_user("robot", "read_only", None, None, NOW)
    with pytest.raises(Conflict):
        await users.add_user("Ada", "agent", None, None, NOW)
    with pytest.raises(BadInput):
        await users.add_user("Bob", "king", None, None, NOW)
    with pytest.raises(NotFound):
        await users.add_token("Nobody", "", SHA, None, NOW)
    found = await users.password_hash("Ada")
    assert found is not None
    assert (found[0].user_id, found[0].role, found[1]) == (ada, "admin", "hash")
    assert await users.password_hash("robot") is None
    token = await users.add_token("robot", "backup", SHA, LATER, NOW)
    caller = await users.caller_of_token(SHA, NOW)
    assert caller is not None
    assert caller.name == "robot"
    assert await users.caller_of_token(SHA, LATER) is None
    await users.revoke_token(token, NOW)
    assert await users.caller_of_token(SHA, NOW) is None
    with pytest.raises(NotFound):
        await users.revoke_token(99, NOW)
    await users.audit("Ada", "token.revoke", str(token), {"why": "lost"}, NOW)
    assert await rig.all("select actor, detail from audit") == [("Ada", {"why": "lost"})]
