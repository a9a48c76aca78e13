"""The abandonment ledger in Postgres: live answers streamed out, opt-outs and reviews written."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import asyncpg

from dialer.compliance.abandonment_classes import AnsweredBy, HangupBy, LiveAnswer, SentTo
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import Conflict, NotFound
from dialer.ports.ledger import Heard, LedgerEntry, OptOut, Review, ToReview
from dialer.storage.postgres.attempts import columns
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_LIVE_ANSWERS = named("live_answers")
_OPT_OUTS = named("record_opt_outs")
_HEARD = named("record_heard")
_ANSWERED_AT = named("answered_at_of")
_REVIEW = named("review_verdict")
_TO_REVIEW = named("verdicts_to_review")

_BY_PREFIX = named("numbers_by_prefix")

_PAGE = 2000


class PostgresLedger:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def live_answers(
        self, campaign: CampaignId, since: datetime, until: datetime
    ) -> AsyncIterator[LedgerEntry]:
        async for row in self._database.stream(_LIVE_ANSWERS, _PAGE, campaign, since, until):
            yield _entry(row, until)

    async def record_opt_outs(self, opt_outs: Sequence[OptOut]) -> frozenset[AttemptId]:
        first = {each.attempt: each for each in reversed(opt_outs)}.values()
        rows = await self._database.rows(
            _OPT_OUTS, *columns(((each.attempt, each.at, each.key) for each in first), 3)
        )
        return frozenset(AttemptId(row["id"]) for row in rows)

    async def record_heard(self, heard: Sequence[Heard]) -> None:
        last = {each.attempt: each for each in heard}.values()
        rows = (
            (each.attempt, each.greeting_start, each.greeting_end, each.verdict, each.sent_to)
            for each in last
        )
        await self._database.rows(_HEARD, *columns(rows, 5))

    async def review(
        self, attempt: AttemptId, answered_by: AnsweredBy, by: str, note: str, now: datetime
    ) -> None:
        found = await self._database.row(_ANSWERED_AT, attempt)
        if found is None:
            raise NotFound(f"there is no attempt {attempt}")
        if found["answered_at"] is None:
            raise Conflict("nobody answered this call: there is nothing to be heard on it")
        await self._database.rows(_REVIEW, attempt, answered_by.value, by, now, note)

    async def to_review(self, campaign: CampaignId, most: int) -> Sequence[ToReview]:
        return [
            ToReview(AttemptId(row["id"]), PhoneNumber(row["e164"]), row["answered_at"], tuple(row["names"]))
            for row in await self._database.rows(_TO_REVIEW, campaign, most)
        ]

    async def numbers_by_prefix(self, campaign: CampaignId) -> Sequence[PhoneNumber]:
        return [PhoneNumber(row["e164"]) for row in await self._database.rows(_BY_PREFIX, campaign)]


def _entry(row: asyncpg.Record, until: datetime) -> LedgerEntry:
    disposition = row["disposition"] and Disposition(row["disposition"])
    review = _review(row, disposition)
    return LedgerEntry(
        attempt=AttemptId(row["id"]),
        campaign=CampaignId(row["campaign_id"]),
        contact=ContactId(row["contact_id"]),
        number=PhoneNumber(row["e164"]),
        agent=row["agent_id"] and AgentId(row["agent_id"]),
        disposition=disposition,
        dialled_at=row["dialled_at"],
        left_at=row["left_at"],
        answer=_answer(row, disposition, review, until),
        review=review,
    )


def _answer(
    row: asyncpg.Record, disposition: Disposition | None, review: Review | None, until: datetime
) -> LiveAnswer:
    return LiveAnswer(
        answered_at=row["answered_at"],
        greeting_start=row["greeting_start_at"],
        greeting_end=row["greeting_end_at"],
        joined_at=row["joined_at"],
        message_at=row["message_at"],
        optout_at=row["optout_at"],
        ended_at=row["ended_at"],
        ended_by=_ended_by(row),
        sent_to=row["sent_to"] and SentTo(row["sent_to"]),
        verdict=row["machine_verdict"] and AnsweredBy(row["machine_verdict"]),
        reviewed=None if review is None else review.answered_by,
        prerecorded=_is_prerecorded(row, disposition),
        known_until=until if row["ended_at"] is None else None,
    )


def _ended_by(row: asyncpg.Record) -> HangupBy | None:
    if row["ended_by_us"] is None:
        return None
    return HangupBy.DIALLER if row["ended_by_us"] else HangupBy.PERSON


def _is_prerecorded(row: asyncpg.Record, disposition: Disposition | None) -> bool:
    """The call was for its message. A plan may have changed since: where the call itself tells, it is believed."""
    if row["joined_at"] is not None or disposition is Disposition.ABANDONED:
        return False
    return disposition is Disposition.PLAYED or row["mode"] == PacingMode.AGENTLESS


def _review(row: asyncpg.Record, disposition: Disposition | None) -> Review | None:
    """A review on purpose, else the word of the agent who had the call."""
    if row["answered_by"] is not None:
        return Review(
            AnsweredBy(row["answered_by"]), row["reviewed_by"], row["reviewed_at"], row["review_note"]
        )
    if row["noted_at"] is None or row["agent_id"] is None:
        return None
    heard = AnsweredBy.MACHINE if disposition is Disposition.MACHINE else AnsweredBy.PERSON
    return Review(heard, f"agent {row['agent_id']}", row["noted_at"])
