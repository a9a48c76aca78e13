"""Calling hours: open only where every profile and every zone the called party may be in says so."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dialer.compliance.holiday_calendars import HolidayBook, kept
from dialer.compliance.profile import HoursRule, OpenHours, Profile
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.zones import clock_change, midnight, moments, zone_of

_SEARCH_DAYS = (
    14  # the longest run of closed days known is China's spring festival with the weekends around it
)
_MOST_DAYS_KEPT = 400
_DAY_ENDS = time()
_INSTANT = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 5, 6


def hours_refusal(
    profiles: Sequence[Profile],
    zones: Sequence[str],
    at: datetime,
    holidays: HolidayBook,
    *,
    consent: bool,
    guard: timedelta,
) -> Refusal | None:
    """Whether a call may begin at `at` (aware), half-open and by the clocks of `zones`; None: it may.

    `consent` lifts the hours of the profiles that allow it. A call that would begin less than `guard` before closing is
    refused by our own policy, and the refusal names no law. `until` is the next moment at which none of this stands against
    it, None when there is none within a fortnight. A time without a zone, no zone or an unknown one: refused.
    """
    if at.tzinfo is None or at.utcoffset() is None:
        return Refusal(
            RefusalReason.UNKNOWN_TIME_ZONE, None, "the time of the call does not say of which zone"
        )
    if not zones:
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, "no time zone is known for the number")
    days = _calendar(tuple(profiles), holidays, consent)
    places: list[ZoneInfo] = []
    for name in zones:
        if (zone := zone_of(name)) is None:
            return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, f"there is no time zone {name!r}")
        places.append(zone)
    if not all(days.open_at(at.astimezone(zone)) for zone in places):
        return _closed(days, places, at, guard)
    if guard and not all(days.stays_open(at, zone, guard) for zone in places):
        because = f"it closes in less than {guard.total_seconds():g} s"
        return Refusal(RefusalReason.GUARD, next_opening(days, places, at, guard), because)
    return None


class _Bound(NamedTuple):
    """One profile's hours with the calendars that hold its holidays."""

    profile: Profile
    rule: HoursRule
    calendars: tuple[str, ...]

    def on(self, day: date, holidays: HolidayBook) -> tuple[OpenHours, RefusalReason]:
        """The hours of `day`, and the word for it when they are none."""
        if self.rule.holiday is not None and kept(self.rule, self.calendars, day, holidays):
            return self.rule.holiday, RefusalReason.HOLIDAY
        weekday = day.weekday()
        if weekday >= _SATURDAY and self.rule.makeup_workdays and self._worked(day, holidays):
            weekday = 0
        special = {_SATURDAY: self.rule.saturday, _SUNDAY: self.rule.sunday}.get(weekday)
        return self.rule.weekdays if special is None else special, RefusalReason.NO_CALL_DAY

    def _worked(self, day: date, holidays: HolidayBook) -> bool:
        return any(holidays.makeup_workday(calendar, day) for calendar in self.calendars)


class _Day(NamedTuple):
    """The common hours of a day, and those of each profile."""

    hours: OpenHours
    each: list[tuple[OpenHours, RefusalReason]]


class OpenDays:
    """The hours of every profile of a set together, day by day: the same in all zones, as they are local times."""

    def __init__(self, bound: Sequence[_Bound], holidays: HolidayBook) -> None:
        self.bound = bound
        self.holidays = holidays
        self._days: dict[date, _Day] = {}
        self._edges: dict[tuple[date, str], list[datetime]] = {}

    def on(self, day: date) -> OpenHours | None:
        """Where all of them are open; None where no profile speaks of hours."""
        return self.day(day).hours if self.bound else None

    def day(self, day: date) -> _Day:
        if (known := self._days.get(day)) is not None:
            return known
        if len(self._days) >= _MOST_DAYS_KEPT:
            self._days.clear()
        each = [bound.on(day, self.holidays) for bound in self.bound]
        found = self._days[day] = _Day(common([hours for hours, _ in each]), each)
        return found

    def open_at(self, local: datetime) -> bool:
        hours = self.on(local.date())
        return hours is None or within(hours, local.time()) is not None

    def may_begin(self, at: datetime, zones: Sequence[ZoneInfo], guard: timedelta) -> bool:
        if not all(self.open_at(at.astimezone(zone)) for zone in zones):
            return False
        return not guard or all(self.stays_open(at, zone, guard) for zone in zones)

    def stays_open(self, at: datetime, zone: ZoneInfo, length: timedelta) -> bool:
        """From `at`, when it is open, for `length` of elapsed time."""
        local, last = at.astimezone(zone), (at + length - _INSTANT).astimezone(zone)
        hours = self.on(local.date())
        if hours is None:
            return True
        if local.date() == last.date() and local.utcoffset() == last.utcoffset():
            stretch = within(hours, local.time())
            if stretch is not None and stretch == within(hours, last.time()):
                return True
        between = [each for each in self.boundaries(local.date(), last.date(), zone) if at < each <= last]
        return all(self.open_at(each.astimezone(zone)) for each in [*between, last])

    def boundaries(self, first: date, last: date, zone: ZoneInfo) -> list[datetime]:
        """Every moment in UTC, from the day `first` to the day `last`, at which the answer in `zone` may change."""
        found: list[datetime] = []
        day = first
        while day <= last:
            found += self._boundaries(day, zone)
            day += timedelta(days=1)
        return found

    def _boundaries(self, day: date, zone: ZoneInfo) -> list[datetime]:
        if (known := self._edges.get((day, zone.key))) is not None:
            return known
        if len(self._edges) >= _MOST_DAYS_KEPT:
            self._edges.clear()
        found = [midnight(day, zone)]
        if (changed := clock_change(day, zone)) is not None:
            found.append(changed)
        for opens, closes in self.on(day) or ():
            found += moments(day, opens, zone) + moments(day, closes, zone)
        self._edges[day, zone.key] = found
        return found


@lru_cache(maxsize=2048)
def _calendar(profiles: tuple[Profile, ...], holidays: HolidayBook, consent: bool) -> OpenDays:
    return OpenDays(
        [
            _Bound(profile, profile.hours, calendars_of(profile))
            for profile in profiles
            if profile.hours is not None and not (consent and profile.hours.consent_lifts)
        ],
        holidays,
    )


def calendars_of(profile: Profile) -> tuple[str, ...]:
    """The holiday calendars of a profile: those it names, else those of the places it governs."""
    if profile.hours is not None and profile.hours.holidays:
        return profile.hours.holidays
    countries = sorted(profile.scope.countries)
    if profile.scope.states:
        return tuple(f"{country}-{state}" for country in countries for state in sorted(profile.scope.states))
    return tuple(countries)


def within(hours: OpenHours, clock: time) -> tuple[time, time] | None:
    """The stretch that `clock` lies in."""
    for opens, closes in hours:
        if opens <= clock and (clock < closes or closes == _DAY_ENDS):
            return opens, closes
    return None


def common(many: Sequence[OpenHours]) -> OpenHours:
    """What is open in all of them; `many` holds at least one."""
    whole = many[0]
    for other in many[1:]:
        pieces = [_overlap(ours, theirs) for ours in whole for theirs in other]
        whole = tuple(sorted(piece for piece in pieces if piece is not None))
    return whole


def _overlap(one: tuple[time, time], other: tuple[time, time]) -> tuple[time, time] | None:
    opens = max(one[0], other[0])
    closes = [end for end in (one[1], other[1]) if end != _DAY_ENDS]
    ends = min(closes, default=_DAY_ENDS)
    return (opens, ends) if opens < ends or ends == _DAY_ENDS else None


def next_opening(
    days: OpenDays, zones: Sequence[ZoneInfo], at: datetime, guard: timedelta
) -> datetime | None:
    """The first moment after `at`, in UTC, at which a call may begin; None when there is none within a fortnight."""
    now = at.astimezone(UTC)
    for days_on in range(_SEARCH_DAYS):
        begins = now + timedelta(days=days_on)
        ends = begins + _ONE_DAY
        edges = {
            edge
            for zone in zones
            for edge in days.boundaries(begins.astimezone(zone).date(), ends.astimezone(zone).date(), zone)
            if begins < edge <= ends
        }
        for moment in sorted(edges):
            if days.may_begin(moment, zones, guard):
                return moment
    return None


_GRAVEST = (RefusalReason.HOLIDAY, RefusalReason.NO_CALL_DAY, RefusalReason.OUTSIDE_HOURS)


def _closed(days: OpenDays, zones: Sequence[ZoneInfo], at: datetime, guard: timedelta) -> Refusal:
    """Who says so: of several the one that closes the whole day, and the first of those."""
    found = [
        (reason, bound, local)
        for local in (at.astimezone(zone) for zone in zones)
        for bound, hours in zip(days.bound, days.day(local.date()).each, strict=True)
        if (reason := _says_no(hours, local.time())) is not None
    ]
    reason, bound, local = min(found, key=lambda each: _GRAVEST.index(each[0]))
    because = (
        f"it is {local:%A %H:%M:%S} in {local.tzinfo}: {_told(bound, local.date(), reason, days.holidays)}"
    )
    until = next_opening(days, zones, at, guard)
    return Refusal(reason, until, because, bound.profile.id, bound.rule.source.citation)


def _says_no(on_day: tuple[OpenHours, RefusalReason], clock: time) -> RefusalReason | None:
    hours, no_hours = on_day
    if within(hours, clock) is not None:
        return None
    return RefusalReason.OUTSIDE_HOURS if hours else no_hours


def _told(bound: _Bound, day: date, reason: RefusalReason, holidays: HolidayBook) -> str:
    hours, _ = bound.on(day, holidays)
    if reason is RefusalReason.HOLIDAY:
        return f"no calls on a public holiday ({', '.join(bound.calendars)})"
    return f"calls are allowed {spelled(hours)}" if hours else "no calls on this day of the week"


def spelled(hours: OpenHours) -> str:
    """08:00-12:00, 14:00-20:00"""
    return ", ".join(
        f"{opens:%H:%M}-{'24:00' if closes == _DAY_ENDS else f'{closes:%H:%M}'}" for opens, closes in hours
    )
