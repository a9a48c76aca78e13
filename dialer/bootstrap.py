"""The composition root: settings in, a running service out. The only module that names drivers."""

import asyncio
import gc
import logging
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import uvloop
from aiohttp import web

from dialer.clock import Clock, SystemClock
from dialer.compliance.call import CalledPlace
from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.holiday_calendars import PublicHolidays
from dialer.compliance.place import place_of
from dialer.compliance.rulebook import Rulebook
from dialer.domain.events import TelephonyEvent
from dialer.domain.ids import CampaignId, TrunkName
from dialer.engine.engine import Engine, EngineStores
from dialer.engine.explainer import Explainer
from dialer.engine.floor_view import FloorView
from dialer.engine.gatekeeper import Gatekeeper
from dialer.engine.lists import import_file
from dialer.engine.recorder import RecordingHouse
from dialer.engine.text_sender import TextRules, TextSender
from dialer.engine.trunk_meter import TrunkLimits
from dialer.errors import Misconfigured, StorageDown
from dialer.flow_room import opened_flow_room
from dialer.flows import FlowShelf, public_holidays, spool_watch
from dialer.listening.client import EarsProcess, EarsSettings
from dialer.listening.collection import any_clips
from dialer.pacing.floor_pacer import FairPacer
from dialer.pacing.pacer import Pacer
from dialer.ports.ears import EarEvent, EarSink
from dialer.ports.registries import RegistryBook
from dialer.record_keeping import RecordKeeping, night_shift
from dialer.recordings.local import LocalRecordings
from dialer.registries.book import Registries
from dialer.rulebook.load import load_rules
from dialer.rulebook.telling import tell_loosened
from dialer.settings import Settings, TrunkSection, exposed
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore
from dialer.tasks import TaskOwner
from dialer.telemetry import configure_logging
from dialer.telephony.asterisk.ami_link import AmiLink, AmiSettings
from dialer.telephony.asterisk.channel_facts import WANTED
from dialer.telephony.asterisk.driver import AsteriskTelephony
from dialer.telephony.asterisk.trunks import DialString
from dialer.texting.http_gateway import HttpGatewayPlace, HttpTextGateway
from dialer.web.app import build_app, runner
from dialer.web.deps import ListSummary, WebDeps
from ivr.agi.server import AgiLimits, FastAgiServer, SessionEnd

log = logging.getLogger(__name__)

_DATABASE_PAUSE_S = 2.0
# longer than any ringing that must not be cut short
_DRAIN_S = 30.0
_VERIFY_S = 10.0


@dataclass(slots=True)
class Service:
    settings: Settings
    clock: Clock
    store: PostgresStore
    telephony: AsteriskTelephony
    engine: Engine
    floor: FloorView
    recordings: LocalRecordings
    registries: Registries
    ears: EarsProcess | None
    """None: switched off."""
    texts: TextSender


def trunk_limits(settings: Settings) -> list[TrunkLimits]:
    return [
        TrunkLimits(TrunkName(name), trunk.channels, trunk.calls_per_second, trunk.caller_id)
        for name, trunk in settings.trunks.items()
    ]


def _dial_string(name: str, trunk: TrunkSection) -> DialString:
    return DialString(f"trunk-{name}", trunk.number_format, trunk.prefix)


def ami_link(settings: Settings, rng: random.Random) -> AmiLink:
    ami = settings.ami
    return AmiLink(AmiSettings(ami.host, ami.port, ami.username, ami.secret.get_secret_value()), rng, WANTED)


class _Ear:
    """The engine's ear, for a driver that has to exist before the engine does."""

    engine: Engine

    def __call__(self, event: TelephonyEvent) -> None:
        self.engine.take(event)


def _telephony(settings: Settings, sink: _Ear, clock: Clock) -> AsteriskTelephony:
    rng = random.Random()  # noqa: S311  # back-off and channel ids: nothing secret
    landing = settings.recordings.landing_in_asterisk or settings.recordings.landing
    trunks = {TrunkName(name): _dial_string(name, trunk) for name, trunk in settings.trunks.items()}
    return AsteriskTelephony(ami_link(settings, rng), trunks, PurePosixPath(landing), sink, clock, rng)


class _Heard:
    """Where the ears' events go, for a driver that has to exist before the engine does."""

    sink: EarSink | None = None

    def __call__(self, event: EarEvent) -> None:
        if self.sink is not None:
            self.sink(event)


def _ears(settings: Settings, sink: EarSink, clock: Clock) -> EarsProcess | None:
    ears, log_as = settings.ears, settings.log
    if not ears.enabled:
        return None
    how = EarsSettings(
        ears.host,
        ears.port,
        ears.public_address,
        ears.tick_ms / 1000,
        ears.most_streams,
        log_as.level,
        log_as.format,
        str(ears.announcements),
    )
    return EarsProcess(how, sink, clock)


async def open_store(settings: Settings, clock: Clock) -> PostgresStore:
    """Waits for a database that is away. Raises `SchemaMismatch` when the schema is not this program's."""
    url = settings.database_url.get_secret_value()
    while True:
        try:
            store = await PostgresStore.open(url, settings.database_pool, clock, settings.default_region)
        except StorageDown as down:
            log.warning("waiting for the database", extra={"action": "service.no_database", "why": str(down)})
            await asyncio.sleep(_DATABASE_PAUSE_S)
            continue
        await migrate.check_current(store.pool)
        return store


def gatekeeper(
    settings: Settings, registries: RegistryBook, clock: Clock, book: Rulebook | None = None
) -> Gatekeeper:
    """Raises `BadInput` for a profile file that cannot be read: without all of its rules nothing is dialled."""
    book = book or load_rules(settings.rules.file).book
    return Gatekeeper(CallRulesBook(book), registries, PublicHolidays(), clock)


def build(
    settings: Settings,
    store: PostgresStore,
    clock: Clock,
    pacer: Pacer | None = None,
    book: Rulebook | None = None,
) -> Service:
    """`book`: the rules, where they have been read already."""
    ear = _Ear()
    telephony = _telephony(settings, ear, clock)
    recordings = opened_recordings(settings)
    stores = EngineStores(
        store.attempts,
        store.campaigns,
        store.agents,
        store.recordings,
        store.runners,
        store.changes,
        store.pacing,
        store.ledger,
        store.tones,
        store.attempts,
    )
    registries = Registries(settings.registries.folder, clock)
    who = (socket.gethostname(), os.getpid())
    heard = _Heard()
    ears = _ears(settings, heard, clock)
    engine = Engine(
        telephony,
        stores,
        recordings,
        trunk_limits(settings),
        pacer or FairPacer(),
        gatekeeper(settings, registries, clock, book),
        uuid4(),
        clock,
        who,
        zone=ZoneInfo(settings.time_zone),
        house=recording_house(settings),
        ears=ears,
        keeps_listening=lambda: any_clips(settings.ears.announcements),
        region=settings.default_region,
    )
    ear.engine, heard.sink = engine, engine.hear
    chance = random.Random().random  # noqa: S311  # pauses: nothing secret
    texts = TextSender(store.texts, text_gateway(settings), text_rules(settings), clock, chance)
    floor = FloorView(engine, telephony, store.campaigns, clock, settings.time_zone, registries, ears, texts)
    return Service(settings, clock, store, telephony, engine, floor, recordings, registries, ears, texts)


def text_gateway(settings: Settings) -> HttpTextGateway | None:
    ours = settings.sms
    if ours.url is None:
        return None
    token = ours.token.get_secret_value() if ours.token is not None else ""
    return HttpTextGateway(HttpGatewayPlace(ours.url, token, ours.sender, ours.timeout_s))


def text_rules(settings: Settings) -> TextRules:
    """In hand for twice as long as the gateway may take: the database needs its time as well."""
    ours = settings.sms
    return TextRules(timedelta(seconds=2 * ours.timeout_s + 30), ours.tries, timedelta(hours=ours.hours))


def opened_recordings(settings: Settings) -> LocalRecordings:
    places = settings.recordings
    return LocalRecordings(places.folder, places.landing, places.workers)


def recording_house(settings: Settings) -> RecordingHouse:
    country, _, state = (settings.recordings.our_place or "").partition("-")
    own = CalledPlace(country or None, (state,) if state else ())
    return RecordingHouse(own, place_of, timedelta(seconds=settings.recordings.resume_after_s))


@dataclass(frozen=True, slots=True)
class _Lists:
    service: Service

    async def take(self, campaign: CampaignId, source: str, file: Path) -> ListSummary:
        service = self.service
        region = service.settings.default_region
        result = await import_file(
            service.store.contacts, campaign, file, region, service.clock, source=source
        )
        return ListSummary(result.read, result.taken, result.refused, result.rows[:100])


def _keeping(service: Service) -> RecordKeeping:
    book = service.engine.rulebook
    return RecordKeeping(
        service.settings, service.store, service.recordings, service.clock, "the service", book
    )


@dataclass(frozen=True, slots=True)
class _Files:
    recordings: LocalRecordings

    def open_path(self, name: str) -> Path | None:
        return self.recordings.path(name)


def web_app(service: Service) -> web.Application:
    settings = service.settings
    return build_app(
        WebDeps(
            store=service.store,
            floor=service.floor,
            clock=service.clock,
            recordings=_Files(service.recordings),
            lists=_Lists(service),
            region=settings.default_region,
            zone=ZoneInfo(settings.time_zone),
            flows=FlowShelf(service.store.ivr_flows),
            holidays=public_holidays,
            trunks=frozenset(settings.trunks),
            rules=service.engine.rulebook,
            explainer=Explainer(
                service.store,
                service.engine.originator.gatekeeper,
                {limits.name: limits.caller_id for limits in trunk_limits(settings)},
            ),
        )
    )


@asynccontextmanager
async def running(
    settings: Settings, pacer: Pacer | None = None
) -> AsyncIterator[tuple[Service, asyncio.Future[None]]]:
    """The whole service. The future fails when a part died and the service should be started anew."""
    clock = SystemClock()
    async with AsyncExitStack() as parts:
        store = await open_store(settings, clock)
        parts.push_async_callback(store.close)
        rules = load_rules(settings.rules.file)
        service = build(settings, store, clock, pacer, rules.book)
        await tell_loosened(rules.loosened, store.users, clock)
        parts.callback(service.recordings.close)
        parts.push_async_callback(service.texts.close)
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tasks = TaskOwner(lambda _name, failure: _fail(failed, failure))
        await _listen(service, parts, tasks)
        # taken down in the opposite order: an engine that still moves calls must hold the lock
        parts.push_async_callback(service.engine.end)
        parts.push_async_callback(tasks.close)
        await asyncio.to_thread(service.registries.verify)
        tasks.spawn(_verify_registries(service.registries), "registries")
        if service.ears is not None:
            tasks.spawn(service.ears.run(), "ears")
        tasks.spawn(service.engine.run(), "engine")
        tasks.spawn(service.telephony.run(), "telephony")
        tasks.spawn(service.floor.run(), "floor")
        tasks.spawn(service.texts.run(), "texts")
        tasks.spawn(night_shift(_keeping(service), lambda: service.engine.active).run(), "retention")
        _settle_memory()
        yield service, failed


def _settle_memory() -> None:
    """What is there now stays for good: a full collection would look through it every few minutes, for a tenth of a second
    in which no caller's key is answered."""
    gc.collect()
    gc.freeze()


async def _verify_registries(registries: Registries) -> None:
    """Those that are imported while we run: the import has compared them once already."""
    while True:
        await asyncio.sleep(_VERIFY_S)
        await asyncio.to_thread(registries.verify)


def _fail(failed: asyncio.Future[None], failure: BaseException) -> None:
    if not failed.done():
        failed.set_exception(failure)


async def _listen(service: Service, parts: AsyncExitStack, tasks: TaskOwner) -> None:
    agi, http = service.settings.agi, service.settings.http
    room = opened_flow_room(service.settings, service.store, service.clock, service.engine.supervisor)
    parts.push_async_callback(room.close)
    agi_server = FastAgiServer(
        agi.host, agi.port, room.scripts, report=_agi_ended, limits=AgiLimits(agi.most_sessions)
    )
    await _bound(agi_server.start(), "agi", agi.host, agi.port)
    parts.push_async_callback(agi_server.close)
    tasks.spawn(room.run(), "prompts of flows")
    tasks.spawn(spool_watch(service.settings, service.store).run(), "callback-spool")
    web_runner = runner(web_app(service))
    await web_runner.setup()
    parts.push_async_callback(web_runner.cleanup)
    await _bound(web.TCPSite(web_runner, http.host, http.port).start(), "http", http.host, http.port)
    for name in exposed(service.settings):
        log.warning("port open beyond this machine", extra={"action": "service.exposed", "part": name})


def _agi_ended(end: SessionEnd) -> None:
    log.info("AGI session", extra={"action": "agi.ended", "outcome": end.outcome, "script": end.script})


async def _bound(start: Awaitable[None], part: str, host: str, port: int) -> None:
    try:
        await start
    except OSError as taken:
        raise Misconfigured(
            f"{part}: cannot listen on {host}:{port} ({taken.strerror or taken}); "
            f"free the port or set FAIRDIAL_{part.upper()}__PORT"
        ) from taken


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, _stop_or_exit, stop)
    async with running(settings) as (service, failed):
        log.info("serving", extra={"action": "service.up", "http_port": settings.http.port})
        asked = asyncio.ensure_future(stop.wait())  # noqa: TID251  # awaited in the next line
        ends: list[asyncio.Future[Any]] = [asked, failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if failed.done():
            failed.result()
        log.info("stopping: no new calls", extra={"action": "service.stopping"})
        await service.engine.drain(_DRAIN_S)


def _stop_or_exit(stop: asyncio.Event) -> None:
    """The first signal finishes what is under way, the second one leaves it to the next engine."""
    if stop.is_set():
        os._exit(130)
    stop.set()


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    configure_logging(settings.log.level, settings.log.format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(_serve(settings))
