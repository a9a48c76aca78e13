import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.ids import RunnerId
from dialer.errors import Misconfigured, StorageDown
from dialer.lab.postgres import EmbeddedPostgres
from dialer.storage.postgres import migrate
from dialer.storage.postgres.runners import PostgresRunners
from dialer.storage.postgres.store import PostgresStore
from tests.integration.storage.rig import NOW, Rig, person

pytestmark = pytest.mark.postgres

KILL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1"


async def listen(store: PostgresStore) -> None:
    while not store.changes.listening:
        await store.changes.wait(0.05)
    await store.changes.wait(0.05)


async def woken(store: PostgresStore) -> bool:
    """Whether a wake-up comes long before the wait would end by itself."""
    clock = SystemClock()
    before = clock.monotonic()
    await store.changes.wait(5)
    return clock.monotonic() - before < 3


async def test_a_change_by_another_program_wakes_the_engine(store: PostgresStore) -> None:
    agent = await store.agents.add_agent("Ada", "101", NOW)
    await listen(store)
    waiting = asyncio.gather(woken(store), store.agents.wish(agent, AgentState.READY, "", NOW))
    assert (await waiting)[0]


async def test_listening_survives_the_death_of_its_connection(store: PostgresStore) -> None:
    agent = await store.agents.add_agent("Ada", "101", NOW)
    await listen(store)
    await store.pool.fetch(KILL, "fairdial changes")
    assert await woken(store)
    await asyncio.sleep(1)  # it connects at most once a second
    await listen(store)
    waiting = asyncio.gather(woken(store), store.agents.wish(agent, AgentState.READY, "", NOW))
    assert (await waiting)[0]


async def test_one_engine_at_a_time(store: PostgresStore, store_url: str) -> None:
    ours, theirs = RunnerId(uuid4()), RunnerId(uuid4())
    other = PostgresRunners(store_url)
    assert not await store.runners.still_ours()
    assert await store.runners.begin_runner(ours, "here", 1, NOW)
    assert not await other.begin_runner(theirs, "there", 2, NOW)
    assert await store.runners.still_ours()
    await store.runners.end_runner(ours, NOW)
    assert not await store.runners.still_ours()
    assert await other.begin_runner(theirs, "there", 2, NOW)
    await other.close()


async def test_a_lost_lock_is_taken_again_while_nobody_had_it(store: PostgresStore) -> None:
    await store.runners.begin_runner(RunnerId(uuid4()), "here", 1, NOW)
    await store.pool.fetch(KILL, "fairdial runner")
    await asyncio.sleep(0.1)
    assert await store.runners.still_ours()
    assert await store.runners.still_ours()


async def test_a_lost_lock_that_another_engine_took_is_gone_for_good(
    store: PostgresStore, store_url: str
) -> None:
    await store.runners.begin_runner(RunnerId(uuid4()), "here", 1, NOW)
    await store.pool.fetch(KILL, "fairdial runner")
    await asyncio.sleep(0.1)
    other = PostgresRunners(store_url)
    theirs = RunnerId(uuid4())
    assert await other.begin_runner(theirs, "there", 2, NOW + timedelta(seconds=1))
    assert not await store.runners.still_ours()
    await other.end_runner(theirs, NOW)
    assert not await store.runners.still_ours()


async def test_a_stopped_server_is_storage_down_and_heals(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "data", fsync=False) as server:
        await migrate.up(server.url, migrate.default_folder(), NOW)
        store = await PostgresStore.open(server.url, 4, SystemClock())
        rig = await Rig.set_up(store)
        await rig.add(person(2))
        await store.runners.begin_runner(rig.runner, "here", 1, NOW)
        await listen(store)
        await asyncio.to_thread(server.kill)
        for broken in (rig.claim, store.campaigns.campaigns, store.runners.still_ours):
            with pytest.raises(StorageDown):
                await broken()
        await store.changes.wait(0.1)
        await asyncio.to_thread(server.restart)
        assert len(await rig.claim()) == 1
        assert await store.runners.still_ours()
        await store.close()


async def test_a_server_that_is_not_there_is_storage_down() -> None:
    with pytest.raises(StorageDown, match="cannot be reached"):
        await PostgresStore.open("postgresql://nobody@127.0.0.1:1/nothing", 2, SystemClock())


async def test_a_database_that_is_not_there_is_a_matter_for_the_operator(store_url: str) -> None:
    with pytest.raises(Misconfigured, match="does not exist"):
        await PostgresStore.open(store_url + "_no", 2, SystemClock())


async def test_a_schema_change_in_between_does_not_break_transactions(rig: Rig) -> None:
    await rig.add(person(2))
    claimed = await rig.claim_one()
    move = rig.store.contacts.contact
    await move(claimed.contact)
    await rig.store.pool.execute("alter table contacts add column more integer")
    assert (await move(claimed.contact)).id == claimed.contact
    await rig.add(person(3))
