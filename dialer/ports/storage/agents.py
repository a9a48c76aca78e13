"""Agents: what they ask for, the states they were in, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.agent import AgentState
from dialer.domain.ids import AgentId, AttemptId


@dataclass(frozen=True, slots=True)
class AgentWish:
    """An agent as the store has it: the recorded state, and what the agent last asked for."""

    id: AgentId
    name: str
    phone: str
    state: AgentState
    reason: str
    since: datetime
    wish: AgentState  # LOGGED_OUT, READY or PAUSED
    wish_reason: str
    wished_at: datetime


@dataclass(frozen=True, slots=True)
class AgentChange:
    agent: AgentId
    state: AgentState
    reason: str
    at: datetime
    attempt: AttemptId | None = None


@dataclass(frozen=True, slots=True)
class TimeInState:
    agent: AgentId
    state: AgentState
    seconds: float
    times: int


class AgentStore(Protocol):
    async def agents(self) -> Sequence[AgentWish]: ...

    async def add_agent(self, name: str, phone: str, now: datetime) -> AgentId:
        """Raises `Conflict` when name or phone is taken."""
        ...

    async def wish(self, agent: AgentId, wish: AgentState, reason: str, now: datetime) -> None:
        """What the agent asks for. Raises `NotFound`."""
        ...

    async def record_states(self, changes: Sequence[AgentChange]) -> None: ...

    async def time_in_states(self, since: datetime, until: datetime) -> Sequence[TimeInState]: ...
