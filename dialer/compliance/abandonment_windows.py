"""The windows of time in which a campaign's abandonment is judged, and which of them are open now."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.domain.abandonment import AbandonmentWindow, WindowKind
from dialer.domain.campaign import CallingHours
from dialer.domain.pacing_plan import PacingPlan

PERIOD_DAYS = 30
HALF_HOUR = timedelta(minutes=30)
# fewer answers than this in half an hour say nothing about a share of one in twenty
HALF_HOUR_ANSWERS = 100


def windows(
    plan: PacingPlan, hours: CallingHours, started_at: datetime, zone: ZoneInfo, now: datetime
) -> list[AbandonmentWindow]:
    """Day, period and half-hour at `now`, in this order; every time is aware UTC.

    The period is the present block of 30 days since the campaign began (16 CFR 310.4(b)(4)(i): "separately over each
    successive 30-day period"). Days begin at midnight in `zone`, so blocks never change while people are called, and a
    day on which the clocks change has 23 or 25 hours. Never raises: before `started_at`, which a clock that was set
    back may show, it is still the first block.
    """
    today = now.astimezone(zone).date()
    return [
        _day(plan.day_cap, hours, zone, today, now),
        _period(plan.period_cap, started_at.astimezone(zone).date(), zone, today),
        AbandonmentWindow(
            WindowKind.HALF_HOUR, plan.half_hour_cap, now - HALF_HOUR, None, HALF_HOUR, HALF_HOUR_ANSWERS
        ),
    ]


def _day(cap: float, hours: CallingHours, zone: ZoneInfo, today: date, now: datetime) -> AbandonmentWindow:
    begins, midnight = _midnight(today, zone), _midnight(today + timedelta(days=1), zone)
    # the called parties' own zones may keep it open a little longer: their answers are added, but not counted upon
    closes = datetime.combine(today, hours.end, zone).astimezone(UTC)
    ends = closes if now < closes and today.weekday() in hours.weekdays else midnight
    return AbandonmentWindow(WindowKind.DAY, cap, begins, ends, midnight - begins)


def _period(cap: float, began: date, zone: ZoneInfo, today: date) -> AbandonmentWindow:
    block = max((today - began).days, 0) // PERIOD_DAYS
    first = began + timedelta(days=block * PERIOD_DAYS)
    begins, ends = _midnight(first, zone), _midnight(first + timedelta(days=PERIOD_DAYS), zone)
    return AbandonmentWindow(WindowKind.PERIOD, cap, begins, ends, ends - begins)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where the clocks jump over midnight, the moment they jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
