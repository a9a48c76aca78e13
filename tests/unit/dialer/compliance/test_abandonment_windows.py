"""Which windows of abandonment are open at a moment."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.abandonment_windows import windows
from dialer.domain.abandonment import AbandonmentWindow, WindowKind
from dialer.domain.campaign import CallingHours
from dialer.domain.pacing_plan import PacingPlan

pytestmark = pytest.mark.unit

PLAN = PacingPlan(day_cap=0.02, period_cap=0.03, half_hour_cap=0.04)
HOURS = CallingHours(time(9), time(20), frozenset(range(5)))
NEW_YORK = ZoneInfo("America/New_York")
ZONES = st.sampled_from(
    [
        "UTC",
        "America/New_York",
        "Europe/London",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Asia/Beirut",
        "Pacific/Apia",
    ]
).map(ZoneInfo)
MOMENTS = st.integers(0, 30 * 366 * 86_400).map(
    lambda s: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def at(
    moment: datetime, zone: ZoneInfo = NEW_YORK, began: datetime | None = None
) -> dict[WindowKind, AbandonmentWindow]:
    return {each.kind: each for each in windows(PLAN, HOURS, began or moment, zone, moment)}


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK)


def test_each_window_has_its_own_cap() -> None:
    caps = {kind: window.cap for kind, window in at(local(2026, 11, 20, 10)).items()}
    assert caps == {WindowKind.DAY: 0.02, WindowKind.PERIOD: 0.03, WindowKind.HALF_HOUR: 0.04}


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (local(2026, 11, 20, 10), local(2026, 11, 20, 20)),
        (local(2026, 11, 20, 20), local(2026, 11, 21)),  # closed: what is still answered belongs to the day
        (local(2026, 11, 21, 10), local(2026, 11, 22)),  # a Saturday: not open at all
    ],
)
def test_a_day_is_counted_upon_until_calling_hours_end(now: datetime, ends: datetime) -> None:
    day = at(now)[WindowKind.DAY]
    assert (day.begins, day.ends) == (now.replace(hour=0), ends)


@pytest.mark.parametrize(
    ("day", "hours"), [(local(2026, 3, 8, 12), 23), (local(2026, 11, 1, 12), 25), (local(2026, 6, 1, 12), 24)]
)
def test_days_on_which_the_clocks_change(day: datetime, hours: int) -> None:
    assert at(day)[WindowKind.DAY].length == timedelta(hours=hours)


def test_periods_are_blocks_of_thirty_days_from_the_beginning_and_end_at_midnight() -> None:
    began = local(2026, 2, 10, 13, 45)  # clocks go forward on 8 March
    last = at(local(2026, 3, 11, 23, 59), began=began)[WindowKind.PERIOD]
    assert (last.begins, last.ends) == (local(2026, 2, 10), local(2026, 3, 12))
    following = at(local(2026, 3, 12), began=began)[WindowKind.PERIOD]
    assert (following.begins, following.ends) == (local(2026, 3, 12), local(2026, 4, 11))


def test_half_an_hour_rolls_and_is_judged_by_a_hundred_answers() -> None:
    now = local(2026, 11, 20, 10, 7)
    half = at(now)[WindowKind.HALF_HOUR]
    assert (half.begins, half.ends, half.least_answers) == (now - timedelta(minutes=30), None, 100)


@given(began=MOMENTS, now=MOMENTS, zone=ZONES)
def test_whatever_the_clocks_say_there_are_three_windows_and_now_is_in_them(
    began: datetime, now: datetime, zone: ZoneInfo
) -> None:
    found = at(now, zone, began)
    day, period = found[WindowKind.DAY], found[WindowKind.PERIOD]
    assert day.begins <= now
    assert day.ends is not None
    assert now < day.ends <= day.begins + day.length
    assert period.ends is not None
    assert now < period.ends
    if now >= began:
        assert period.begins <= now
    assert {each.begins.tzinfo for each in found.values()} == {UTC}


@given(began=MOMENTS, days=st.integers(0, 400), zone=ZONES)
def test_blocks_follow_one_another_without_a_gap(began: datetime, days: int, zone: ZoneInfo) -> None:
    block = at(began + timedelta(days=days), zone, began)[WindowKind.PERIOD]
    assert block.ends is not None
    after = at(block.ends, zone, began)[WindowKind.PERIOD]
    assert after.begins == block.ends
