"""Brings answered callers to agents: at once, when one becomes free, or else to the abandoned-call message."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from dialer.acd.desks import Desks
from dialer.clock import Clock
from dialer.domain.attempt import AttemptState
from dialer.domain.ids import AgentId
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.live_call import LiveCall
from dialer.engine.recorder import Recorder
from dialer.errors import LinkDown, Refused
from dialer.ports.storage import AgentChange
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_S = AttemptState


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

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def begin_anew(self, call: LiveCall) -> None:
        """Whatever was being done for this caller is forgotten."""
        if call not in self._waiting:
            call.agent = None
            self.seek_agent(call)

    def seek_agent(self, call: LiveCall) -> None:
        """In an agentless campaign the message is what the call is for."""
        if call.agentless:
            self._tasks.spawn(self._play(call), f"message-{call.id}")
            return
        agent = self._agent_for(call)
        if agent is not None:
            self._join(call, agent)
            return
        self._waiting.append(call)
        limit = call.plan.answer_within.total_seconds()
        asyncio.get_running_loop().call_later(limit, self._waited_enough, call)

    def _agent_for(self, call: LiveCall) -> AgentId | None:
        """Who saw the contact before it was dialled, unless that phone is gone; else who is free longest."""
        if call.agent is not None and self.desks.join_held(call.agent, call.id):
            return call.agent
        call.agent = None
        return self.desks.reserve_longest_idle(call.id)

    def _agent_free(self) -> None:
        while self._waiting:
            call = self._waiting[0]
            agent = self.desks.reserve_longest_idle(call.id)
            if agent is None:
                return
            self._waiting.popleft()
            self._join(call, agent)
        self._on_change()

    def stop_waiting(self, call: LiveCall) -> None:
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
        self.stop_waiting(call)
        self._floor.no_agent(call)
        self._note(call, "no_agent", f"none free within {call.plan.answer_within.total_seconds():g} s")
        self._tasks.spawn(self._play(call), f"message-{call.id}")

    async def _play(self, call: LiveCall) -> None:
        try:
            await self._telephony.play_message(call.id, call.message)
        except (LinkDown, Refused) as why:
            log.warning(
                "no message", extra={"action": "call.no_message", "attempt_id": str(call.id), "why": str(why)}
            )
