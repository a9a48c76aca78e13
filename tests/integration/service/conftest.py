import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dialer.lab.centre import CallCentre
from tests.support.database import create_template, drop_template
from tests.support.service import Hall, hall


@pytest.fixture(scope="session")
def prepared_centre(centre: CallCentre) -> Iterator[CallCentre]:
    """A centre whose database server has the migrated template."""
    assert centre.postgres is not None
    asyncio.run(create_template(centre.postgres.url))
    yield centre
    asyncio.run(drop_template(centre.postgres.url))


@pytest.fixture
async def floor(prepared_centre: CallCentre, tmp_path: Path) -> AsyncIterator[Hall]:
    """The service is not started yet."""
    async with hall(prepared_centre, tmp_path) as made:
        yield made
