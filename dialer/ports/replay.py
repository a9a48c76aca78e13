"""What is kept of a finished day, for playing it again under other settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.agent import AgentState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """A dial that has ended. `zones` is empty when its number is no longer in the list."""

    id: AttemptId
    contact: ContactId
    number: PhoneNumber
    zones: tuple[str, ...]
    disposition: Disposition
    dialled_at: datetime
    rang_at: datetime | None
    answered_at: datetime | None
    joined_at: datetime | None
    left_at: datetime | None
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class RecordedState:
    """An agent's state from a moment on."""

    agent: AgentId
    state: AgentState
    at: datetime
    attempt: AttemptId | None


class ReplayReader(Protocol):
    async def last_dial(self, campaign: CampaignId) -> datetime | None: ...

    async def attempts(
        self, campaign: CampaignId, since: datetime, until: datetime
    ) -> Sequence[RecordedAttempt]:
        """Those dialled in between, in the order of dialling."""
        ...

    async def states(self, since: datetime, until: datetime) -> Sequence[RecordedState]:
        """Of all agents, in the order of time; first the state in which each of them enters this stretch."""
        ...

    async def others_dialled(self, campaign: CampaignId, since: datetime, until: datetime) -> bool:
        """Whether other campaigns shared the floor."""
        ...
