"""A ledger in memory, and short words for what is in it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dialer.compliance.abandonment_classes import AnsweredBy, HangupBy, LiveAnswer
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import NotFound
from dialer.ports.ledger import Heard, LedgerEntry, OptOut, Review, ToReview

SPRING = CampaignId(1)


def attempt(nth: int) -> AttemptId:
    return AttemptId(UUID(int=nth))


@dataclass
class FakeLedger:
    rows: list[LedgerEntry] = field(default_factory=list)
    numbers: Sequence[PhoneNumber] = (PhoneNumber("+12025550123"),)
    reviews: dict[AttemptId, Review] = field(default_factory=dict)

    def answer(self, at: datetime, joined_s: float | None = 1.0, left_s: float = 60.0, **more: Any) -> None:
        """One live answer more. Seconds count from the answer; `joined_s` None: no agent came."""
        joined = None if joined_s is None else at + timedelta(seconds=joined_s)
        known = LiveAnswer(
            at,
            joined_at=joined,
            ended_at=at + timedelta(seconds=left_s),
            ended_by=HangupBy.PERSON,
            **{name: value for name, value in more.items() if name in LiveAnswer.__dataclass_fields__},
        )
        nth = len(self.rows) + 1
        ended = Disposition.ABANDONED if joined is None else Disposition.CONNECTED
        number = PhoneNumber(f"+1202555{nth:04d}")
        self.rows.append(
            LedgerEntry(attempt(nth), SPRING, ContactId(nth), number, None, ended, at, None, known, None)
        )

    async def live_answers(
        self, campaign: CampaignId, since: datetime, until: datetime
    ) -> AsyncIterator[LedgerEntry]:
        for row in sorted(self.rows, key=lambda row: row.answer.answered_at):
            if row.campaign == campaign and since <= row.answer.answered_at < until:
                yield row

    async def record_opt_outs(self, opt_outs: Sequence[OptOut]) -> frozenset[AttemptId]:
        return frozenset(each.attempt for each in opt_outs)

    async def record_heard(self, heard: Sequence[Heard]) -> None: ...

    async def review(
        self, attempt: AttemptId, answered_by: AnsweredBy, by: str, note: str, now: datetime
    ) -> None:
        if attempt not in {row.attempt for row in self.rows}:
            raise NotFound(f"there is no attempt {attempt}")
        self.reviews[attempt] = Review(answered_by, by, now, note)

    async def to_review(self, campaign: CampaignId, most: int) -> Sequence[ToReview]:
        return [
            ToReview(row.attempt, row.number, row.answer.answered_at, ("a.wav",))
            for row in self.rows
            if row.answer.verdict is AnsweredBy.MACHINE and row.attempt not in self.reviews
        ][:most]

    async def numbers_by_prefix(self, campaign: CampaignId) -> Sequence[PhoneNumber]:
        return self.numbers
