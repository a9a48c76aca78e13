"""Agents of a simulated day: they come, go, lose their desks and end their wrap-up, through the doors that people use."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from dialer.acd.desks import Desks
from dialer.clock import Clock
from dialer.domain.agent import AgentState
from dialer.domain.ids import AgentId, AttemptId
from dialer.simulation.fate import AgentMove, Movement
from dialer.simulation.stores import PromptChanges, SimulatedAgents


class _Phones(Protocol):
    dead_phones: set[AgentId]

    def lose_desk(self, agent: AgentId) -> None: ...


class FloorPeople:
    """`moves` are in order of time. Who is to leave asks for it in a call at once, and in wrap-up when it is done."""

    def __init__(
        self,
        moves: Sequence[AgentMove],
        desks: Desks,
        phones: _Phones,
        agents: SimulatedAgents,
        changes: PromptChanges,
        clock: Clock,
    ) -> None:
        self._moves, self._desks, self._phones = moves, desks, phones
        self._agents, self._changes, self._clock = agents, changes, clock
        self._loop = asyncio.get_running_loop()
        self._moved = 0
        self._leave_after_wrap_up: set[AgentId] = set()

    def begin(self) -> None:
        """Those who begin the day are asked for before the engine starts."""
        self._move()

    def _move(self) -> None:
        moves, now = self._moves, self._loop.time()
        while self._moved < len(moves) and moves[self._moved].at <= now:
            self._carry_out(moves[self._moved])
            self._moved += 1
        self._changes.tell()
        if self._moved < len(moves):
            self._loop.call_at(moves[self._moved].at, self._move)

    def _carry_out(self, move: AgentMove) -> None:
        agent = AgentId(move.agent)
        self._leave_after_wrap_up.discard(agent)
        if move.movement is Movement.COME:
            self._phones.dead_phones.discard(agent)
            self._wish(agent, AgentState.READY)
            return
        if move.movement is Movement.VANISH:
            self._phones.lose_desk(agent)
        desk = self._desks.desk(agent)
        if desk is not None and desk.state is AgentState.WRAP_UP:
            self._leave_after_wrap_up.add(agent)
        else:
            self._wish(agent, AgentState.LOGGED_OUT)

    def _wish(self, agent: AgentId, wish: AgentState) -> None:
        self._agents.set_wish(agent, wish, self._clock.now())

    def call_over(self, agent: AgentId, attempt: AttemptId, wrap_up_s: float) -> None:
        if wrap_up_s > 0:
            self._loop.call_later(wrap_up_s, self._wrapped_up, agent, attempt)
        else:
            self._wrapped_up(agent, attempt)

    def _wrapped_up(self, agent: AgentId, attempt: AttemptId) -> None:
        desk = self._desks.desk(agent)
        if desk is None or desk.state is not AgentState.WRAP_UP or desk.attempt != attempt:
            return
        if agent in self._leave_after_wrap_up:
            self._leave_after_wrap_up.discard(agent)
            self._wish(agent, AgentState.LOGGED_OUT)
            self._changes.tell()
        else:
            self._desks.end_wrap_up(agent)
