"""Tells the pacer what happens on the floor, and puts the engine's questions to it.

Telling waits for the dial loop's next round: the order to bridge an answered call has then gone out. A question is never
put before everything that happened was told, with the moment at which it happened.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dialer.acd.desks import Desk
from dialer.clock import Clock
from dialer.domain.abandonment import WindowCount
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.events import LineSign
from dialer.domain.ids import AgentId, AttemptId, CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.engine.contact_features import ContactReader, contact_features
from dialer.engine.line_end import line_end
from dialer.engine.live_call import LiveCall
from dialer.pacing.decision import PacingDecision
from dialer.pacing.pacer import ContactFeatures, Lesson, LineEnd, Pacer, Presence, Room

log = logging.getLogger(__name__)

_PRESENCE = {
    AgentState.READY: Presence.READY,
    AgentState.PREVIEW: Presence.PREVIEW,
    AgentState.ON_CALL: Presence.ON_CALL,
    AgentState.WRAP_UP: Presence.WRAP_UP,
}
_BUSY = frozenset({AgentState.PREVIEW, AgentState.ON_CALL, AgentState.WRAP_UP})


@dataclass(slots=True)
class _Line:
    """What the pacer was told of a line. `agent` may be known before the answer is."""

    answered: bool = False
    agent: AgentId | None = None
    joined_at: datetime | None = None  # before this service took the call over


class CallCounts:
    """How many calls each campaign has: `ringing` without an answer, `out` in any state.

    `message` are those that hear the message and need no agent any more. `failed` are those that ended last and that the carrier failed, in a row; `failed_at` when (monotonic seconds).
    """

    def __init__(self) -> None:
        self.ringing: Counter[CampaignId] = Counter()
        self.out: Counter[CampaignId] = Counter()
        self.message: Counter[CampaignId] = Counter()
        self.failed: Counter[CampaignId] = Counter()
        self.failed_at: dict[CampaignId, float] = {}
        self._known: dict[AttemptId, bool] = {}  # whether it rings
        self._message: set[AttemptId] = set()

    def enter(self, call: LiveCall) -> None:
        self._known[call.id] = call.unanswered
        self.out[call.campaign.id] += 1
        self.ringing[call.campaign.id] += call.unanswered

    def answered(self, call: LiveCall) -> None:
        if self._known.get(call.id):
            self._known[call.id] = False
            self.ringing[call.campaign.id] -= 1

    def leave(self, call: LiveCall) -> None:
        self.answered(call)
        if self._known.pop(call.id, None) is not None:
            self.out[call.campaign.id] -= 1
        if call.id in self._message:
            self._message.remove(call.id)
            self.message[call.campaign.id] -= 1

    def no_agent(self, call: LiveCall) -> None:
        if call.id in self._known and call.id not in self._message:
            self._message.add(call.id)
            self.message[call.campaign.id] += 1

    def saw_end(self, campaign: CampaignId, end: LineEnd, now: float) -> None:
        if end is LineEnd.CARRIER_FAILED:
            self.failed[campaign] += 1
            self.failed_at[campaign] = now
        elif end is not LineEnd.UNKNOWN:
            self.failed[campaign] = 0


class FloorReporter:
    """A line's name is its attempt, an agent's the agent's id. Lines the pacer was not told of are not reported.

    Lines of agentless campaigns are none of a pacer's business: nobody on the floor will be kept busy by them. Nor are
    those of preview campaigns while they ring: each has its agent already, and would be taken for one that wants another.
    They are told, as they happened, when they are answered or over. `features` reads what the pacer may know of a contact.
    """

    def __init__(self, pacer: Pacer, clock: Clock, features: ContactReader = contact_features) -> None:
        self.pacer, self._clock, self.features = pacer, clock, features
        self.decisions = 0  # asked for so far
        self._lines: dict[AttemptId, _Line] = {}
        self._untold: dict[AttemptId, ContactFeatures] = {}
        self.calls = CallCounts()
        self._agents: dict[AgentId, tuple[Presence, bool]] = {}
        self._plans: Mapping[CampaignId, PacingPlan] = {}
        self._news: deque[tuple[Callable[..., None], tuple[Any, ...], dict[str, Any]]] = deque()

    # --- the plan, the law and the past ---------------------------------------------------------------------------------

    def plans(self, campaigns: Iterable[Campaign]) -> None:
        plans = {each.id: each.plan.pacing for each in campaigns if each.state is CampaignState.RUNNING}
        if plans != self._plans:
            self._plans = plans
            self._tell(self.pacer.plans, plans, self._clock.monotonic())

    def counted(self, campaign: CampaignId, counts: Sequence[WindowCount]) -> None:
        self._tell(self.pacer.counted, campaign, counts)

    def learnt(self, lesson: Lesson) -> None:
        self._tell(self.pacer.learnt, lesson)

    def lessons(self) -> Sequence[Lesson]:
        self.flush()
        return self.pacer.lessons()

    # --- lines ----------------------------------------------------------------------------------------------------------

    def dialled(self, call: LiveCall, features: ContactFeatures) -> None:
        self.calls.enter(call)
        if call.agentless:
            return
        if call.previewed:
            self._untold[call.id] = features
            return
        self._lines[call.id] = _Line()
        self._tell(self.pacer.dialled, call.id, call.campaign.id, features, *self._time())

    def taken_over(self, call: LiveCall) -> None:
        """A call of an engine that is gone, with the times at which everything happened to it."""
        self.calls.enter(call)
        alone = call.state in (AttemptState.MESSAGE, AttemptState.IN_FLOW)
        if alone:
            self.calls.no_agent(call)
        if call.agentless or alone or call.wanted_agent is not None:
            return  # needs no agent, or none any more, or none of those who would otherwise be dialled for
        features = self.features(call.claimed, call.trunk, call.dialled_at)
        if call.previewed and call.unanswered:
            self._untold[call.id] = features
            return
        line = self._begun(call, features)
        if not call.unanswered:
            self.answered(call)
            if call.state is AttemptState.TALKING and call.agent is not None:
                self._joined(call.id, line, call.agent)

    def _begun(self, call: LiveCall, features: ContactFeatures) -> _Line:
        line = self._lines[call.id] = _Line(joined_at=call.joined_at)
        self._tell(self.pacer.dialled, call.id, call.campaign.id, features, *self._time(call.dialled_at))
        if call.rang_at is not None:
            self._tell(self.pacer.signalled, call.id, LineSign.RINGING, self._time(call.rang_at)[0])
        return line

    def signalled(self, call: LiveCall, sign: LineSign) -> None:
        if call.id in self._lines:
            self._tell(self.pacer.signalled, call.id, sign, self._clock.monotonic())

    def answered(self, call: LiveCall, at: datetime | None = None) -> None:
        """`at`: from when on an agent is needed, where that is later than the answer."""
        self.calls.answered(call)
        if (features := self._untold.pop(call.id, None)) is not None:
            self._begun(call, features)
        line = self._lines.get(call.id)
        if line is None or line.answered:
            return
        line.answered = True
        self._tell(self.pacer.answered, call.id, *self._time(at or call.answered_at))
        if line.agent is not None:
            self._tell(self.pacer.joined, call.id, line.agent, self._time(line.joined_at)[0])

    def no_agent(self, call: LiveCall) -> None:
        """The caller hears the message from now on and needs no agent."""
        self.calls.no_agent(call)
        if call.joined_at is not None:
            end = LineEnd.PERSON
        else:
            end = LineEnd.MACHINE if call.for_machine else LineEnd.ABANDONED
        self._over(call.id, end)

    def ended(self, call: LiveCall, disposition: Disposition, sent: bool) -> None:
        """`sent` is False for a call that never left this program."""
        self.calls.leave(call)
        if (features := self._untold.pop(call.id, None)) is not None and sent:
            self._begun(call, features)
        end = line_end(disposition) if sent else LineEnd.UNKNOWN
        self.calls.saw_end(call.campaign.id, end, self._clock.monotonic())
        self._over(call.id, end)

    def _over(self, attempt: AttemptId, end: LineEnd) -> None:
        if (line := self._lines.pop(attempt, None)) is None:
            return
        if not line.answered and end is LineEnd.MACHINE:
            end = LineEnd.NOT_ANSWERED  # it was heard before anybody was needed
        elif not line.answered and end in (LineEnd.PERSON, LineEnd.ABANDONED):
            self._tell(self.pacer.answered, attempt, *self._time())
        self._tell(self.pacer.ended, attempt, end, *self._time())

    def _joined(self, attempt: AttemptId, line: _Line, agent: AgentId) -> None:
        if line.agent == agent:
            return
        line.agent = agent
        if line.answered:
            self._tell(self.pacer.joined, attempt, agent, self._time(line.joined_at)[0])

    # --- agents ---------------------------------------------------------------------------------------------------------

    def desk(self, desk: Desk) -> None:
        """Its state or wish changed. An agent given to a caller is joined to the line, though the two may not talk yet."""
        presence = _PRESENCE.get(desk.state, Presence.AWAY)
        leaving = desk.state in _BUSY and desk.wish is not AgentState.READY
        since = None
        if presence is Presence.ON_CALL and desk.attempt is not None:
            line = self._lines.get(desk.attempt)
            if line is not None:
                self._joined(desk.attempt, line, desk.id)
                since = line.joined_at
        if self._agents.get(desk.id, (Presence.AWAY, False)) == (presence, leaving):
            return
        self._agents[desk.id] = presence, leaving
        self._tell(self.pacer.present, desk.id, presence, self._time(since)[0], leaving=leaving)

    # --- questions ------------------------------------------------------------------------------------------------------

    def decide(self, campaign: CampaignId, room: Room) -> PacingDecision:
        self.flush()
        self.decisions += 1
        return self.pacer.decide(campaign, room, *self._time())

    def admit(self, campaign: CampaignId, contacts: Sequence[ContactFeatures]) -> int:
        """Never more than there are."""
        self.flush()
        return min(max(self.pacer.admit(campaign, contacts, self._clock.monotonic()), 0), len(contacts))

    # --- telling --------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Tell what waits to be told. A pacer that fails at one event is told the next one all the same."""
        while self._news:
            tell, arguments, words = self._news.popleft()
            try:
                tell(*arguments, **words)
            except Exception:
                log.exception("pacer failed", extra={"action": "pacing.event_failed", "event": tell.__name__})

    def _tell(self, tell: Callable[..., None], *arguments: Any, **words: Any) -> None:
        self._news.append((tell, arguments, words))

    def _time(self, at: datetime | None = None) -> tuple[float, datetime]:
        """Monotonic and wall time of a moment that is not in the future; None is now."""
        now, wall = self._clock.monotonic(), self._clock.now()
        if at is None or at >= wall:
            return now, wall
        return now - (wall - at).total_seconds(), at
