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
    had_due: bool = False  # the last claim found all the contacts it asked for


@dataclass(frozen=True, slots=True)
class _Wish:
    campaign: Campaign
    meter: TrunkMeter
    state: _Running
    decision: PacingDecision
    patient: bool = False  # would offer to an agent, but none is free: others leave its share alone

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
        """Every running campaign says what it wishes; every round another one is first. Returns seconds to the next."""
        running = [each for each in self.campaigns.values() if each.state is CampaignState.RUNNING]
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
        wishes = [self._wish(campaign, decision) for campaign, decision in asked if decision is not None]
        wanting = [wish for wish in wishes if wish is not None]
        for rivals in _rivalries(wanting):
            if all(wish.patient for wish in rivals):
                continue
            if len(rivals) == 1:
                await self._dial(rivals[0], rivals[0].lines)
            else:
                await self._dial_shared(rivals)

    def _ask(self, campaign: Campaign) -> PacingDecision | None:
        """None while its list is left alone."""
        state = self._running.setdefault(campaign.id, _Running())
        now = self.originator.clock.monotonic()
        if now < state.leave_until:
            return None
        room = self._room(campaign, now)
        decision = self.originator.floor.decide(campaign.id, room)
        state.because = decision.because
        state.trunk_bound = room.obstacle is None and decision.dial >= room.trunk
        if decision.dial <= 0:
            self.decisions.note(campaign.id, decision, self.originator.floor.calls.ringing[campaign.id])
        return decision  # else it is noted with what the list had to offer

    def _wish(self, campaign: Campaign, decision: PacingDecision) -> _Wish | None:
        meter, state = self.trunks.get(campaign.plan.trunk), self._running[campaign.id]
        if meter is None:
            return None
        if decision.dial > 0:
            return _Wish(campaign, meter, state, decision)
        if decision.binding is Binding.NOBODY_FREE and self._is_patient(campaign, state):
            return _Wish(campaign, meter, state, replace(decision, dial=_MOST_CLAIMED), patient=True)
        return None

    def _is_patient(self, campaign: Campaign, state: _Running) -> bool:
        """Beside campaigns that dial ahead no agent is ever free: one in preview would wait for its share for ever."""
        room = self._room(campaign, self.originator.clock.monotonic())
        may_offer = room.trunk > 0 and (room.campaign is None or room.campaign > 0)
        return campaign.plan.pacing.mode is PacingMode.PREVIEW and state.had_due and may_offer

    async def _dial(self, wish: _Wish, lines: int) -> int:
        """How many calls were begun."""
        most = min(lines, _MOST_CLAIMED)
        preview = wish.campaign.plan.pacing.mode is PacingMode.PREVIEW
        begin = self.preview.offer if preview else self.originator.dial
        ringing, decision = self.originator.floor.calls.ringing[wish.campaign.id], wish.decision
        try:
            result = await begin(wish.campaign, wish.meter, most)
            self._look_back(wish.state, result, most)
            if result.claimed < most:
                decision = replace(
                    decision, dial=result.claimed, because=wish.state.because, binding=Binding.EMPTY
                )
        finally:
            self.decisions.note(wish.campaign.id, decision, ringing)
        if self.originator.unsure:
            self.wake()
        return result.dialled

    def _look_back(self, state: _Running, result: Round, most: int) -> None:
        now = self.originator.clock.monotonic()
        state.had_due = result.claimed == most
        if result.claimed < most:
            state.leave_until = now + _EMPTY_S
            state.because = f"{result.claimed} of {most} wanted contacts were due"
        elif result.offered and not result.dialled:
            state.leave_until = now + _DECLINED_S

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
        shares = split(max(wish.lines for wish in rivals if not wish.patient), wants)
        dialled = [0] * len(rivals)
        for nth in sorted(range(len(rivals)), key=lambda each: wants[each].level(0)):
            wish, lines = rivals[nth], shares[nth]
            if wish.patient:
                continue
            if any(dialled):
                again = self._ask(wish.campaign)
                lines = min(lines, again.dial) if again is not None else 0
                wish = replace(wish, decision=again or wish.decision)
            if shares[nth] < rivals[nth].lines:
                wish = self._shared(wish, lines, rivals[nth].lines)
            if lines > 0:
                dialled[nth] = await self._dial(wish, lines)
        for wish, credit in zip(rivals, credits(wants, dialled), strict=True):
            wish.state.credit = credit

    def _want(self, wish: _Wish) -> Want:
        plan = wish.campaign.plan.pacing
        present = self.originator.floor.calls.out[wish.campaign.id] + self.preview.standing[wish.campaign.id]
        return Want(wish.lines, plan.weight, plan.least_lines, present, wish.state.credit)

    def _shared(self, wish: _Wish, lines: int, wanted: int) -> _Wish:
        """The wish cut down to its share; it is noted here when nothing is left of it."""
        wish.state.because = f"{lines} of {wanted} wanted lines: the others are other campaigns' share"
        decision = replace(wish.decision, dial=lines, because=wish.state.because, binding=Binding.SHARE)
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
