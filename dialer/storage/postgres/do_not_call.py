"""The do-not-call lists: of every campaign, and of single ones."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from dialer.domain.ids import CampaignId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.storage import DoNotCallEntry, ListKind
from dialer.storage.postgres.columns import columns
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ADD = named("add_do_not_call")
_REMOVE = named("remove_do_not_call")
_OF_NUMBER = named("do_not_call_of")
_AMONG = named("do_not_call_among")
_COUNT = named("count_do_not_call")
_PAGE = named("do_not_call_page")

EVERY_CAMPAIGN = 0  # as the unique index has it
BATCH = 5000


class PostgresDoNotCall:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_do_not_call(self, entries: Sequence[DoNotCallEntry]) -> int:
        """In one transaction. An entry that exists is prolonged, never shortened."""
        once = _strictest(entries)

        async def add(connection: asyncpg.Connection) -> int:
            new = 0
            for start in range(0, len(once), BATCH):
                arrays = columns((_row(entry) for entry in once[start : start + BATCH]), 8)
                new += sum(row["is_new"] for row in await connection.fetch(_ADD.sql, *arrays))
            return new

        return await self._database.transaction(add)

    async def remove_do_not_call(
        self, number: PhoneNumber, campaign: CampaignId | None, kind: ListKind = ListKind.NUMBER
    ) -> bool:
        removed = await self._database.value(_REMOVE, number.e164, campaign or EVERY_CAMPAIGN, kind.value)
        return removed is not None

    async def do_not_call(self, number: PhoneNumber) -> Sequence[DoNotCallEntry]:
        return [_entry(row) for row in await self._database.rows(_OF_NUMBER, number.e164)]

    async def do_not_call_among(
        self, numbers: Sequence[PhoneNumber]
    ) -> Mapping[str, Sequence[DoNotCallEntry]]:
        found: dict[str, list[DoNotCallEntry]] = {}
        for row in await self._database.rows(_AMONG, [number.e164 for number in numbers]):
            found.setdefault(row["e164"], []).append(_entry(row))
        return found

    async def do_not_call_of_kind(
        self, kind: ListKind, after: PhoneNumber | None, most: int
    ) -> Sequence[DoNotCallEntry]:
        rows = await self._database.rows(_PAGE, kind.value, after.e164 if after is not None else "", most)
        return [_entry(row) for row in rows]

    async def count_do_not_call(self) -> int:
        return int(await self._database.value(_COUNT))


def _strictest(entries: Iterable[DoNotCallEntry]) -> Sequence[DoNotCallEntry]:
    """One entry for each number, kind and campaign, the one that lasts longest: a statement can touch a row only once."""
    kept: dict[tuple[str, str, int | None], DoNotCallEntry] = {}
    for entry in entries:
        key = (entry.number.e164, entry.kind, entry.campaign)
        if key not in kept or _lasts_until(entry) > _lasts_until(kept[key]):
            kept[key] = entry
    return list(kept.values())


def _lasts_until(entry: DoNotCallEntry) -> datetime:
    return entry.expires_at or datetime.max.replace(tzinfo=UTC)


def _row(entry: DoNotCallEntry) -> tuple[Any, ...]:
    return (
        entry.number.e164,
        entry.campaign,
        entry.source,
        entry.reason,
        entry.added_at,
        entry.expires_at,
        entry.kind.value,
        entry.channel,
    )


def _entry(row: asyncpg.Record) -> DoNotCallEntry:
    return DoNotCallEntry(
        number=PhoneNumber(row["e164"]),
        campaign=None if row["campaign_id"] is None else CampaignId(row["campaign_id"]),
        source=row["source"],
        reason=row["reason"],
        added_at=row["added_at"],
        expires_at=row["expires_at"],
        kind=ListKind(row["kind"]),
        channel=row["channel"],
    )
