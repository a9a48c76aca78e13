"""The production engine in virtual time: everything but the exchange, the people and the stores is what serves a floor.

The same worlds as `ModelFloor`, the same figures, and by the same seed the same day to the last call.
"""

import asyncio
import time as cpu_clock
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from uuid import UUID

from dialer.compliance.gate import DialPermit
from dialer.domain.campaign import RING_MINIMUM, CallingHours, Campaign, CampaignPlan, CampaignState
from dialer.domain.events import TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId
from dialer.domain.listening_plan import ListeningPlan
from dialer.domain.pacing_plan import PacingPlan
from dialer.engine.engine import Engine, EngineStores
from dialer.engine.trunk_meter import TrunkLimits
from dialer.pacing.pacer import ContactFeatures, KnowsFate, LineEnd, Pacer
from dialer.ports.storage import AgentChange
from dialer.simulation.exchange import TRUNK, SimulatedExchange
from dialer.simulation.fate import CallFate, World
from dialer.simulation.floor_book import FloorBook
from dialer.simulation.floor_people import FloorPeople
from dialer.simulation.lawless import lawless_gatekeeper
from dialer.simulation.model_floor import BEGINS, CAMPAIGN
from dialer.simulation.result import DayResult
from dialer.simulation.stores import (
    NoRecordings,
    OnlyRunner,
    PromptChanges,
    SimulatedAgents,
    SimulatedAttempts,
    SimulatedCampaigns,
    SimulatedPacing,
    left_talking,
)
from dialer.simulation.virtual_time import VirtualClock, run

_LONGEST_RING = timedelta(seconds=120)
_LONGEST_WRAP_UP = timedelta(days=1)  # people end it themselves
_ENGINE = UUID(int=1)
_FIRST_ATTEMPT = 1 << 64
_LAST_NOTES_S = 0.2  # the ledger writes what happened within a tenth of a second


@dataclass(slots=True)
class EngineFloor:
    """`run` plays one day. `plan` is the pacing plan of its one campaign."""

    world: World
    pacer: Pacer
    plan: PacingPlan = field(default_factory=PacingPlan)
    calls_per_second: float = 1000.0

    def run(self) -> DayResult:
        begun = cpu_clock.process_time()
        result = run(self._play())
        result.cpu_s = cpu_clock.process_time() - begun
        return result

    async def _play(self) -> DayResult:
        return await _Day(self).play()


class _Day:
    """The world around the engine. Made within the loop it is played in."""

    def __init__(self, floor: EngineFloor) -> None:
        self._world, self._pacer = floor.world, floor.pacer
        self._told = floor.pacer if isinstance(floor.pacer, KnowsFate) else None
        self._loop, self._clock = asyncio.get_running_loop(), VirtualClock(BEGINS)
        self._result = DayResult(self._world.day_s)
        self._book = FloorBook(self._result, self._world.warm_up_s)
        self._pacing = SimulatedPacing(lambda: self._attempts.open_dials())
        self._attempts = SimulatedAttempts(self._contact, _attempt_id, self._pacing.settled)
        campaign = Campaign(CAMPAIGN, CampaignState.RUNNING, campaign_plan(self._world, floor.plan))
        agents, changes = SimulatedAgents(self._agent_changed), PromptChanges()
        self._exchange = SimulatedExchange(self._fate, self._hear, self._clock, self._book, over=self._over)
        self._engine = Engine(
            self._exchange,
            EngineStores(
                self._attempts,
                SimulatedCampaigns(campaign, lambda: self._attempts.exhausted),
                agents,
                NoRecordings(),
                OnlyRunner(),
                changes,
                self._pacing,
                self._attempts,
                self._attempts,
            ),
            NoRecordings(),
            [TrunkLimits(TRUNK, self._world.lines, floor.calls_per_second, "+12025550100")],
            self._pacer,
            lawless_gatekeeper(self._clock),
            _ENGINE,
            self._clock,
            ("simulation", 0),
            self._attempts.features,
        )
        self._people = FloorPeople(
            self._world.moves, self._engine.desks, self._exchange, agents, changes, self._clock
        )

    async def play(self) -> DayResult:
        self._begin_in_calls()
        self._people.begin()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._engine.run())
            self._exchange.raise_link()
            await asyncio.sleep(self._world.day_s + _LAST_NOTES_S)
            serving.cancel()
        self._book.close()
        self._result.decisions = self._engine.floor.decisions
        return self._result

    def _begin_in_calls(self) -> None:
        """Agents who begin the day in a call: an earlier engine left them to this one."""
        now = self._clock.now()
        for n, (who, talk_left) in enumerate(self._world.busy_at_start, 1):
            attempt, agent = AttemptId(_attempt_id(-n)), AgentId(who)
            self._attempts.left_open.append(left_talking(attempt, CAMPAIGN, agent, TRUNK, now))
            fate = CallFate(0.0, LineEnd.PERSON, 0.0, talk=talk_left)
            self._exchange.go_on_talking(attempt, agent, fate)
            self._book.begins_in_call(agent)

    # --- asked by the parts -------------------------------------------------------------------------------------------

    def _hear(self, event: TelephonyEvent) -> None:
        self._engine.take(event)

    def _agent_changed(self, change: AgentChange) -> None:
        self._book.agent_is(change.agent, change.state, (change.at - BEGINS).total_seconds())

    def _over(self, agent: AgentId, attempt: AttemptId, fate: CallFate) -> None:
        self._people.call_over(agent, attempt, fate.wrap_up)

    def _contact(self, n: int) -> ContactFeatures | None:
        return self._world.contact(n, self._loop.time())

    def _fate(self, permit: DialPermit) -> CallFate:
        now = self._loop.time()
        fate = self._attempts.dialled(permit.attempt, lambda n: self._world.fate(n, now))
        if self._told is not None:
            self._engine.floor.flush()  # that it was dialled comes first
            answers_at = None if fate.answers_after is None else now + fate.answers_after
            person = fate.end is LineEnd.PERSON
            self._told.fate(permit.attempt, answers_at if person else None, now + fate.ends_after)
        return until(self._world.ring_for_s, fate)


def campaign_plan(world: World, pacing: PacingPlan) -> CampaignPlan:
    ends = BEGINS + timedelta(seconds=world.day_s)
    closes = ends.time() if ends.date() == BEGINS.date() else time.max
    return CampaignPlan(
        "simulated day",
        TRUNK,
        hours=CallingHours(time(0), closes),  # pacing counts on answers until then
        ring_for=min(max(timedelta(seconds=world.ring_for_s), RING_MINIMUM), _LONGEST_RING),
        answer_within=timedelta(seconds=world.answer_within_s),
        wrap_up=_LONGEST_WRAP_UP,
        record=False,
        pacing=pacing,
        listening=ListeningPlan(dead_air=None),  # there is nothing to hear
    )


def until(ring_for_s: float, fate: CallFate) -> CallFate:
    """The network ends what is not answered `ring_for_s` after the dial.

    Our own limit counts from the first ringing sign, is later, and remains for what the network lets go on.
    """
    if (fate.ends_after if fate.answers_after is None else fate.answers_after) <= ring_for_s:
        return fate
    end = fate.end if fate.end is LineEnd.CARRIER_FAILED else LineEnd.NOT_ANSWERED
    return replace(fate, ends_after=min(fate.ends_after, ring_for_s), end=end, answers_after=None)


def _attempt_id(n: int) -> UUID:
    return UUID(int=_FIRST_ATTEMPT + n)
