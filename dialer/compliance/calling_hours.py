"""Calling hours in the called party's zones: half-open, on full-precision local time, in all zones at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dialer.domain.campaign import CallingHours

_SEARCH = timedelta(days=8)
_STEP = timedelta(minutes=15)  # every zone's offset is a multiple of 15 minutes


def is_open(hours: CallingHours, zone: str, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(zone))
    return local.weekday() in hours.weekdays and hours.start <= local.time() < hours.end


def open_everywhere(hours: CallingHours, zones: Sequence[str], now: datetime) -> bool:
    return all(is_open(hours, zone, now) for zone in zones)


def next_opening(hours: CallingHours, zones: Sequence[str], now: datetime) -> datetime | None:
    """The next quarter of an hour at which it is open in all zones; None when there is none within eight days."""
    moment = now.astimezone(UTC).replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + _STEP
    last = moment + _SEARCH
    while moment <= last:
        if open_everywhere(hours, zones, moment):
            return moment
        moment += _STEP
    return None
