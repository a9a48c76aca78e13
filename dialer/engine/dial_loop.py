"""When to dial, and for which campaign: asks the pacer, and hands its decisions to the originator.

Woken by every change that may free a line or an agent; several changes within a few milliseconds are one decision.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.ids import CampaignId, TrunkName
from dialer.engine.bell import Bell
from dialer.engine.originator import Originator, Round
from dialer.engine.trunk_meter import TrunkMeter
from dialer.errors import StorageDown
from dialer.pacing.decision import PacingDecision
from dialer.pacing.pacer import Room

log = logging.getLogger(__name__)

_COALESCE_S = 0.005
_LONGEST_COALESCE_S = 0.05
_LOOK_AGAIN_S = 0.25
_EMPTY_S = 1.0  # how long a list that had nothing due is left alone
_DECLINED_S = 0.05  # how long those next on the list stay declined: they are the same people at the next look
_MOST_CLAIMED = 100


@dataclass(slots=True)
class _Running:
    because: str = ""
    leave_until: float = 0.0
    trunk_bound: bool = False  # more would be dialled if the trunk took it


@dataclass(slots=True)
class DialLoop:
    originator: Originator
    trunks: Mapping[TrunkName, TrunkMeter]
    campaigns: Mapping[CampaignId, Campaign] = field(default_factory=dict)
    _running: dict[CampaignId, _Running] = field(default_factory=dict)
    _bell: Bell = field(default_factory=Bell)
    _turn: int = 0

    def wake(self) -> None:
        self._bell.strike()

    def new_contacts(self) -> None:
        """Lists may have something due again: look at once."""
        for running in self._running.values():
            running.leave_until = 0.0
        self.wake()

    def reason(self, campaign: CampaignId) -> str:
        """Of the last decision, for people."""
        return self._running[campaign].because if campaign in self._running else ""

    async def run(self) -> None:
        clock = self.originator.clock
        pause, took = _LOOK_AGAIN_S, 0.0
        while True:
            # under load the rounds become larger instead of more
            await self._bell.heard(pause, min(max(_COALESCE_S, 2 * took), _LONGEST_COALESCE_S))
            begun = clock.monotonic()
            pause = await self._round()
            took = clock.monotonic() - begun

    async def _round(self) -> float:
        """One decision for each running campaign; every round another one is first. Returns seconds to the next look."""
        running = [each for each in self.campaigns.values() if each.state is CampaignState.RUNNING]
        self._turn += 1
        first = self._turn % len(running) if running else 0
        try:
            await self.originator.put_back_unsent()
            for campaign in running[first:] + running[:first]:
                await self._dial(campaign)
        except StorageDown as down:
            log.warning("not dialling", extra={"action": "dial.no_database", "why": str(down)})
            self.originator.unsure = True
            return 1.0
        return self._next_look(running)

    def _next_look(self, running: Sequence[Campaign]) -> float:
        """Room by rate comes with time; room by channels comes with the end of a call, which wakes us."""
        now = self.originator.clock.monotonic()
        bound = {each.plan.trunk for each in running if self._running[each.id].trunk_bound}
        waits = [wait for trunk in bound if (wait := self.trunks[trunk].next_room_s(now)) > 0]
        return min([_LOOK_AGAIN_S, *(max(wait, _COALESCE_S) for wait in waits)])

    async def _dial(self, campaign: Campaign) -> None:
        state = self._running.setdefault(campaign.id, _Running())
        now = self.originator.clock.monotonic()
        if now < state.leave_until:
            return
        meter = self.trunks.get(campaign.plan.trunk)
        room = self._room(campaign, meter, now)
        decision = self.originator.floor.decide(campaign.id, room)
        state.because = decision.because
        state.trunk_bound = room.obstacle is None and decision.dial >= room.trunk
        if decision.dial > 0 and meter is not None:
            await self._dial_some(campaign, meter, decision, state)

    async def _dial_some(
        self, campaign: Campaign, meter: TrunkMeter, decision: PacingDecision, state: _Running
    ) -> None:
        most = min(decision.dial, _MOST_CLAIMED)
        result = await self.originator.dial(campaign, meter, most)
        self._look_back(state, result, most)
        if self.originator.unsure:
            self.wake()

    def _look_back(self, state: _Running, result: Round, most: int) -> None:
        now = self.originator.clock.monotonic()
        if result.claimed < most:
            state.leave_until = now + _EMPTY_S
            state.because = f"{result.claimed} of {most} wanted contacts were due"
        elif result.offered and not result.dialled:
            state.leave_until = now + _DECLINED_S

    def _room(self, campaign: Campaign, meter: TrunkMeter | None, now: float) -> Room:
        if meter is None:
            return Room(0, obstacle=f"there is no trunk {campaign.plan.trunk} in the settings")
        most = campaign.plan.most_lines
        if most is not None:
            most -= sum(call.campaign.id == campaign.id for call in self.originator.supervisor.lines())
        return Room(meter.room(now), most, self.originator.obstacle(campaign))
