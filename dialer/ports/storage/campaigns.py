"""Campaigns: their plans and states, and what has become of their contacts and calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.domain.campaign import Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import CampaignId


@dataclass(frozen=True, slots=True)
class Abandonment:
    """Integer counts of one window: `answered` by people, `abandoned` among them."""

    since: datetime
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class ContactCounts:
    by_state: Mapping[str, int]
    due_now: int
    next_due_at: datetime | None


class CampaignStore(Protocol):
    async def campaigns(self) -> Sequence[Campaign]: ...

    async def campaign(self, campaign: CampaignId) -> Campaign:
        """Raises `NotFound`."""
        ...

    async def campaign_named(self, name: str) -> Campaign:
        """Raises `NotFound`."""
        ...

    async def create_campaign(self, plan: CampaignPlan, now: datetime) -> CampaignId:
        """Raises `Conflict` when the name is taken."""
        ...

    async def change_plan(self, campaign: CampaignId, plan: CampaignPlan) -> None: ...

    async def move_campaign(
        self, campaign: CampaignId, signal: CampaignSignal, now: datetime
    ) -> CampaignState:
        """Apply a signal atomically. Raises `Conflict` with the state that forbids it."""
        ...

    async def is_exhausted(self, campaign: CampaignId) -> bool:
        """There are contacts, and none of them is ready or claimed. Cheap, whatever the size of the list."""
        ...

    async def contact_counts(self, campaign: CampaignId, now: datetime) -> ContactCounts: ...

    async def outcomes(self, campaign: CampaignId) -> Mapping[Disposition, int]:
        """Ended attempts by disposition."""
        ...

    async def abandonment(self, campaign: CampaignId, since: datetime) -> Abandonment: ...
