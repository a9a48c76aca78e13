"""Our own do-not-call list; registries of national size are in `dialer.ports.registries`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dialer.domain.ids import CampaignId
from dialer.domain.phone_number import PhoneNumber


class ListKind(StrEnum):
    """Why numbers are on our own list."""

    NUMBER = "number"  # who asked not to be called
    PREFIX = "prefix"  # no number that begins so
    COMPLAINT = "complaint"  # who complained about a call
    SENSITIVE = "sensitive"  # a customer who is reached in another way


@dataclass(frozen=True, slots=True)
class DoNotCallEntry:
    """`number` is the beginning of numbers for a prefix. `channel`: how a sensitive customer wishes to be reached."""

    number: PhoneNumber
    campaign: CampaignId | None
    source: str
    reason: str
    added_at: datetime
    expires_at: datetime | None = None
    kind: ListKind = ListKind.NUMBER
    channel: str = ""


class DoNotCallStore(Protocol):
    async def add_do_not_call(self, entries: Sequence[DoNotCallEntry]) -> int:
        """How many were new."""
        ...

    async def remove_do_not_call(
        self, number: PhoneNumber, campaign: CampaignId | None, kind: ListKind = ListKind.NUMBER
    ) -> bool: ...

    async def do_not_call(self, number: PhoneNumber) -> Sequence[DoNotCallEntry]:
        """Every entry that speaks of the number: its own of every kind, and prefixes it begins with; expired ones too."""
        ...

    async def do_not_call_of_kind(
        self, kind: ListKind, after: PhoneNumber | None, most: int
    ) -> Sequence[DoNotCallEntry]:
        """In the order of their numbers."""
        ...

    async def do_not_call_among(
        self, numbers: Sequence[PhoneNumber]
    ) -> Mapping[str, Sequence[DoNotCallEntry]]:
        """The entries of those numbers that have some, by E.164, expired ones too."""
        ...

    async def count_do_not_call(self) -> int: ...
