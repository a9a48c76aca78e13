"""The gate: each rule refuses by itself, at its exact limit, and says until when."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.call import (
    CalledPlace,
    CallerId,
    CallFacts,
    ConsentStanding,
    ListStanding,
    NextCall,
    PastCall,
)
from dialer.compliance.call_rules import CallRules, CallRulesBook
from dialer.compliance.calling_hours import is_open, next_opening, open_everywhere
from dialer.compliance.gate import (
    CHECKS,
    Candidate,
    Case,
    DialPermit,
    Refusal,
    RefusalReason,
    findings,
    review,
)
from dialer.compliance.holiday_calendars import FixedHolidays
from dialer.compliance.profile import ClockStart, ConsentKind, Voice
from dialer.domain.campaign import CallingHours, Campaign, CampaignPlan, CampaignState
from dialer.domain.campaign_rules import CallPurpose, CampaignRules, RuleOverride
from dialer.domain.ids import AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.registry import RegistryListing
from dialer.rulebook.load import load_rules

pytestmark = pytest.mark.unit

BOOK = CallRulesBook(load_rules().book)
NEW_YORK = ("America/New_York",)
NOON_IN_NEW_YORK = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
PLAN = CampaignPlan("test", TrunkName("main"))
CAMPAIGN = Campaign(CampaignId(1), CampaignState.RUNNING, PLAN)
CANDIDATE = Candidate(AttemptId(UUID(int=1)), ContactId(1), PhoneNumber("+12125550123"), attempts=0)
FRESH = RegistryListing("us_national", "2026-11-01", date(2026, 11, 1), listed=False)
FACTS = CallFacts(
    CalledPlace("US", ("NY",), NEW_YORK),
    (),
    ListStanding(registries=(FRESH,)),
    ConsentStanding(),
    CallerId("+12125550100", allow_listed=True, proof=True),
    TODAY,
)


def case(
    facts: CallFacts = FACTS,
    campaign: Campaign = CAMPAIGN,
    now: datetime = NOON_IN_NEW_YORK,
    attempts: int = 0,
    **call: Any,
) -> Case:
    plan = campaign.plan
    asked = NextCall(now, purposes=plan.rules.purposes, subject=plan.rules.subject, **call)
    rules = BOOK.of(facts.place, plan.rules, asked.voice, facts.today)
    return Case(replace(CANDIDATE, attempts=attempts), campaign, rules, facts, asked, FixedHolidays(()))


def refused(
    facts: CallFacts = FACTS,
    campaign: Campaign = CAMPAIGN,
    now: datetime = NOON_IN_NEW_YORK,
    attempts: int = 0,
    **call: Any,
) -> Refusal:
    verdict = review(case(facts, campaign, now, attempts, **call))
    assert isinstance(verdict, Refusal)
    return verdict


def with_rules(**rules: Any) -> Campaign:
    return replace(CAMPAIGN, plan=replace(PLAN, rules=CampaignRules(**rules)))


def in_state(code: str) -> CallFacts:
    return replace(FACTS, place=CalledPlace("US", (code,), NEW_YORK))


def ago(**span: float) -> datetime:
    return NOON_IN_NEW_YORK - timedelta(**span)


def test_a_permit_carries_what_the_driver_and_the_ledger_need() -> None:
    consent = ConsentStanding(ConsentKind.WRITTEN, 7, ago(days=30))
    permit = review(case(replace(FACTS, consent=consent)))
    assert isinstance(permit, DialPermit)
    assert (permit.number, permit.caller_id, permit.trunk) == (CANDIDATE.number, "+12125550100", "main")
    assert permit.ring_for >= permit.ring_minimum == timedelta(seconds=15)
    assert permit.foreign_after == timedelta(seconds=15)
    assert {rule.clock for rule in permit.connect} == {ClockStart.GREETING_END}
    assert {"us_ftc_tsr", "us_fcc_tcpa", "project_default"} <= set(permit.grounds.profiles)
    assert permit.grounds.rulebook == BOOK.book.fingerprint
    assert permit.grounds.registries == (("us_national", "2026-11-01"),)
    assert (permit.grounds.purposes, permit.grounds.voice, permit.consent) == (("sales",), "live", 7)
    assert CANDIDATE.number.e164 not in repr(permit)


@pytest.mark.parametrize("state", [each for each in CampaignState if each is not CampaignState.RUNNING])
def test_only_a_running_campaign_dials(state: CampaignState) -> None:
    assert refused(campaign=replace(CAMPAIGN, state=state)).reason is RefusalReason.CAMPAIGN_NOT_RUNNING


# each way to be refused: facts and call, the reason, and the profile that says so
OURS = ""
FLORIDA = "us_fl"
REASONS: list[tuple[dict[str, Any], RefusalReason, str]] = [
    ({"facts": replace(FACTS, lists=ListStanding(internal_dnc="asked"))}, RefusalReason.INTERNAL_DNC, OURS),
    ({"facts": replace(FACTS, lists=ListStanding(complaint="letter"))}, RefusalReason.COMPLAINT, OURS),
    (
        {"facts": replace(FACTS, lists=ListStanding(blocked_prefix="+1212"))},
        RefusalReason.BLOCKED_PREFIX,
        OURS,
    ),
    ({"facts": replace(FACTS, lists=ListStanding(sensitive="post"))}, RefusalReason.SENSITIVE, OURS),
    (
        {"facts": replace(FACTS, consent=ConsentStanding(revoked=(("", ago(days=1)),)))},
        RefusalReason.REVOKED,
        OURS,
    ),
    ({"facts": replace(FACTS, lists=ListStanding())}, RefusalReason.REGISTRY_STALE, "us_ftc_tsr"),
    (
        {"facts": replace(FACTS, lists=ListStanding(registries=(replace(FRESH, listed=True),)))},
        RefusalReason.REGISTRY_LISTED,
        "us_ftc_tsr",
    ),
    (
        {"facts": replace(FACTS, place=CalledPlace("US", ("CT",), NEW_YORK))},
        RefusalReason.CONSENT_MISSING,
        "us_ct",
    ),
    ({"facts": replace(FACTS, place=CalledPlace("US", ("NY",), ()))}, RefusalReason.UNKNOWN_TIME_ZONE, OURS),
    (
        {"facts": replace(FACTS, place=CalledPlace("US", ("NY",), ("Mars/Olympus",)))},
        RefusalReason.UNKNOWN_TIME_ZONE,
        OURS,
    ),
    (
        {"facts": replace(FACTS, place=CalledPlace("ZZ", (), NEW_YORK), lists=ListStanding())},
        RefusalReason.UNKNOWN_PLACE,
        OURS,
    ),
    ({"now": NOON_IN_NEW_YORK + timedelta(hours=12)}, RefusalReason.OUTSIDE_HOURS, "us_ftc_tsr"),
    ({"attempts": PLAN.most_attempts}, RefusalReason.TOO_MANY_ATTEMPTS, OURS),
    (
        {"facts": replace(in_state("FL"), history=tuple(PastCall(ago(hours=h)) for h in (3, 2, 1)))},
        RefusalReason.ATTEMPT_CAP,
        FLORIDA,
    ),
    (
        {"facts": replace(FACTS, caller_id=CallerId(None, allow_listed=False, withheld=True))},
        RefusalReason.CALLER_ID_WITHHELD,
        "project_default",
    ),
    (
        {"facts": replace(FACTS, caller_id=CallerId("+12125550100", allow_listed=False, proof=True))},
        RefusalReason.CALLER_ID_NOT_ALLOWED,
        "project_default",
    ),
    (
        {"facts": replace(FACTS, caller_id=CallerId("+12125550100", allow_listed=True))},
        RefusalReason.DID_PROOF_MISSING,
        "us_ftc_tsr",
    ),
    (
        {"facts": replace(FACTS, history=(PastCall(NOON_IN_NEW_YORK + timedelta(minutes=2)),))},
        RefusalReason.CLOCK,
        OURS,
    ),
    ({"now": NOON_IN_NEW_YORK.replace(tzinfo=None)}, RefusalReason.CLOCK, OURS),
]


@pytest.mark.parametrize(("given", "reason", "profile"), REASONS)
def test_each_reason_is_told_with_the_rule_that_says_so(
    given: dict[str, Any], reason: RefusalReason, profile: str
) -> None:
    said = refused(**given)
    assert (said.reason, said.profile) == (reason, profile), said
    assert said.because
    assert (said.citation != "") == (profile != ""), said


def test_the_last_allowed_attempt_is_allowed_and_the_next_is_not() -> None:
    most = PLAN.most_attempts
    assert isinstance(review(case(attempts=most - 1)), DialPermit)
    assert refused(attempts=most).reason is RefusalReason.TOO_MANY_ATTEMPTS


def test_a_number_that_may_be_in_several_zones_needs_all_of_them_open() -> None:
    both = CalledPlace("US", ("NY",), ("America/New_York", "Pacific/Honolulu"))
    verdict = refused(replace(FACTS, place=both))  # 07:00 in Honolulu
    assert verdict.reason is RefusalReason.OUTSIDE_HOURS
    assert verdict.until == datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # 08:00 in Honolulu, 13:00 in New York


def test_at_the_end_of_the_campaigns_hours_no_call_begins_and_an_instant_before_one_may() -> None:
    short = replace(CAMPAIGN, plan=replace(PLAN, hours=CallingHours(end=time(17))))
    end = datetime(2026, 11, 20, 17, 0, tzinfo=ZoneInfo("America/New_York"))
    said = refused(campaign=short, now=end)
    assert (said.reason, said.profile) == (RefusalReason.OUTSIDE_HOURS, "")
    assert isinstance(review(case(campaign=short, now=end - timedelta(microseconds=1))), DialPermit)


def test_so_shortly_before_the_law_closes_that_it_would_ring_on_nothing_is_dialled() -> None:
    closing = datetime(2026, 11, 20, 21, 0, tzinfo=ZoneInfo("America/New_York"))
    evening = replace(CAMPAIGN, plan=replace(PLAN, hours=CallingHours(end=time.max)))
    assert isinstance(review(case(campaign=evening, now=closing - timedelta(minutes=2))), DialPermit)
    late = refused(campaign=evening, now=closing - timedelta(seconds=119))
    assert (late.reason, late.profile) == (RefusalReason.GUARD, "")
    at_once = replace(evening, plan=replace(evening.plan, rules=CampaignRules(closing_guard=timedelta(0))))
    assert isinstance(review(case(campaign=at_once, now=closing - timedelta(seconds=1))), DialPermit)


def test_a_closed_weekday_waits_for_the_next_open_one() -> None:
    weekdays = replace(PLAN, hours=CallingHours(weekdays=frozenset(range(5))))
    saturday = NOON_IN_NEW_YORK + timedelta(days=1)
    verdict = refused(campaign=replace(CAMPAIGN, plan=weekdays), now=saturday)
    assert verdict.until == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # Monday, 08:00 in New York


def test_information_is_bound_by_no_registry_and_no_selling_hours() -> None:
    informing = with_rules(purposes=frozenset({CallPurpose.INFORMATIONAL}))
    bare = replace(FACTS, lists=ListStanding(), caller_id=CallerId("+12125550100", allow_listed=True))
    assert isinstance(review(case(bare, informing)), DialPermit)
    assert (
        refused(replace(bare, lists=ListStanding(internal_dnc="asked")), informing).reason == "internal_dnc"
    )


def test_rules_of_home_apply_wherever_the_called_are() -> None:
    abroad = replace(FACTS, place=CalledPlace("ZZ", (), NEW_YORK))
    assert refused(abroad).reason is RefusalReason.UNKNOWN_PLACE
    ours = with_rules(home=frozenset({"us_ftc_tsr"}))
    permit = review(case(abroad, ours))
    assert isinstance(permit, DialPermit)
    assert "us_ftc_tsr" in permit.grounds.profiles


def test_an_override_loosens_one_rule_of_one_profile_and_nothing_else() -> None:
    stale = replace(FACTS, lists=ListStanding())
    override = RuleOverride("us_ftc_tsr", "registry", "off", "cli:ana", "counsel agreed", NOON_IN_NEW_YORK)
    only_one = with_rules(overrides=(override,))
    said = refused(stale, only_one)
    assert (said.reason, said.profile) == (RefusalReason.REGISTRY_STALE, "us_fcc_tcpa")
    both = with_rules(overrides=(override, replace(override, profile="us_fcc_tcpa")))
    allowed = case(stale, both)
    assert isinstance(review(allowed), DialPermit)
    assert {each.profile for each in allowed.rules.loosened} == {"us_ftc_tsr", "us_fcc_tcpa"}
    dnc = replace(stale, lists=ListStanding(internal_dnc="asked"))
    assert refused(dnc, both).reason is RefusalReason.INTERNAL_DNC


def test_every_finding_is_told_even_when_an_earlier_one_refuses() -> None:
    night = NOON_IN_NEW_YORK + timedelta(hours=12)
    found = dict(findings(case(replace(FACTS, lists=ListStanding(internal_dnc="asked")), now=night)))
    assert list(found) == list(CHECKS)
    against = {name for name, refusal in found.items() if refusal is not None}
    assert against == {"lists", "hours", "campaign_hours"}


@given(
    hours_ago=st.lists(st.floats(0, 200), max_size=6),
    zone=st.sampled_from(["America/New_York", "America/Chicago"]),
    now=st.timedeltas(timedelta(0), timedelta(days=14)).map(lambda passed: NOON_IN_NEW_YORK + passed),
    code=st.sampled_from(["NY", "FL", "OK", "MD"]),
)
def test_what_is_refused_until_a_moment_is_not_refused_for_that_at_the_moment(
    hours_ago: list[float], zone: str, now: datetime, code: str
) -> None:
    """Whoever is put back until then does not come back for nothing."""
    facts = replace(
        FACTS,
        place=CalledPlace("US", (code,), (zone,)),
        history=tuple(PastCall(now - timedelta(hours=h)) for h in sorted(hours_ago, reverse=True)),
        lists=ListStanding(registries=(replace(FRESH, as_of=now.date()),)),
    )
    verdict = review(case(facts, now=now))
    if isinstance(verdict, Refusal) and verdict.until is not None:
        assert verdict.until > now
        later = review(case(facts, now=verdict.until))
        assert not isinstance(later, Refusal) or (later.reason, later.profile) != (
            verdict.reason,
            verdict.profile,
        )


@given(extra=st.sets(st.sampled_from(sorted(BOOK.book.profiles)), max_size=4))
def test_one_more_rule_of_home_never_allows_more(extra: set[str]) -> None:
    ours = with_rules(home=frozenset(extra))
    plain, more = review(case(campaign=with_rules())), review(case(campaign=ours))
    assert not (isinstance(plain, Refusal) and isinstance(more, DialPermit))
    if isinstance(plain, DialPermit) and isinstance(more, DialPermit):
        assert more.ring_minimum >= plain.ring_minimum


def test_the_same_kind_of_call_on_the_same_day_is_matched_once() -> None:
    book = CallRulesBook(BOOK.book)
    first: CallRules = book.of(FACTS.place, PLAN.rules, Voice.LIVE, TODAY)
    assert book.of(replace(FACTS.place), CampaignRules(), Voice.LIVE, TODAY) is first
    assert book.of(FACTS.place, CampaignRules(), Voice.PRERECORDED, TODAY) is not first
    assert book.lookback >= timedelta(days=180)  # the longest rest, half a year


def test_on_the_day_the_clocks_change_the_hours_are_local() -> None:
    hours = CallingHours(time(8), time(9))
    before, after = datetime(2026, 3, 7, 13, 0, tzinfo=UTC), datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
    assert is_open(hours, "America/New_York", before)
    assert is_open(hours, "America/New_York", after)
    assert not is_open(hours, "America/New_York", after + timedelta(hours=1))


def test_hours_that_never_meet_have_no_opening() -> None:
    hours = CallingHours(time(9), time(10))
    assert next_opening(hours, ("America/New_York", "Asia/Shanghai"), NOON_IN_NEW_YORK) is None


ZONES = st.lists(
    st.sampled_from(["America/New_York", "Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    min_size=1,
    max_size=3,
)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=730)).map(
    lambda passed: datetime(2026, 1, 1, tzinfo=UTC) + passed
)


@given(zones=ZONES, now=MOMENTS)
def test_one_more_zone_never_allows_more(zones: list[str], now: datetime) -> None:
    hours = CallingHours()
    if open_everywhere(hours, zones, now):
        assert all(open_everywhere(hours, [zone], now) for zone in zones)


@given(zones=ZONES, now=MOMENTS)
def test_the_next_opening_is_open_and_lies_ahead(zones: list[str], now: datetime) -> None:
    hours = CallingHours()
    opening = next_opening(hours, zones, now)
    if opening is not None:
        assert opening > now
        assert open_everywhere(hours, zones, opening)


@pytest.mark.parametrize(
    "wrong", [{"start": time(9), "end": time(9)}, {"weekdays": frozenset()}, {"weekdays": {7}}]
)
def test_impossible_hours_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"calling hours|weekdays"):
        CallingHours(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ring_for": timedelta(seconds=14.9)},
        {"ring_for": timedelta(seconds=121)},
        {"most_attempts": 0},
        {"answer_within": timedelta(0)},
        {"wrap_up": timedelta(seconds=-1)},
    ],
)
def test_a_plan_that_breaks_the_law_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        CampaignPlan("test", TrunkName("main"), **wrong)  # type: ignore[arg-type]
