"""Attempts as people see them, and the agent's word on them."""

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg

from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import Conflict, NotFound
from dialer.ports.storage import AttemptView, TimelineEntry
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_NEWEST = named("newest_attempts")
_OF_CAMPAIGN = named("newest_attempts_of_campaign")
_OF_CONTACT = named("newest_attempts_of_contact")
_BY_ID = named("attempt_by_id")
_TIMELINE = named("timeline_of_attempt")
_LOCK = named("lock_attempt")
_NOTE = named("note_result")
_RECOUNT = named("recount_result")
_RECOUNT_ANSWERED = named("recount_answered")
_RETIRE = named("retire_number")

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


class PostgresHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def attempts(
        self,
        campaign: CampaignId | None,
        before: datetime | None,
        most: int,
        contact: ContactId | None = None,
    ) -> Sequence[AttemptView]:
        """A page may be longer than `most`: attempts of one claim share their moment, and none may fall between pages."""
        moment = before or _END_OF_TIME
        if contact is not None:
            rows = await self._database.rows(_OF_CONTACT, contact, moment, most)
        elif campaign is not None:
            rows = await self._database.rows(_OF_CAMPAIGN, campaign, moment, most)
        else:
            rows = await self._database.rows(_NEWEST, moment, most)
        return [_view(row) for row in rows if campaign is None or row["campaign_id"] == campaign]

    async def attempt(self, attempt: AttemptId) -> AttemptView:
        row = await self._database.row(_BY_ID, attempt)
        if row is None:
            raise _missing(attempt)
        return _view(row)

    async def timeline(self, attempt: AttemptId) -> Sequence[TimelineEntry]:
        rows = await self._database.rows(_TIMELINE, attempt)
        return [
            TimelineEntry(AttemptId(row["attempt_id"]), row["at"], row["kind"], row["detail"]) for row in rows
        ]

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
        async def write(connection: asyncpg.Connection) -> None:
            found = _notable(await connection.fetchrow(_LOCK.sql, attempt), attempt)
            await connection.execute(_NOTE.sql, attempt, result.value, note, callback_at, now)
            state = None if contact_state is None else contact_state.value
            await connection.execute(
                _RECOUNT.sql, found["contact_id"], found["disposition"], result.value, state, due_at, because
            )
            await connection.execute(_RECOUNT_ANSWERED.sql, attempt, found["disposition"], result.value)
            if result is Disposition.WRONG_NUMBER:
                await connection.execute(_RETIRE.sql, found["number_id"])

        await self._database.transaction(write)


def _notable(row: asyncpg.Record | None, attempt: AttemptId) -> asyncpg.Record:
    if row is None:
        raise _missing(attempt)
    if row["agent_id"] is None:
        raise Conflict("no agent had this call: there is nothing an agent could say about it")
    if row["ended_at"] is None:
        raise Conflict("the call has not ended yet: note the result afterwards")
    return row


def _missing(attempt: AttemptId) -> NotFound:
    return NotFound(f"there is no attempt {attempt}")


def _view(row: asyncpg.Record) -> AttemptView:
    return AttemptView(
        id=AttemptId(row["id"]),
        campaign=CampaignId(row["campaign_id"]),
        contact=ContactId(row["contact_id"]),
        number=PhoneNumber(row["e164"]),
        state=AttemptState(row["state"]),
        disposition=row["disposition"] and Disposition(row["disposition"]),
        because=row["because"],
        trunk=row["trunk"] and TrunkName(row["trunk"]),
        agent=row["agent_id"] and AgentId(row["agent_id"]),
        claimed_at=row["claimed_at"],
        dialled_at=row["dialled_at"],
        rang_at=row["rang_at"],
        answered_at=row["answered_at"],
        joined_at=row["joined_at"],
        left_at=row["left_at"],
        message_at=row["message_at"],
        ended_at=row["ended_at"],
        cause=HangupCause(row["q850"] or 0, row["sip_status"], row["cause_text"]),
        ended_by_us=row["ended_by_us"],
        note=row["note"],
        inbound=row["direction"] == "inbound",
        session=row["session"],
    )
