"""The database: reachable, of a version we know, and with our schema."""

from collections.abc import AsyncIterator

import asyncpg

from dialer.doctor.finding import Finding, broken, doubtful, good
from dialer.errors import FairdialError
from dialer.settings import Settings
from dialer.storage.postgres import migrate
from dialer.storage.postgres.pool import connect

_KNOWN = range(15, 19)


async def examine_database(settings: Settings) -> AsyncIterator[Finding]:
    dsn = settings.database_url.get_secret_value()
    try:
        connection = await connect(dsn, "fairdial doctor")
    except FairdialError as failure:
        yield broken("database", str(failure), "start Postgres, or correct FAIRDIAL_DATABASE_URL")
        return
    try:
        yield _version(connection)
    finally:
        await connection.close()
    yield await _schema(dsn)


def _version(connection: asyncpg.Connection) -> Finding:
    major = connection.get_server_version().major
    if major < _KNOWN.start:
        return broken("database", f"Postgres {major} is too old", f"use Postgres {_KNOWN.start} or newer")
    if major not in _KNOWN:
        return doubtful(
            "database",
            f"Postgres {major} was never tried",
            f"known to work: {_KNOWN.start} to {_KNOWN.stop - 1}",
        )
    return good("database", f"Postgres {major}")


async def _schema(dsn: str) -> Finding:
    try:
        states = await migrate.status(dsn, migrate.default_folder())
    except FairdialError as failure:
        return broken("schema", str(failure), "fairdial migrate verify")
    missing = [each.label for each in states if each.applied_at is None]
    if missing:
        return broken("schema", f"not applied: {', '.join(missing)}", "fairdial migrate up")
    return good("schema", f"{len(states)} migrations applied")
