"""What the gate is told by the store, and what the store is told by the gate, in the transaction that commits a dial."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dialer.compliance.call import CallsToday, ConsentStanding, PastCall
from dialer.compliance.gate import DialPermit
from dialer.compliance.grounds import Grounds
from dialer.compliance.refusal import Refusal
from dialer.compliance.short_calls import CountedDay
from dialer.domain.campaign import CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.ids import AttemptId, CampaignId, ContactId, NumberId
from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class FactsWanted:
    """`since`: no rule looks further back. `seller`, `subject`: consent is given to somebody, on something.

    `counted`: what to count of today, in all campaigns; a count may be a minute old, and is not asked for where nobody is
    called whom it concerns.
    """

    caller_id: str
    since: datetime
    now: datetime
    seller: str = ""
    subject: str = ""
    counted: tuple[CountedDay, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnLists:
    """Why a number is on a list of our own; None: it is not. `sensitive` is the channel the customer prefers.

    `internal_dnc_until`: when it is called again, None: never.
    """

    internal_dnc: str | None = None
    blocked_prefix: str | None = None
    complaint: str | None = None
    sensitive: str | None = None
    internal_dnc_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DialFacts:
    """What the store knows of one contact and the number chosen for it, at one moment.

    `zones` are all IANA zones the number may be in, `stated_zone` is the list's own word. `attempts` were dialled in this campaign;
    `history` holds every call to the same person in any campaign, oldest first. `proof` is the evidence of the right
    to show the caller ID, None when it is not among those that may be shown.
    """

    contact: ContactId
    campaign: CampaignId
    campaign_state: CampaignState
    number: PhoneNumber
    zones: tuple[str, ...]
    attempts: int
    attributes: Mapping[str, str] = field(default_factory=dict)
    history: tuple[PastCall, ...] = ()
    lists: OwnLists = field(default_factory=OwnLists)
    consent: ConsentStanding = field(default_factory=ConsentStanding)
    reassigned: str | None = None
    proof: str | None = None
    stated_zone: str | None = None
    calls_today: tuple[CallsToday, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedClaim:
    """A claim that the gate refused, and what becomes of its contact."""

    attempt: AttemptId
    refusal: Refusal
    contact_state: ContactState
    due_at: datetime | None
    contact_because: str


# None: the claim is left as it is, for its owner to release
Judge = Callable[[AttemptId, DialFacts], DialPermit | RefusedClaim | None]


@dataclass(frozen=True, slots=True)
class StoredRefusal:
    """The same refusal of one contact so many `times` in a row, from `first_at` to `last_at`."""

    contact: ContactId
    campaign: CampaignId
    number: PhoneNumber
    reason: str
    profile: str
    citation: str
    because: str
    until: datetime | None
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How many contacts were last refused for one reason. `until` is the earliest at which one of them may be dialled."""

    reason: str
    profile: str
    citation: str
    contacts: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptGrounds:
    """What one dial was decided by."""

    grounds: Grounds
    debt: str
    consent: int | None
    caller_id: str


@dataclass(frozen=True, slots=True)
class CallerIdEntry:
    """A number that may be shown. `proof` says where the evidence of the right to use it lies; "": there is none."""

    number: PhoneNumber
    proof: str
    note: str
    added_by: str
    added_at: datetime


class GateRecords(Protocol):
    """What the gate decided, for people, and the numbers that may be shown. Any method may raise `StorageDown`."""

    async def facts_of(
        self, contacts: Sequence[ContactId], wanted: FactsWanted
    ) -> Mapping[ContactId, DialFacts]:
        """Of each contact with the number that a claim would choose now; without a usable number it is left out."""
        ...

    async def grounds(self, attempt: AttemptId) -> AttemptGrounds | None:
        """None for a dial from before grounds were kept, or for an attempt that was not dialled."""
        ...

    async def refusals(self, contact: ContactId, most: int) -> Sequence[StoredRefusal]:
        """The latest first."""
        ...

    async def refusal_counts(self, campaign: CampaignId, since: datetime) -> Sequence[RefusalCount]:
        """Each contact once, by its last refusal since then; the most frequent first."""
        ...

    async def contacts_with(self, number: PhoneNumber) -> Sequence[ContactId]: ...

    async def caller_ids(self) -> Sequence[CallerIdEntry]: ...

    async def allow_caller_id(self, entry: CallerIdEntry) -> None:
        """What was known of the number is replaced. Again."""
        ...

    async def disallow_caller_id(self, number: PhoneNumber) -> bool:
        """False when it was not among them."""
        ...


NumberChoice = tuple[ContactId, NumberId]
