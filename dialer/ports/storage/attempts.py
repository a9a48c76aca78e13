"""Attempts while they are open: claimed for dialling, judged, committed, recorded and settled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from dialer.compliance.gate import DialPermit
from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, NumberId, RunnerId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.queued_caller import QueuedCaller
from dialer.ports.dialling import DialFacts, FactsWanted, Judge, RefusedClaim


@dataclass(frozen=True, slots=True)
class ClaimedContact:
    """A contact handed to one runner, with its open attempt and the number chosen for it."""

    attempt: AttemptId
    campaign: CampaignId
    contact: ContactId
    number_id: NumberId
    number: PhoneNumber
    zones: tuple[str, ...]
    attempts: int  # dialled before this one
    tally: Mapping[str, int]  # earlier attempts of the contact by disposition
    other_numbers: int  # usable ones besides `number`
    list_name: str = ""  # the file it came from; "" when unknown
    imported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What became known of an open attempt; None leaves a column as it is."""

    attempt: AttemptId
    state: AttemptState
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    message_at: datetime | None = None
    agent: AgentId | None = None

    def followed_by(self, later: "Progress") -> "Progress":
        """Both in one: what the later one does not know stays."""
        return Progress(
            later.attempt,
            later.state,
            rang_at=later.rang_at or self.rang_at,
            answered_at=later.answered_at or self.answered_at,
            joined_at=later.joined_at or self.joined_at,
            left_at=later.left_at or self.left_at,
            message_at=later.message_at or self.message_at,
            agent=self.agent if later.agent is None else later.agent,
        )


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    attempt: AttemptId
    at: datetime
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of an attempt and what becomes of its contact, in one transaction."""

    attempt: AttemptId
    contact: ContactId
    number_id: NumberId
    disposition: Disposition
    because: str
    ended_at: datetime
    cause: HangupCause
    ended_by_us: bool
    dialled: bool  # counts as an attempt
    contact_state: ContactState
    due_at: datetime | None
    contact_because: str
    number_is_dead: bool
    progress: Progress | None = None  # not yet recorded; its state is of no account


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt of a runner that is gone, with all that is needed to adopt or settle it. `caller`: of an inbound one."""

    claimed: ClaimedContact
    state: AttemptState
    trunk: TrunkName | None
    agent: AgentId | None
    dialled_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    joined_at: datetime | None
    message_at: datetime | None
    parts: int = 0  # recordings begun
    attributes: Mapping[str, str] = field(default_factory=dict)  # what the list says of the contact
    caller: QueuedCaller | None = None


class AttemptStore(Protocol):
    async def claim(
        self, campaign: CampaignId, runner: RunnerId, most: int, now: datetime
    ) -> Sequence[ClaimedContact]:
        """Hand out the next dialable contacts; each comes with a new attempt row in state claimed."""
        ...

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        """Undo claims that were not dialled: the attempt rows vanish, the contacts are ready as before. Again."""
        ...

    async def facts(self, claimed: Sequence[ClaimedContact], wanted: FactsWanted) -> Sequence[DialFacts]:
        """What the gate asks of each, in their order."""
        ...

    async def begin_dialling(
        self, attempts: Sequence[AttemptId], runner: RunnerId, wanted: FactsWanted, judge: Judge
    ) -> Sequence[DialPermit]:
        """Commit attempts as being dialled, immediately before the calls are sent: those for which `judge` has a permit.

        The facts are read, judged, and written down with the attempt in one transaction, and in one order with every change
        of a list, a consent or a campaign: what was committed before this, this has seen. Refusals are stored, and their
        contacts put back. An attempt that belongs to another runner now, or whose contact was moved, is not judged.
        `judge` may be asked again when the transaction has to be repeated.
        """
        ...

    async def refuse(self, refused: Sequence[RefusedClaim], now: datetime) -> None:
        """Undo claims that the gate refused: the attempt rows vanish, the contacts move, the reasons are kept. Again."""
        ...

    async def put_back_unsent(self, runner: RunnerId, known: Collection[AttemptId]) -> int:
        """Undo what this runner claimed or committed without hearing the answer: all it has but does not know of.

        The caller is certain that none of these was sent. The attempt rows vanish, the contacts are ready as before.
        Again. Returns how many there were.
        """
        ...

    async def record(self, progress: Sequence[Progress], timeline: Sequence[TimelineEntry]) -> None: ...

    async def settle(self, settlements: Sequence[Settlement], timeline: Sequence[TimelineEntry]) -> None:
        """Again: an attempt that is already settled stays as it is."""
        ...

    async def open_attempts(self, except_runner: RunnerId) -> Sequence[OpenAttempt]:
        """Open attempts of other runners, now owned by `except_runner`."""
        ...
