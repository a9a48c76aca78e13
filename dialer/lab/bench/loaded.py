"""A call centre whose carrier is SIPp, a campaign with a long list, and the service that dials it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import uvloop
from pydantic import SecretStr

from dialer.bootstrap import Service, running
from dialer.clock import SystemClock
from dialer.domain.campaign import CallingHours, CampaignPlan, CampaignSignal
from dialer.domain.ids import CampaignId, TrunkName
from dialer.engine.lists import import_file
from dialer.errors import FairdialError
from dialer.lab.bench.sipp import Sipp
from dialer.lab.centre import CALLER_ID, PROJECT, CallCentre
from dialer.lab.ports import HOST, Ports
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Pacer, Room
from dialer.settings import Settings, TrunkSection
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore

TRUNK = TrunkName("sipp")
ALWAYS = CallingHours(time(0), time.max)
_AREAS = ("202", "212", "312", "415", "602", "713", "808", "907")
_DATABASE = "fairdial_bench"
_READY_S = 15.0


class Flood(FloorCounts):
    """Dials whatever the trunk takes while it is open, agents or not."""

    def __init__(self) -> None:
        super().__init__()
        self.open = False

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        wanted = room.trunk if self.open else 0
        return within(room, wanted, len(self.ringing), f"trunk room: {wanted}", Binding.TRUNK)


def new_loop() -> asyncio.Runner:
    """The one the service runs on."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


@dataclass(frozen=True, slots=True)
class LoadedCentre:
    centre: CallCentre
    sipp: Sipp
    settings: Settings


@contextmanager
def loaded_centre(
    name: str,
    scenario: str,
    channels: int,
    calls_per_second: float,
    agents: int = 0,
    folder: Path | None = None,
) -> Iterator[LoadedCentre]:
    folder = folder or PROJECT / ".run/bench" / name
    with Ports(1) as ports:
        port = ports.one()
        trunk = TrunkSection(
            address=f"{HOST}:{port}",
            caller_id=CALLER_ID,
            codecs=("ulaw",),
            channels=channels,
            calls_per_second=calls_per_second,
        )
        with (
            Sipp(scenario, port, folder / "sipp") as sipp,
            CallCentre(folder, agents=agents, channels=10, extra_trunks={TRUNK: trunk}) as centre,
        ):
            yield LoadedCentre(centre, sipp, asyncio.run(empty_database(centre.settings)))


async def empty_database(settings: Settings) -> Settings:
    """The server's data outlives a run."""
    server = settings.database_url.get_secret_value()
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"drop database if exists {_DATABASE} with (force)")
        await connection.execute(f"create database {_DATABASE}")
    finally:
        await connection.close()
    url = urlunsplit(urlsplit(server)._replace(path=f"/{_DATABASE}"))
    return settings.model_copy(update={"database_url": SecretStr(url)})


@asynccontextmanager
async def campaign_of(
    settings: Settings, plan: CampaignPlan, contacts: int, folder: Path
) -> AsyncIterator[PostgresStore]:
    """A new schema with one running campaign. The store is for looking: the service has its own."""
    url, clock = settings.database_url.get_secret_value(), SystemClock()
    await migrate.up(url, migrate.default_folder(), clock.now())
    store = await PostgresStore.open(url, 2, clock)
    try:
        campaign = await store.campaigns.create_campaign(plan, clock.now())
        file = folder / "contacts.csv"
        file.write_text("phone\n" + "".join(f"{each}\n" for each in numbers(contacts)), "utf-8")
        report = await import_file(store.contacts, campaign, file, "US", clock)
        if report.taken != contacts:
            raise FairdialError(f"only {report.taken} of {contacts} contacts were taken: {report.rows[:3]}")
        await store.campaigns.move_campaign(campaign, CampaignSignal.START, clock.now())
        yield store
    finally:
        await store.close()


def numbers(count: int) -> Iterator[str]:
    """Valid ones, all different, whose last digits are spread evenly."""
    return (f"{_AREAS[nth % 8]}{2_000_000 + nth * 7}" for nth in range(count))


@asynccontextmanager
async def service_running(settings: Settings, pacer: Pacer) -> AsyncIterator[Service]:
    """The whole service in this process, ready to dial."""
    async with running(settings, pacer) as (service, failed):
        async with asyncio.timeout(_READY_S):
            while not (service.engine.active and service.engine.reconciled):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield service
        if failed.done():
            failed.result()


async def quiet(service: Service, within_s: float) -> None:
    """Until every call has ended and everything is in the store."""
    async with asyncio.timeout(within_s):
        while service.engine.supervisor.calls:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await service.engine.ledger.drained()
