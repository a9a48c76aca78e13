"""The gate: each rule refuses by itself, at its exact limit, and says until when."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.calling_hours import is_open, next_opening, open_everywhere
from dialer.compliance.gate import Candidate, DialPermit, Refusal, RefusalReason, review
from dialer.domain.campaign import CallingHours, Campaign, CampaignPlan, CampaignState
from dialer.domain.ids import AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber

pytestmark = pytest.mark.unit

NEW_YORK = ("America/New_York",)
NOON_IN_NEW_YORK = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
CAMPAIGN = Campaign(CampaignId(1), CampaignState.RUNNING, CampaignPlan("test", TrunkName("main")))
CANDIDATE = Candidate(
    AttemptId(UUID(int=1)),
    ContactId(1),
    PhoneNumber("+12125550123"),
    NEW_YORK,
    attempts=0,
    on_do_not_call=False,
)


def refused(
    candidate: Candidate = CANDIDATE, campaign: Campaign = CAMPAIGN, now: datetime = NOON_IN_NEW_YORK
) -> Refusal:
    verdict = review(candidate, campaign, "+12125550100", now)
    assert isinstance(verdict, Refusal)
    return verdict


def test_a_permit_carries_what_the_driver_needs() -> None:
    permit = review(CANDIDATE, CAMPAIGN, "+12125550100", NOON_IN_NEW_YORK)
    assert isinstance(permit, DialPermit)
    assert (permit.number, permit.caller_id, permit.trunk) == (CANDIDATE.number, "+12125550100", "main")
    assert permit.ring_for >= permit.ring_minimum == timedelta(seconds=15)
    assert CANDIDATE.number.e164 not in repr(permit)


@pytest.mark.parametrize("state", set(CampaignState) - {CampaignState.RUNNING})
def test_only_a_running_campaign_dials(state: CampaignState) -> None:
    assert refused(campaign=replace(CAMPAIGN, state=state)).reason is RefusalReason.CAMPAIGN_NOT_RUNNING


def test_a_number_on_the_list_is_refused_for_good() -> None:
    verdict = refused(replace(CANDIDATE, on_do_not_call=True))
    assert (verdict.reason, verdict.until) == (RefusalReason.DO_NOT_CALL, None)


def test_the_last_allowed_attempt_is_allowed_and_the_next_is_not() -> None:
    most = CAMPAIGN.plan.most_attempts
    last = replace(CANDIDATE, attempts=most - 1)
    assert isinstance(review(last, CAMPAIGN, "+12125550100", NOON_IN_NEW_YORK), DialPermit)
    assert refused(replace(CANDIDATE, attempts=most)).reason is RefusalReason.TOO_MANY_ATTEMPTS


def test_without_a_known_zone_nothing_is_dialled() -> None:
    assert refused(replace(CANDIDATE, zones=())).reason is RefusalReason.UNKNOWN_TIME_ZONE


def test_a_number_that_may_be_in_several_zones_needs_all_of_them_open() -> None:
    both = replace(CANDIDATE, zones=("America/New_York", "Pacific/Honolulu"))
    verdict = refused(both)  # 07:00 in Honolulu
    assert verdict.reason is RefusalReason.OUTSIDE_CALLING_HOURS
    assert verdict.until == datetime(2026, 11, 20, 18, 0, tzinfo=UTC)  # 08:00 in Honolulu, 13:00 in New York


def test_at_the_end_of_the_hours_no_call_begins_and_an_instant_before_one_may() -> None:
    end = datetime(2026, 11, 20, 21, 0, tzinfo=ZoneInfo("America/New_York"))
    assert refused(now=end).reason is RefusalReason.OUTSIDE_CALLING_HOURS
    before = end - timedelta(microseconds=1)
    assert isinstance(review(CANDIDATE, CAMPAIGN, "+12125550100", before), DialPermit)


def test_a_closed_weekday_waits_for_the_next_open_one() -> None:
    weekdays = replace(CAMPAIGN.plan, hours=CallingHours(weekdays=frozenset(range(5))))
    saturday = NOON_IN_NEW_YORK + timedelta(days=1)
    verdict = refused(campaign=replace(CAMPAIGN, plan=weekdays), now=saturday)
    assert verdict.until == datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # Monday, 08:00 in New York


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
