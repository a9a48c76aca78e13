"""When to dial, and for which campaign: asks the pacer, and hands its decisions to the originator.

Woken by every change that may free a line or an agent; several changes within a few milliseconds are one decision.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.ids import CampaignId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.engine.bell import Bell
from dialer.engine.decision_log import DecisionLog
from dialer.engine.floor_shares import FloorShares, Share
from dialer.engine.originator import Originator, Round
from dialer.engine.preview import Preview
from dialer.engine.trunk_meter import TrunkMeter
from dialer.errors import StorageDown
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Room
from dialer.pacing.sharing import Want, credits, split

log = logging.getLogger(__name__)

_COALESCE_S = 0.005
_LONGEST_COALESCE_S = 0.05
_LOOK_AGAIN_S = 0.5
_EMPTY_S = 1.0  # how long a list that had nothing due is left alone
_DECLINED_S = 0.05  # how long those next on the list stay declined: they are the same people at the next look
_MOST_CLAIMED = 100


@dataclass(slots=True)
class _Running:
    because: str = ""
    leave_until: float = 0.0
    trunk_bound: bool = False  # more would be dialled if the trunk took it
    credit: float = 0.0  # of a line, from rounds that were shared


@dataclass(frozen=True, slots=True)
class _Wish:
    campaign: Campaign
    meter: TrunkMeter
    state: _Running
    decision: PacingDecision

    @property
    def lines(self) -> int:
        return self.decision.dial


@dataclass(slots=True)
class DialLoop:
    originator: Originator
    trunks: Mapping[TrunkName, TrunkMeter]
    decisions: DecisionLog
    preview: Preview
    campaigns: Mapping[CampaignId, Campaign] = field(default_factory=dict)
    _running: dict[CampaignId, _Running] = field(default_factory=dict)
    _bell: Bell = field(default_factory=Bell)
    _turn: int = 0
    _shares: FloorShares = field(init=False)

    def __post_init__(self) -> None:
        self._shares = FloorShares(self.originator.floor.calls, self._present)

    def wake(self) -> None:
        self._bell.strike()

    def new_contacts(self) -> None:
        """Lists may have something due again: look at once."""
        for running in self._running.values():
            running.leave_until = 0.0
        self._shares.new_contacts()
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
        """Every running campaign says what it wishes; every round another one is first. Returns seconds to the next."""
        running = [
            each
            for each in self.campaigns.values()
            if each.state is CampaignState.RUNNING and not each.plan.inbound
        ]
        self.originator.floor.flush()
        self._turn += 1
        first = self._turn % len(running) if running else 0
        try:
            await self.originator.put_back_unsent()
            await self._dial_for(running[first:] + running[:first])
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

    # --- one campaign ---------------------------------------------------------------------------------------------------

    async def _dial_for(self, running: Sequence[Campaign]) -> None:
        asked = [(each, self._ask(each)) for each in running]
        if len(running) > 1:
            await self._probe(running)
        shares = self._shares.of(running, self.originator.clock.monotonic())
        wishes = [self._wish(campaign, decision, shares.get(campaign.id)) for campaign, decision in asked]
        for rivals in _rivalries([wish for wish in wishes if wish is not None]):
            if len(rivals) == 1:
                await self._dial(rivals[0], rivals[0].lines)
            else:
                await self._dial_shared(rivals)

    async def _probe(self, running: Sequence[Campaign]) -> None:
        now = self.originator.clock.monotonic()
        for campaign in running:
            if self._shares.to_probe(campaign, now):
                self._shares.probed(campaign, await self.originator.has_due(campaign))

    def _ask(self, campaign: Campaign) -> PacingDecision | None:
        """None while its list is left alone."""
        state = self._running.setdefault(campaign.id, _Running())
        now = self.originator.clock.monotonic()
        if now < state.leave_until:
            return None
        room = self._room(campaign, now)
        decision = self.originator.floor.decide(campaign.id, room)
        self._shares.decided(campaign, decision, room, now)
        state.because = decision.because
        state.trunk_bound = room.obstacle is None and decision.dial >= room.trunk
        if decision.dial <= 0:
            self.decisions.note(campaign.id, decision, self.originator.floor.calls.ringing[campaign.id])
        return decision  # else it is noted with what the list had to offer

    def _wish(self, campaign: Campaign, decision: PacingDecision | None, share: Share | None) -> _Wish | None:
        meter, state = self.trunks.get(campaign.plan.trunk), self._running[campaign.id]
        if meter is None or decision is None or decision.dial <= 0:
            return None
        wish = _Wish(campaign, meter, state, decision)
        if share is not None and share.lines < decision.dial:
            wish = self._cut(wish, share.lines, share.because)
        return wish if wish.lines > 0 else None

    async def _dial(self, wish: _Wish, lines: int) -> int:
        """How many calls were begun."""
        most = min(lines, _MOST_CLAIMED)
        preview = wish.campaign.plan.pacing.mode is PacingMode.PREVIEW
        begin = self.preview.offer if preview else self.originator.dial
        ringing, decision = self.originator.floor.calls.ringing[wish.campaign.id], wish.decision
        try:
            result = await begin(wish.campaign, wish.meter, most)
            self._look_back(wish, result, most)
            if result.claimed < most:
                decision = replace(
                    decision, dial=result.claimed, because=wish.state.because, binding=Binding.EMPTY
                )
        finally:
            self.decisions.note(wish.campaign.id, decision, ringing)
        if self.originator.unsure or (result.dialled and wish.decision.binding is Binding.SHARE):
            self.wake()  # with the load every share has grown
        return result.dialled

    def _look_back(self, wish: _Wish, result: Round, most: int) -> None:
        now, state = self.originator.clock.monotonic(), wish.state
        self._shares.claimed(wish.campaign, result.claimed == most, result.dialled, now)
        if result.claimed < most:
            state.leave_until = now + _EMPTY_S
            state.because = f"{result.claimed} of {most} wanted contacts were due"
        elif result.offered and not result.dialled:
            state.leave_until = now + _DECLINED_S
        elif result.claimed and not result.offered:
            self.wake()  # the gate let none of these through: the next on the list may be

    def _room(self, campaign: Campaign, now: float) -> Room:
        meter = self.trunks.get(campaign.plan.trunk)
        if meter is None:
            return Room(0, obstacle=f"there is no trunk {campaign.plan.trunk} in the settings")
        most = campaign.plan.most_lines
        if most is not None:
            most -= self.originator.floor.calls.ringing[campaign.id] + self.preview.standing[campaign.id]
        return Room(meter.room(now), most, self.originator.obstacle(campaign))

    # --- several campaigns ----------------------------------------------------------------------------------------------

    async def _dial_shared(self, rivals: Sequence[_Wish]) -> None:
        """Whoever has least for its weight is first; the others are asked again, for their wishes meant the same agents."""
        wants = [self._want(wish) for wish in rivals]
        shares = split(max(wish.lines for wish in rivals), wants)
        dialled = [0] * len(rivals)
        for nth in sorted(range(len(rivals)), key=lambda each: wants[each].level(0)):
            wish, lines = rivals[nth], shares[nth]
            if any(dialled):
                again = self._ask(wish.campaign)
                lines = min(lines, again.dial) if again is not None else 0
                wish = replace(wish, decision=again or wish.decision)
            if shares[nth] < rivals[nth].lines:
                wanted = rivals[nth].lines
                because = f"{lines} of {wanted} wanted lines: the others are other campaigns' share"
                wish = self._cut(wish, lines, because)
            if lines > 0:
                dialled[nth] = await self._dial(wish, lines)
        for wish, credit in zip(rivals, credits(wants, dialled), strict=True):
            wish.state.credit = credit

    def _want(self, wish: _Wish) -> Want:
        plan, present = wish.campaign.plan.pacing, self._present(wish.campaign.id)
        return Want(wish.lines, plan.weight, plan.least_lines, present, wish.state.credit)

    def _present(self, campaign: CampaignId) -> int:
        return self.originator.floor.calls.out[campaign] + self.preview.standing[campaign]

    def _cut(self, wish: _Wish, lines: int, because: str) -> _Wish:
        """The wish cut down to its share; it is noted here when nothing is left of it."""
        wish.state.because = because
        decision = replace(wish.decision, dial=lines, because=because, binding=Binding.SHARE)
        if lines <= 0:
            ringing = self.originator.floor.calls.ringing[wish.campaign.id]
            self.decisions.note(wish.campaign.id, decision, ringing)
        return replace(wish, decision=decision)


def _rivalries(wishes: Sequence[_Wish]) -> list[list[_Wish]]:
    """Campaigns that want the same: those on one trunk, and all that need agents."""
    groups: list[tuple[set[str], list[_Wish]]] = []
    for wish in wishes:
        wanted = {f"trunk {wish.campaign.plan.trunk}"}
        if wish.campaign.plan.pacing.mode is not PacingMode.AGENTLESS:
            wanted.add("agents")
        members = [wish]
        for group in [each for each in groups if each[0] & wanted]:
            groups.remove(group)
            wanted |= group[0]
            members = group[1] + members
        groups.append((wanted, members))
    return [members for _, members in groups]
