"""Attempts for people to look at, open or ended, and the agent's word on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.storage.attempts import TimelineEntry


@dataclass(frozen=True, slots=True)
class AttemptView:
    id: AttemptId
    campaign: CampaignId
    contact: ContactId
    number: PhoneNumber
    state: AttemptState
    disposition: Disposition | None
    because: str
    trunk: TrunkName | None
    agent: AgentId | None
    claimed_at: datetime
    dialled_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    joined_at: datetime | None
    left_at: datetime | None
    message_at: datetime | None
    ended_at: datetime | None
    cause: HangupCause
    ended_by_us: bool | None
    note: str
    inbound: bool = False  # called us; never dialled
    session: str | None = None  # of the flow, before the queue


class AttemptHistory(Protocol):
    async def attempts(
        self,
        campaign: CampaignId | None,
        before: datetime | None,
        most: int,
        contact: ContactId | None = None,
    ) -> Sequence[AttemptView]:
        """Newest first."""
        ...

    async def attempt(self, attempt: AttemptId) -> AttemptView: ...

    async def timeline(self, attempt: AttemptId) -> Sequence[TimelineEntry]: ...

    async def note_result(
        self,
        attempt: AttemptId,
        result: Disposition,
        note: str,
        callback_at: datetime | None,
        contact_state: ContactState | None,
        due_at: datetime | None,
        because: str,
        now: datetime,
    ) -> None:
        """The agent's word on a connected call, once it has ended; also moves the contact when a state is given.

        Raises `NotFound`, or `Conflict` when the call had no agent.
        """
        ...
