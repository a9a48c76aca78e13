"""The outbox of text messages, on the requests of callers. A message is in one hand at a time, also among services."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from dialer.domain.phone_number import PhoneNumber
from dialer.ports.texts import TextInHand, TextOnFile, TextState, TextsWaiting
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_TAKE = named("take_texts")
_ENTRY = named("entry_against_text")
_SENT = named("text_sent")
_FAILED = named("text_failed")
_PUT_OFF = named("text_put_off")
_WAITING = named("texts_waiting")
_TEXTS = named("texts_of")
_RETRY = named("retry_texts")

_ON_FILE: Final = {TextState.QUEUED: "open", TextState.SENT: "done", TextState.FAILED: "failed"}
_STATES: Final = {word: state for state, word in _ON_FILE.items()}


class PostgresTexts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, now: datetime, in_hand_until: datetime, most: int) -> Sequence[TextInHand]:
        return [_in_hand(row) for row in await self._database.rows(_TAKE, now, in_hand_until, most)]

    async def listed(self, text: TextInHand, now: datetime) -> str | None:
        if text.number is None:
            return None
        row = await self._database.row(_ENTRY, text.number.e164, text.call, now)
        return None if row is None else str(row["kind"])

    async def sent(self, text: TextInHand, gateway_id: str, now: datetime) -> bool:
        return await self._database.value(_SENT, text.id, text.tries, gateway_id, now) is not None

    async def failed(self, text: TextInHand, problem: str, now: datetime) -> bool:
        return await self._database.value(_FAILED, text.id, text.tries, problem, now) is not None

    async def put_off(self, text: TextInHand, problem: str, until: datetime) -> bool:
        return await self._database.value(_PUT_OFF, text.id, text.tries, problem, until) is not None

    async def waiting(self) -> TextsWaiting:
        row = await self._database.row(_WAITING)
        return TextsWaiting() if row is None else TextsWaiting(row["waiting"], row["since"])

    async def texts(self, state: TextState | None, most: int) -> Sequence[TextOnFile]:
        rows = await self._database.rows(_TEXTS, _ON_FILE[state] if state is not None else "", most)
        return [TextOnFile(**{**dict(row), "state": _STATES[row["state"]]}) for row in rows]

    async def retry(
        self, references: Sequence[str], since: datetime, now: datetime, send_by: datetime
    ) -> Sequence[str]:
        rows = await self._database.rows(_RETRY, list(references), since, now, send_by)
        return sorted(row["reference"] for row in rows)


def _in_hand(row: asyncpg.Record) -> TextInHand:
    return TextInHand(
        row["id"],
        row["reference"],
        row["call"],
        PhoneNumber(row["e164"]) if row["e164"] else None,
        row["words"],
        row["tries"],
        row["requested_at"],
        row["send_by"],
    )
