"""Keeps the figures of a day while the engine plays it. They mean the same as those of `ModelFloor`.

Times are seconds into the day.
"""

from dataclasses import dataclass, field

from dialer.domain.agent import AgentState
from dialer.domain.campaign import RING_MINIMUM
from dialer.domain.ids import AgentId
from dialer.pacing.pacer import LineEnd
from dialer.simulation.fate import CallFate
from dialer.simulation.result import DayResult

_AT_WORK = frozenset({AgentState.READY, AgentState.ON_CALL, AgentState.WRAP_UP})
_GRAIN_S = 1e-5  # wall times are whole microseconds


@dataclass(slots=True)
class FloorBook:
    """The exchange tells what happens to lines, the store of agents what becomes of them. Nothing counts after the day."""

    result: DayResult
    warm_up_s: float = 0.0
    _agents: dict[AgentId, tuple[AgentState, float]] = field(default_factory=dict)
    _in_call: set[AgentId] = field(default_factory=set)

    # --- lines --------------------------------------------------------------------------------------------------------

    def dialled(self, at: float) -> None:
        self.result.dials += self._counts(at)

    def picked_up(self, fate: CallFate, at: float) -> None:
        if fate.end is LineEnd.PERSON and at <= self.result.day_s:
            self.result.count_answer(at, self._counts(at))

    def joined(self, fate: CallFate, picked_up_at: float, at: float) -> None:
        if not self._counts(at):
            return
        self.result.waits.append(at - picked_up_at)
        self.result.joined += 1
        self.result.machines_joined += fate.end is LineEnd.MACHINE

    def no_agent(self, fate: CallFate, picked_up_at: float, at: float) -> None:
        """Answered, and no agent within the limit; whether that is abandonment depends on who answered."""
        if fate.end is LineEnd.PERSON and at <= self.result.day_s:
            self.result.count_abandoned(picked_up_at, self._counts(at))

    def given_up(self, rings_since: float | None, dialled_at: float, at: float) -> None:
        """We ended a line before it was answered. One that never rang is measured from its dial."""
        rang = at - (dialled_at if rings_since is None else rings_since)
        self.result.dropped_early += rang < RING_MINIMUM.total_seconds() - _GRAIN_S

    # --- agents -------------------------------------------------------------------------------------------------------

    def agent_is(self, agent: AgentId, state: AgentState, at: float) -> None:
        before, since = self._agents.get(agent, (AgentState.LOGGED_OUT, at))
        self._book(before, since, at)
        if before is AgentState.READY and state is AgentState.ON_CALL:
            self._was_idle(agent, since, at)
        self._agents[agent] = state, at

    def begins_in_call(self, agent: AgentId) -> None:
        """Such an agent waits for no call, though the desk is set up free and then given its call back."""
        self._in_call.add(agent)

    def _was_idle(self, agent: AgentId, since: float, at: float) -> None:
        if agent in self._in_call:
            self._in_call.discard(agent)
        elif self._counts(at):
            self.result.idle.append(at - since)

    def close(self) -> None:
        for state, since in self._agents.values():
            self._book(state, since, self.result.day_s)
        self._agents.clear()

    def _counts(self, at: float) -> bool:
        return self.warm_up_s <= at <= self.result.day_s

    def _book(self, state: AgentState, since: float, until: float) -> None:
        if state not in _AT_WORK:
            return
        spent = max(0.0, min(until, self.result.day_s) - max(since, self.warm_up_s))
        self.result.paid += spent
        if state is AgentState.ON_CALL:
            self.result.talk += spent
        elif state is AgentState.WRAP_UP:
            self.result.wrap_up += spent
