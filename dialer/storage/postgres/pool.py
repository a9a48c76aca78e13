"""Connections, transactions, and what the driver's failures mean to the rest of the program."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg
import orjson

from dialer.errors import Conflict, FairdialError, Misconfigured, StorageDown
from dialer.storage.postgres.queries import Query

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CONNECT_S = 5.0
ACQUIRE_S = 5.0
COMMAND_S = 30.0  # above the server's own limit: only a connection that has gone silent comes to this one
TRIES = 4

# jit: its start-up costs more than any of our statements. seqscan: plans are cached, those of foreign keys too, and one
# made while a table was empty would read all of it when it is full. keepalives: a dead client's locks are freed soon
SESSION = {
    "timezone": "UTC",
    "jit": "off",
    "enable_seqscan": "off",
    "statement_timeout": "20s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}

_DENIED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
_UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut-down, restart, a statement past its limit
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,  # we talk to a standby
    asyncpg.InternalClientError,  # the connection died between the steps of a statement
    *_DENIED,
)
# nothing was done, and the same again may succeed; a cached plan is stale after a migration
_REPEATABLE = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)


def meaning(failure: Exception) -> FairdialError | None:
    """The error of our own for a failure of the driver; None for a fault of this program."""
    if isinstance(failure, _UNREACHABLE):
        return StorageDown(f"the database cannot be reached: {type(failure).__name__}: {failure}")
    if isinstance(failure, asyncpg.InterfaceError) and "clos" in str(failure):
        return StorageDown(f"the connection to the database is gone: {failure}")
    if isinstance(failure, asyncpg.IntegrityConstraintViolationError):
        rule = getattr(failure, "constraint_name", None) or "a constraint"
        return Conflict(f"the database refused the change: it would break the rule {rule}")
    return None


async def connect(dsn: str, application: str, **session: str) -> asyncpg.Connection:
    """One connection outside the pool. Raises `StorageDown`."""
    settings = {**SESSION, "application_name": application, **session}
    try:
        connection = await asyncpg.connect(
            dsn, timeout=CONNECT_S, command_timeout=COMMAND_S, server_settings=settings
        )
    except Exception as failure:
        raise meaning(failure) or failure from failure
    return connection


async def create_pool(dsn: str, size: int, application: str = "fairdial") -> asyncpg.Pool:
    """Raises `StorageDown`, or `Misconfigured` when the server knows no such user or database."""
    try:
        pool = await asyncpg.create_pool(
            dsn,
            min_size=min(2, size),
            max_size=size,
            init=teach_json,
            reset=leave_session_as_it_is,
            timeout=CONNECT_S,
            command_timeout=COMMAND_S,
            statement_cache_size=256,
            server_settings={**SESSION, "application_name": application},
        )
    except _DENIED as denied:
        raise Misconfigured(f"database_url: the server says: {denied}") from denied
    except Exception as failure:
        raise meaning(failure) or failure from failure
    return pool


async def teach_json(connection: asyncpg.Connection) -> None:
    """jsonb to and from Python; binary, because COPY knows no other format."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )


async def leave_session_as_it_is(_connection: asyncpg.Connection) -> None:
    """The driver's own reset is a round trip for each statement; we never change the session."""


class Database:
    """The pool as the stores use it: every call raises errors of ours, or of the program's own faults."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool

    async def rows(self, query: Query, *args: object) -> Sequence[asyncpg.Record]:
        async def fetch(connection: asyncpg.Connection) -> Sequence[asyncpg.Record]:
            found: Sequence[asyncpg.Record] = await connection.fetch(query.sql, *args)
            return found

        return await self._with_connection(fetch)

    async def row(self, query: Query, *args: object) -> asyncpg.Record | None:
        found = await self.rows(query, *args)
        return found[0] if found else None

    async def value(self, query: Query, *args: object) -> Any:
        found = await self.row(query, *args)
        return None if found is None else found[0]

    async def connected(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Run `work` on one connection, each of its statements by itself."""
        return await self._with_connection(work)

    async def transaction(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Run `work` in a transaction, again from its beginning when the server asks for that."""

        async def whole(connection: asyncpg.Connection) -> Result:
            async with connection.transaction():
                return await work(connection)

        return await self._with_connection(whole)

    async def stream(self, query: Query, page: int, *args: object) -> AsyncIterator[asyncpg.Record]:
        """Row by row, `page` of them at a time in memory, all as of one moment. Not repeated when it fails midway."""
        try:
            async with (
                self.pool.acquire(timeout=ACQUIRE_S) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                async for row in connection.cursor(query.sql, *args, prefetch=page):
                    yield row
        except FairdialError:
            raise
        except Exception as failure:
            raise meaning(failure) or failure from failure

    async def _with_connection(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        for left in reversed(range(TRIES)):
            try:
                async with self.pool.acquire(timeout=ACQUIRE_S) as connection:
                    return await work(connection)
            except _REPEATABLE as again:
                if not left:
                    raise StorageDown(f"the database is too busy: {again}") from again
                log.info("transaction repeated", extra={"action": "storage.repeated", "because": str(again)})
            except FairdialError:
                raise
            except Exception as failure:
                raise meaning(failure) or failure from failure
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()
