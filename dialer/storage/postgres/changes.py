"""Wake-ups from other programs: LISTEN on a connection of its own, which heals itself.

Notifications sent while the connection is down are lost, so a new connection counts as a wake-up.
"""

import asyncio
import logging

import asyncpg

from dialer.clock import Clock
from dialer.errors import FairdialError
from dialer.storage.postgres.pool import connect
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

CHANNEL = "fairdial"
RETRY_S = 1.0


class PostgresChanges:
    """`wait` never raises: without a database it only waits."""

    def __init__(self, dsn: str, clock: Clock) -> None:
        self._dsn = dsn
        self._clock = clock
        self._tasks = TaskOwner()
        self._connection: asyncpg.Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._tried_at: float | None = None
        self._changed = asyncio.Event()

    @property
    def listening(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def wait(self, within_s: float) -> None:
        self._keep_listening()
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    async def close(self) -> None:
        await self._tasks.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _keep_listening(self) -> None:
        if self.listening or (self._connecting is not None and not self._connecting.done()):
            return
        now = self._clock.monotonic()
        if self._tried_at is None or now - self._tried_at >= RETRY_S:
            self._tried_at = now
            self._connecting = self._tasks.spawn(self._listen(), "storage.listen")

    async def _listen(self) -> None:
        try:
            connection = await connect(self._dsn, "fairdial changes", idle_session_timeout="0")
        except FairdialError as down:
            log.info("not listening for changes", extra={"action": "changes.deaf", "because": str(down)})
            return
        connection.add_termination_listener(self._lost)
        try:
            await connection.add_listener(CHANNEL, self._heard)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
            return
        self._connection = connection
        self._changed.set()

    def _heard(self, _connection: object, _pid: int, _channel: str, _payload: str) -> None:
        self._changed.set()

    def _lost(self, _connection: object) -> None:
        self._changed.set()
