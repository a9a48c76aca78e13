"""What is kept of a person, its destruction, and legal holds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from dialer.domain.ids import AttemptId, CampaignId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.ports.privacy import (
    AudioOnFile,
    CallOnFile,
    ConsentOnFile,
    ContactOnFile,
    Erasure,
    FlowCallOnFile,
    Hold,
    RequestOnFile,
)
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_CALLS = named("calls_on_file")
_AUDIO = named("recordings_on_file")
_HELD = named("hold_on_number")
_CONSENTS = named("consents_on_file")
_REQUESTS = named("requests_on_file")
_CONTACTS = named("contacts_on_file")
_FLOW_CALLS = named("flow_calls_on_file")
_ERASE_FLOW_CALLS = named("erase_flow_calls")
_FORGET_CLIPS = named("forget_flow_clips")
_FILE = named("file_on_number")
_BEGIN = named("begin_erasure")
_OPEN = named("open_erasures")
_END = named("end_erasure")
_PURGE_AUDIO = named("purge_recordings")
_PSEUDONYMISE = named("pseudonymise_attempts")
_ERASE_CONTACTS = named("erase_contacts")
_ERASE_REFUSALS = named("erase_refusals")
_ERASE_CONSENTS = named("erase_consents")
_ERASE_ANSWERS = named("erase_reassigned_answers")
_ERASE_REQUESTS = {
    "do_not_call": named("erase_do_not_call"),
    "revocations": named("erase_revocations"),
}
_ADD_HOLD = named("add_hold")
_RELEASE = named("release_hold")
_HOLDS = named("all_holds")


class PostgresPrivacy:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls_on_file(self, number: PhoneNumber, today: date) -> Sequence[CallOnFile]:
        rows = await self._database.rows(_CALLS, number.e164, today)
        last = max((row["claimed_at"] for row in rows), default=None)
        return [
            CallOnFile(
                AttemptId(row["id"]),
                CampaignId(row["campaign_id"]),
                number.e164,
                row["claimed_at"],
                last or row["claimed_at"],
                None if row["profiles"] is None else tuple(row["profiles"]),
                row["held"] or "",
                row["state"] == "ended",
            )
            for row in rows
        ]

    async def audio_on_file(self, number: PhoneNumber) -> Sequence[AudioOnFile]:
        return [_audio(row) for row in await self._database.rows(_AUDIO, number.e164)]

    async def hold_on_number(self, number: PhoneNumber, today: date) -> str:
        return str(await self._database.value(_HELD, number.e164, today) or "")

    async def consents_on_file(self, number: PhoneNumber, today: date) -> Sequence[ConsentOnFile]:
        held = await self.hold_on_number(number, today)
        return [
            ConsentOnFile(row["id"], number.e164, row["given_at"], row["last_used_at"], held)
            for row in await self._database.rows(_CONSENTS, number.e164)
        ]

    async def requests_on_file(self, number: PhoneNumber, today: date) -> Sequence[RequestOnFile]:
        held = await self.hold_on_number(number, today)
        return [
            RequestOnFile(row["what"], row["id"], number.e164, row["at"], held)
            for row in await self._database.rows(_REQUESTS, number.e164)
        ]

    async def contacts_on_file(self, number: PhoneNumber) -> Sequence[ContactOnFile]:
        rows = await self._database.rows(_CONTACTS, number.e164)
        return [ContactOnFile(ContactId(row["id"]), tuple(row["others"])) for row in rows]

    async def flow_calls_on_file(self, number: PhoneNumber, today: date) -> Sequence[FlowCallOnFile]:
        return [
            FlowCallOnFile(
                row["call"],
                number.e164,
                row["at"],
                row["ended"],
                row["consent"],
                tuple(row["clips"]),
                row["held"] or "",
            )
            for row in await self._database.rows(_FLOW_CALLS, number.e164, today)
        ]

    async def erase_flow_calls(self, number: PhoneNumber, calls: Sequence[str]) -> int:
        return len(await self._database.rows(_ERASE_FLOW_CALLS, list(calls), number.e164))

    async def forget_clips(self, calls: Sequence[str], clips: Sequence[str]) -> None:
        await self._database.rows(_FORGET_CLIPS, list(calls), list(clips))

    async def file_on_number(self, number: PhoneNumber) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in await self._database.rows(_FILE, number.e164):
            found[row["what"]].append(row["document"])
        return found

    # --- erasure ----------------------------------------------------------------------------------------------------

    async def begin_erasure(self, number: PhoneNumber, by: str, now: datetime, answer_by: date) -> Erasure:
        (row,) = await self._database.rows(_BEGIN, number.e164, by, now, answer_by)
        return Erasure(row["id"], number, row["asked_at"], row["answer_by"])

    async def open_erasures(self, today: date) -> Sequence[Erasure]:
        return [
            Erasure(row["id"], PhoneNumber(row["e164"]), row["asked_at"], row["answer_by"])
            for row in await self._database.rows(_OPEN, today)
        ]

    async def end_erasure(
        self, erasure: int, next_on: date | None, done: bool, result: Mapping[str, Any], now: datetime
    ) -> None:
        await self._database.rows(_END, erasure, next_on, done, dict(result), now)

    async def purge_recordings(self, recordings: Sequence[UUID], why: str, now: datetime) -> None:
        await self._database.rows(_PURGE_AUDIO, list(recordings), why, now)

    async def pseudonymise(self, number: PhoneNumber, attempts: Sequence[AttemptId]) -> int:
        return len(await self._database.rows(_PSEUDONYMISE, list(attempts), number.e164))

    async def erase_contacts(self, number: PhoneNumber) -> int:
        return len(await self._database.rows(_ERASE_CONTACTS, number.e164))

    async def erase_refusals(self, number: PhoneNumber) -> int:
        return len(await self._database.rows(_ERASE_REFUSALS, number.e164))

    async def erase_consents(self, consents: Sequence[int]) -> int:
        return len(await self._database.rows(_ERASE_CONSENTS, list(consents)))

    async def erase_requests(self, what: str, ids: Sequence[int]) -> int:
        return len(await self._database.rows(_ERASE_REQUESTS[what], list(ids)))

    async def erase_reassigned_answers(self, number: PhoneNumber) -> int:
        return len(await self._database.rows(_ERASE_ANSWERS, number.e164))

    # --- holds ------------------------------------------------------------------------------------------------------

    async def add_hold(self, hold: Hold, by: str, now: datetime) -> int:
        e164 = None if hold.number is None else hold.number.e164
        return int(
            await self._database.value(
                _ADD_HOLD, e164, hold.attempt, hold.campaign, hold.why, by, now, hold.until
            )
        )

    async def release_hold(self, hold: int, by: str, now: datetime) -> bool:
        return await self._database.value(_RELEASE, hold, by, now) is not None

    async def holds(self) -> Sequence[Hold]:
        return [_hold(row) for row in await self._database.rows(_HOLDS)]


def _audio(row: asyncpg.Record) -> AudioOnFile:
    return AudioOnFile(row["id"], AttemptId(row["attempt_id"]), row["name"], row["state"])


def _hold(row: asyncpg.Record) -> Hold:
    return Hold(
        why=row["why"],
        number=None if row["e164"] is None else PhoneNumber(row["e164"]),
        attempt=None if row["attempt_id"] is None else AttemptId(row["attempt_id"]),
        campaign=None if row["campaign_id"] is None else CampaignId(row["campaign_id"]),
        until=row["until"],
        id=row["id"],
        begun_by=row["begun_by"],
        begun_at=row["begun_at"],
        released_at=row["released_at"],
        released_by=row["released_by"],
    )
