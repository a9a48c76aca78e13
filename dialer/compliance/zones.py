"""Local time by IANA zone. Offsets are never kept: they change with the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """None for a name that no zone has."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When `day` begins, in UTC. Where the clocks jump over midnight, the moment they jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def moments(day: date, clock: time, zone: ZoneInfo) -> list[datetime]:
    """Every moment, in UTC, at which the clocks show `clock` on `day`: one, or two when they are set back over it.

    A time that the clocks jump over is the moment of the jump. `clock` 00:00 is the beginning of the day.
    """
    first = datetime.combine(day, clock, zone)
    early, late = first.astimezone(UTC), first.replace(fold=1).astimezone(UTC)
    if early == late:
        return [early]
    if early < late:
        return [early, late]
    return [_jump(late, early, zone)]


def clock_change(day: date, zone: ZoneInfo) -> datetime | None:
    """The moment, in UTC, at which the clocks are changed on `day`, if they are."""
    begins, ends = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    if begins.astimezone(zone).utcoffset() == ends.astimezone(zone).utcoffset():
        return None
    return _jump(begins, ends, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment with the offset of `after`, to the second; both in UTC."""
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
