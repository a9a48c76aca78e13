"""The abandonment ledger: every live answer with what its class is worked out from."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dialer.compliance.abandonment_classes import AnsweredBy, LiveAnswer, SentTo
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class Review:
    """What a person heard who listened to the call. `by` is a user, or the agent who had it."""

    answered_by: AnsweredBy
    by: str
    at: datetime | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One live answer. Nothing of it is derived but `answer`, which is its events in the words of the rules."""

    attempt: AttemptId
    campaign: CampaignId
    contact: ContactId
    number: PhoneNumber
    agent: AgentId | None
    disposition: Disposition | None  # None: the call goes on
    dialled_at: datetime | None
    left_at: datetime | None
    answer: LiveAnswer
    review: Review | None


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody pressed the key that ends all calls."""

    attempt: AttemptId
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard on an answered call; None leaves what is known."""

    attempt: AttemptId
    greeting_start: datetime | None = None
    greeting_end: datetime | None = None
    verdict: AnsweredBy | None = None
    sent_to: SentTo | None = None


@dataclass(frozen=True, slots=True)
class ToReview:
    """A call that a detector took for a machine and nobody has heard yet, with the names of its recordings."""

    attempt: AttemptId
    number: PhoneNumber
    answered_at: datetime
    recordings: tuple[str, ...]


class LedgerStore(Protocol):
    """Raises `StorageDown`, as every store."""

    def live_answers(
        self, campaign: CampaignId, since: datetime, until: datetime
    ) -> AsyncIterator[LedgerEntry]:
        """Those answered in `since <= t < until`, by the moment of the answer; as of one moment, however long it takes."""
        ...

    async def record_opt_outs(self, opt_outs: Sequence[OptOut]) -> frozenset[AttemptId]:
        """Put the numbers on the do-not-call list of every campaign, and block the contacts: one transaction. Again.

        Returns the attempts that are known; nothing can be done for the others.
        """
        ...

    async def record_heard(self, heard: Sequence[Heard]) -> None: ...

    async def review(
        self, attempt: AttemptId, answered_by: AnsweredBy, by: str, note: str, now: datetime
    ) -> None:
        """A later review replaces the earlier one. Raises `NotFound`, and `Conflict` for a call that nobody answered."""
        ...

    async def to_review(self, campaign: CampaignId, most: int) -> Sequence[ToReview]:
        """A sample of machine verdicts without a review, spread evenly over all of them and always the same."""
        ...

    async def numbers_by_prefix(self, campaign: CampaignId) -> Sequence[PhoneNumber]:
        """One number for each country and area that the campaign's list reaches, without reading the whole list."""
        ...
