from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dialer.compliance.business_days import business_days_later, honour_by
from dialer.compliance.call import CallerId, ConsentStanding, ListStanding, NextCall
from dialer.compliance.caller_id import caller_id_refusal
from dialer.compliance.holiday_calendars import PublicHolidays
from dialer.compliance.lists import list_refusal
from dialer.compliance.profile import CallerIdRule, ConsentKind, OptOutRule
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.domain.campaign_rules import CallPurpose
from dialer.domain.registry import RegistryListing
from tests.support.rules import SOURCE, profile, shipped

pytestmark = pytest.mark.unit

TODAY = date(2026, 7, 15)
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
FRESH = (RegistryListing("us_national", "1", TODAY, listed=False),)
CLEAR = ListStanding(registries=FRESH)
R = RefusalReason


def refused(
    lists: ListStanding = CLEAR,
    consent: ConsentStanding = ConsentStanding(),  # noqa: B008
    profiles: str = "us_ftc_tsr us_fcc_tcpa",
    subject: str = "roof",
    on: date = TODAY,
    revoke_all: bool = True,
    purpose: CallPurpose = CallPurpose.SALES,
) -> Refusal | None:
    chosen = [shipped().profile(which) for which in profiles.split()]
    wanted = NextCall(NOON, subject=subject, purposes=frozenset({purpose}))
    return list_refusal(chosen, lists, consent, wanted, on, revoke_all=revoke_all)


def reason(found: Refusal | None) -> RefusalReason | None:
    return None if found is None else found.reason


WRITTEN = ConsentStanding(ConsentKind.WRITTEN, given_at=NOON - timedelta(days=30))


def test_the_order_of_what_weighs_most() -> None:
    stale = (RegistryListing("us_national", "1", TODAY - timedelta(days=99), listed=True),)
    worst = ListStanding("asked", "+1900", "complained", "email", stale, reassigned="yes")
    consent = ConsentStanding(revoked=(("", NOON),))
    everything = "us_ftc_tsr us_fcc_tcpa us_ct"
    clear = CLEAR.registries
    steps = [
        (worst, consent, R.INTERNAL_DNC),
        (replace(worst, internal_dnc=None), consent, R.REVOKED),
        (replace(worst, internal_dnc=None), ConsentStanding(), R.COMPLAINT),
        (
            ListStanding(blocked_prefix="+1900", sensitive="email", registries=stale),
            ConsentStanding(),
            R.BLOCKED_PREFIX,
        ),
        (ListStanding(sensitive="email", registries=stale), ConsentStanding(), R.SENSITIVE),
        (ListStanding(registries=stale, reassigned="yes"), ConsentStanding(), R.CONSENT_MISSING),
        (ListStanding(registries=stale, reassigned="yes"), WRITTEN, R.RND_YES),
        (ListStanding(registries=clear, reassigned="no_data"), WRITTEN, R.RND_NO_DATA),
        (ListStanding(registries=clear, reassigned="no"), WRITTEN, None),
    ]
    for lists, standing, expected in steps:
        assert reason(refused(lists, standing, everything)) is expected


def test_an_empty_reason_is_an_entry_all_the_same() -> None:
    assert reason(refused(replace(CLEAR, internal_dnc=""))) is R.INTERNAL_DNC


def test_the_internal_list_beats_consent_and_relationship() -> None:
    lists = replace(CLEAR, internal_dnc="asked", relationship=True)
    assert reason(refused(lists, WRITTEN)) is R.INTERNAL_DNC


@pytest.mark.parametrize(
    ("registries", "expected"),
    [
        ((), R.REGISTRY_STALE),
        ((RegistryListing("ca_national", "1", TODAY, listed=False),), R.REGISTRY_STALE),
        ((RegistryListing("us_national", "1", None, listed=False),), R.REGISTRY_STALE),
        ((RegistryListing("us_national", "1", TODAY, listed=True, readable=False),), R.REGISTRY_STALE),
        ((RegistryListing("us_national", "1", TODAY - timedelta(days=32), listed=False),), R.REGISTRY_STALE),
        ((RegistryListing("us_national", "1", TODAY + timedelta(days=2), listed=False),), R.REGISTRY_STALE),
        ((RegistryListing("us_national", "1", TODAY + timedelta(days=1), listed=False),), None),
        ((RegistryListing("us_national", "1", TODAY - timedelta(days=31), listed=True),), R.REGISTRY_LISTED),
        ((RegistryListing("us_national", "1", TODAY - timedelta(days=31), listed=False),), None),
    ],
)
def test_registries(registries: tuple[RegistryListing, ...], expected: RefusalReason | None) -> None:
    assert reason(refused(ListStanding(registries=registries))) is expected
    assert refused(ListStanding(registries=registries), WRITTEN) is None
    assert refused(ListStanding(registries=registries, relationship=True)) is None


def test_every_registry_of_a_profile_is_needed_and_the_youngest_age_binds_all() -> None:
    tps = RegistryListing("uk_tps", "1", TODAY - timedelta(days=28), listed=False)
    ctps = replace(tps, registry="uk_ctps")
    assert reason(refused(ListStanding(registries=(tps,)), profiles="uk_pecr_live")) is R.REGISTRY_STALE
    assert refused(ListStanding(registries=(tps, ctps)), profiles="uk_pecr_live") is None
    old = RegistryListing("us_national", "1", TODAY - timedelta(days=30), listed=False)
    both = refused(ListStanding(registries=(tps, ctps, old)), profiles="uk_pecr_live us_ftc_tsr")
    assert reason(both) is R.REGISTRY_STALE


def test_a_relationship_frees_of_no_registry_in_britain() -> None:
    assert reason(refused(ListStanding(relationship=True), profiles="uk_pecr_live")) is R.REGISTRY_STALE


@pytest.mark.parametrize(
    ("profiles", "purpose", "kind", "relationship", "expected"),
    [
        ("de_uwg", CallPurpose.SALES, ConsentKind.NONE, True, R.CONSENT_MISSING),
        ("de_uwg", CallPurpose.SALES, ConsentKind.EXPRESS, False, None),
        ("us_ct", CallPurpose.SALES, ConsentKind.EXPRESS, False, R.CONSENT_MISSING),
        ("fr_consent_2026", CallPurpose.SALES, ConsentKind.NONE, True, None),
        ("fr_consent_2026", CallPurpose.SALES, ConsentKind.NONE, False, R.CONSENT_MISSING),
        ("ca_crtc_adad", CallPurpose.RESEARCH, ConsentKind.NONE, False, None),
        ("ca_crtc_adad", CallPurpose.INSURANCE, ConsentKind.NONE, False, R.CONSENT_MISSING),
    ],
)
def test_consent(
    profiles: str, purpose: CallPurpose, kind: ConsentKind, relationship: bool, expected: RefusalReason | None
) -> None:
    found = refused(ListStanding(relationship=relationship), ConsentStanding(kind), profiles, purpose=purpose)
    assert reason(found) is expected


class TestRevocation:
    ON_A = ConsentStanding(revoked=(("A", NOON),))

    @pytest.mark.parametrize(
        ("subject", "on", "revoke_all", "expected"),
        [
            ("B", TODAY, True, R.REVOKED),
            ("B", TODAY, False, None),
            ("A", TODAY, False, R.REVOKED),
            ("a ", TODAY, False, R.REVOKED),
            ("", TODAY, False, R.REVOKED),
            ("B", date(2027, 1, 30), False, None),
            ("B", date(2027, 1, 31), False, R.REVOKED),
        ],
    )
    def test_topics(self, subject: str, on: date, revoke_all: bool, expected: RefusalReason | None) -> None:
        lists = ListStanding(registries=(RegistryListing("us_national", "1", on, listed=False),))
        found = refused(lists, self.ON_A, subject=subject, on=on, revoke_all=revoke_all)
        assert reason(found) is expected

    def test_consent_given_again_counts(self) -> None:
        again = replace(WRITTEN, given_at=NOON + timedelta(days=1), revoked=(("A", NOON),))
        assert refused(consent=again) is None
        before = replace(again, given_at=NOON - timedelta(days=1))
        assert reason(refused(consent=before)) is R.REVOKED


@pytest.mark.parametrize(
    ("caller", "rule", "expected"),
    [
        (CallerId("+12025550100", True, proof=True), CallerIdRule(SOURCE, proof_of_right=True), None),
        (CallerId("+12025550100", True), CallerIdRule(SOURCE, proof_of_right=True), R.DID_PROOF_MISSING),
        (CallerId("+12025550100", True), CallerIdRule(SOURCE), None),
        (CallerId("+12025550100", False, proof=True), CallerIdRule(SOURCE), R.CALLER_ID_NOT_ALLOWED),
        (CallerId("+12025550100", True, withheld=True), CallerIdRule(SOURCE), R.CALLER_ID_WITHHELD),
        (CallerId(None, True), CallerIdRule(SOURCE), R.CALLER_ID_WITHHELD),
        (CallerId(None, False, withheld=True), CallerIdRule(SOURCE, may_withhold=True), None),
        (CallerId("+12025550100", False), None, R.CALLER_ID_NOT_ALLOWED),
        (CallerId(None, False), None, R.CALLER_ID_WITHHELD),
        (CallerId("+12025550100", False), CallerIdRule(SOURCE, allow_list=False), None),
    ],
)
def test_caller_ids(caller: CallerId, rule: CallerIdRule | None, expected: RefusalReason | None) -> None:
    assert reason(caller_id_refusal([profile("p", caller_id=rule)], caller)) is expected


def test_the_duties_of_all_profiles_add_up() -> None:
    lenient = profile("lenient", caller_id=CallerIdRule(SOURCE, allow_list=False, may_withhold=True))
    strict = profile("strict", caller_id=CallerIdRule(SOURCE, proof_of_right=True))
    found = caller_id_refusal([lenient, strict], CallerId(None, False))
    assert found is not None
    assert found.profile == "strict"


def test_business_days() -> None:
    holidays = PublicHolidays()
    assert business_days_later(date(2026, 11, 18), 10, "US", holidays) == date(2026, 12, 3)
    assert business_days_later(date(2026, 7, 2), 1, "US", holidays) == date(
        2026, 7, 6
    )  # the 3rd is kept for the 4th
    assert honour_by(OptOutRule(SOURCE, days=14), date(2026, 2, 10), "CA", holidays) == date(2026, 2, 24)
    assert honour_by(OptOutRule(SOURCE), date(2026, 2, 10), "CA", holidays) == date(2026, 2, 10)
