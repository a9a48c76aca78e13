import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from dialer.clock import SystemClock
from dialer.storage.postgres.store import PostgresStore
from tests.integration.storage.rig import Rig
from tests.support.database import create_template, drop_database, drop_template, fresh_database


@pytest.fixture(scope="session")
def server_url(postgres_url: str) -> Iterator[str]:
    """A server with the migrated template."""
    asyncio.run(create_template(postgres_url))
    yield postgres_url
    asyncio.run(drop_template(postgres_url))


@pytest.fixture
async def store_url(server_url: str) -> AsyncIterator[str]:
    url = await fresh_database(server_url)
    yield url
    await drop_database(url)


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    """A database that was never migrated."""
    url = await fresh_database(server_url, migrated=False)
    yield url
    await drop_database(url)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[PostgresStore]:
    opened = await PostgresStore.open(store_url, 8, SystemClock())
    yield opened
    await opened.close()


@pytest.fixture
async def rig(store: PostgresStore) -> Rig:
    """A running campaign without contacts, and a runner."""
    return await Rig.set_up(store)
