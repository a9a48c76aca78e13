"""Business days: neither weekends nor public holidays."""

from datetime import date, timedelta

from dialer.compliance.holiday_calendars import HolidayBook
from dialer.compliance.profile import OptOutRule

_SATURDAY = 5


def business_days_later(day: date, number: int, calendar: str, holidays: HolidayBook) -> date:
    """`number` business days after `day`, which is day 0."""
    while number > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY and not holidays.holiday(calendar, day, observed=True):
            number -= 1
    return day


def honour_by(rule: OptOutRule, received: date, calendar: str, holidays: HolidayBook) -> date:
    """The last day on which a request received on `received` (day 0) may still be unheeded; this product heeds it at once."""
    if rule.business_days is not None:
        return business_days_later(received, rule.business_days, calendar, holidays)
    return received + timedelta(days=rule.days or 0)
