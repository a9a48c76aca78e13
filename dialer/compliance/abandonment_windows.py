"""The windows of time in which a campaign's abandonment is judged: by law, and by the operator's own caps.

Blocks, days and months begin at local midnight of a zone, so a day on which the clocks change has 23 or 25 hours and no
window ever changes while people are called, whatever the clocks do.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.compliance.profile import AbandonmentRule, Profile, WindowRule
from dialer.domain.abandonment import AbandonmentWindow, WindowKind
from dialer.domain.campaign import CallingHours
from dialer.domain.pacing_plan import PacingPlan

PERIOD_DAYS = 30
HALF_HOUR = timedelta(minutes=30)
# fewer answers than this in half an hour say nothing about a share of one in twenty
HALF_HOUR_ANSWERS = 100
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open, in aware times of its zone. `id` is "block-2", "2026-03-29", "2026-01", "rolling-30-days"."""

    id: str
    begins: datetime
    ends: datetime

    @property
    def hours(self) -> float:
        """Elapsed, not by the wall clock."""
        return (self.ends.astimezone(UTC) - self.begins.astimezone(UTC)) / _HOUR


def window_at(rule: WindowRule, zone: ZoneInfo, at: datetime, began: date | None = None) -> Window:
    """The window that holds the moment `at`; a rolling one ends there, and does not hold it.

    `began` is the campaign's first day in `zone`, which is day 1 of block 1; before it, it is still the first block.
    Raises ValueError when a block is asked for without it.
    """
    rolling = _ROLLING.get(rule)
    if rolling is not None:
        end = at.astimezone(zone)
        return Window(rolling[0], (at - rolling[1]).astimezone(zone), end)
    return window_of_day(rule, zone, at.astimezone(zone).date(), began)


_ROLLING = {
    WindowRule.ROLLING_DAY: ("rolling-day", timedelta(days=1)),
    WindowRule.ROLLING_30_DAY: ("rolling-30-days", timedelta(days=PERIOD_DAYS)),
}


def window_of_day(rule: WindowRule, zone: ZoneInfo, day: date, began: date | None = None) -> Window:
    """The window that holds a calendar day of `zone`. Raises ValueError for a window that rolls."""
    match rule:
        case WindowRule.CALENDAR_DAY:
            return _between(day.isoformat(), day, day + timedelta(days=1), zone)
        case WindowRule.CALENDAR_MONTH:
            first = day.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
            return _between(f"{first:%Y-%m}", first, following, zone)
        case WindowRule.US_30_DAY_BLOCK:
            if began is None:
                raise ValueError("blocks of 30 days are counted from the campaign's first day")
            block = max((day - began).days, 0) // PERIOD_DAYS
            first = began + timedelta(days=block * PERIOD_DAYS)
            return _between(f"block-{block + 1}", first, first + timedelta(days=PERIOD_DAYS), zone)
        case _:
            raise ValueError(f"{rule} rolls: it has no calendar days")


def windows_between(
    rule: WindowRule, zone: ZoneInfo, since: datetime, until: datetime, began: date | None = None
) -> Iterator[Window]:
    """Every window that a moment of `since <= t < until` falls into, in order; one that rolls gives the last one only."""
    if rule in _ROLLING:
        yield window_at(rule, zone, until)
        return
    at = since
    while at < until:
        window = window_at(rule, zone, at, began)
        yield window
        if window.ends <= at:  # a campaign that is asked for before its first day
            return
        at = window.ends


def _between(name: str, first: date, after: date, zone: ZoneInfo) -> Window:
    return Window(name, _local_midnight(first, zone), _local_midnight(after, zone))


def _local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Where the clocks jump over midnight, the moment they jump."""
    return _midnight(day, zone).astimezone(zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


# --- what pacing is held to -----------------------------------------------------------------------------------------------


def windows(
    plan: PacingPlan,
    hours: CallingHours,
    started_at: datetime,
    zone: ZoneInfo,
    now: datetime,
    profiles: Sequence[Profile] = (),
) -> list[AbandonmentWindow]:
    """Day, period and half-hour at `now`, in this order, and after them those of `profiles` that are others; aware UTC.

    The period is the present block of 30 days since the campaign began (16 CFR 310.4(b)(4)(i): "separately over each
    successive 30-day period"). A profile's window with the same bounds as one that is there makes that one stricter.
    Never raises: before `started_at`, which a clock that was set back may show, it is still the first block.
    """
    today = now.astimezone(zone).date()
    asked = [
        _day(plan.day_cap, hours, zone, now),
        _period(plan.period_cap, started_at.astimezone(zone).date(), zone, today),
        AbandonmentWindow(
            WindowKind.HALF_HOUR, plan.half_hour_cap, now - HALF_HOUR, None, HALF_HOUR, HALF_HOUR_ANSWERS
        ),
    ]
    for window in _of_profiles(profiles, hours, started_at, zone, now):
        _add(asked, window)
    return asked


def _add(asked: list[AbandonmentWindow], window: AbandonmentWindow) -> None:
    for place, known in enumerate(asked):
        if (known.kind, known.begins, known.length) == (window.kind, window.begins, window.length):
            names = " ".join(filter(None, (known.profile, window.profile)))
            asked[place] = replace(known, cap=min(known.cap, window.cap), profile=names)
            return
    asked.append(window)


def rules_in_force(profiles: Iterable[Profile], on: date) -> Iterator[tuple[Profile, AbandonmentRule]]:
    for profile in profiles:
        if profile.in_force(on):
            for rule in profile.abandonment:
                yield profile, rule


def _of_profiles(
    profiles: Sequence[Profile], hours: CallingHours, started_at: datetime, zone: ZoneInfo, now: datetime
) -> Iterator[AbandonmentWindow]:
    for profile, rule in rules_in_force(profiles, now.astimezone(zone).date()):
        place = ZoneInfo(rule.zone) if rule.zone else zone
        aim = rule.limit_bp if rule.target_bp is None else min(rule.limit_bp, rule.target_bp)
        yield replace(_window(rule.window, aim / 10_000, hours, started_at, place, now), profile=profile.id)


def _window(
    rule: WindowRule, cap: float, hours: CallingHours, started_at: datetime, zone: ZoneInfo, now: datetime
) -> AbandonmentWindow:
    if rule is WindowRule.CALENDAR_DAY:
        return _day(cap, hours, zone, now)
    if rule in _ROLLING:
        # counted anew at every full hour: from so long before it, to its end
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        length = _ROLLING[rule][1]
        return AbandonmentWindow(_KINDS[rule], cap, hour - length, hour + _HOUR, length)
    found = window_at(rule, zone, now, started_at.astimezone(zone).date())
    begins, ends = found.begins.astimezone(UTC), found.ends.astimezone(UTC)
    return AbandonmentWindow(_KINDS[rule], cap, begins, ends, ends - begins)


_KINDS = {
    WindowRule.US_30_DAY_BLOCK: WindowKind.PERIOD,
    WindowRule.CALENDAR_DAY: WindowKind.DAY,
    WindowRule.CALENDAR_MONTH: WindowKind.MONTH,
    WindowRule.ROLLING_DAY: WindowKind.ROLLING_DAY,
    WindowRule.ROLLING_30_DAY: WindowKind.ROLLING_30_DAYS,
}


def _day(cap: float, hours: CallingHours, zone: ZoneInfo, now: datetime) -> AbandonmentWindow:
    today = now.astimezone(zone).date()
    begins, midnight = _midnight(today, zone), _midnight(today + timedelta(days=1), zone)
    # the called parties' own zones may keep it open a little longer: their answers are added, but not counted upon
    closes = datetime.combine(today, hours.end, zone).astimezone(UTC)
    ends = closes if now < closes and today.weekday() in hours.weekdays else midnight
    return AbandonmentWindow(WindowKind.DAY, cap, begins, ends, midnight - begins)


def _period(cap: float, began: date, zone: ZoneInfo, today: date) -> AbandonmentWindow:
    found = window_of_day(WindowRule.US_30_DAY_BLOCK, zone, today, began)
    begins, ends = found.begins.astimezone(UTC), found.ends.astimezone(UTC)
    return AbandonmentWindow(WindowKind.PERIOD, cap, begins, ends, ends - begins)
