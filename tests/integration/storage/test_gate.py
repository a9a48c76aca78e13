"""Facts that change between the claim and the dial: what was committed before the dial, the gate has seen."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dialer.clock import SystemClock
from dialer.compliance.gate import DialPermit
from dialer.domain.campaign import CampaignSignal
from dialer.domain.campaign_rules import CampaignRules
from dialer.domain.consent import Consent, GivenKind, Revocation, RevokedBy
from dialer.domain.contact_rows import NewContact
from dialer.domain.disposition import Disposition
from dialer.domain.number_reader import NewNumber
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.custodian import Custodian
from dialer.ports.dialling import CallerIdEntry
from dialer.ports.privacy import ConsentOnFile
from dialer.ports.storage import ClaimedContact, DoNotCallEntry, ListKind
from dialer.storage.postgres.store import PostgresStore
from dialer.web.wrap_up import AgentWord, note_result
from tests.integration.storage.gate_rig import INFORM, PARISIAN, SHOWN, Gate, gate_with, reached, refusals
from tests.integration.storage.rig import NOW, Rig, ended, forbidden, number, person

pytestmark = pytest.mark.postgres

BERLINER = NewNumber(PhoneNumber("+493012345678"), ("Europe/Berlin",))
HAMBURGER = NewNumber(PhoneNumber("+494012345678"), ("Europe/Berlin",))


@pytest.fixture
async def gate(rig: Rig) -> Gate:
    return await gate_with(rig)


async def test_what_decided_a_dial_is_kept_with_it(gate: Gate) -> None:
    await gate.rig.add(person(2), person(3))
    (permit, other) = await gate.begin(*await gate.rig.claim(2))
    kept = await gate.rig.store.gate.grounds(permit.attempt)
    assert kept is not None
    assert kept.grounds == permit.grounds == other.grounds
    assert (kept.grounds.seller, kept.grounds.subject, kept.caller_id) == ("Acme", "news", SHOWN)
    assert "project_default" in kept.grounds.profiles
    assert await gate.rig.all("select count(*) from dial_grounds") == [(1,)]  # the same for both


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (forbidden(2), "internal_dnc"),
        (forbidden(2, kind=ListKind.COMPLAINT), "complaint"),
        (forbidden(2, kind=ListKind.SENSITIVE, channel="post"), "sensitive"),
        (replace(forbidden(2, kind=ListKind.PREFIX), number=type(number(2))("+12025")), "blocked_prefix"),
    ],
)
async def test_a_list_that_changes_after_the_claim_stops_the_dial_and_says_why(
    gate: Gate, entry: DoNotCallEntry, reason: str
) -> None:
    await gate.rig.add(person(2))
    claimed = await gate.rig.claim_one()
    await gate.rig.store.do_not_call.add_do_not_call([entry])
    assert await gate.begin(claimed) == []
    assert await refusals(gate, claimed.contact) == [(reason, 1)]
    assert await gate.rig.all("select count(*) from attempts") == [(0,)]  # it never was one
    state = "blocked" if reason == "internal_dnc" else "ready"
    assert await gate.rig.all("select state from contacts") == [(state,)]


async def test_an_entry_that_ends_brings_the_contact_back_then(gate: Gate) -> None:
    await gate.rig.add(person(2))
    claimed, until = await gate.rig.claim_one(), NOW + timedelta(days=9)
    abroad = replace(forbidden(2), reason="abroad until 2026-12-01", expires_at=until)
    await gate.rig.store.do_not_call.add_do_not_call([abroad])
    assert await gate.begin(claimed) == []
    assert await refusals(gate, claimed.contact) == [("internal_dnc", 1)]
    assert await gate.rig.all("select state, due_at from contacts") == [("ready", until)]


async def test_consent_that_is_taken_back_after_the_claim_stops_the_dial(gate: Gate) -> None:
    await gate.rig.add(person(2))
    given = Consent(
        number(2), GivenKind.WRITTEN, NOW - timedelta(days=30), "form", seller="Acme", topic="news"
    )
    await gate.rig.store.consent.add_consents([given], "test", NOW)
    (permit,) = await gate.begin(await gate.rig.claim_one())
    assert permit.consent is not None
    await gate.rig.store.attempts.settle([ended((await _contact(gate, permit)), due_at=NOW)], [])
    again = await gate.rig.claim_one()
    taken = Revocation(number(2), NOW, RevokedBy.KEY_PRESS)
    await gate.rig.store.consent.record_revocations([taken], "test", NOW)
    assert await gate.begin(again) == []
    assert await refusals(gate, again.contact) == [("revoked", 1)]


async def _contact(gate: Gate, permit: DialPermit) -> ClaimedContact:
    (row,) = await gate.rig.store.pool.fetch("select * from attempts where id = $1", permit.attempt)
    return ClaimedContact(
        permit.attempt, permit.campaign, permit.contact, row["number_id"], permit.number, (), 0, {}, 0
    )


async def test_the_same_refusal_again_is_one_row_and_another_one_begins_a_new_one(gate: Gate) -> None:
    await gate.rig.add(person(2))
    await gate.rig.store.do_not_call.add_do_not_call([forbidden(2, kind=ListKind.COMPLAINT)])
    day = timedelta(days=1)
    for nth in range(3):
        (claimed,) = await gate.rig.claim(now=NOW + nth * day)
        assert await gate.begin(claimed, at=nth * day) == []
    await gate.rig.store.do_not_call.remove_do_not_call(number(2), None, ListKind.COMPLAINT)
    await gate.rig.store.do_not_call.add_do_not_call([forbidden(2, kind=ListKind.SENSITIVE)])
    (claimed,) = await gate.rig.claim(now=NOW + 3 * day)
    assert await gate.begin(claimed, at=3 * day) == []
    assert await refusals(gate, claimed.contact) == [("sensitive", 1), ("complaint", 3)]
    counts = await gate.rig.store.gate.refusal_counts(gate.rig.campaign, NOW)
    assert [(each.reason, each.contacts) for each in counts] == [("sensitive", 1)]


async def test_a_call_of_another_campaign_counts_for_the_same_number_and_the_same_person(gate: Gate) -> None:
    rules = replace(INFORM, home=frozenset({"us_fl"}))
    first, other = (
        await gate_with(gate.rig, rules),
        await gate_with(await Rig.set_up(gate.rig.store, "b"), rules),
    )
    await first.rig.add(person(2, external_id="C-1"))
    await other.rig.add(person(3, external_id="C-1"))
    for _ in range(3):
        claimed = await first.rig.claim_one()
        assert await first.begin(claimed)
        await first.rig.store.attempts.settle([ended(claimed, due_at=NOW)], [])
    elsewhere = await other.rig.claim_one()  # the same customer on another number
    assert await other.begin(elsewhere) == []
    ((reason, _),) = await refusals(other, elsewhere.contact)
    assert reason == "attempt_cap"
    (stored,) = await other.rig.store.gate.refusals(elsewhere.contact, 1)
    assert stored.until == NOW + timedelta(hours=24)
    assert "501.616" in stored.citation


async def test_two_campaigns_that_dial_one_number_at_once_do_not_pass_the_cap_together(gate: Gate) -> None:
    rules = replace(INFORM, home=frozenset({"us_fl"}))
    gates = [await gate_with(await Rig.set_up(gate.rig.store, f"c{nth}"), rules) for nth in range(6)]
    for each in gates:
        await each.rig.add(person(2))
    claims = [await each.rig.claim_one() for each in gates]
    begun = await asyncio.gather(*(each.begin(claimed) for each, claimed in zip(gates, claims, strict=True)))
    assert sum(map(len, begun)) == 3


async def test_no_dial_is_committed_after_a_do_not_call_that_it_has_not_seen(
    gate: Gate, store_url: str
) -> None:
    """Another program adds numbers while we dial: each dial was committed before its number's entry, or not at all."""
    many = range(10, 60)
    await gate.rig.add(*(person(nth) for nth in many))
    claimed = list(await gate.rig.claim(len(many)))
    other = await PostgresStore.open(store_url, 2, SystemClock())

    async def block() -> None:
        for nth in reversed(many):
            await other.do_not_call.add_do_not_call([forbidden(nth)])

    async def dial() -> None:
        for each in claimed:
            await gate.begin(each)

    try:
        await asyncio.gather(block(), dial())
    finally:
        await other.close()
    dialled = {row[0] for row in await gate.rig.all("select e164 from attempts where state = 'dialling'")}
    refused = {row[0] for row in await gate.rig.all("select e164 from refusals")}
    assert dialled | refused == {number(nth).e164 for nth in many}
    assert not dialled & refused


@pytest.mark.parametrize("what", ["list", "consent", "campaign"])
async def test_who_changes_what_the_gate_decides_by_waits_until_nobody_is_in_it(
    gate: Gate, store_url: str, what: str
) -> None:
    """So whatever is committed as dialled after the change has seen it."""
    store = gate.rig.store
    async with store.pool.acquire() as inside:
        await inside.execute("select pg_advisory_lock(hashtextextended('fairdial gate', 0))")
        taken = Revocation(number(2), NOW, RevokedBy.API)
        changes: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
            "list": lambda: store.do_not_call.add_do_not_call([forbidden(2)]),
            "consent": lambda: store.consent.record_revocations([taken], "test", NOW),
            "campaign": lambda: store.campaigns.move_campaign(gate.rig.campaign, CampaignSignal.PAUSE, NOW),
        }
        change = asyncio.ensure_future(changes[what]())
        await asyncio.sleep(0.3)
        assert not change.done()
        await inside.execute("select pg_advisory_unlock(hashtextextended('fairdial gate', 0))")
        await change


async def test_sales_to_the_united_states_need_a_registry_and_proof_of_the_caller_id(rig: Rig) -> None:
    gate = await gate_with(rig, CampaignRules())
    await rig.add(person(2))
    claimed = await rig.claim_one()
    assert await gate.begin(claimed) == []
    assert gate.said[claimed.attempt] == "registry_stale"
    entry = CallerIdEntry(type(number(2))(SHOWN), "LOA of March", "", "test", NOW)
    await rig.store.gate.allow_caller_id(entry)
    (facts,) = (await rig.store.gate.facts_of([claimed.contact], gate.wanted(await gate.campaign()))).values()
    assert facts.proof == "LOA of March"


async def test_a_clock_that_was_set_stops_all_dialling_for_a_while_and_nothing_is_lost(gate: Gate) -> None:
    await gate.rig.add(person(2))
    claimed = await gate.rig.claim_one()
    assert gate.keeper.watch.complaint() is None
    gate.clock.set_by = timedelta(hours=1)
    assert await gate.begin(claimed) == []
    ((reason, times),) = await refusals(gate, claimed.contact)
    assert (reason, times) == ("clock", 1)
    assert [state for (state,) in await gate.rig.all("select state from contacts")] == ["ready"]


async def test_asking_about_other_days_is_no_reason_to_distrust_the_clock(gate: Gate) -> None:
    """An explanation asks the gate when a contact is next: that must not stop anybody's dialling."""
    await gate.rig.add(person(2))
    claimed = await gate.rig.claim_one()
    campaign = await gate.campaign()
    wanted = gate.wanted(campaign)
    (facts,) = (await gate.rig.store.gate.facts_of([claimed.contact], wanted)).values()
    for days in (0, 1, 30):
        gate.keeper.case(campaign, SHOWN, facts, NOW + timedelta(days=days))
    assert len(await gate.begin(claimed)) == 1


async def test_who_was_not_interested_is_left_in_peace_by_every_campaign_of_the_seller(rig: Rig) -> None:
    """C. conso. D.223-9: 60 days, the day of the refusal not among them."""
    rules = CampaignRules(seller="Acme")
    first, other = await gate_with(rig, rules), await gate_with(await Rig.set_up(rig.store, "b"), rules)
    another_seller = await gate_with(await Rig.set_up(rig.store, "c"), replace(rules, seller="Other"))
    for gate in (first, other, another_seller):
        await gate.rig.add(NewContact(2, (PARISIAN,)))
    claimed = await first.rig.claim_one()
    assert await first.begin(claimed)
    await reached(first.rig, claimed)
    await note_result(
        rig.store,
        await rig.store.history.attempt(claimed.attempt),
        AgentWord(Disposition.NOT_INTERESTED, "", None),
        "Ana",
        NOW,
    )
    assert (await rig.store.contacts.contact(claimed.contact)).state == "done"

    assert await another_seller.begin(await another_seller.rig.claim_one())
    for days, reason in ((60, "refusal_cooling"), (63, None)):
        at = timedelta(days=days)
        (again,) = await other.rig.claim(now=NOW + at)
        assert bool(await other.begin(again, at=at)) == (reason is None)
        assert other.said.get(again.attempt) == reason
    (stored,) = await rig.store.gate.refusals(again.contact, 5)
    assert (stored.profile, stored.times) == ("fr_conso_2023", 1)
    assert stored.until == datetime(2026, 3, 6, 23, tzinfo=UTC)  # midnight in Paris


async def test_a_dial_notes_the_use_of_the_consent_it_relied_on(rig: Rig) -> None:
    """UWG s. 7a: kept for five years from each use. A dial that was refused used none."""
    gate = await gate_with(rig, CampaignRules(seller="Acme"))
    for each in (BERLINER, HAMBURGER):
        await rig.add(NewContact(2, (each,)))
        given = Consent(each.number, GivenKind.EXPRESS, NOW - timedelta(days=900), "form", seller="Acme")
        await rig.store.consent.add_consents([given], "test", NOW)
    await rig.store.do_not_call.add_do_not_call(
        [DoNotCallEntry(HAMBURGER.number, None, "test", "asked", NOW)]
    )
    (permit,) = await gate.begin(*await rig.claim(2))
    (used,) = await rig.store.consent.consents(BERLINER.number)
    (unused,) = await rig.store.consent.consents(HAMBURGER.number)
    assert (used.id, used.last_used_at) == (permit.consent, NOW)
    assert unused.last_used_at is None

    on_file = ConsentOnFile(used.id or 0, used.number.e164, used.given_at, used.last_used_at, "")
    kept = Custodian(gate.keeper.rules.book, {}).consent(on_file, NOW.date(), erase=True)
    assert (kept.kept, kept.next_on) == (True, date(2031, 1, 7))


async def test_a_consent_that_somebody_is_changing_holds_up_no_dial(rig: Rig) -> None:
    gate = await gate_with(rig, CampaignRules(seller="Acme"))
    await rig.add(NewContact(2, (BERLINER,)))
    given = Consent(BERLINER.number, GivenKind.EXPRESS, NOW - timedelta(days=9), "form", seller="Acme")
    await rig.store.consent.add_consents([given], "test", NOW)
    async with rig.store.pool.acquire() as other, other.transaction():
        await other.execute("update consents set proof = 'in the safe'")
        async with asyncio.timeout(5):
            assert await gate.begin(await rig.claim_one())
