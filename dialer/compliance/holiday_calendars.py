"""Public holidays and China's make-up working days, by calendar: "US", "US-LA", "CN", "GB-SCT" (ISO 3166)."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import holidays

from dialer.compliance.profile import HolidayShift, HoursRule

_SATURDAY, _SUNDAY = 5, 6


class HolidayBook(Protocol):
    """Calendars by name. Asked for one that does not exist, it raises `KeyError`."""

    def holiday(self, calendar: str, day: date, *, observed: bool) -> bool:
        """Whether `day` is a legal holiday. `observed`: the day kept in place of one on a weekend is one as well."""
        ...

    def makeup_workday(self, calendar: str, day: date) -> bool:
        """Whether a weekend day is a working day, by decree."""
        ...

    def __hash__(self) -> int:
        """Results are kept by the book that was asked."""
        ...


class PublicHolidays:
    """The calendars of the `holidays` library, moveable and lunar ones included; each year is built once."""

    def holiday(self, calendar: str, day: date, *, observed: bool) -> bool:
        return day in _year(calendar, day.year, observed).days

    def makeup_workday(self, calendar: str, day: date) -> bool:
        return day in _year(calendar, day.year, True).makeup_workdays


class FixedHolidays:
    """The same dates for every calendar: what somebody states instead of looking it up."""

    def __init__(self, days: Iterable[date], makeup_workdays: Iterable[date] = ()) -> None:
        self._days = frozenset(days)
        self._makeup_workdays = frozenset(makeup_workdays)

    def holiday(self, calendar: str, day: date, *, observed: bool) -> bool:
        return day in self._days

    def makeup_workday(self, calendar: str, day: date) -> bool:
        return day in self._makeup_workdays


class _Year:
    __slots__ = ("days", "makeup_workdays")

    def __init__(self, calendar: str, year: int, observed: bool) -> None:
        country, _, region = calendar.partition("-")
        # China's days off in place of others are its calendar: without them only the seven festivals are left
        observed = observed or country == "CN"
        try:
            found = holidays.country_holidays(
                country, subdiv=region or None, years=(year - 1, year, year + 1), observed=observed
            )
        except NotImplementedError:
            raise KeyError(calendar) from None
        self.days = frozenset(day for day in found if day.year == year)
        worked = getattr(found, "weekend_workdays", ())
        self.makeup_workdays = frozenset(day for day in worked if day.year == year)


@lru_cache(maxsize=512)
def _year(calendar: str, year: int, observed: bool) -> _Year:
    return _Year(calendar, year, observed)


def exists(calendar: str) -> bool:
    try:
        _year(calendar, 2026, False)
    except KeyError:
        return False
    return True


def kept(rule: HoursRule, calendars: Iterable[str], day: date, book: HolidayBook) -> bool:
    """Whether `day` is a holiday under `rule`, the days to which it shifts holidays included."""
    if day in rule.extra_holidays:
        return True
    observed = rule.shift is HolidayShift.NONE
    days = [day]
    if not observed:
        days += _shifted_here(rule.shift, day)
    return any(
        book.holiday(calendar, each, observed=observed) or each in rule.extra_holidays
        for calendar in calendars
        for each in days
    )


def _shifted_here(shift: HolidayShift, day: date) -> list[date]:
    """The weekend day whose holiday is kept on `day` as well."""
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    if before.weekday() == _SUNDAY:
        return [before]
    friday_too = shift is HolidayShift.SUNDAY_TO_MONDAY_SATURDAY_TO_FRIDAY
    return [after] if friday_too and after.weekday() == _SATURDAY else []
