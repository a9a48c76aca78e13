"""Published flows: documents by the hash of their bytes, and when each became current."""

import re
from collections.abc import Sequence

import asyncpg

from dialer.errors import NotFound
from dialer.ports.ivr import FlowPublication, PublishedFlow
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ADD = named("publish_version")
_NOTE = named("note_publication")
_HISTORY = named("publications_of")
_DOCUMENT = named("flow_document")
_CURRENT = named("current_flow_document")
_PUBLISHED = named("published_flows")


class PostgresIvrFlows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, publication: FlowPublication, document: bytes) -> bool:
        """Raises `Conflict` when the version is not the document's SHA-256, or the flow's name none."""

        async def put(connection: asyncpg.Connection) -> bool:
            new = await connection.fetchval(_ADD.sql, publication.flow, publication.version, document)
            await connection.execute(
                _NOTE.sql, publication.flow, publication.version, publication.at, publication.by
            )
            return new is not None

        return await self._database.transaction(put)

    async def document(self, flow: str, version: str | None = None) -> bytes:
        if version is not None and not re.fullmatch(r"[0-9a-f]{6,64}", version):
            raise NotFound(f"{version!r} is not a version: give six or more characters of its hash")
        if version is None:
            rows = await self._database.rows(_CURRENT, flow)
        else:
            rows = await self._database.rows(_DOCUMENT, flow, version)
        if len(rows) == 1:
            return bytes(rows[0]["document"])
        if rows:
            raise NotFound(f"{flow}: more than one version begins with {version}")
        if version is None or not await self.history(flow):
            raise NotFound(f"no flow {flow!r} has been published in the database; `fairdial ivr deploy` does")
        raise NotFound(f"{flow}: no version begins with {version[:12]}")

    async def history(self, flow: str) -> Sequence[FlowPublication]:
        return [
            FlowPublication(row["flow"], row["version"], row["at"], row["published_by"])
            for row in await self._database.rows(_HISTORY, flow)
        ]

    async def flows(self) -> Sequence[str]:
        return [each.flow for each in await self.published()]

    async def published(self) -> Sequence[PublishedFlow]:
        return [
            PublishedFlow(
                row["flow"],
                row["version"],
                row["at"],
                row["published_by"],
                row["versions"],
                row["calls"],
                row["open"],
                row["last_call_at"],
            )
            for row in await self._database.rows(_PUBLISHED)
        ]
