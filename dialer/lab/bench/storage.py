"""How fast contacts are claimed and settled, and lists imported, each beside a floor measured in the same run.

The floor of the queue is a bare claim and completion (SKIP LOCKED, one index, no attempts); that of the import is COPY
of the same rows into a table without index or foreign key.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from dialer.clock import SystemClock
from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.gate import Case, DialPermit, objection, review
from dialer.compliance.holiday_calendars import PublicHolidays
from dialer.domain.campaign import CallingHours, Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AttemptId, CampaignId, RunnerId, TrunkName
from dialer.engine.gatekeeper import Gatekeeper
from dialer.engine.lists import import_file
from dialer.ports.dialling import DialFacts, FactsWanted
from dialer.ports.storage import ClaimedContact, Settlement, TimelineEntry
from dialer.rulebook.load import load_rules
from dialer.simulation.lawless import NoRegistries
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)
TRUNK = TrunkName("main")
CALLER_ID = "+12025550100"
DATABASE = "fairdial_bench"
PLAN = CampaignPlan(
    "bench",
    TRUNK,
    hours=CallingHours(time_of_day(0), time_of_day.max),
    rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL})),
)

_BARE_TABLE = """
create table bare_queue (id bigint primary key, state text not null, due_at timestamptz not null)
with (fillfactor = 70);
insert into bare_queue select nth, 'ready', '2026-01-01' from generate_series(1, 100000) nth;
create index bare_ready on bare_queue (due_at, id) where state = 'ready';
analyze bare_queue;
create table bare_list (e164 text, name text, attributes text)
"""
_BARE_CLAIM = """
update bare_queue set state = 'claimed'
where id = any (array(
    select id from bare_queue where state = 'ready' order by due_at, id limit $1 for update skip locked
))
returning id
"""
_BARE_COMPLETE = "update bare_queue set state = 'done' where id = any ($1::bigint[])"


async def run(dsn: str, contacts: int = 20_000, rows: int = 100_000, batch: int = 100) -> dict[str, float]:
    """Makes and removes a database of its own on the server of `dsn`."""
    bench = urlunsplit(urlsplit(dsn)._replace(path=f"/{DATABASE}"))
    drop = f"drop database if exists {DATABASE} with (force)"
    await _execute(dsn, drop, f"create database {DATABASE}")
    try:
        await migrate.up(bench, migrate.default_folder(), NOW)
        await _execute(bench, _BARE_TABLE)
        store = await PostgresStore.open(bench, 2, SystemClock())
        try:
            return await _measure(store, contacts, rows, batch)
        finally:
            await store.close()
    finally:
        await _execute(dsn, drop)


async def _measure(store: PostgresStore, contacts: int, rows: int, batch: int) -> dict[str, float]:
    imported, copied = await _imports(store, rows)
    rounds = min(contacts, rows) // batch
    queue = _Queue(store, CampaignId(1), RunnerId(uuid4()), batch)
    floor = await _rate(lambda: _bare_round(store.pool, batch), rounds)
    whole = await _rate(queue.round, rounds)
    done = rounds * batch
    return {
        "batch": batch,
        "claim_per_s": done / queue.claim_s,
        "begin_dialling_per_s": done / queue.begin_s,
        "settle_per_s": done / queue.settle_s,
        "claimed_and_settled_per_s": done / (queue.claim_s + queue.settle_s),
        "claimed_dialled_and_settled_per_s": whole * batch,
        "bare_claimed_and_completed_per_s": floor * batch,
        "import_rows_per_s": imported,
        "bare_copy_rows_per_s": copied,
    }


class _Queue:
    """Rounds of claim, dial and settle, with the time each part took."""

    def __init__(self, store: PostgresStore, campaign: CampaignId, runner: RunnerId, batch: int) -> None:
        self._store = store
        self._campaign = campaign
        self._runner = runner
        self._batch = batch
        self._wanted = FactsWanted(CALLER_ID, NOW - timedelta(days=190), NOW)
        book = CallRulesBook(load_rules().book)
        self._keeper = Gatekeeper(book, NoRegistries(), PublicHolidays(), _BenchClock())
        self._plan = Campaign(campaign, CampaignState.RUNNING, PLAN)
        self.claim_s = self.begin_s = self.settle_s = 0.0

    def _case(self, facts: DialFacts) -> Case:
        return self._keeper.case(self._plan, CALLER_ID, facts, NOW)

    def _judge(self, attempt: AttemptId, facts: DialFacts) -> DialPermit | None:
        verdict = review(self._keeper.case(self._plan, CALLER_ID, facts, NOW, attempt))
        return verdict if isinstance(verdict, DialPermit) else None

    async def round(self) -> None:
        attempts = self._store.attempts
        start = time.perf_counter()
        claimed = await attempts.claim(self._campaign, self._runner, self._batch, NOW)
        for facts in await attempts.facts(claimed, self._wanted):
            if (refusal := objection(self._case(facts))) is not None:
                raise AssertionError(f"refused, the figures would be wrong: {refusal}")
        claimed_at = time.perf_counter()
        asked = [each.attempt for each in claimed]
        if len(await attempts.begin_dialling(asked, self._runner, self._wanted, self._judge)) != self._batch:
            raise AssertionError("fewer contacts than asked for: the figures would be wrong")
        begun_at = time.perf_counter()
        timeline = [
            TimelineEntry(each.attempt, NOW, kind) for each in claimed for kind in ("dialled", "ended")
        ]
        await attempts.settle([_busy(each) for each in claimed], timeline)
        self.claim_s += claimed_at - start
        self.begin_s += begun_at - claimed_at
        self.settle_s += time.perf_counter() - begun_at


def _busy(claimed: ClaimedContact) -> Settlement:
    return Settlement(
        attempt=claimed.attempt,
        contact=claimed.contact,
        number_id=claimed.number_id,
        disposition=Disposition.BUSY,
        because="busy",
        ended_at=NOW,
        cause=HangupCause(17, 486, "Busy Here"),
        ended_by_us=False,
        dialled=True,
        contact_state=ContactState.READY,
        due_at=NOW + timedelta(days=1),
        contact_because="busy: again tomorrow",
        number_is_dead=False,
    )


async def _bare_round(pool: asyncpg.Pool, batch: int) -> None:
    async with pool.acquire() as connection:
        claimed = await connection.fetch(_BARE_CLAIM, batch)
        await connection.execute(_BARE_COMPLETE, [row["id"] for row in claimed])


async def _imports(store: PostgresStore, rows: int) -> tuple[float, float]:
    """Rows per second of a CSV import, and of COPY alone."""
    campaign = await store.campaigns.create_campaign(PLAN, NOW)
    await store.campaigns.move_campaign(campaign, CampaignSignal.START, NOW)
    people = _people(rows)
    with TemporaryDirectory(prefix="fairdial-bench-") as folder:
        file = Path(folder) / "list.csv"
        _write(file, people)
        clock = _BenchClock()
        start = time.perf_counter()
        report = await import_file(store.contacts, campaign, file, "US", clock)
        seconds = time.perf_counter() - start
    if report.taken != rows:
        raise AssertionError(f"only {report.taken} of {rows} rows were taken: {report.rows[:3]}")
    start = time.perf_counter()
    await store.pool.copy_records_to_table("bare_list", records=people)
    return rows / seconds, rows / (time.perf_counter() - start)


def _people(rows: int) -> list[tuple[str, str, str]]:
    areas = ("202", "212", "312", "415", "602", "713", "808", "907")
    return [
        (f"{areas[nth % 8]}{2_000_000 + nth * 7}", f"Person {nth}", f"note {nth % 100}")
        for nth in range(rows)
    ]


def _write(file: Path, people: list[tuple[str, str, str]]) -> None:
    file.write_text("phone,name,note\n" + "".join(",".join(row) + "\n" for row in people), "utf-8")


class _BenchClock(SystemClock):
    """Contacts become due at the moment the claims ask for."""

    def now(self) -> datetime:
        return NOW


async def _rate(work: Callable[[], Awaitable[None]], rounds: int) -> float:
    start = time.perf_counter()
    for _ in range(rounds):
        await work()
    return rounds / (time.perf_counter() - start)


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


if __name__ == "__main__":
    import sys

    print(asyncio.run(run(sys.argv[1])))
