"""The floor as the web sees it: one snapshot a second, made once for everybody."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dialer.clock import Clock
from dialer.domain.abandonment import WindowCount
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId
from dialer.engine.engine import Engine
from dialer.engine.queue_view import caller_on_floor, current_call, queues_on_floor
from dialer.engine.text_sender import TextSender
from dialer.errors import NotFound, StorageDown
from dialer.pacing.decision import WindowState
from dialer.ports.ears import Ears
from dialer.ports.floor import (
    AgentOnFloor,
    CallerOnFloor,
    CampaignOnFloor,
    CampaignPacing,
    CurrentCall,
    FlowPlace,
    Gauges,
    Offer,
    OfferOnFloor,
    PartHealth,
    Snapshot,
    TrunkOnFloor,
)
from dialer.ports.pacing import DecisionSample
from dialer.ports.registries import RegistryBook
from dialer.ports.storage import Abandonment, CampaignStore, ContactCounts
from dialer.ports.telephony import Telephony
from dialer.ports.texts import TextFigures

_EVERY_S = 1.0
# counting a large list takes longer than a second: rest twenty times as long as the count took
_REST = 20
_QUIET = frozenset({CampaignState.DRAFT, CampaignState.STOPPED, CampaignState.FINISHED})


@dataclass(slots=True)
class _Counts:
    contacts: ContactCounts
    outcomes: Mapping[Disposition, int]
    abandonment: Mapping[str, Abandonment]
    state: CampaignState
    fresh_until: float


class FloorView:
    """Implements `dialer.ports.floor.Floor`. `zone` is the operator's: it decides when "today" began."""

    def __init__(
        self,
        engine: Engine,
        telephony: Telephony,
        store: CampaignStore,
        clock: Clock,
        zone: str,
        registries: RegistryBook | None = None,
        ears: Ears | None = None,
        texts: TextSender | None = None,
    ) -> None:
        self._engine, self._telephony, self._store, self._clock = engine, telephony, store, clock
        self._registries, self._ears, self._texts = registries, ears, texts
        self._zone = ZoneInfo(zone)
        self._counts: dict[CampaignId, _Counts] = {}
        self._latest = Snapshot(clock.now(), (), (), ())
        self._made = asyncio.Condition()

    def snapshot(self) -> Snapshot:
        return self._latest

    async def run(self) -> None:
        while True:
            with suppress(StorageDown):  # the old counts stay, and /readyz says why
                await self._count()
            self._latest = self._take()
            async with self._made:
                self._made.notify_all()
            await asyncio.sleep(_EVERY_S)

    async def wait_snapshot(self, after: datetime | None) -> Snapshot:
        async with self._made:
            await self._made.wait_for(lambda: after is None or self._latest.at > after)
        return self._latest

    # --- counting -----------------------------------------------------------------------------------------------------

    async def _count(self) -> None:
        for campaign in list(self._engine.campaigns.values()):
            begun = self._clock.monotonic()
            known = self._counts.get(campaign.id)
            if known is not None and begun < known.fresh_until and known.state is campaign.state:
                continue
            self._counts[campaign.id] = counts = await self._count_one(campaign)
            took = self._clock.monotonic() - begun
            # one more count after the end, then only now and then
            rest = 30.0 if campaign.state in _QUIET else max(0.5, took * _REST)
            counts.fresh_until = self._clock.monotonic() + rest

    async def _count_one(self, campaign: Campaign) -> _Counts:
        now = self._clock.now()
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        windows = {"today": midnight, "30_days": now - timedelta(days=30)}
        return _Counts(
            contacts=await self._store.contact_counts(campaign.id, now),
            outcomes=await self._store.outcomes(campaign.id),
            abandonment={
                name: await self._store.abandonment(campaign.id, since) for name, since in windows.items()
            },
            state=campaign.state,
            fresh_until=0.0,
        )

    # --- the snapshot ---------------------------------------------------------------------------------------------------

    def _take(self) -> Snapshot:
        now, calls = self._clock.now(), self._engine.supervisor.calls.values()
        queues = queues_on_floor(self._engine.campaigns.values(), self._engine.supervisor.queues, calls, now)
        return Snapshot(now, self._campaigns(), self._agents(), self._trunks(), queues)

    def _campaigns(self) -> Sequence[CampaignOnFloor]:
        supervisor = self._engine.supervisor
        calls = {each: Counter[AttemptState]() for each in self._engine.campaigns}
        for call in supervisor.calls.values():
            calls.setdefault(call.campaign.id, Counter())[call.state] += 1
        return [
            CampaignOnFloor(
                campaign.id,
                campaign.plan.name,
                campaign.state,
                dict(calls[campaign.id]),
                counts.contacts,
                counts.outcomes,
                counts.abandonment,
                self._engine.loop.reason(campaign.id),
                self._pacing(campaign),
            )
            for campaign in self._engine.campaigns.values()
            if (counts := self._counts.get(campaign.id)) is not None
        ]

    def _pacing(self, campaign: Campaign) -> CampaignPacing | None:
        engine, mode = self._engine, campaign.plan.pacing.mode
        decided = engine.decisions.latest(campaign.id)
        if decided is None:
            return None
        decision, inputs = decided.decision, decided.decision.inputs
        return CampaignPacing(
            mode,
            decided.at,
            decision.binding,
            engine.loop.reason(campaign.id),
            decided.target_lines,
            risk=inputs.risk if inputs else None,
            accepted_risk=inputs.accepted_risk if inputs else None,
            answer_probability=inputs.answer_probability if inputs else None,
            expected_answers=inputs.expected_answers if inputs else None,
            windows=inputs.windows if inputs else _unforeseen(engine.budget.counts(campaign.id)),
        )

    def decisions(self, campaign: CampaignId, most: int) -> Sequence[DecisionSample]:
        return self._engine.decisions.recent(campaign, most)

    def _agents(self) -> Sequence[AgentOnFloor]:
        offers = self._engine.preview.offers()
        return [
            AgentOnFloor(
                desk.id,
                desk.name,
                desk.state,
                desk.reason,
                desk.since,
                desk.attempt,
                _on_floor(offers.get(desk.id)),
                self._engine.supervisor.air.trouble(desk.attempt),
                self._caller(desk.attempt),
            )
            for desk in self._engine.desks.all
        ]

    def _caller(self, attempt: AttemptId | None) -> CallerOnFloor | None:
        call = self._engine.supervisor.calls.get(attempt) if attempt is not None else None
        return caller_on_floor(call) if call is not None else None

    def current_call(self, agent: AgentId) -> CurrentCall:
        desk = self._engine.desks.desk(agent)
        attempt = desk.attempt if desk is not None else None
        call = self._engine.supervisor.calls.get(attempt) if attempt is not None else None
        if call is None or call.agent != agent:
            raise NotFound(f"agent {agent} is on no call now")
        return current_call(call)

    def _trunks(self) -> Sequence[TrunkOnFloor]:
        now = self._clock.monotonic()
        return [
            TrunkOnFloor(
                name,
                meter.in_use,
                meter.limits.channels,
                meter.limits.calls_per_second,
                meter.dialled_last_second(now),
            )
            for name, meter in self._engine.meters.items()
        ]

    def parts(self) -> Sequence[PartHealth]:
        engine, recordings = self._engine, self._engine.keeper.problem
        database_up = engine.database_up and engine.ledger.healthy
        return [
            PartHealth("database", database_up, "" if database_up else "not reachable"),
            PartHealth("telephony", self._telephony.link_up, self._telephony.problem or ""),
            PartHealth("engine", engine.active and engine.reconciled, self._engine_detail()),
            PartHealth("recordings", recordings is None, recordings or ""),
            *self._ears_part(),
            *self._texts_part(),
            *self._registry_parts(),
        ]

    def _ears_part(self) -> Sequence[PartHealth]:
        """Without them calls go on unheard."""
        if self._ears is None:
            return ()
        return [PartHealth("ears", self._ears.up, self._ears.problem or "", needed=False)]

    def _texts_part(self) -> Sequence[PartHealth]:
        """Only where one is wanted: a house whose flows send none needs no gateway."""
        problem = self._texts.problem if self._texts is not None else None
        return () if problem is None else [PartHealth("sms", False, problem, needed=False)]

    def _registry_parts(self) -> Sequence[PartHealth]:
        """How old a copy may be is the rules' business: its age is told, and only one that cannot be read is broken."""
        today = self._clock.now().astimezone(self._zone).date()
        return [
            PartHealth(
                f"registry {each.registry}",
                each.readable,
                each.problem or f"version {each.version}, {each.age_days(today)} days old",
            )
            for each in (self._registries.registries() if self._registries is not None else ())
        ]

    def _engine_detail(self) -> str:
        if not self._engine.active:
            return "standing by: another engine is active"
        return "" if self._engine.reconciled else "waiting for telephony to be compared with the records"

    def gauges(self) -> Gauges:
        supervisor = self._engine.supervisor
        return Gauges(
            calls_total=dict(supervisor.totals),
            link_reconnects=self._telephony.reconnects,
            originates_in_flight=self._engine.originator.in_flight,
            answer_to_join_s=tuple(supervisor.answer_to_join_s),
            setup_s=tuple(supervisor.setup_s),
            ears=self._ears.figures() if self._ears is not None else None,
            air=dict(supervisor.air.totals),
            texts=self._texts.figures if self._texts is not None else TextFigures(),
        )

    # --- commands -------------------------------------------------------------------------------------------------------

    async def hang_up(self, attempt: AttemptId) -> None:
        await self._engine.supervisor.hang_up(attempt)

    async def pause_recording(self, attempt: AttemptId, by: str) -> None:
        self._engine.supervisor.needed(attempt)
        await self._engine.recorder.pause(attempt, by)

    async def resume_recording(self, attempt: AttemptId, by: str) -> None:
        self._engine.supervisor.needed(attempt)
        await self._engine.recorder.resume(attempt, by)

    async def send_to_flow(self, attempt: AttemptId, place: FlowPlace, by: str) -> None:
        await self._engine.supervisor.send_to_flow(attempt, place, by)

    async def end_wrap_up(self, agent: AgentId) -> None:
        self._engine.desks.end_wrap_up(agent)

    def offer(self, agent: AgentId) -> Offer:
        return self._engine.preview.offer_to(agent)

    async def accept_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        await self._engine.preview.accept(attempt, agent)

    async def skip_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        self._engine.preview.skip(attempt, agent)


def _on_floor(offer: Offer | None) -> OfferOnFloor | None:
    return None if offer is None else OfferOnFloor(offer.campaign, offer.contact, offer.expires_at)


def _unforeseen(counts: Sequence[WindowCount]) -> list[WindowState]:
    """Windows of a campaign whose mode looks at none: as the ledger last had them."""
    return [
        WindowState(
            each.window.kind, each.window.cap, each.answered, each.abandoned, 0.0, 0.0, each.window.profile
        )
        for each in counts
    ]
