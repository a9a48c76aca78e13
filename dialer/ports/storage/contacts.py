"""Contacts: lists taken in, batch by batch, and contacts for people to look at and to move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.contact_rows import NewContact, RefusedRow
from dialer.domain.ids import CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class ContactView:
    id: ContactId
    campaign: CampaignId
    name: str
    state: ContactState
    due_at: datetime | None
    attempts: int
    because: str
    numbers: tuple[PhoneNumber, ...]


class ContactStore(Protocol):
    async def begin_list(self, campaign: CampaignId, source: str, now: datetime) -> int: ...

    async def add_contacts(
        self, campaign: CampaignId, list_id: int, contacts: Sequence[NewContact], now: datetime
    ) -> Sequence[RefusedRow]:
        """Add one batch; duplicates of the campaign (number or external id) come back refused, the rest is in."""
        ...

    async def finish_list(self, list_id: int, read: int, taken: int, refused: int) -> None: ...

    async def contacts(
        self, campaign: CampaignId, after: ContactId | None, most: int, state: ContactState | None = None
    ) -> Sequence[ContactView]: ...

    async def contact(self, contact: ContactId) -> ContactView: ...

    async def move_contact(
        self, contact: ContactId, signal: ContactSignal, due_at: datetime | None, because: str
    ) -> ContactState:
        """For operators and agents: reopen or block. Raises `Conflict`, `NotFound`."""
        ...
