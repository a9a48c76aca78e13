"""Which flow answers which number, and when."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dialer.domain.inbound import OnHoliday, Route, read_hours
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ROUTES = named("inbound_routes_of")
_SET = named("set_inbound_route")
_REMOVE = named("remove_inbound_route")


class PostgresInboundRoutes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def routes(self) -> Sequence[Route]:
        return [_route(row) for row in await self._database.rows(_ROUTES, "")]

    async def routes_of(self, number: str) -> Sequence[Route]:
        return [_route(row) for row in await self._database.rows(_ROUTES, number)]

    async def set_route(self, route: Route, now: datetime, by: str) -> tuple[int, bool]:
        row = await self._database.row(
            _SET, route.number, route.priority, route.closed, route.flow, route.zone, sorted(route.weekdays),
            [str(span) for span in route.hours], route.calendar, route.on_holiday.value, route.first_day,
            route.last_day, route.note, now, by,
        )  # fmt: skip
        assert row is not None  # noqa: S101  an upsert gives its row
        return row["id"], row["is_new"]

    async def remove_route(self, route: int) -> bool:
        return await self._database.value(_REMOVE, route) is not None


def _route(row: asyncpg.Record) -> Route:
    return Route(
        number=row["e164"],
        flow=row["flow"],
        zone=row["zone"],
        priority=row["priority"],
        closed=row["closed"],
        weekdays=frozenset(row["weekdays"]),
        hours=read_hours(row["hours"]),
        calendar=row["calendar"],
        on_holiday=OnHoliday(row["on_holiday"]),
        first_day=row["first_day"],
        last_day=row["last_day"],
        note=row["note"],
        id=row["id"],
    )
