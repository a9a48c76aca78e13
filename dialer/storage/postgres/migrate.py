"""Forward-only migrations: numbered SQL files, each applied once, in one transaction, and never edited afterwards.

`NNNN_name.sql`; `NNNN_pre_name.sql` runs before the program that needs it and leaves older programs working,
`NNNN_post_name.sql` runs after it. A file whose first line is `-- no-transaction` holds one statement that must run
outside a transaction, such as CREATE INDEX CONCURRENTLY. Editing an applied file is refused: write a new one.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from dialer.errors import Conflict, Misconfigured, SchemaMismatch
from dialer.storage.postgres.pool import connect, meaning
from dialer.storage.postgres.queries import named

log = logging.getLogger(__name__)

_CREATE_TABLE = named("create_migrations_table")
_TABLE_EXISTS = named("migrations_table_exists")
_APPLIED = named("applied_migrations")
_NOTE = named("note_migration")
_TRY_LOCK = named("try_migration_lock")
_INVALID_INDEX = named("invalid_index")

LOCK = (0x46616972, 2)
LOCK_TRIES = 600
LOCK_PAUSE_S = 0.2
TABLE_LOCK_TIMEOUT = "3s"  # a migration that waits for a table makes everyone behind it wait too
TABLE_LOCK_TRIES = 10

_FILE = re.compile(r"(?P<version>\d{4})_(?P<name>(?P<phase>pre_|post_)?[a-z0-9_]+)\.sql")
_CONCURRENTLY = re.compile(
    r"create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(\w+)", re.I
)


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def label(self) -> str:
        return f"{self.version:04}_{self.name}"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith("-- no-transaction")


@dataclass(frozen=True, slots=True)
class Applied:
    version: int
    name: str
    sha256: str
    applied_at: datetime

    @property
    def label(self) -> str:
        return f"{self.version:04}_{self.name}"


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """`applied_at` is None for a file that waits; `known` is False for one that only the database knows."""

    label: str
    applied_at: datetime | None
    known: bool = True


def default_folder() -> Path:
    """The migrations inside an installed package, else those of the repository."""
    packaged = Path(__file__).parent / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def read_folder(folder: Path) -> Sequence[Migration]:
    found: dict[int, Migration] = {}
    for file in sorted(folder.glob("*.sql")):
        match = _FILE.fullmatch(file.name)
        if match is None:
            raise Misconfigured(f"{file}: a migration is named NNNN_name.sql, in small letters, digits and _")
        version = int(match["version"])
        if version in found:
            raise Misconfigured(
                f"{file}: {found[version].label} has the same number; give it the next free one"
            )
        found[version] = Migration(version, match["name"], file.read_text("utf-8"))
    if not found:
        raise Misconfigured(f"{folder}: there are no migrations in this folder")
    return list(found.values())


async def up(dsn: str, folder: Path, now: datetime) -> list[str]:
    """Apply what is missing and return the labels. Safe to run by several programs at once."""
    migrations = read_folder(folder)
    async with _session(dsn) as connection:
        await _lock(connection)
        await connection.execute(_CREATE_TABLE.sql)
        applied = await _applied(connection)
        if complaints := differences(migrations, applied):
            raise SchemaMismatch("\n".join(complaints))
        missing = [each for each in migrations if each.version not in applied]
        for migration in missing:
            await _apply(connection, migration, now)
    return [each.label for each in missing]


async def status(dsn: str, folder: Path) -> list[MigrationStatus]:
    migrations = read_folder(folder)
    async with _session(dsn) as connection:
        applied = await _applied(connection)
    known = {each.version for each in migrations}
    files = [
        MigrationStatus(each.label, applied[each.version].applied_at if each.version in applied else None)
        for each in migrations
    ]
    return files + [
        MigrationStatus(each.label, each.applied_at, known=False)
        for each in applied.values()
        if each.version not in known
    ]


async def verify(dsn: str, folder: Path) -> list[str]:
    """What is wrong between the files and the database's history, one line each; empty when all is well."""
    migrations = read_folder(folder)
    async with _session(dsn) as connection:
        applied = await _applied(connection)
    waiting = [f"{each.label} is not applied" for each in migrations if each.version not in applied]
    return differences(migrations, applied) + waiting


async def check_current(pool: asyncpg.Pool, folder: Path | None = None) -> None:
    """Raises `StorageDown`, or `SchemaMismatch` when this program cannot work with the database's schema."""
    migrations = read_folder(folder or default_folder())
    try:
        async with pool.acquire() as connection:
            applied = await _applied(connection)
    except Exception as failure:
        raise meaning(failure) or failure from failure
    if complaint := incompatibility(migrations, applied):
        raise SchemaMismatch(complaint)


def incompatibility(migrations: Sequence[Migration], applied: Mapping[int, Applied]) -> str | None:
    """Missing `post_` files and unknown `pre_` ones are no harm: they exist for programs of two versions at once."""
    missing = [
        each for each in migrations if each.version not in applied and not each.name.startswith("post_")
    ]
    if missing:
        return f"the database lacks {missing[0].label}: run `fairdial migrate up`"
    known = {each.version for each in migrations}
    newer = [
        each for each in applied.values() if each.version not in known and not each.name.startswith("pre_")
    ]
    if newer:
        return f"the database is newer than this program ({newer[0].label}): install the newer program"
    edited = [line for line in differences(migrations, applied) if "was edited" in line]
    return edited[0] if edited else None


def differences(migrations: Sequence[Migration], applied: Mapping[int, Applied]) -> list[str]:
    """Where the files contradict the history: edited, renamed, or slipped in before a later one."""
    newest = max(applied, default=0)
    found = []
    for each in migrations:
        done = applied.get(each.version)
        if done is None:
            if each.version < newest:
                found.append(
                    f"{each.label} comes before {applied[newest].label}, which is applied: renumber it"
                )
        elif done.name != each.name:
            found.append(f"{each.label} was applied as {done.label}: give the file its old name")
        elif done.sha256 != each.sha256:
            found.append(
                f"{each.label} was edited after it was applied: restore it and write a new migration"
            )
    return found


@asynccontextmanager
async def _session(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(
        dsn, "fairdial migrate", statement_timeout="0", idle_in_transaction_session_timeout="0"
    )
    try:
        yield connection
    finally:
        await connection.close()


async def _lock(connection: asyncpg.Connection) -> None:
    for _ in range(LOCK_TRIES):
        if await connection.fetchval(_TRY_LOCK.sql, *LOCK):
            return
        await asyncio.sleep(LOCK_PAUSE_S)
    raise Conflict("another migration has been running for two minutes: wait for it, then try again")


async def _applied(connection: asyncpg.Connection) -> dict[int, Applied]:
    if not await connection.fetchval(_TABLE_EXISTS.sql):
        return {}
    return {row["version"]: Applied(*row.values()) for row in await connection.fetch(_APPLIED.sql)}


async def _apply(connection: asyncpg.Connection, migration: Migration, now: datetime) -> None:
    run = _in_transaction if migration.in_transaction else _outside_transaction
    for left in reversed(range(TABLE_LOCK_TRIES)):
        try:
            await run(connection, migration, now)
        except asyncpg.LockNotAvailableError:
            if not left:
                raise Conflict(
                    f"{migration.label}: a table stayed locked; try again when it is quiet"
                ) from None
            await asyncio.sleep(1)
        except asyncpg.PostgresError as wrong:
            raise Misconfigured(f"{migration.label}: {wrong}; nothing of this file was applied") from wrong
        else:
            log.info("migration applied", extra={"action": "migration.applied", "label": migration.label})
            return


async def _in_transaction(connection: asyncpg.Connection, migration: Migration, now: datetime) -> None:
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = '{TABLE_LOCK_TIMEOUT}'")
        await connection.execute(migration.sql, timeout=None)
        await connection.execute(_NOTE.sql, migration.version, migration.name, migration.sha256, now)


async def _outside_transaction(connection: asyncpg.Connection, migration: Migration, now: datetime) -> None:
    for index in _CONCURRENTLY.findall(migration.sql):
        if drop := await connection.fetchval(_INVALID_INDEX.sql, index):
            await connection.execute(drop)
    await connection.execute(migration.sql, timeout=None)
    await connection.execute(_NOTE.sql, migration.version, migration.name, migration.sha256, now)
