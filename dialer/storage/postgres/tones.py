"""Ring-back tones learned on trunks."""

from collections.abc import Sequence
from datetime import datetime

from dialer.domain.ids import TrunkName
from dialer.ports.hearing import TrunkTones
from dialer.storage.postgres.columns import columns
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ALL = named("trunk_tones")
_KEEP = named("keep_trunk_tones")
_FORGET = named("forget_trunk_tones")


class PostgresTones:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def trunk_tones(self) -> Sequence[TrunkTones]:
        return [
            TrunkTones(TrunkName(row["trunk"]), row["country"], row["tones"])
            for row in await self._database.rows(_ALL)
        ]

    async def keep_trunk_tones(self, tones: Sequence[TrunkTones], now: datetime) -> None:
        rows = ((each.trunk, each.country, dict(each.document)) for each in tones)
        await self._database.rows(_KEEP, *columns(rows, 3), now)

    async def forget_trunk_tones(self, trunk: TrunkName, country: str) -> bool:
        return bool(await self._database.rows(_FORGET, trunk, country))
