"""One engine at a time: an advisory lock, held by a connection of its own for as long as the engine lives."""

import asyncio
import logging
from datetime import datetime

import asyncpg

from dialer.domain.ids import RunnerId
from dialer.errors import StorageDown
from dialer.storage.postgres.pool import connect, meaning
from dialer.storage.postgres.queries import Query, named

log = logging.getLogger(__name__)

_TAKE = named("take_engine_lock")
_HOLDS = named("holds_engine_lock")
_ADD = named("add_runner")
_NEWEST = named("runner_is_newest")
_END = named("end_runner")

LOCK = (0x46616972, 1)  # "Fair"; the second number leaves room for other locks

CHECK_S = 5.0


class PostgresRunners:
    """Losing the connection loses the lock: `still_ours` says so, and takes it again where that is harmless."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None
        self._runner: RunnerId | None = None
        self._turn = asyncio.Lock()

    async def begin_runner(self, runner: RunnerId, host: str, pid: int, now: datetime) -> bool:
        async with self._turn:
            if not await self._take():
                return False
            await self._ask(_ADD, runner, host, pid, now)
            self._runner = runner
            return True

    async def still_ours(self) -> bool:
        async with self._turn:
            if self._runner is None:
                return False
            if self._connection is not None and not self._connection.is_closed():
                return bool(await self._ask(_HOLDS, *LOCK))
            # somebody who had the lock in between has adopted our attempts: then it is not ours even if free again
            if await self._take() and await self._ask(_NEWEST, self._runner):
                log.warning("engine lock taken again", extra={"action": "runner.lock_retaken"})
                return True
            await self._disconnect()
            return False

    async def end_runner(self, runner: RunnerId, now: datetime) -> None:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await connect(self._dsn, "fairdial runner")
            await self._ask(_END, runner, now)
            self._runner = None
            await self._disconnect()

    async def close(self) -> None:
        async with self._turn:
            await self._disconnect()

    async def _take(self) -> bool:
        """Connect anew and try the lock; the connection stays only with the lock."""
        await self._disconnect()
        self._connection = await connect(self._dsn, "fairdial runner", idle_session_timeout="0")
        if await self._ask(_TAKE, *LOCK):
            return True
        await self._disconnect()
        return False

    async def _ask(self, query: Query, *args: object) -> object:
        if self._connection is None:
            raise StorageDown("the engine's connection to the database is gone")
        try:
            return await self._connection.fetchval(query.sql, *args, timeout=CHECK_S)
        except Exception as failure:
            # a connection that does not answer in time may have lost the lock on the server's side
            await self._disconnect()
            raise meaning(failure) or failure from failure

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
