"""Every reason for which the gate refuses, from what the store holds to the refusal that is kept and explained."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from dialer.compliance.holiday_calendars import FixedHolidays, HolidayBook
from dialer.compliance.profile import Profile
from dialer.compliance.refusal import RefusalReason
from dialer.compliance.rulebook import Rulebook
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignSignal
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.consent import Consent, GivenKind, Reassigned, ReassignedAnswer, Revocation, RevokedBy
from dialer.domain.contact_rows import NewContact
from dialer.domain.disposition import Disposition
from dialer.domain.number_reader import NewNumber
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.registry import RegistryListing
from dialer.engine.explainer import Explainer
from dialer.ports.dialling import CallerIdEntry
from dialer.ports.storage import DoNotCallEntry, ListKind, Progress
from dialer.rulebook.load import load_rules
from dialer.simulation.lawless import NoRegistries
from tests.integration.storage.gate_rig import INFORM, PARISIAN, SHOWN, Gate, gate_with, reached
from tests.integration.storage.rig import NEW_YORK, NOW, TRUNK, Rig, ended, number

pytestmark = pytest.mark.postgres

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SALES = CampaignRules(seller="Acme", subject="news")
COLLECTION = replace(INFORM, purposes=frozenset({CallPurpose.COLLECTION}))
AMERICAN = NewNumber(number(2), NEW_YORK)
BRITON = NewNumber(PhoneNumber("+442079460018"), ("Europe/London",))
BRAZILIAN = NewNumber(PhoneNumber("+5511912345678"), ("America/Sao_Paulo",))
GERMAN = NewNumber(PhoneNumber("+4930123456"), ("Europe/Berlin",))
KENYAN = NewNumber(PhoneNumber("+254711234567"), ("Africa/Nairobi",))
OF_NOWHERE = NewNumber(PhoneNumber("+80012345678"), ())

Before = Callable[[Gate], Awaitable[None]]


@dataclass(frozen=True)
class Registries(NoRegistries):
    """One copy of each registry, of the same day."""

    as_of: date = date(2026, 1, 5)
    listed: bool = False

    def listings(self, number: PhoneNumber) -> Sequence[RegistryListing]:
        names = ("us_national", "us_dc")
        return [RegistryListing(each, "1", self.as_of, self.listed) for each in names]


async def nothing(_: Gate) -> None:
    pass


@dataclass(frozen=True)
class Scene:
    """`profile` says so; "" where it is the campaign's or the product's own word. `until` is when the answer may change."""

    profile: str = ""
    until: timedelta | None = None
    called: NewNumber = AMERICAN
    rules: CampaignRules = INFORM
    before: Before = nothing
    at: timedelta = timedelta(0)
    registries: Registries = field(default_factory=Registries)
    holidays: HolidayBook = field(default_factory=lambda: FixedHolidays(()))
    book: Callable[[], Rulebook] = lambda: load_rules().book
    shown: str = SHOWN
    is_kept: bool = True


def listed(kind: ListKind, called: PhoneNumber = AMERICAN.number, channel: str = "") -> Before:
    async def enter(gate: Gate) -> None:
        entry = DoNotCallEntry(called, None, "test", "asked", NOW, kind=kind, channel=channel)
        await gate.rig.store.do_not_call.add_do_not_call([entry])

    return enter


def called_before(disposition: Disposition, at: timedelta = timedelta(0), times: int = 1) -> Before:
    """By an agent, but for those who were abandoned."""

    async def call(gate: Gate) -> None:
        for _ in range(times):
            claimed = await gate.rig.claim_one()
            assert await gate.begin(claimed, at=at)
            if disposition is Disposition.ABANDONED:
                answered = Progress(claimed.attempt, AttemptState.MESSAGE, answered_at=NOW, message_at=NOW)
                await gate.rig.store.attempts.record([answered], [])
                await gate.rig.store.attempts.settle([ended(claimed, disposition, due_at=NOW)], [])
            else:
                await reached(gate.rig, claimed, disposition, NOW + at)

    return call


def asked_the_database(answer: Reassigned) -> Before:
    async def ask(gate: Gate) -> None:
        given = Consent(AMERICAN.number, GivenKind.WRITTEN, NOW - 30 * DAY, "form", "Acme", "news")
        await gate.rig.store.consent.add_consents([given], "test", NOW)
        told = ReassignedAnswer(AMERICAN.number, answer, NOW - DAY, (NOW - 40 * DAY).date())
        await gate.rig.store.consent.add_reassigned_answers([told], "test")

    return ask


async def revoked(gate: Gate) -> None:
    taken = Revocation(AMERICAN.number, NOW - DAY, RevokedBy.KEY_PRESS)
    await gate.rig.store.consent.record_revocations([taken], "test", NOW)


async def spoken_with(gate: Gate) -> None:
    proof = CallerIdEntry(PhoneNumber(SHOWN), "LOA of March", "", "test", NOW)
    await gate.rig.store.gate.allow_caller_id(proof)
    await called_before(Disposition.CONNECTED)(gate)


async def paused(gate: Gate) -> None:
    await gate.rig.store.campaigns.move_campaign(gate.rig.campaign, CampaignSignal.PAUSE, NOW)


def planned(**changes: object) -> Before:
    async def change(gate: Gate) -> None:
        campaign = await gate.campaign()
        plan = replace(campaign.plan, **changes)  # type: ignore[arg-type]
        await gate.rig.store.campaigns.change_plan(gate.rig.campaign, plan)

    return change


async def one_attempt_is_the_most(gate: Gate) -> None:
    await called_before(Disposition.BUSY)(gate)
    await planned(most_attempts=1)(gate)


def three_calls_make_a_large_caller() -> Rulebook:
    book = load_rules().book

    def small(profile: Profile) -> Profile:
        rule = profile.short_calls
        return profile if rule is None else replace(profile, short_calls=replace(rule, from_calls=2))

    return Rulebook({id: small(profile) for id, profile in book.profiles.items()}, "small")


R = RefusalReason
SCENES: Mapping[RefusalReason, Scene] = {
    R.CAMPAIGN_NOT_RUNNING: Scene(
        before=paused, is_kept=False
    ),  # the claim is released: no fault of the contact's
    R.CLOCK: Scene(before=called_before(Disposition.BUSY, at=HOUR), until=HOUR),
    R.INTERNAL_DNC: Scene(before=listed(ListKind.NUMBER)),
    R.COMPLAINT: Scene(before=listed(ListKind.COMPLAINT)),
    R.SENSITIVE: Scene(before=listed(ListKind.SENSITIVE, channel="post")),
    R.BLOCKED_PREFIX: Scene(before=listed(ListKind.PREFIX, PhoneNumber("+12025"))),
    R.REGISTRY_LISTED: Scene("us_ftc_tsr", rules=SALES, registries=Registries(listed=True)),
    R.REGISTRY_STALE: Scene("us_ftc_tsr", rules=SALES, registries=Registries(date(2025, 12, 4))),
    R.REVOKED: Scene(before=revoked),
    R.CONSENT_MISSING: Scene("de_uwg", called=GERMAN, rules=SALES),
    R.RND_YES: Scene("us_fcc_tcpa", rules=SALES, before=asked_the_database(Reassigned.YES)),
    R.RND_NO_DATA: Scene("us_fcc_tcpa", rules=SALES, before=asked_the_database(Reassigned.NO_DATA)),
    R.UNKNOWN_TIME_ZONE: Scene(called=OF_NOWHERE),
    R.UNKNOWN_PLACE: Scene(called=KENYAN),
    R.OUTSIDE_HOURS: Scene("us_regf", rules=COLLECTION, at=12 * HOUR, until=22 * HOUR),
    R.NO_CALL_DAY: Scene("fr_conso_2023", called=PARISIAN, rules=SALES, at=5 * DAY, until=7 * DAY - 6 * HOUR),
    R.HOLIDAY: Scene(
        "fr_conso_2023",
        called=PARISIAN,
        rules=SALES,
        holidays=FixedHolidays([NOW.date()]),
        until=18 * HOUR,
    ),
    R.GUARD: Scene(called=PARISIAN, rules=SALES, at=4 * HOUR - timedelta(minutes=1), until=18 * HOUR),
    R.TOO_MANY_ATTEMPTS: Scene(before=one_attempt_is_the_most),
    R.ATTEMPT_CAP: Scene(
        "us_fl",
        rules=replace(INFORM, home=frozenset({"us_fl"})),
        before=called_before(Disposition.BUSY, times=3),
        until=DAY,
    ),
    R.CONVERSATION_COOLDOWN: Scene(
        "us_regf",
        rules=COLLECTION,
        before=spoken_with,
        until=7 * DAY - 10 * HOUR,  # midnight in Washington
    ),
    R.REFUSAL_COOLING: Scene(
        "fr_conso_2023",
        called=PARISIAN,
        rules=SALES,
        before=called_before(Disposition.NOT_INTERESTED),
        until=61 * DAY - 16 * HOUR,
    ),
    R.COOLING_72H: Scene(
        "uk_ofcom_2017", called=BRITON, before=called_before(Disposition.ABANDONED), until=3 * DAY
    ),
    R.AMD_SAME_DAY: Scene(
        "uk_ofcom_2017",
        called=BRITON,
        rules=replace(INFORM, detector=True),
        before=called_before(Disposition.MACHINE),
        until=9 * HOUR,
    ),
    R.CALLER_ID_WITHHELD: Scene("project_default", shown=""),
    R.CALLER_ID_NOT_ALLOWED: Scene("project_default", before=planned(caller_id="+12025550111")),
    R.DID_PROOF_MISSING: Scene("us_ftc_tsr", rules=SALES),
    R.SHORT_CALLS: Scene(
        "br_anatel",
        called=BRAZILIAN,
        before=called_before(Disposition.CONNECTED, times=3),
        at=timedelta(minutes=3),  # the count may be a minute or two old
        book=three_calls_make_a_large_caller,
        until=12 * HOUR,  # midnight in Brasília
    ),
    R.RULES_UNREADABLE: Scene(rules=replace(INFORM, home=frozenset({"one_that_was_taken_out"}))),
}


def test_every_reason_has_a_scene() -> None:
    assert SCENES.keys() == set(RefusalReason)


@pytest.mark.parametrize("reason", SCENES, ids=str)
async def test_what_the_store_holds_is_refused_kept_and_explained(rig: Rig, reason: RefusalReason) -> None:
    scene = SCENES[reason]
    gate = await gate_with(
        rig, scene.rules, scene.book(), scene.registries, scene.holidays, shown=scene.shown
    )
    refused_rows = await rig.add(NewContact(2, (scene.called,)))
    assert not refused_rows
    await scene.before(gate)
    now = NOW + scene.at
    (claimed,) = await rig.claim(now=now)

    assert await gate.begin(claimed, at=scene.at) == []
    assert gate.said[claimed.attempt] == reason
    until = None if scene.until is None else NOW + scene.until
    kept = await rig.store.gate.refusals(claimed.contact, 10)
    told = [(each.reason, each.profile, each.until, bool(each.citation)) for each in kept]
    assert told == ([(reason, scene.profile, until, bool(scene.profile))] if scene.is_kept else [])

    explainer = Explainer(rig.store, gate.keeper, {TRUNK: scene.shown})
    explained = await explainer.contact(claimed.contact, now)
    assert explained.verdict is not None
    refusal = explained.verdict.refusal
    assert refusal is not None
    assert (refusal.reason, refusal.profile, refusal.until) == (reason, scene.profile, until)
    assert list(explained.refusals) == list(kept)
