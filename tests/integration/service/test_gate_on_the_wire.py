"""A list salted with people who must not be called now: the carrier's own records show that none was, and each has its reason."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from dialer.bootstrap import gatekeeper, trunk_limits
from dialer.clock import SystemClock
from dialer.domain.campaign import CallingHours, CampaignPlan, CampaignSignal
from dialer.domain.campaign_rules import CallPurpose, CampaignRules, RuleOverride
from dialer.domain.contact_rows import NewContact
from dialer.domain.ids import ContactId
from dialer.domain.number_reader import NumberReader
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.explainer import Explainer
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.dialling import StoredRefusal
from dialer.ports.storage import DoNotCallEntry, ListKind
from dialer.registries.book import Registries
from tests.support.service import PLAN, Hall

pytestmark = pytest.mark.asterisk

NEW_YORK = ZoneInfo("America/New_York")
FAR = {
    "213": None,
    "808": None,
    "212": "Asia/Tokyo",
    "917": "Europe/Berlin",
}  # by the number, and by the list's word


def hours_in_new_york(now: datetime) -> CallingHours:
    """Open there, and nowhere that is four hours or more away."""
    local = now.astimezone(NEW_YORK)
    begins = time(max(local.hour - 1, 0))
    return CallingHours(begins, time(local.hour + 2) if local.hour < 22 else time.max)


async def called_before(floor: Hall, called: str, disposition: str, times: int, now: datetime) -> None:
    """By another campaign, within the last hours."""
    plan = CampaignPlan(f"earlier {called}", PLAN.trunk)
    earlier = await floor.store.campaigns.create_campaign(plan, now)
    list_id = await floor.store.contacts.begin_list(earlier, "test", now)
    person = NewContact(1, (NumberReader("US").read(called),))
    await floor.store.contacts.add_contacts(earlier, list_id, [person], now)
    await floor.store.pool.execute(
        """
        insert into attempts (contact_id, number_id, campaign_id, e164, runner_id, state, disposition, claimed_at, due_at,
                              dialled_at, answered_at, ended_at)
        select n.contact_id, n.id, n.campaign_id, n.e164, gen_random_uuid(), 'ended', $2, at, at, at,
               case when $2 = 'abandoned' then at end, at
        from contact_numbers n, generate_series(1, $3) nth, lateral (select $4::timestamptz - nth * interval '1 hour') m (at)
        where n.campaign_id = $1
        """,
        earlier,
        disposition,
        times,
        now,
    )


async def test_nobody_is_called_who_must_not_be_and_each_has_its_explanation(floor: Hall) -> None:
    now = SystemClock().now()
    loosened = RuleOverride("us_fl", "hours", "off", "test", "the test runs at any hour", now)
    rules = CampaignRules(
        purposes=frozenset({CallPurpose.INFORMATIONAL}),
        home=frozenset({"us_fl", "uk_ofcom_2017"}),
        overrides=(loosened,),
    )
    allowed = [number(Behaviour.BUSY, n) for n in range(2)]
    listed, prefixed, complained = (number(Behaviour.BUSY, n) for n in (10, 11, 12))
    far = {f"+1{area}5553020": zone for area, zone in FAR.items()}
    exhausted, abandoned = number(Behaviour.BUSY, 30), number(Behaviour.BUSY, 31)

    await called_before(floor, exhausted, "no_answer", 3, now)
    await called_before(floor, abandoned, "abandoned", 1, now)
    await floor.store.do_not_call.add_do_not_call(
        [
            DoNotCallEntry(PhoneNumber(listed), None, "test", "asked", now),
            DoNotCallEntry(PhoneNumber(prefixed[:-1]), None, "test", "", now, kind=ListKind.PREFIX),
            DoNotCallEntry(PhoneNumber(complained), None, "test", "", now, kind=ListKind.COMPLAINT),
        ]
    )
    await floor.log_in("agent-101", "agent-102")
    plan = {"hours": hours_in_new_york(now), "rules": rules}
    await floor.dial(listed, prefixed[:-1] + "5", complained, exhausted, abandoned, *allowed, **plan)
    reader = NumberReader("US")
    people = [
        NewContact(line, (reader.read(each),), zone=zone) for line, (each, zone) in enumerate(far.items(), 1)
    ]
    list_id = await floor.store.contacts.begin_list(floor.campaign, "far", now)
    assert not await floor.store.contacts.add_contacts(floor.campaign, list_id, people, now)
    await floor.start()

    for each in allowed:
        await floor.wait_ended(each)
    refused = {listed, prefixed[:-1] + "5", complained, exhausted, abandoned, *far}

    async def all_refused() -> dict[str, StoredRefusal] | None:
        found = await _refusals(floor)
        return found if refused <= found.keys() else None

    said = await floor.wait_for(all_refused, "every other contact has its refusal")
    assert {record.number for record in floor.records()} == set(allowed)
    reasons = {called: refusal.reason for called, refusal in said.items()}
    assert reasons == {
        listed: "internal_dnc",
        prefixed[:-1] + "5": "blocked_prefix",
        complained: "complaint",
        exhausted: "attempt_cap",
        abandoned: "cooling_72h",
        **dict.fromkeys(far, "outside_hours"),
    }
    assert "501.616" in said[exhausted].citation
    assert said[exhausted].until == now - timedelta(hours=3) + timedelta(hours=24)
    assert said[abandoned].until == now - timedelta(hours=1) + timedelta(hours=72)
    for called, zone in far.items():  # where both zones are never open together, nobody can say when
        until = said[called].until
        assert until is None if zone is not None else until is not None and until > now
    assert await floor.store.campaigns.outcomes(floor.campaign) == {"busy": len(allowed)}
    await _explained(floor, said)
    await floor.move_campaign(CampaignSignal.PAUSE)


async def _refusals(floor: Hall) -> dict[str, StoredRefusal]:
    found = {}
    for contact in await floor.contacts():
        for refusal in await floor.store.gate.refusals(contact.id, 1):
            found[refusal.number.e164] = refusal
    return found


async def _explained(floor: Hall, said: dict[str, StoredRefusal]) -> None:
    """The explanation comes to what the engine said, and to the same moment."""
    clock = SystemClock()
    keeper = gatekeeper(floor.settings, Registries(floor.settings.registries.folder, clock), clock)
    shown = {limits.name: limits.caller_id for limits in trunk_limits(floor.settings)}
    explainer = Explainer(floor.store, keeper, shown)
    for refusal in said.values():
        told = await explainer.contact(ContactId(refusal.contact), clock.now())
        assert told.verdict is not None
        assert told.verdict.refusal is not None
        assert told.verdict.refusal.reason == refusal.reason
        assert told.next_at is None or refusal.until is None or told.next_at >= refusal.until
    counts = await explainer.campaign(floor.campaign, clock.now() - timedelta(hours=1))
    assert sum(each.contacts for each in counts.refusals) == len(said)
