"""Consents, revocations and the Reassigned Numbers Database's answers."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from dialer.compliance.consent import reassigned_answer, standing
from dialer.domain.consent import Consent, GivenKind, Reassigned, ReassignedAnswer, Revocation, RevokedBy
from dialer.domain.ids import AttemptId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.consent import NumberStanding
from dialer.storage.postgres.columns import columns
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_ADD = named("add_consents")
_ADD_REVOCATIONS = named("add_revocations")
_END = named("end_consents")
_OF_NUMBERS = named("consents_of_numbers")
_REVOCATIONS_OF_NUMBERS = named("revocations_of_numbers")
_REASSIGNED_OF_NUMBERS = named("reassigned_of_numbers")
_USE = named("use_consents")
_OF = named("consents_of")
_REVOCATIONS_OF = named("revocations_of")
_ADD_ANSWERS = named("add_reassigned_answers")


class PostgresConsent:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_consents(self, consents: Sequence[Consent], by: str, now: datetime) -> int:
        arrays = columns((_consent_row(each) for each in consents), 10)
        return len(await self._database.rows(_ADD, *arrays, by, now))

    async def record_revocations(self, revocations: Sequence[Revocation], by: str, now: datetime) -> int:
        rows = [_revocation_row(each) for each in revocations]
        arrays = columns(rows, 7)

        async def record(connection: asyncpg.Connection) -> int:
            new = await connection.fetch(_ADD_REVOCATIONS.sql, *arrays, by)
            await connection.execute(_END.sql, *arrays[:5])
            return len(new)

        return await self._database.transaction(record)

    async def consents(self, number: PhoneNumber) -> Sequence[Consent]:
        return [_consent(row) for row in await self._database.rows(_OF, number.e164)]

    async def revocations(self, number: PhoneNumber) -> Sequence[Revocation]:
        return [_revocation(row) for row in await self._database.rows(_REVOCATIONS_OF, number.e164)]

    async def add_reassigned_answers(self, answers: Sequence[ReassignedAnswer], by: str) -> None:
        rows = ((each.number.e164, each.answer.value, each.asked_at, each.consent_on) for each in answers)
        await self._database.rows(_ADD_ANSWERS, *columns(rows, 4), by)

    async def reassigned_answers(self, number: PhoneNumber) -> Sequence[ReassignedAnswer]:
        return [_answer(row) for row in await self._database.rows(_REASSIGNED_OF_NUMBERS, [number.e164])]


async def note_use(connection: asyncpg.Connection, consents: Collection[int], now: datetime) -> None:
    """For a transaction of somebody else's: nothing is asked of the store when no consent was used."""
    if consents:
        await connection.execute(_USE.sql, list(consents), now)


async def read_standing(
    connection: asyncpg.Connection, e164: Sequence[str], seller: str, subject: str, now: datetime
) -> dict[str, NumberStanding]:
    """For a transaction of somebody else's: three look-ups by number, whatever their count."""
    consents: defaultdict[str, list[Consent]] = defaultdict(list)
    revocations: defaultdict[str, list[Revocation]] = defaultdict(list)
    answers: defaultdict[str, list[ReassignedAnswer]] = defaultdict(list)
    wanted = list(e164)
    for row in await connection.fetch(_OF_NUMBERS.sql, wanted, seller):
        consents[row["e164"]].append(_consent(row))
    for row in await connection.fetch(_REVOCATIONS_OF_NUMBERS.sql, wanted, seller):
        revocations[row["e164"]].append(_revocation(row))
    for row in await connection.fetch(_REASSIGNED_OF_NUMBERS.sql, wanted):
        answers[row["e164"]].append(_answer(row))
    found = {}
    for number in wanted:
        consent = standing(consents[number], revocations[number], seller, subject, now)
        found[number] = NumberStanding(consent, reassigned_answer(answers[number], consent.given_at))
    return found


def _consent_row(consent: Consent) -> tuple[object, ...]:
    return (
        consent.number.e164,
        consent.seller,
        consent.topic,
        consent.kind.value,
        consent.given_at,
        consent.source,
        consent.wording,
        consent.proof,
        consent.lifts_hours,
        consent.expires_at,
    )


def _revocation_row(each: Revocation) -> tuple[object, ...]:
    return each.number.e164, each.seller, each.topic, each.at, each.how.value, each.detail, each.attempt


def _consent(row: asyncpg.Record) -> Consent:
    """A row of fewer columns leaves the words out: the gate has no use for them."""
    return Consent(
        number=PhoneNumber(row["e164"]),
        kind=GivenKind(row["kind"]),
        given_at=row["given_at"],
        source=row["source"],
        seller=row["seller"],
        topic=row["topic"],
        wording=row.get("wording", ""),
        proof=row.get("proof", ""),
        lifts_hours=row["lifts_hours"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        revoked_by=row["revoked_how"] and RevokedBy(row["revoked_how"]),
        last_used_at=row.get("last_used_at"),
        id=row["id"],
    )


def _revocation(row: asyncpg.Record) -> Revocation:
    attempt = row.get("attempt_id")
    return Revocation(
        number=PhoneNumber(row["e164"]),
        at=row["at"],
        how=RevokedBy(row["how"]),
        seller=row["seller"],
        topic=row["topic"],
        detail=row.get("detail", ""),
        attempt=None if attempt is None else AttemptId(attempt),
        id=row["id"],
    )


def _answer(row: asyncpg.Record) -> ReassignedAnswer:
    return ReassignedAnswer(
        PhoneNumber(row["e164"]), Reassigned(row["answer"]), row["asked_at"], row["consent_on"]
    )
