from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.compliance.holiday_calendars import FixedHolidays, PublicHolidays, exists
from dialer.compliance.hours import calendars_of, common, hours_refusal, spelled
from dialer.compliance.profile import HolidayShift, HoursRule, OpenHours, Profile, Scope
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.zones import clock_change, midnight, moments
from tests.support.rules import SOURCE, profile, shipped

pytestmark = pytest.mark.unit

NONE = timedelta(0)
NO_HOLIDAYS = FixedHolidays(())
ZONES = (
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Honolulu",
)
CHANGES = (
    (2026, 3, 8),
    (2026, 3, 29),
    (2026, 4, 5),
    (2026, 10, 4),
    (2026, 10, 25),
    (2026, 11, 1),
    (2026, 7, 1),
)


def refused(
    profiles: Iterable[Profile],
    zones: Sequence[str],
    at: datetime,
    consent: bool = False,
    guard: timedelta = NONE,
    holidays: FixedHolidays = NO_HOLIDAYS,
) -> Refusal | None:
    return hours_refusal(tuple(profiles), zones, at, holidays, consent=consent, guard=guard)


def reason(found: Refusal | None) -> RefusalReason | None:
    return None if found is None else found.reason


clocks = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))


@st.composite
def stretches(draw: st.DrawFn) -> OpenHours:
    edges = sorted(draw(st.sets(clocks, min_size=2, max_size=4)))
    if len(edges) % 2:
        edges = [*edges[:-1]]
    pairs = tuple(zip(edges[::2], edges[1::2], strict=True))
    to_midnight: bool = draw(st.booleans())
    if pairs and to_midnight:
        pairs = (*pairs[:-1], (pairs[-1][0], time()))
    return pairs


@st.composite
def rules(draw: st.DrawFn) -> Profile:
    some = st.none() | st.just(()) | stretches()
    rule = HoursRule(draw(stretches()), SOURCE, draw(some), draw(some), consent_lifts=draw(st.booleans()))
    return profile(draw(st.sampled_from("abcdef")), hours=rule)


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    day = datetime(*draw(st.sampled_from(CHANGES)), tzinfo=UTC)
    return day + timedelta(seconds=draw(st.integers(-36 * 3600, 60 * 3600)))


several = st.lists(rules(), min_size=1, max_size=3)
places = st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True)
guards = st.sampled_from((NONE, timedelta(minutes=2), timedelta(minutes=40)))


def by_the_clock(profiles: Iterable[Profile], zones: Iterable[str], at: datetime) -> bool:
    """The definition, as plainly as it can be said."""
    for zone in zones:
        local = at.astimezone(ZoneInfo(zone))
        for each in profiles:
            assert each.hours is not None
            days = [each.hours.weekdays] * 5 + [each.hours.saturday, each.hours.sunday]
            hours = days[local.weekday()]
            hours = each.hours.weekdays if hours is None else hours
            if not any(a <= local.time() and (local.time() < b or b == time()) for a, b in hours):
                return False
    return True


@given(several, places, instants())
@settings(deadline=None, max_examples=60)
def test_open_is_what_every_clock_says(profiles: list[Profile], zones: list[str], at: datetime) -> None:
    assert (refused(profiles, zones, at) is None) == by_the_clock(profiles, zones, at)


@given(several, rules(), places, instants(), guards)
@settings(deadline=None, max_examples=40)
def test_one_more_profile_or_zone_never_allows_more(
    profiles: list[Profile], other: Profile, zones: list[str], at: datetime, guard: timedelta
) -> None:
    if refused(profiles, zones, at, guard=guard) is not None:
        assert refused([*profiles, other], zones, at, guard=guard) is not None
        assert refused(profiles, [*zones, "Asia/Tokyo"], at, guard=guard) is not None


@given(several, places, instants(), guards)
@settings(deadline=None, max_examples=30)
def test_until_is_open_and_nothing_before_it_is(
    profiles: list[Profile], zones: list[str], at: datetime, guard: timedelta
) -> None:
    found = refused(profiles, zones, at, guard=guard)
    if found is None:
        return
    last = found.until or at + timedelta(days=10)
    if found.until is not None:
        assert refused(profiles, zones, found.until, guard=guard) is None
        assert refused(profiles, zones, found.until - timedelta(microseconds=1), guard=guard) is not None
    step = max((last - at) / 60, timedelta(minutes=1))
    moment = at
    while moment < last:
        assert refused(profiles, zones, moment, guard=guard) is not None
        moment += step


@given(several, places, instants(), guards)
@settings(deadline=None, max_examples=40)
def test_within_the_guard_it_stays_open(
    profiles: list[Profile], zones: list[str], at: datetime, guard: timedelta
) -> None:
    found = refused(profiles, zones, at, guard=guard)
    ahead = [at + guard * share / 20 for share in range(20)]
    if found is None:
        assert all(refused(profiles, zones, moment) is None for moment in ahead)
    elif found.reason is RefusalReason.GUARD:
        assert refused(profiles, zones, at) is None
        assert (found.profile, found.citation) == ("", "")


TEN = profile("ten", hours=HoursRule(((time(9), time(12)), (time(14), time(20))), SOURCE, (), ()))


@pytest.mark.parametrize(
    ("clock", "guard", "expected"),
    [
        ("08:59:59.999999", 0, RefusalReason.OUTSIDE_HOURS),
        ("09:00:00", 0, None),
        ("11:59:59.999999", 0, None),
        ("12:00:00", 0, RefusalReason.OUTSIDE_HOURS),
        ("13:59:59", 0, RefusalReason.OUTSIDE_HOURS),
        ("14:00:00", 120, None),
        ("11:58:00", 120, None),
        ("11:58:00.000001", 120, RefusalReason.GUARD),
        ("19:58:00", 120, None),
        ("19:58:01", 120, RefusalReason.GUARD),
    ],
)
def test_half_open_windows(clock: str, guard: int, expected: RefusalReason | None) -> None:
    at = datetime.fromisoformat(f"2026-07-15T{clock}+08:00")
    assert reason(refused([TEN], ["Asia/Shanghai"], at, guard=timedelta(seconds=guard))) is expected


def test_the_next_opening_skips_days_without_calls() -> None:
    found = refused([TEN], ["Asia/Shanghai"], datetime.fromisoformat("2026-07-17T20:00:00+08:00"))
    assert found is not None
    assert found.until == datetime.fromisoformat("2026-07-20T09:00:00+08:00")


def test_hours_that_nobody_shares_open_never() -> None:
    early = profile("early", hours=HoursRule(((time(6), time(8)),), SOURCE))
    found = refused([TEN, early], ["Asia/Shanghai"], datetime(2026, 7, 15, 3, tzinfo=UTC))
    assert found is not None
    assert found.until is None


def test_round_the_clock_has_no_closing_time() -> None:
    always = profile("always", hours=HoursRule(((time(), time()),), SOURCE))
    for clock in ("00:00:00", "12:00:00", "23:59:59.999999"):
        at = datetime.fromisoformat(f"2026-11-01T{clock}-04:00")
        assert refused([always], ["America/New_York"], at, guard=timedelta(minutes=5)) is None


def test_consent_lifts_only_the_hours_that_say_so() -> None:
    at = datetime.fromisoformat("2026-07-15T21:30:00-04:00")
    federal = (shipped().profile("us_ftc_tsr"), shipped().profile("us_fcc_tcpa"))
    assert refused(federal[:1], ["America/New_York"], at, consent=True) is None
    found = refused(federal, ["America/New_York"], at, consent=True)
    assert found is not None
    assert found.profile == "us_fcc_tcpa"


@pytest.mark.parametrize(
    ("at", "zones"),
    [
        (datetime(2026, 7, 15, 12), ["America/New_York"]),  # noqa: DTZ001
        (datetime(2026, 7, 15, 16, tzinfo=UTC), []),
        (datetime(2026, 7, 15, 16, tzinfo=UTC), ["America/New_York", "Mars/Olympus"]),
        (datetime(2026, 7, 15, 16, tzinfo=UTC), ["America"]),
        (datetime(2026, 7, 15, 16, tzinfo=UTC), ["../../etc/passwd"]),
        (datetime(2026, 7, 15, 16, tzinfo=UTC), [""]),
    ],
)
def test_what_cannot_be_known_is_refused(at: datetime, zones: list[str]) -> None:
    found = refused([TEN], zones, at)
    assert found is not None
    assert (found.reason, found.until) == (RefusalReason.UNKNOWN_TIME_ZONE, None)


class TestHolidays:
    LAW = HoursRule(((time(8), time(20)),), SOURCE, holiday=(), holidays=("US",))

    def closed(self, shift: HolidayShift, holiday: date, at: date) -> bool:
        rule = HoursRule(((time(8), time(20)),), SOURCE, holiday=(), holidays=("US",), shift=shift)
        noon = datetime.combine(at, time(12), ZoneInfo("America/Chicago"))
        found = refused([profile(hours=rule)], ["America/Chicago"], noon, holidays=FixedHolidays([holiday]))
        assert reason(found) in (None, RefusalReason.HOLIDAY)
        return found is not None

    def test_sunday_is_kept_on_monday_and_saturday_on_friday(self) -> None:
        saturday, sunday = date(2026, 7, 4), date(2027, 7, 4)
        both, one = HolidayShift.SUNDAY_TO_MONDAY_SATURDAY_TO_FRIDAY, HolidayShift.SUNDAY_TO_MONDAY
        friday, monday = date(2026, 7, 3), date(2027, 7, 5)
        assert self.closed(both, saturday, friday)
        assert not self.closed(one, saturday, friday)
        assert self.closed(both, sunday, monday)
        assert self.closed(one, sunday, monday)
        assert not self.closed(HolidayShift.NONE, sunday, monday)
        assert self.closed(one, saturday, saturday)

    def test_days_that_no_calendar_knows(self) -> None:
        rule = HoursRule(((time(8), time(20)),), SOURCE, holiday=(), extra_holidays=(date(2026, 7, 15),))
        at = datetime(2026, 7, 15, 16, tzinfo=UTC)
        assert reason(refused([profile(hours=rule)], ["UTC"], at)) is RefusalReason.HOLIDAY

    @pytest.mark.parametrize(
        ("which", "zone", "day", "expected"),
        [
            ("us_la", "America/Chicago", "2026-02-17", RefusalReason.HOLIDAY),  # Mardi Gras
            ("us_pa", "America/New_York", "2026-02-17", None),
            ("us_al", "America/Chicago", "2026-07-03", RefusalReason.HOLIDAY),
            ("us_ut", "America/Denver", "2026-07-24", RefusalReason.HOLIDAY),  # Pioneer Day
            (
                "cn_marketing_default",
                "Asia/Shanghai",
                "2026-02-23",
                RefusalReason.HOLIDAY,
            ),  # given for the 28th
            ("cn_marketing_default", "Asia/Shanghai", "2026-02-28", None),  # a Saturday that is worked
            ("cn_marketing_default", "Asia/Shanghai", "2026-03-07", RefusalReason.NO_CALL_DAY),
            ("fr_conso_2023", "Europe/Paris", "2026-04-06", RefusalReason.HOLIDAY),  # Easter Monday
            ("au_telemarketing", "Australia/Sydney", "2026-01-26", RefusalReason.HOLIDAY),
            ("uk_dma_hours", "Europe/London", "2026-08-31", RefusalReason.HOLIDAY),
            ("uk_dma_hours", "Europe/London", "2026-11-30", RefusalReason.HOLIDAY),  # in Scotland
        ],
    )
    def test_real_calendars(self, which: str, zone: str, day: str, expected: RefusalReason | None) -> None:
        at = datetime.combine(date.fromisoformat(day), time(11), ZoneInfo(zone))
        found = hours_refusal(
            [shipped().profile(which)], [zone], at, PublicHolidays(), consent=False, guard=NONE
        )
        assert reason(found) is expected

    def test_over_china_s_spring_festival(self) -> None:
        at = datetime.fromisoformat("2026-02-13T21:00:00+08:00")
        china = [shipped().profile("cn_marketing_default")]
        found = hours_refusal(china, ["Asia/Shanghai"], at, PublicHolidays(), consent=False, guard=NONE)
        assert found is not None
        assert found.until == datetime.fromisoformat("2026-02-14T09:00:00+08:00")  # a Saturday that is worked
        found = hours_refusal(
            china, ["Asia/Shanghai"], at + timedelta(days=1), PublicHolidays(), consent=False, guard=NONE
        )
        assert found is not None
        assert found.until == datetime.fromisoformat("2026-02-24T09:00:00+08:00")

    def test_a_calendar_that_does_not_exist(self) -> None:
        assert exists("US-LA")
        assert not exists("US-XX")
        assert not exists("Atlantis")
        with pytest.raises(KeyError):
            PublicHolidays().holiday("US-XX", date(2026, 1, 1), observed=True)

    def test_the_places_of_a_profile_are_its_calendars(self) -> None:
        there = Scope(countries=frozenset({"US"}), states=frozenset({"LA", "AL"}))
        assert calendars_of(profile(scope=there)) == ("US-AL", "US-LA")
        assert calendars_of(profile(scope=there, hours=self.LAW)) == ("US",)
        assert calendars_of(profile(scope=Scope(countries=frozenset({"FR"})))) == ("FR",)


class TestClocks:
    def test_a_jump_over_midnight(self) -> None:
        havana = ZoneInfo("America/Havana")
        begins = midnight(date(2026, 3, 8), havana)
        assert begins.astimezone(havana).time() == time(1)
        assert clock_change(date(2026, 3, 7), havana) == begins

    def test_a_time_that_comes_twice_and_one_that_never_comes(self) -> None:
        new_york = ZoneInfo("America/New_York")
        assert len(moments(date(2026, 11, 1), time(1, 30), new_york)) == 2
        (never,) = moments(date(2026, 3, 8), time(2, 30), new_york)
        assert never == datetime(2026, 3, 8, 7, tzinfo=UTC)
        assert clock_change(date(2026, 3, 8), new_york) == never
        assert clock_change(date(2026, 3, 9), new_york) is None

    def test_half_an_hour(self) -> None:
        lord_howe = ZoneInfo("Australia/Lord_Howe")
        assert len(moments(date(2026, 4, 5), time(1, 45), lord_howe)) == 2
        assert len(moments(date(2026, 4, 5), time(1, 15), lord_howe)) == 1


@given(st.lists(stretches(), min_size=1, max_size=3), clocks)
@settings(deadline=None, max_examples=50)
def test_common_hours_are_those_of_all(many: list[OpenHours], clock: time) -> None:
    def inside(hours: OpenHours) -> bool:
        return any(a <= clock and (clock < b or b == time()) for a, b in hours)

    assert inside(common(many)) == all(inside(hours) for hours in many)
    assert common([*many, *many]) == common(many) == common(many[::-1])


def test_spelled() -> None:
    assert spelled(((time(9), time(12)), (time(14), time()))) == "09:00-12:00, 14:00-24:00"
