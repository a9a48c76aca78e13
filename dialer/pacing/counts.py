"""The floor in whole numbers: enough for every rule that asks only how many agents are free and how many lines ring."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from dialer.domain.abandonment import WindowCount
from dialer.domain.events import LineSign
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.decision import Binding, DecisionInputs, PacingDecision
from dialer.pacing.pacer import Agent, ContactFeatures, Lesson, Line, LineEnd, Presence, Room

_AT_WORK = (Presence.ON_CALL, Presence.WRAP_UP, Presence.PREVIEW)


class FloorCounts:
    """A `Pacer` but for its decision: follows agents by presence, and lines until they are answered, joined or over."""

    def __init__(self) -> None:
        self.plan_of: Mapping[CampaignId, PacingPlan] = {}
        self.presence: dict[Agent, Presence] = {}
        self.agents: Counter[Presence] = Counter()
        self.ringing: dict[Line, CampaignId] = {}
        self.waiting: dict[Line, CampaignId] = {}
        self.talking: dict[Line, CampaignId] = {}

    def plans(self, plans: Mapping[CampaignId, PacingPlan], now: float) -> None:
        self.plan_of = plans

    def counted(self, campaign: CampaignId, counts: Sequence[WindowCount]) -> None: ...

    def learnt(self, lesson: Lesson) -> None: ...

    def lessons(self) -> Sequence[Lesson]:
        return ()

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        self.ringing[line] = campaign

    def signalled(self, line: Line, sign: LineSign, now: float) -> None: ...

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        if (campaign := self.ringing.pop(line, None)) is not None:
            self.waiting[line] = campaign

    def joined(self, line: Line, agent: Agent, now: float) -> None:
        if (campaign := self.waiting.pop(line, None)) is not None:
            self.talking[line] = campaign

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        for lines in (self.ringing, self.waiting, self.talking):
            lines.pop(line, None)

    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        if (before := self.presence.get(agent)) is not None:
            self.agents[before] -= 1
        self.agents[presence] += 1
        self.presence[agent] = presence

    def admit(self, campaign: CampaignId, contacts: Sequence[ContactFeatures], now: float) -> int:
        return len(contacts)

    # --- what rules ask -----------------------------------------------------------------------------------------------

    @property
    def ready(self) -> int:
        return self.agents[Presence.READY]

    @property
    def logged_in(self) -> int:
        """Agents who take calls: free, talking, in wrap-up or looking at a contact."""
        return self.ready + sum(self.agents[each] for each in _AT_WORK)


def within(
    room: Room,
    wanted: int,
    ringing: int,
    because: str,
    binding: Binding,
    inputs: DecisionInputs | None = None,
) -> PacingDecision:
    """The decision for `wanted` more lines, cut down to what trunk and plan allow."""
    dial = max(wanted, 0)
    if room.obstacle is not None:
        dial, because, binding = 0, room.obstacle, Binding.OBSTACLE
    elif dial > 0:
        if room.trunk < dial:
            dial, because, binding = room.trunk, f"the trunk has room for {room.trunk} more", Binding.TRUNK
        if room.campaign is not None and room.campaign < dial:
            because, binding = f"the campaign's limit: {ringing} lines are out", Binding.CAMPAIGN_LIMIT
            dial = room.campaign
    return PacingDecision(max(dial, 0), because, binding, inputs)


class CountedPacer(FloorCounts):
    """The modes that need no forecast: preview, progressive, power and agentless.

    In preview the decision is the number of contacts to offer to agents, one each.
    """

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        plan = self.plan_of.get(campaign, PacingPlan(PacingMode.PROGRESSIVE))
        if plan.mode is PacingMode.INBOUND:
            return within(room, 0, 0, "a queue of callers: nothing is dialled for it", Binding.POLICY)
        if plan.mode is PacingMode.AGENTLESS:
            return within(room, room.trunk, len(self.ringing), "as many as the trunk takes", Binding.TRUNK)
        per_agent = plan.lines_per_agent if plan.mode is PacingMode.POWER else 1.0
        free = self.ready - len(self.waiting)
        wanted = int(per_agent * max(free, 0)) - len(self.ringing)
        because = (
            f"{self.ready} free agents, {len(self.ringing)} lines out, {len(self.waiting)} callers waiting"
        )
        binding = Binding.NOBODY_FREE if self.logged_in else Binding.NO_AGENTS
        return within(room, wanted, len(self.ringing), because, binding)
