"""A whole floor (engine, scripted exchange, stores in memory) in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from dialer.domain.campaign import CampaignPlan
from dialer.domain.events import TelephonyEvent
from dialer.domain.ids import AgentId, CampaignId, TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.phone_number import PhoneNumber
from dialer.engine.engine import Engine, EngineStores
from dialer.engine.recorder import RecordingHouse
from dialer.engine.trunk_meter import TrunkLimits
from dialer.pacing.counts import CountedPacer
from dialer.pacing.pacer import Lesson, Pacer
from dialer.ports.recordings import RecordingMissing
from dialer.ports.storage import RecordingMarks, StoredRecording
from dialer.simulation.lawless import lawless_gatekeeper
from dialer.telephony.fake import FakeTelephony, Script
from tests.support.fake_ears import FakeEars
from tests.support.memory_ledger import (
    MemoryAgents,
    MemoryAttempts,
    MemoryCampaigns,
    MemoryPacing,
    MemoryRecordings,
    MemoryRunners,
    QuietChanges,
)
from tests.support.virtual_time import START, VirtualClock

PLAN = CampaignPlan(
    "test", TrunkName("main"), wrap_up=timedelta(seconds=5), pacing=PacingPlan(PacingMode.PROGRESSIVE)
)


class NoRecordings:
    async def finish(
        self, name: str, talk: timedelta | None, marks: RecordingMarks
    ) -> tuple[StoredRecording, str]:
        raise RecordingMissing(name)

    def discard(self, name: str) -> None: ...

    def purge(self, name: str) -> bool:
        return False

    def path(self, name: str) -> Path | None:
        return None

    def problem(self) -> str | None:
        return None


@dataclass
class VirtualFloor:
    engine: Engine
    telephony: FakeTelephony
    attempts: MemoryAttempts
    agents: MemoryAgents
    campaigns: MemoryCampaigns
    recordings: MemoryRecordings
    runners: MemoryRunners
    pacing: MemoryPacing
    campaign: CampaignId

    def agent_states(self) -> dict[AgentId, str]:
        return {desk.id: desk.state.value for desk in self.engine.desks.all}


def number(n: int) -> str:
    return f"+1202555{n:04d}"


@asynccontextmanager
async def floor(
    script: Callable[[PhoneNumber], Script],
    *,
    contacts: int,
    agents: int,
    plan: CampaignPlan = PLAN,
    channels: int = 100,
    calls_per_second: float = 1000.0,
    pacer: Pacer | None = None,
    attempts: MemoryAttempts | None = None,
    telephony: FakeTelephony | None = None,
    lessons: Sequence[Lesson] = (),
    house: RecordingHouse = RecordingHouse(),  # noqa: B008  # frozen
    attributes: Mapping[str, str] = {},  # of every contact; never changed
    ears: FakeEars | None = None,
    queues: Sequence[CampaignPlan] = (),
) -> AsyncIterator[VirtualFloor]:
    """`attempts` and `telephony` of an earlier floor make this one the engine after a crash."""
    clock, fresh = VirtualClock(), attempts is None
    attempts = attempts or MemoryAttempts()
    stores = (MemoryAgents(), MemoryCampaigns(attempts), MemoryRecordings(), MemoryRunners())
    agent_store, campaign_store, recordings, runners = stores
    pacing = MemoryPacing(attempts, campaign_store)
    pacing.kept_lessons = {each.campaign: each for each in lessons}
    campaign = campaign_store.run(plan)
    for queue in queues:
        campaign_store.run(queue)
    for n in range(contacts if fresh else 0):
        attempts.add(campaign, number(n), START - timedelta(minutes=contacts - n), **attributes)
    for n in range(agents):
        agent_store.log_in(f"agent-{n + 1}", START)
    ear: list[Engine] = []

    def hear(event: TelephonyEvent) -> None:
        ear[-1].take(event)

    exchange = telephony or FakeTelephony(script, hear, clock)
    exchange._sink = hear
    limits = [TrunkLimits(TrunkName("main"), channels, calls_per_second, "+12025550100")]
    engine = Engine(
        exchange,
        EngineStores(
            attempts,
            campaign_store,
            agent_store,
            recordings,
            runners,
            QuietChanges(),
            pacing,
            attempts,
            attempts,
            callers=attempts,
        ),
        NoRecordings(),
        limits,
        pacer or CountedPacer(),
        lawless_gatekeeper(clock),
        uuid4(),
        clock,
        ("test", 1),
        house=house,
        ears=ears,
    )
    if ears is not None:
        ears.sink = engine.hear
    ear.append(engine)
    running = asyncio.ensure_future(engine.run())
    await asyncio.sleep(0)
    exchange.raise_link()
    try:
        yield VirtualFloor(
            engine, exchange, attempts, agent_store, campaign_store, recordings, runners, pacing, campaign
        )
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
