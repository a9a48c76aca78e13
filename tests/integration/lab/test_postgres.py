import os
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from dialer.errors import Misconfigured
from dialer.lab.postgres import EmbeddedPostgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("server") / "data", fsync=False) as started:
        yield started


async def value(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_speaks_utf8_and_utc(server: EmbeddedPostgres) -> None:
    assert await value(server.url, "SHOW server_encoding") == "UTF8"
    assert await value(server.url, "SHOW timezone") == "UTC"
    assert (
        await value(server.url, "SELECT datcollate FROM pg_database WHERE datname = 'fairdial'") == "C.UTF-8"
    )


async def test_it_listens_on_this_machine_only(server: EmbeddedPostgres) -> None:
    assert await value(server.url, "SHOW listen_addresses") == "127.0.0.1"
    assert await value(server.url, "SHOW unix_socket_directories") == ""


async def test_a_wrong_password_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await value(server.url.replace("fairdial:", "fairdial:x"), "SELECT 1")


def test_the_password_is_for_its_owner_only(server: EmbeddedPostgres) -> None:
    assert stat.S_IMODE((server.data_folder / "fairdial-password").stat().st_mode) == 0o600


async def test_data_survives_restarts_and_power_cuts(server: EmbeddedPostgres) -> None:
    url = server.url
    await value(url, "CREATE TABLE kept (n int)")
    assert server.restart() == url
    await value(url, "INSERT INTO kept VALUES (1)")
    server.kill()
    assert not server.running
    assert server.restart() == url
    assert await value(url, "SELECT count(*) FROM kept") == 1


def test_a_second_server_on_the_same_folder_is_refused(server: EmbeddedPostgres) -> None:
    with pytest.raises(Misconfigured, match=f"process {server.pid}"):
        EmbeddedPostgres(server.data_folder).start()


async def test_a_lock_left_by_a_dead_server_is_removed(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", fsync=False)
    server.start()
    server.kill()
    # the number now belongs to somebody else: to us
    lock = server.data_folder / "postmaster.pid"
    lines = lock.read_text("utf-8").splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", "utf-8")
    try:
        assert await value(server.start(), "SELECT 1") == 1
    finally:
        server.stop()


def test_a_half_made_folder_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new/PG_VERSION").write_text("15", "utf-8")
    with EmbeddedPostgres(tmp_path / "data", fsync=False) as server:
        assert server.running


def test_a_start_that_fails_says_what_the_log_says(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "data", fsync=False)
    server.start()
    server.stop()
    (server.data_folder / "PG_VERSION").write_text("9\n", "utf-8")
    with pytest.raises(Misconfigured, match="remove that folder"):
        server.start()
    server.stop()
