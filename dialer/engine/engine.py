"""The running engine: holds the lock, keeps memory and store together, dials, and can be looked at."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from dialer.acd.desks import Desks
from dialer.clock import Clock
from dialer.compliance.rulebook import Rulebook
from dialer.domain.agent import AgentState
from dialer.domain.campaign import Campaign, CampaignSignal, CampaignState
from dialer.domain.events import (
    CallerLeft,
    CallerWaiting,
    DeskDown,
    LinkLost,
    LinkUp,
    OptedOut,
    TelephonyEvent,
)
from dialer.domain.ids import CampaignId, RunnerId
from dialer.engine.budget_keeper import BudgetKeeper
from dialer.engine.call_supervisor import CallSupervisor
from dialer.engine.campaign_law import CampaignLaw, Reach
from dialer.engine.contact_features import ContactReader, contact_features
from dialer.engine.decision_log import DecisionLog
from dialer.engine.dial_loop import DialLoop
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.gatekeeper import Gatekeeper
from dialer.engine.home_tones import HomeTones
from dialer.engine.ledger_writer import HeardStore, LedgerWriter
from dialer.engine.lesson_keeper import LessonKeeper
from dialer.engine.listener import NoEars
from dialer.engine.live_call import LiveCall
from dialer.engine.opt_out_keeper import OptOutKeeper, OptOutStore
from dialer.engine.originator import Originator
from dialer.engine.preview import Preview
from dialer.engine.queue_desk import QueueDesk
from dialer.engine.reconciler import Reconciler
from dialer.engine.recorder import Recorder, RecordingHouse
from dialer.engine.recording_keeper import RecordingKeeper
from dialer.engine.trunk_meter import TrunkLimits, TrunkMeter
from dialer.errors import Conflict, LinkDown, StorageDown
from dialer.pacing.pacer import Pacer
from dialer.ports.callers import CallerStore
from dialer.ports.ears import EarEvent, Ears
from dialer.ports.hearing import TrunkToneStore
from dialer.ports.pacing import PacingStore
from dialer.ports.recordings import RecordingStore
from dialer.ports.storage import (
    AgentStore,
    AttemptStore,
    CampaignStore,
    Changes,
    RecordingIndex,
    RunnerStore,
)
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_QUIET_LOOK_S = 0.1
_STAND_BY_S = 1.0
_STRAYS_S = 10.0
_LIMBS = frozenset(
    {
        "ledger",
        "dial-loop",
        "reconcile",
        "follow-store",
        "tend-desks",
        "recordings",
        "budget",
        "lessons",
        "decisions",
        "opt-outs",
        "home-tones",
        "air",
    }
)
_UTC = ZoneInfo("UTC")
_UNKNOWN_HOUSE = RecordingHouse()
_STRAY_LOOKS = 6  # orders given before an interruption are carried out soon after it, or never


class EngineLedger(OptOutStore, Reach, HeardStore, Protocol):
    """What the engine needs of the abandonment ledger."""


@dataclass(frozen=True, slots=True)
class EngineStores:
    attempts: AttemptStore
    campaigns: CampaignStore
    agents: AgentStore
    recordings: RecordingIndex
    runners: RunnerStore
    changes: Changes
    pacing: PacingStore
    ledger: EngineLedger
    tones: TrunkToneStore
    callers: CallerStore | None = None  # None: nobody calls in


class Engine:
    """`telephony` must send its events to `take`. `run` ends only when cancelled or when the lock is lost for good.

    `zone` is the service's own: its midnight begins the day in which abandonment is counted.
    """

    def __init__(
        self,
        telephony: Telephony,
        stores: EngineStores,
        recording_store: RecordingStore,
        trunks: Sequence[TrunkLimits],
        pacer: Pacer,
        gatekeeper: Gatekeeper,
        runner: UUID,
        clock: Clock,
        who: tuple[str, int],
        features: ContactReader = contact_features,
        zone: ZoneInfo = _UTC,
        house: RecordingHouse = _UNKNOWN_HOUSE,
        ears: Ears | None = None,
        keeps_listening: Callable[[], bool] = lambda: False,
        region: str = "US",
    ) -> None:
        self._telephony, self._stores, self._clock, self._who = telephony, stores, clock, who
        self._gatekeeper = gatekeeper
        self.runner = RunnerId(runner)
        self._tasks = TaskOwner(self._task_failed)
        self._failure: asyncio.Future[None] | None = None
        self.meters = {limits.name: TrunkMeter(limits, clock.monotonic()) for limits in trunks}
        self.ledger = LedgerWriter(stores.attempts, stores.agents, stores.recordings, stores.ledger)
        self.homes = HomeTones(stores.tones, clock)
        self.floor = FloorReporter(pacer, clock, features)
        self.recorder = Recorder(
            telephony, self.ledger.recording, self.ledger.note, clock, self._tasks, house
        )
        self.supervisor = CallSupervisor(
            telephony,
            self.ledger,
            self.recorder,
            clock,
            self._tasks,
            self._changed,
            self.floor,
            ears or NoEars(),
            self.homes,
            keeps_listening,
        )
        self.keeper = RecordingKeeper(stores.recordings, recording_store, clock)
        self.budget = BudgetKeeper(
            stores.pacing,
            self.floor,
            self.ledger,
            clock,
            zone,
            lambda: self.campaigns,
            self._wake_loop,
            CampaignLaw(stores.ledger, lambda: self.rulebook, clock, zone),
        )
        self.lessons = LessonKeeper(stores.pacing, self.floor, clock)
        self.originator = Originator(
            telephony,
            stores.attempts,
            self.supervisor,
            self.ledger,
            self.floor,
            gatekeeper,
            self.runner,
            clock,
            self._tasks,
            self._obstacle,
        )
        self.opt_outs = OptOutKeeper(stores.ledger, telephony, self._wake_loop)
        self.decisions = DecisionLog(stores.pacing, clock)
        self.preview = Preview(
            self.originator, self.desks, self.meters, lambda: self.campaigns, self._wake_loop
        )
        self.loop = DialLoop(self.originator, self.meters, self.decisions, self.preview)
        self._reconciler = Reconciler(
            telephony, stores.attempts, self.supervisor, self.runner, clock, self.floor
        )
        self._queue_desk = (
            None
            if stores.callers is None
            else QueueDesk(
                telephony,
                stores.callers,
                self.supervisor,
                lambda: self.campaigns,
                self.runner,
                clock,
                self._tasks,
                region,
            )
        )
        self._link_changed = asyncio.Event()
        self.active = False
        self.reconciled = False
        self.database_up = True
        self.draining = False
        self.campaigns: Mapping[CampaignId, Campaign] = {}

    @property
    def rulebook(self) -> Rulebook:
        """The rules that calls are decided by now."""
        return self._gatekeeper.rules.book

    @property
    def desks(self) -> Desks:
        return self.supervisor.desks

    # --- events of the exchange -----------------------------------------------------------------------------------------

    def take(self, event: TelephonyEvent) -> None:
        match event:
            case LinkUp():
                self._link_changed.set()
            case LinkLost(because=because):
                self.reconciled = self.desks.compared = False
                log.warning("link lost", extra={"action": "engine.link_lost", "why": because})
                self.preview.sweep()
                self.supervisor.air.interrupted()
            case OptedOut():
                self.opt_outs.take(event)
            case CallerWaiting() | CallerLeft():
                if self._queue_desk is not None and self.active:  # else told again at the census
                    self._queue_desk.take(event)
            case _:
                self.supervisor.handle(event)
                if isinstance(event, DeskDown):
                    self.preview.sweep()

    def hear(self, event: EarEvent) -> None:
        """What the ears say."""
        self.supervisor.listener.take(event)

    def _changed(self, ended: LiveCall | None) -> None:
        if ended is not None and (meter := self.meters.get(ended.trunk)) is not None:
            meter.give_back()
        self.loop.wake()

    def _wake_loop(self) -> None:
        self.loop.wake()

    def _obstacle(self, campaign: Campaign) -> str | None:
        """Why nothing is dialled now; None when dialling is possible."""
        if self.draining:
            return "the service is stopping"
        if not self.active:
            return "another engine is active"
        if not self.database_up or not self.ledger.healthy:
            return "the database is away"
        if not self._telephony.link_up:
            return "telephony is down"
        if not self.reconciled:
            return "calls are being compared with the exchange"
        if self.opt_outs.pending:
            return "somebody has opted out and is being put on the list"
        return self.budget.obstacle(campaign)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        self._failure = asyncio.get_running_loop().create_future()
        try:
            await self._become_active()
            for work, name in (
                (self.ledger.run(), "ledger"),
                (self.loop.run(), "dial-loop"),
                (self._follow_link(), "reconcile"),
                (self._follow_store(), "follow-store"),
                (self.desks.tend_when_due(), "tend-desks"),
                (self.keeper.run(), "recordings"),
                (self.budget.run(), "budget"),
                (self.lessons.run(), "lessons"),
                (self.decisions.run(), "decisions"),
                (self.opt_outs.run(), "opt-outs"),
                (self.homes.run(), "home-tones"),
                (self.supervisor.air.run(), "air"),
            ):
                self._tasks.spawn(work, name)
            await self._failure
        finally:
            await self._tasks.close()

    def _task_failed(self, name: str, failure: BaseException) -> None:
        """A service with a dead limb is worse than one that is started anew."""
        if name in _LIMBS and self._failure is not None and not self._failure.done():
            self._failure.set_exception(failure)

    async def _become_active(self) -> None:
        host, pid = self._who
        told = False
        while True:
            try:
                if await self._stores.runners.begin_runner(self.runner, host, pid, self._clock.now()):
                    break
                if not told:
                    log.info("standing by: another engine is active", extra={"action": "engine.standing_by"})
                told = True
            except StorageDown as down:
                self.database_up = False
                log.warning("no database", extra={"action": "engine.no_database", "why": str(down)})
            await asyncio.sleep(_STAND_BY_S)
        while True:
            if await self._look():
                break
            await asyncio.sleep(_STAND_BY_S)
        await self.lessons.take_up()
        await self.homes.take_up()
        for call in await self._reconciler.take_over(self.campaigns):
            if call.trunk in self.meters:
                self.meters[call.trunk].in_use += 1
        self.active = True
        log.info("engine active", extra={"action": "engine.active"})

    async def _follow_link(self) -> None:
        if self._telephony.link_up:
            self._link_changed.set()
        looks_left = 0
        while True:
            try:
                if not await self._link_came_up(within_s=_STRAYS_S if looks_left else None):
                    looks_left -= 1
                    await self._reconciler.end_strays()
                    continue
                await self._reconciler.compare()
                await self.opt_outs.catch_up()
                looks_left = _STRAY_LOOKS
            except LinkDown as down:
                log.warning("census failed", extra={"action": "engine.census_failed", "why": str(down)})
                await asyncio.sleep(_LOOK_S)
                if self._telephony.link_up:
                    self._link_changed.set()
                continue
            self.reconciled = self.desks.compared = True
            self.budget.mark_stale()  # calls were answered and ended while nobody listened
            self.desks.tend()
            self.loop.wake()

    async def _link_came_up(self, within_s: float | None) -> bool:
        try:
            async with asyncio.timeout(within_s if self.reconciled else None):
                await self._link_changed.wait()
        except TimeoutError:
            return False
        self._link_changed.clear()
        return True

    async def _follow_store(self) -> None:
        while True:
            await self._stores.changes.wait(_LOOK_S)
            looked = await self._look()
            self.preview.sweep()
            if looked:
                await self._hold_lock()
                await self._close_campaigns()
                self.loop.new_contacts()

    async def _look(self) -> bool:
        """Read campaigns and wishes. False while the database is away."""
        try:
            self._take_campaigns(await self._stores.campaigns.campaigns())
            self.desks.take_wishes(await self._stores.agents.agents())
            for agent in self.desks.gave_up():
                await self._stores.agents.wish(agent, AgentState.LOGGED_OUT, "phone lost", self._clock.now())
        except StorageDown as down:
            if self.database_up:
                log.warning(
                    "the database is away", extra={"action": "engine.database_away", "why": str(down)}
                )
            self.database_up = False
            return False
        if not self.database_up:
            self.budget.mark_stale()
        self.database_up = True
        return True

    def _take_campaigns(self, campaigns: Sequence[Campaign]) -> None:
        for campaign in campaigns:
            known = self.campaigns.get(campaign.id)
            if known is None or known.state is not campaign.state:
                log.info(
                    "campaign",
                    extra={
                        "action": f"campaign.{campaign.state}",
                        "campaign": campaign.plan.name,
                        "before": known.state.value if known is not None else None,
                    },
                )
        self.campaigns = self.loop.campaigns = {each.id: each for each in campaigns}
        self.floor.plans(self.campaigns.values())
        self.budget.look()
        self.decisions.forget_all_but(list(self.campaigns))

    async def _hold_lock(self) -> None:
        try:
            held = await self._stores.runners.still_ours()
        except StorageDown:
            return
        if not held and self._failure is not None and not self._failure.done():
            self.active = False
            self._failure.set_exception(Conflict("another engine took over while the database was away"))

    async def _close_campaigns(self) -> None:
        """Campaigns that have nothing left to do say so."""
        busy = {call.campaign.id for call in self.supervisor.calls.values()}
        busy |= (+self.preview.standing).keys()
        for campaign in self.campaigns.values():
            try:
                if campaign.id not in busy and (signal := await self._closing_signal(campaign)) is not None:
                    await self._stores.campaigns.move_campaign(campaign.id, signal, self._clock.now())
            except (Conflict, StorageDown):
                continue  # somebody else moved it, or the next look will

    async def _closing_signal(self, campaign: Campaign) -> CampaignSignal | None:
        if campaign.state is CampaignState.STOPPING:
            return CampaignSignal.DRAINED
        if campaign.state is not CampaignState.RUNNING or campaign.plan.inbound:
            return None
        return CampaignSignal.EXHAUSTED if await self._stores.campaigns.is_exhausted(campaign.id) else None

    async def drain(self, within_s: float) -> None:
        """Stop dialling and wait until no caller waits and no line is out, but not longer. Conversations go on."""
        self.draining = True
        self.preview.sweep()
        try:
            async with asyncio.timeout(within_s):
                await self.preview.taken_back()
                await self._quiet()
                await self.ledger.drained()
        except TimeoutError:
            log.warning("calls left for the next engine", extra={"action": "engine.left_calls"})

    async def _quiet(self) -> None:
        while True:
            if not self.supervisor.waiting and not any(self.supervisor.lines()):
                return
            await asyncio.sleep(_QUIET_LOOK_S)

    async def end(self) -> None:
        """Keep what was learnt, and give the lock back for an engine that stands by."""
        if self.active:
            await self.lessons.keep()
            await self.homes.keep()
            await self.decisions.write()
        try:
            await self._stores.runners.end_runner(self.runner, self._clock.now())
        except StorageDown as down:
            log.info("lock not given back", extra={"action": "engine.lock_kept", "why": str(down)})
