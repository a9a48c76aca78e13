"""Brings answered callers to agents: at once, when one becomes free, or else to the abandoned-call message."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from dialer.acd.desks import Desks
from dialer.clock import Clock
from dialer.domain.attempt import AttemptState
from dialer.domain.ids import AgentId, AttemptId
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.flow_order import flow_order
from dialer.engine.live_call import LiveCall
from dialer.engine.recorder import Recorder
from dialer.errors import BadInput, LinkDown, Refused
from dialer.pacing.sharing import claim
from dialer.ports.storage import AgentChange
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_S = AttemptState

# the message has to be heard within the limit, and the exchange takes a moment to begin it
_LEAST_MARGIN_S = 0.04
_MOST_MARGIN_S = 0.4
_REMEMBERED = 50
_LOOK_S = 0.25
_GRAIN_S = 0.005
_LONGEST_GREETING = timedelta(seconds=10)  # whoever speaks longer is told that nobody is free


class HandOver:
    """`note` writes to a call's timeline; `on_change` is called when an agent is left without a caller."""

    def __init__(
        self,
        telephony: Telephony,
        recordings: Recorder,
        record: Callable[[AgentChange], None],
        clock: Clock,
        tasks: TaskOwner,
        note: Callable[[LiveCall, str, str], None],
        on_change: Callable[[], None],
        floor: FloorReporter,
    ) -> None:
        self._telephony, self._recordings, self._tasks = telephony, recordings, tasks
        self._note, self._on_change, self._floor = note, on_change, floor
        self.desks = Desks(telephony, record, clock, tasks, self._agent_free, floor.desk)
        self._waiting: deque[LiveCall] = deque()
        self._clock = clock
        self._asked: dict[AttemptId, float] = {}  # when the message was ordered
        self._took_s: deque[float] = deque(maxlen=_REMEMBERED)  # from the order to its first word

    @property
    def waiting(self) -> int:
        """Without those who called us: they go on waiting when the service is away."""
        return sum(not call.inbound for call in self._waiting)

    def begin_anew(self, call: LiveCall) -> None:
        """Whatever was being done for this caller is forgotten."""
        if call not in self._waiting:
            call.agent = None
            self.seek_agent(call)

    def seek_agent(self, call: LiveCall) -> None:
        """In an agentless campaign the message, or the flow, is what the call is for: an agent comes when the flow wants one."""
        if call.agentless and call.wanted_until is None:
            begin = self._play if call.plan.flow is None else self._enter_flow
            self._tasks.spawn(begin(call), f"message-{call.id}")
            return
        agent = self._agent_for(call)
        if agent is not None:
            self._join(call, agent)
            return
        self._waiting.append(call)
        if call.joined_at is not None and call.wanted_until is None:
            call.waits_since = self._clock.now()
        self._wait_on(call)

    def _wait_on(self, call: LiveCall) -> None:
        left_s = self._patience_s(call)
        asyncio.get_running_loop().call_later(
            _LOOK_S if left_s is None else left_s, self._waited_enough, call
        )

    def _patience_s(self, call: LiveCall) -> float | None:
        """How long an agent is waited for: until one must be there, less what the exchange lately took at most to begin the
        message. None: that is open, because the called person is still speaking.

        An agent who becomes free in between could not be joined in time either. 47 CFR 64.1200(a)(7)(i): the message begins
        within two seconds.
        """
        if (due := call.agent_due()) is None:
            return None
        margin = min(max(self._took_s, default=0.0) + _LEAST_MARGIN_S, _MOST_MARGIN_S)
        limit = call.plan.answer_within.total_seconds()
        return max((due - self._clock.now()).total_seconds() - min(margin, limit / 2), 0.0)

    def message_begun(self, call: LiveCall) -> None:
        if (asked := self._asked.get(call.id)) is not None:
            self._took_s.append(self._clock.monotonic() - asked)
        self.stop_waiting(call)

    def _agent_for(self, call: LiveCall) -> AgentId | None:
        """Who saw the contact before it was dialled, unless that phone is gone; else who is free longest."""
        if call.agent is not None and self.desks.join_held(call.agent, call.id):
            return call.agent
        call.agent = None
        if call.wanted_agent is not None:
            return call.wanted_agent if self.desks.reserve(call.wanted_agent, call.id) else None
        return self.desks.reserve_longest_idle(call.id)

    def _agent_free(self) -> None:
        now = self._clock.now()
        for call in sorted(self._waiting, key=lambda each: _turn(each, now)):
            if not self.desks.free:
                return
            if (agent := self._agent_for(call)) is not None:
                self._waiting.remove(call)
                self._join(call, agent)
        self._on_change()

    def let_go(self, call: LiveCall) -> None:
        """The caller went on without an agent; whoever was about to be joined is free again."""
        self.stop_waiting(call)
        if call.agent is not None:
            agent, call.agent = call.agent, None
            call.parts -= 1
            self.desks.release(agent, call.id)

    def stop_waiting(self, call: LiveCall) -> None:
        """The message has begun, or the call is over."""
        self._asked.pop(call.id, None)
        if call in self._waiting:
            self._waiting.remove(call)

    def _join(self, call: LiveCall, agent: AgentId) -> None:
        call.agent = agent
        call.parts += 1
        self._tasks.spawn(self._bridge(call, agent), f"join-{call.id}")

    async def _bridge(self, call: LiveCall, agent: AgentId) -> None:
        try:
            await self._telephony.join(call.id, agent, self._recordings.name(call))
        except LinkDown:
            pass  # whether they are joined is seen at the census
        except Refused as why:
            log.warning(
                "not joined", extra={"action": "call.not_joined", "attempt_id": str(call.id), "why": str(why)}
            )
            self.not_joined(call, agent)

    def not_joined(self, call: LiveCall, agent: AgentId) -> None:
        if call.agent != agent or call.state is not _S.WAITING:
            return
        call.agent = None
        call.parts -= 1
        self.desks.release(agent, call.id)
        self.seek_agent(call)

    def _waited_enough(self, call: LiveCall) -> None:
        if call not in self._waiting:
            return
        left_s = self._patience_s(call)
        if (left_s is None and not self._spoke_too_long(call)) or (left_s or 0.0) > _GRAIN_S:
            self._wait_on(call)  # the ears have heard more of the greeting meanwhile
            return
        self.stop_waiting(call)
        if call.wanted_until is not None:
            self._note(call, "no_agent", "none free while the flow waited")
            return  # the flow goes on by itself
        self._floor.no_agent(call)
        self._note(call, "no_agent", f"none free within {call.plan.answer_within.total_seconds():g} s")
        self._tasks.spawn(self._play(call), f"message-{call.id}")

    def _spoke_too_long(self, call: LiveCall) -> bool:
        return call.answered_at is not None and self._clock.now() - call.answered_at > _LONGEST_GREETING

    def leave_message(self, call: LiveCall) -> None:
        """On the machine that answered."""
        self._tasks.spawn(self._play(call), f"message-{call.id}")

    async def _enter_flow(self, call: LiveCall) -> None:
        """The flow of the campaign, which the call is for."""
        try:
            await self._telephony.send_to_flow(call.id, flow_order(call, call.plan.flow or ""))
        except (LinkDown, Refused, BadInput) as why:
            log.warning(
                "not in its flow",
                extra={"action": "call.no_flow", "attempt_id": str(call.id), "why": str(why)},
            )

    async def _play(self, call: LiveCall) -> None:
        self._asked[call.id] = self._clock.monotonic()
        try:
            await self._telephony.play_message(call.id, call.message)
        except (LinkDown, Refused) as why:
            self._asked.pop(call.id, None)
            log.warning(
                "no message", extra={"action": "call.no_message", "attempt_id": str(call.id), "why": str(why)}
            )


def _turn(call: LiveCall, now: datetime) -> tuple[bool, int, bool, float]:
    """Whom the law gives seconds before everyone else; then by the priority of the flow; then who waits for one agent alone,
    since nobody else can help; then by the wait, times the weight of the queue."""
    waited = (now - call.answered_at).total_seconds() if call.answered_at is not None else 0.0
    weight = 1.0 if call.bound_by_law else call.plan.pacing.weight
    return not call.bound_by_law, -call.priority, call.wanted_agent is None, -claim(waited, weight)
