"""How often a lost phone is called again before its agent is logged out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.ids import AgentId

# an exchange that finds a phone out of reach asks it again after 20 seconds, and refuses calls to it until then: the
# pauses of 2, 4, 8 and 16 seconds outlast that
_TRIES = 5
_PAUSE = timedelta(seconds=1)
_STABLE = timedelta(seconds=30)  # a connection that held this long starts the count anew


@dataclass(slots=True)
class _Line:
    failures: int = 0
    connected_at: datetime | None = None
    next_try: datetime | None = None


class Reconnection:
    def __init__(self) -> None:
        self._lines: dict[AgentId, _Line] = {}
        self._given_up: list[AgentId] = []

    def may_try(self, agent: AgentId, now: datetime) -> bool:
        line = self._lines.setdefault(agent, _Line())
        return line.failures < _TRIES and (line.next_try is None or line.next_try <= now)

    def next_try(self, agent: AgentId, now: datetime) -> datetime | None:
        """When the pause after a failure is over; None when it is, or nothing failed, or too much."""
        line = self._lines.get(agent)
        if line is None or line.failures >= _TRIES or line.next_try is None or line.next_try <= now:
            return None
        return line.next_try

    def connected(self, agent: AgentId, now: datetime) -> None:
        self._lines.setdefault(agent, _Line()).connected_at = now

    def lost(self, agent: AgentId, now: datetime) -> None:
        line = self._lines.setdefault(agent, _Line())
        if line.connected_at is not None and now - line.connected_at >= _STABLE:
            line.failures = 0
        line.failures += 1
        line.connected_at, line.next_try = None, now + _PAUSE * 2**line.failures
        if line.failures == _TRIES:
            self._given_up.append(agent)

    def forget(self, agent: AgentId) -> None:
        """The agent asked for something new: begin again."""
        self._lines.pop(agent, None)

    def take_given_up(self) -> list[AgentId]:
        taken, self._given_up = self._given_up, []
        return taken
