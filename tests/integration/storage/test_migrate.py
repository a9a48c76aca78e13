import asyncio
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import asyncpg
import pytest

from dialer.errors import Misconfigured, SchemaMismatch
from dialer.storage.postgres import migrate, pool
from tests.support.database import execute

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The project's migrations, to be added to and tampered with."""
    return copytree(migrate.default_folder(), tmp_path / "migrations")


def add(folder: Path, version: int, name: str, sql: str) -> str:
    label = f"{version:04}_{name}"
    (folder / f"{label}.sql").write_text(sql, "utf-8")
    return label


async def check(url: str, folder: Path) -> None:
    opened = await pool.create_pool(url, 2)
    try:
        await migrate.check_current(opened, folder)
    finally:
        await opened.close()


async def test_up_applies_what_is_missing_and_nothing_twice(empty_url: str, folder: Path) -> None:
    first = await migrate.up(empty_url, folder, NOW)
    assert first[0] == "0001_initial"
    assert await migrate.up(empty_url, folder, NOW) == []
    label = add(folder, 900, "more", "create table more (id int)")
    assert await migrate.verify(empty_url, folder) == ["0900_more is not applied"]
    assert await migrate.up(empty_url, folder, NOW) == [label]
    assert await migrate.verify(empty_url, folder) == []
    assert [each.applied_at for each in await migrate.status(empty_url, folder)] == [NOW] * (len(first) + 1)


async def test_an_edited_file_is_refused(empty_url: str, folder: Path) -> None:
    await migrate.up(empty_url, folder, NOW)
    with (folder / "0001_initial.sql").open("a") as file:
        file.write("-- a harmless word\n")
    add(folder, 900, "more", "create table more (id int)")
    with pytest.raises(SchemaMismatch, match="0001_initial was edited"):
        await migrate.up(empty_url, folder, NOW)
    with pytest.raises(SchemaMismatch):
        await check(empty_url, folder)


async def test_a_file_that_slips_in_before_an_applied_one_is_refused(empty_url: str, folder: Path) -> None:
    add(folder, 900, "late", "select 1")
    await migrate.up(empty_url, folder, NOW)
    add(folder, 899, "early", "select 1")
    with pytest.raises(SchemaMismatch, match="0899_early comes before 0900_late"):
        await migrate.up(empty_url, folder, NOW)


async def test_several_runners_at_once_apply_each_file_once(empty_url: str, folder: Path) -> None:
    add(folder, 900, "slow", "select pg_sleep(0.3); create table slow (id int)")
    add(folder, 901, "index", "-- no-transaction\ncreate index concurrently slow_by_id on slow (id)")
    results = await asyncio.gather(*(migrate.up(empty_url, folder, NOW) for _ in range(3)))
    assert sorted(label for result in results for label in result)[-2:] == ["0900_slow", "0901_index"]
    assert sum(map(bool, results)) == 1


async def test_a_failing_file_leaves_nothing_behind(empty_url: str, folder: Path) -> None:
    add(folder, 900, "broken", "create table half (id int); select 1 / 0")
    with pytest.raises(Misconfigured, match="0900_broken: division by zero"):
        await migrate.up(empty_url, folder, NOW)
    assert (await migrate.status(empty_url, folder))[-1].applied_at is None
    with pytest.raises(asyncpg.UndefinedTableError):
        await execute(empty_url, "select * from half")


async def test_an_index_left_invalid_by_a_failed_try_is_built_again(empty_url: str, folder: Path) -> None:
    add(folder, 900, "table", "create table twins (id int); insert into twins values (1), (1)")
    add(folder, 901, "unique", "-- no-transaction\ncreate unique index concurrently twins_once on twins (id)")
    with pytest.raises(Misconfigured, match="twins_once"):
        await migrate.up(empty_url, folder, NOW)
    await execute(empty_url, "delete from twins where ctid = (select min(ctid) from twins)")
    assert await migrate.up(empty_url, folder, NOW) == ["0901_unique"]


async def test_the_program_starts_only_on_a_schema_it_knows(empty_url: str, folder: Path) -> None:
    with pytest.raises(SchemaMismatch, match="lacks 0001_initial: run `fairdial migrate up`"):
        await check(empty_url, folder)
    add(folder, 900, "pre_wider", "create table wider (id int)")
    await migrate.up(empty_url, folder, NOW)
    await check(empty_url, migrate.default_folder())
    add(folder, 901, "breaking", "drop table wider")
    await migrate.up(empty_url, folder, NOW)
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        await check(empty_url, migrate.default_folder())
    add(folder, 902, "post_clean", "select 1")
    await check(empty_url, folder)


@pytest.mark.parametrize("name", ["1_short.sql", "0002_Capital.sql", "0001_again.sql"])
def test_files_must_be_named_and_numbered_well(folder: Path, name: str) -> None:
    (folder / name).write_text("select 1", "utf-8")
    with pytest.raises(Misconfigured):
        migrate.read_folder(folder)
