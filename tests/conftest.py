"""What many tests share: one database server and one call centre for the whole run."""

import os
import sys
from collections.abc import Iterator

import pytest

from dialer.lab.centre import CallCentre
from dialer.lab.postgres import EmbeddedPostgres

# asserts are rewritten and the product compiled once, not again in every worker and every service that a test starts
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# these run in real time, on machines that stand still now and then
_REAL_TIME = ("asterisk", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What fails in real time is run once more, and the summary names it (RERUN): a fault to look for, not noise."""
    for item in items:
        if any(item.get_closest_marker(name) for name in _REAL_TIME):
            item.add_marker(pytest.mark.flaky(reruns=1, reruns_delay=1))


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database on a server that may be filled with more: `FAIRDIAL_TEST_DATABASE_URL`, else one of our own."""
    if given := os.environ.get("FAIRDIAL_TEST_DATABASE_URL"):
        yield given
        return
    with EmbeddedPostgres(tmp_path_factory.mktemp("database") / "data", fsync=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CallCentre]:
    """Database, Asterisk, carrier and phones: agent-101 to agent-104 talk, tone-101 and tone-102 play 440 Hz, quiet-101 is silent."""
    folder = tmp_path_factory.mktemp("centre")
    with CallCentre(
        folder, agents=4, tone_agents=2, quiet_agents=1, channels=60, calls_per_second=50, fsync=False
    ) as built:
        yield built
