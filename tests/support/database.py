"""One migrated template database for a run of the tests, and a copy of it for each test."""

from datetime import UTC, datetime
from itertools import count
from os import getpid
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from dialer.storage.postgres import migrate

_TEMPLATE = f"fairdial_template_{getpid()}"
_numbers = count(1)


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def create_template(url: str) -> None:
    await execute(url, f"drop database if exists {_TEMPLATE}", f"create database {_TEMPLATE}")
    await migrate.up(
        with_database(url, _TEMPLATE), migrate.default_folder(), datetime(2026, 1, 1, tzinfo=UTC)
    )


async def drop_template(url: str) -> None:
    await execute(url, f"drop database if exists {_TEMPLATE} with (force)")


async def fresh_database(url: str, *, migrated: bool = True) -> str:
    """The URL of a new database on the server of `url`."""
    name = f"fairdial_test_{getpid()}_{next(_numbers)}"
    await execute(url, f"create database {name} template {_TEMPLATE if migrated else 'template0'}")
    return with_database(url, name)


async def drop_database(url: str) -> None:
    name = urlsplit(url).path.lstrip("/")
    await execute(with_database(url, "postgres"), f"drop database if exists {name} with (force)")
