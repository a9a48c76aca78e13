"""How many calls were made today and how many of them were short, where a rule counts them: once a minute, not once a dial."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import asyncpg

from dialer.compliance.call import CallsToday
from dialer.compliance.short_calls import CountedDay
from dialer.storage.postgres.queries import named

_COUNT = named("calls_of_day")

FRESH = timedelta(minutes=1)
# who reads in the transaction that commits dials takes what was read when they were claimed
STILL_GOOD = timedelta(minutes=2)


class DayCounts:
    def __init__(self) -> None:
        self._kept: dict[CountedDay, tuple[datetime, CallsToday]] = {}

    async def of(
        self,
        connection: asyncpg.Connection,
        asked: Iterable[CountedDay],
        called: Iterable[str],
        now: datetime,
        good_for: timedelta = FRESH,
    ) -> dict[CountedDay, CallsToday]:
        """Of those that one of the numbers `called` belongs to."""
        numbers = tuple(called)
        concerned = [each for each in asked if any(number.startswith(each.prefixes) for number in numbers)]
        return {each: await self._count(connection, each, now, good_for) for each in concerned}

    async def _count(
        self, connection: asyncpg.Connection, day: CountedDay, now: datetime, good_for: timedelta
    ) -> CallsToday:
        known = self._kept.get(day)
        if known is not None and timedelta(0) <= now - known[0] < good_for:
            return known[1]
        row = await connection.fetchrow(_COUNT.sql, list(day.prefixes), day.begins, day.longest)
        counted = CallsToday(day.profile, row["calls"], row["short"], day.ends)
        self._kept = {each: kept for each, kept in self._kept.items() if each.profile != day.profile}
        self._kept[day] = (now, counted)
        return counted
