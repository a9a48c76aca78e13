"""An exchange on which every call has its fate beforehand. It obeys the same contract as the real drivers.

Made for speed: an unanswered line has one timer at a time, an answered one at most two, and nothing is awaited.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from dialer.clock import Clock
from dialer.compliance.gate import DialPermit
from dialer.domain.disposition import HangupCause
from dialer.domain.events import (
    AnnouncementEnded,
    AnnouncementStarted,
    CallAnswered,
    CallEnded,
    CallJoined,
    CallLeftAgent,
    DeskDown,
    DeskFree,
    DeskUp,
    FlowEnded,
    FlowStarted,
    LineEvidence,
    LinkUp,
    MessageStarted,
    OptedOut,
    PromptEnded,
)
from dialer.domain.ids import AgentId, AttemptId, TrunkName
from dialer.errors import LinkDown, Refused
from dialer.pacing.pacer import LineEnd
from dialer.ports.ears import TapId
from dialer.ports.telephony import AdoptedCall, Census, EventSink, FlowOrder, LiveCall, Packets
from dialer.simulation.fate import CallFate
from dialer.simulation.floor_book import FloorBook
from dialer.telephony.ring_watch import RingLimit

MESSAGE_S = 5.0
TRUNK = TrunkName("main")

_NORMAL = HangupCause(16, None, "Normal Clearing")
_BUSY = HangupCause(17, 486, "Busy Here")
_NO_ANSWER = HangupCause(19, 480, "Temporarily Unavailable")
_CARRIER_FAILED = HangupCause(34, 503, "Service Unavailable")
_UNREGISTERED = HangupCause(20, 480, "not registered")
_PHONE_LOST = HangupCause(16, None, "phone dropped")
_NEVER = float("inf")


def usual_cause(fate: CallFate) -> HangupCause:
    """Why a line ended that nobody answered: it was refused by the trunk, was engaged, or rang in vain."""
    if fate.end is LineEnd.CARRIER_FAILED:
        return _CARRIER_FAILED
    return _NO_ANSWER if fate.signs else _BUSY


def _nothing_more(agent: AgentId, attempt: AttemptId, fate: CallFate) -> None: ...


class _NotSent(LinkDown):
    sent = False


@dataclass(slots=True, eq=False)
class _Line:
    attempt: AttemptId
    fate: CallFate
    limit: RingLimit
    dialled_at: float
    signs_seen: int = 0
    picked_up_at: float | None = None
    answered: bool = False  # we were told
    agent: AgentId | None = None
    joined_at: float = 0.0
    talk_left: float = 0.0
    joins: int = 0
    ended_by_us: bool = False
    next: asyncio.TimerHandle | None = None  # of the line: the next sign, its answer, its end
    patience: asyncio.TimerHandle | None = None


class SimulatedExchange:
    """`fate` is asked once for each call, when it is dialled; `over` is told when an agent's call has ended, and whose
    fate it had.

    A machine detector, where a fate has one, listens on the exchange: of an answer the engine hears with the verdict,
    and a call taken for a machine ends there. Must be made within the loop it runs in.
    """

    def __init__(
        self,
        fate: Callable[[DialPermit], CallFate],
        sink: EventSink,
        clock: Clock,
        book: FloorBook,
        *,
        over: Callable[[AgentId, AttemptId, CallFate], None] = _nothing_more,
        cause: Callable[[CallFate], HangupCause] = usual_cause,
    ) -> None:
        self._fate, self._sink, self._clock, self._book = fate, sink, clock, book
        self._over, self._cause = over, cause
        self._loop = asyncio.get_running_loop()
        self._lines: dict[AttemptId, _Line] = {}
        self._desks: dict[AgentId, _Line | None] = {}
        self.trunks: Sequence[TrunkName] = (TRUNK,)
        self.dead_phones: set[AgentId] = set()
        self.link_up = False
        self.reconnects = 0

    @property
    def problem(self) -> str | None:
        return None if self.link_up else "the link was not taken up"

    def raise_link(self) -> None:
        self.link_up = True
        self._sink(LinkUp(self._clock.now()))

    def _need_link(self) -> None:
        if not self.link_up:
            raise _NotSent("the link is down")

    # --- lines that nobody has answered -------------------------------------------------------------------------------

    async def originate(self, permit: DialPermit, message: str) -> None:
        self._need_link()
        now = self._loop.time()
        self._book.dialled(now)
        fate = self._fate(permit)
        foreign = None if permit.foreign_after is None else permit.foreign_after.total_seconds()
        limit = RingLimit(permit.ring_for.total_seconds(), permit.ring_minimum.total_seconds(), now, foreign)
        line = self._lines[permit.attempt] = _Line(permit.attempt, fate, limit, now, talk_left=fate.talk)
        self._await_next(line)

    def _await_next(self, line: _Line) -> None:
        """Set the timer for whatever comes first: a sign, the answer, the end, or our own limit."""
        fate, signs = line.fate, line.fate.signs
        happens = line.dialled_at + (fate.ends_after if fate.answers_after is None else fate.answers_after)
        do = self._not_answered if fate.answers_after is None else self._picked_up
        if line.limit.due < happens:
            happens, do = line.limit.due, self._give_up
        if line.signs_seen < len(signs) and line.dialled_at + signs[line.signs_seen][0] <= happens:
            happens, do = line.dialled_at + signs[line.signs_seen][0], self._signalled
        line.next = self._loop.call_at(happens, do, line)

    def _signalled(self, line: _Line) -> None:
        sign = line.fate.signs[line.signs_seen][1]
        line.signs_seen += 1
        line.limit.signed(sign, self._loop.time())
        self._sink(LineEvidence(line.attempt, self._clock.now(), sign))
        if line.attempt in self._lines:
            self._await_next(line)

    def _not_answered(self, line: _Line) -> None:
        self._end(line, self._cause(line.fate))

    def _give_up(self, line: _Line) -> None:
        self._end_by_us(line)

    # --- answered lines -----------------------------------------------------------------------------------------------

    def _picked_up(self, line: _Line) -> None:
        now = line.picked_up_at = self._loop.time()
        self._book.picked_up(line.fate, now)
        if line.fate.judged_after > 0:
            line.next = self._loop.call_at(now + line.fate.judged_after, self._judged, line)
        else:
            self._judged(line)

    def _judged(self, line: _Line) -> None:
        if line.fate.taken_for is LineEnd.MACHINE:
            self._book.no_agent(line.fate, line.picked_up_at or 0.0, self._loop.time())
            self._end(line, _NORMAL)
            return
        line.answered = True
        self._be_patient(line, line.picked_up_at or 0.0)
        self._sink(CallAnswered(line.attempt, self._clock.now()))

    def _be_patient(self, line: _Line, since: float) -> None:
        if line.fate.patience < _NEVER:
            line.patience = self._loop.call_at(since + line.fate.patience, self._end, line, _NORMAL)

    async def join(self, attempt: AttemptId, agent: AgentId, recording: str | None) -> None:
        self._need_link()
        line = self._need(attempt)
        if agent not in self._desks or not line.answered:
            raise Refused("the agent's phone is gone" if line.answered else "the call is not answered")
        if line.patience is not None:
            line.patience.cancel()
        now = line.joined_at = self._loop.time()
        if not line.joins:
            self._book.joined(line.fate, line.picked_up_at or 0.0, now)
        line.joins += 1
        self._connect(line, agent)
        self._sink(CallJoined(attempt, agent, self._clock.now()))

    def _connect(self, line: _Line, agent: AgentId) -> None:
        line.agent, self._desks[agent] = agent, line
        line.next = self._loop.call_at(self._loop.time() + line.talk_left, self._end, line, _NORMAL)

    def go_on_talking(self, attempt: AttemptId, agent: AgentId, fate: CallFate) -> None:
        """A conversation from before this exchange began, with `fate.talk` left of it."""
        now = self._loop.time()
        line = _Line(attempt, fate, RingLimit(0.0, 0.0), now, 0, now, True, talk_left=fate.talk, joins=1)
        line.joined_at = now
        self._lines[attempt] = line
        self._connect(line, agent)

    async def announce(self, attempt: AttemptId, prompt: str, recording: str) -> None:
        """It takes no time: nothing is recorded here."""
        self._need_link()
        if self._need(attempt).agent is None:
            raise Refused("the call has no agent")
        self._sink(AnnouncementStarted(attempt, self._clock.now()))
        self._sink(AnnouncementEnded(attempt, self._clock.now(), True))

    async def say(self, attempt: AttemptId, prompt: str) -> None:
        """It takes no time."""
        self._need_link()
        if self._need(attempt).agent is None:
            raise Refused("the call has no agent")
        self._sink(PromptEnded(attempt, self._clock.now(), True))

    async def watch_air(self, attempt: AttemptId) -> None:
        """There is nothing to hear, which is not to be taken for silence."""
        raise Refused("nobody speaks in a simulation")

    async def unwatch_air(self, attempt: AttemptId) -> None:
        """Nothing was heard."""

    async def packets(self, attempts: Collection[AttemptId]) -> Mapping[AttemptId, Packets]:
        return {}

    async def pause_recording(self, attempt: AttemptId) -> None:
        self._need_link()
        self._need(attempt)

    async def resume_recording(self, attempt: AttemptId) -> None:
        self._need_link()
        self._need(attempt)

    async def stop_recording(self, attempt: AttemptId) -> None:
        self._need_link()
        self._need(attempt)

    async def play_message(self, attempt: AttemptId, message: str) -> None:
        self._need_link()
        line = self._need(attempt)
        now = self._loop.time()
        if not line.joins:
            self._book.no_agent(line.fate, line.picked_up_at or 0.0, now)
        line.next = self._loop.call_at(now + MESSAGE_S, self._end, line, _NORMAL)
        self._sink(MessageStarted(attempt, self._clock.now()))

    def take_caller(self, attempt: AttemptId, channel: str) -> None:
        raise Refused("nobody calls in here")

    async def send_to_flow(self, attempt: AttemptId, order: FlowOrder) -> None:
        """Nobody presses a key in a simulation: the flow lasts as long as a message."""
        self._need_link()
        line = self._need(attempt)
        if not line.answered:
            raise Refused("the call is not answered")
        now, agent, line.agent = self._loop.time(), line.agent, None
        if not line.joins:
            self._book.no_agent(line.fate, line.picked_up_at or 0.0, now)
        if line.next is not None:
            line.next.cancel()
        line.next = self._loop.call_at(now + MESSAGE_S, self._flow_ended, line)
        self._sink(FlowStarted(attempt, self._clock.now()))
        if agent is not None:
            self._desks[agent] = None
            self._sink(DeskFree(agent, self._clock.now()))
            self._over(agent, attempt, line.fate)

    def _flow_ended(self, line: _Line) -> None:
        self._sink(FlowEnded(line.attempt, self._clock.now(), "done"))
        self._end(line, _NORMAL)

    async def tap(self, attempt: AttemptId, tap: TapId, address: str) -> None:
        """There is nothing to hear: what a line is, the fates tell."""
        self._need_link()
        self._need(attempt)

    async def untap(self, attempt: AttemptId) -> None:
        """Nothing was heard."""

    async def opt_outs(self) -> Sequence[OptedOut]:
        """Nobody presses a key in a simulation."""
        return ()

    async def forget_opt_outs(self, attempts: Collection[AttemptId]) -> None:
        self._need_link()

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _end(self, line: _Line, cause: HangupCause) -> None:
        if self._lines.pop(line.attempt, None) is None:
            return
        _stop(line)
        agent = line.agent
        if agent is not None:
            self._desks[agent] = None
        self._sink(CallEnded(line.attempt, self._clock.now(), cause, line.ended_by_us))
        if agent is not None:
            self._sink(DeskFree(agent, self._clock.now()))
            self._over(agent, line.attempt, line.fate)

    def _end_by_us(self, line: _Line) -> None:
        line.ended_by_us = True
        if line.picked_up_at is None and not line.limit.foreign:
            self._book.given_up(line.limit.rings_since, line.dialled_at, self._loop.time())
        self._end(line, _NORMAL)

    def sounds_foreign(self, attempt: AttemptId) -> None:
        line = self._lines.get(attempt)
        if line is not None and line.picked_up_at is None:
            line.limit.foreign = True
            _stop(line)
            self._await_next(line)

    async def hang_up(self, attempt: AttemptId) -> None:
        self._need_link()
        line = self._need(attempt)
        if line.picked_up_at is not None:
            self._end_by_us(line)
            return
        line.limit.wanted_gone = True
        _stop(line)
        self._await_next(line)

    async def end_stray(self, attempt: AttemptId) -> None:
        self._need_link()
        if (line := self._lines.get(attempt)) is not None:
            self._end_by_us(line)

    def adopt(self, calls: Sequence[AdoptedCall]) -> None:
        """What goes on here is looked after from here."""

    def forget(self, attempt: AttemptId) -> None:
        if (line := self._lines.pop(attempt, None)) is not None:
            _stop(line)

    def _need(self, attempt: AttemptId) -> _Line:
        if (line := self._lines.get(attempt)) is None:
            raise Refused("the call is gone")
        return line

    # --- agents' phones -----------------------------------------------------------------------------------------------

    async def connect_desk(self, agent: AgentId, phone: str) -> None:
        self._need_link()
        if agent in self.dead_phones:
            self._sink(DeskDown(agent, self._clock.now(), _UNREGISTERED))
            return
        self._desks[agent] = None
        self._sink(DeskUp(agent, self._clock.now()))

    async def disconnect_desk(self, agent: AgentId) -> None:
        self._need_link()
        self.drop_phone(agent)

    def drop_phone(self, agent: AgentId) -> None:
        """The caller, if there is one, stays and waits."""
        if agent not in self._desks:
            return
        line = self._desks.pop(agent)
        if line is not None:
            now = self._loop.time()
            _stop(line)
            line.agent, line.talk_left = None, max(0.0, line.talk_left - (now - line.joined_at))
            self._be_patient(line, now)
            self._sink(CallLeftAgent(line.attempt, self._clock.now()))
        self._sink(DeskDown(agent, self._clock.now(), _PHONE_LOST))

    def lose_desk(self, agent: AgentId) -> None:
        """The phone is gone until it is taken out of `dead_phones`, and a caller who talks is cut off."""
        self.dead_phones.add(agent)
        if (line := self._desks.get(agent)) is not None:
            self._end(line, _NORMAL)
        self.drop_phone(agent)

    async def census(self) -> Census:
        self._need_link()
        calls = [LiveCall(line.attempt, line.answered, line.agent) for line in self._lines.values()]
        return Census(calls, sorted(self._desks))

    async def calls_on_exchange(self) -> Collection[AttemptId]:
        self._need_link()
        return self._lines.keys()


def _stop(line: _Line) -> None:
    for timer in (line.next, line.patience):
        if timer is not None:
            timer.cancel()
