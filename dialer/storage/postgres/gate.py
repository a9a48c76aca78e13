"""The gate's side of the store: facts of calls to come, what was decided by which, whom it refused, caller IDs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

import asyncpg
import orjson

from dialer.compliance.call import CallsToday, ConsentStanding, PastCall
from dialer.compliance.gate import DialPermit
from dialer.compliance.grounds import Grounds
from dialer.compliance.past_calls import past_call
from dialer.compliance.short_calls import CountedDay
from dialer.domain.campaign import CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId, CampaignId, ContactId, NumberId, RunnerId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.consent import NumberStanding
from dialer.ports.dialling import (
    AttemptGrounds,
    CallerIdEntry,
    DialFacts,
    FactsWanted,
    OwnLists,
    RefusalCount,
    RefusedClaim,
    StoredRefusal,
)
from dialer.storage.postgres.columns import columns
from dialer.storage.postgres.consent import note_use, read_standing
from dialer.storage.postgres.day_counts import FRESH, DayCounts
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_FACTS = named("gate_facts")
_HISTORY = named("gate_history")
_KEEP_GROUNDS = named("keep_grounds")
_BEGIN = named("begin_dialling")
_REFUSE = named("refuse_claims")
_GROUNDS = named("grounds_of_attempt")
_REFUSALS = named("refusals_of_contact")
_COUNTS = named("refusals_of_campaign")
_NEXT_NUMBERS = named("next_number_of_contacts")
_WITH_NUMBER = named("contacts_with_number")
_ADD_CALLER_ID = named("add_caller_id")
_REMOVE_CALLER_ID = named("remove_caller_id")
_CALLER_IDS = named("all_caller_ids")

ERASED = "asked to be forgotten"
_UNASKED = NumberStanding(ConsentStanding())


class PostgresGate:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._day_counts = DayCounts()

    async def facts_of(
        self, contacts: Sequence[ContactId], wanted: FactsWanted
    ) -> Mapping[ContactId, DialFacts]:
        async def read(connection: asyncpg.Connection) -> Mapping[ContactId, DialFacts]:
            rows = await connection.fetch(_NEXT_NUMBERS.sql, list(contacts))
            chosen = [(ContactId(row["contact_id"]), NumberId(row["number_id"])) for row in rows]
            return {
                each.contact: each for each in await read_facts(connection, chosen, wanted, self._day_counts)
            }

        return await self._database.transaction(read)

    async def grounds(self, attempt: AttemptId) -> AttemptGrounds | None:
        row = await self._database.row(_GROUNDS, attempt)
        if row is None:
            return None
        grounds = Grounds(
            tuple(row["profiles"]),
            row["rulebook"],
            tuple(row["registries"].items()),
            tuple(row["purposes"]),
            row["voice"],
            row["subject"],
            row["seller"],
            row["detector"],
        )
        return AttemptGrounds(grounds, row["debt"], row["consent_id"], row["caller_id"] or "")

    async def refusals(self, contact: ContactId, most: int) -> Sequence[StoredRefusal]:
        return [_refusal(row) for row in await self._database.rows(_REFUSALS, contact, most)]

    async def refusal_counts(self, campaign: CampaignId, since: datetime) -> Sequence[RefusalCount]:
        rows = await self._database.rows(_COUNTS, campaign, since)
        return [RefusalCount(**row) for row in rows]

    async def contacts_with(self, number: PhoneNumber) -> Sequence[ContactId]:
        return [ContactId(row["contact_id"]) for row in await self._database.rows(_WITH_NUMBER, number.e164)]

    async def caller_ids(self) -> Sequence[CallerIdEntry]:
        rows = await self._database.rows(_CALLER_IDS)
        return [
            CallerIdEntry(
                PhoneNumber(row["e164"]), row["proof"], row["note"], row["added_by"], row["added_at"]
            )
            for row in rows
        ]

    async def allow_caller_id(self, entry: CallerIdEntry) -> None:
        values = (entry.number.e164, entry.proof, entry.note, entry.added_by, entry.added_at)
        await self._database.rows(_ADD_CALLER_ID, *values)

    async def disallow_caller_id(self, number: PhoneNumber) -> bool:
        return await self._database.value(_REMOVE_CALLER_ID, number.e164) is not None


# --- inside somebody's transaction ------------------------------------------------------------------------------------


async def read_facts(
    connection: asyncpg.Connection,
    chosen: Sequence[tuple[ContactId, NumberId]],
    wanted: FactsWanted,
    day_counts: DayCounts,
    good_for: timedelta = FRESH,
) -> list[DialFacts]:
    """Two look-ups by contact and number, and three more for those of whom any consent is known. In the order asked for.

    `good_for`: how old a count of today's calls may be.
    """
    if not chosen:
        return []
    contacts, numbers = columns(chosen, 2)
    rows = await connection.fetch(_FACTS.sql, contacts, numbers, wanted.caller_id, wanted.now)
    called = {row["contact_id"]: row["e164"] for row in rows}
    history = await _history(connection, called, wanted)
    spoken = [row["e164"] for row in rows if row["consent_is_known"]]
    standing = (
        await read_standing(connection, spoken, wanted.seller, wanted.subject, wanted.now) if spoken else {}
    )
    today = await day_counts.of(connection, wanted.counted, called.values(), wanted.now, good_for)
    return [
        _facts(row, history.get(row["contact_id"], ()), standing.get(row["e164"], _UNASKED), today)
        for row in rows
    ]


async def _history(
    connection: asyncpg.Connection, called: Mapping[int, str], wanted: FactsWanted
) -> Mapping[int, Sequence[PastCall]]:
    found: defaultdict[int, list[PastCall]] = defaultdict(list)
    for row in await connection.fetch(_HISTORY.sql, list(called), wanted.since):
        found[row["asked"]].append(_past(row, called[row["asked"]]))
    return found


def _past(row: asyncpg.Record, called: str) -> PastCall:
    return past_call(
        row["dialled_at"],
        row["disposition"] and Disposition(row["disposition"]),
        joined=row["joined_at"] is not None,
        message=row["message_at"] is not None,
        same_number=row["e164"] == called,
        detector=row["detector"] or False,
        consented=row["consented"],
        subject=row["subject"] or "",
        debt=row["debt"],
        seller=row["seller"] or "",
        caller_id=row["caller_id"] or "",
    )


def _facts(
    row: asyncpg.Record,
    history: Iterable[PastCall],
    standing: NumberStanding,
    today: Mapping[CountedDay, CallsToday],
) -> DialFacts:
    erased = ERASED if row["erased"] else None
    return DialFacts(
        contact=ContactId(row["contact_id"]),
        campaign=CampaignId(row["campaign_id"]),
        campaign_state=CampaignState(row["campaign_state"]),
        number=PhoneNumber(row["e164"]),
        zones=tuple(row["zones"]),
        attempts=row["attempts"],
        attributes=row["attributes"],
        history=tuple(history),
        lists=OwnLists(
            row["internal_dnc"] or erased,
            row["prefix"],
            row["complaint"],
            row["sensitive"],
            None if erased else row["internal_dnc_until"],
        ),
        consent=standing.consent,
        reassigned=standing.reassigned,
        proof=row["proof"],
        stated_zone=row["stated_zone"],
        calls_today=tuple(count for day, count in today.items() if row["e164"].startswith(day.prefixes)),
    )


async def grant(
    connection: asyncpg.Connection, permits: Sequence[DialPermit], runner: RunnerId, now: datetime
) -> frozenset[AttemptId]:
    """Commit attempts as being dialled, those that are still claims of this runner, and note which consents they rely on."""
    if not permits:
        return frozenset()
    kept = {grounds_id(each.grounds): each.grounds for each in permits}
    await connection.execute(_KEEP_GROUNDS.sql, *columns(((id, _document(kept[id])) for id in kept), 2))
    rows = (
        (each.attempt, each.trunk, each.caller_id, grounds_id(each.grounds), each.debt, each.consent)
        for each in permits
    )
    begun = await connection.fetch(_BEGIN.sql, *columns(rows, 6), now, runner)
    granted = frozenset(AttemptId(row["id"]) for row in begun)
    relied_on = {each.consent for each in permits if each.consent is not None and each.attempt in granted}
    await note_use(connection, relied_on, now)
    return granted


async def refuse(connection: asyncpg.Connection, refused: Sequence[RefusedClaim], now: datetime) -> None:
    if not refused:
        return
    rows = (
        (
            each.attempt,
            each.contact_state.value,
            each.due_at,
            each.contact_because,
            each.refusal.reason.value,
            each.refusal.profile,
            each.refusal.citation,
            each.refusal.because,
            each.refusal.until,
        )
        for each in refused
    )
    await connection.execute(_REFUSE.sql, *columns(rows, 9), now)


@lru_cache(maxsize=4096)
def grounds_id(grounds: Grounds) -> UUID:
    """Made from the contents: the same grounds have the same id in every engine, for ever."""
    text = orjson.dumps(asdict(grounds), option=orjson.OPT_SORT_KEYS)
    return UUID(bytes=sha256(text).digest()[:16])


def _document(grounds: Grounds) -> dict[str, object]:
    return {**asdict(grounds), "registries": dict(grounds.registries)}


def _refusal(row: asyncpg.Record) -> StoredRefusal:
    return StoredRefusal(
        contact=ContactId(row["contact_id"]),
        campaign=CampaignId(row["campaign_id"]),
        number=PhoneNumber(row["e164"]),
        reason=row["reason"],
        profile=row["profile"],
        citation=row["citation"],
        because=row["because"],
        until=row["until"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        times=row["times"],
    )
