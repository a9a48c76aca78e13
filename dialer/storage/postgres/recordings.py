"""The index of recordings; the files are elsewhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from dialer.domain.ids import AttemptId, CampaignId
from dialer.errors import NotFound
from dialer.ports.storage import RecordingMarks, RecordingView, Silence, StoredRecording
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_BEGIN = named("begin_recording")
_LAND = named("land_recording")
_MARK = named("mark_recording")
_STORE = named("store_recording")
_FAIL = named("fail_recording")
_LANDED = named("landed_recordings")
_NEWEST = named("newest_recordings")
_OF_CAMPAIGN = named("newest_recordings_of_campaign")
_OF_ATTEMPT = named("recordings_of_attempt")
_BY_ID = named("recording_by_id")

_MS = timedelta(milliseconds=1)


class PostgresRecordings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_recording(self, attempt: AttemptId, part: int, name: str, now: datetime) -> None:
        await self._database.rows(_BEGIN, attempt, part, name, now)

    async def land_recording(self, attempt: AttemptId, part: int, talk: timedelta | None) -> None:
        if await self._database.value(_LAND, attempt, part, None if talk is None else talk // _MS) is None:
            raise NotFound(f"attempt {attempt} has no recording {part}")

    async def mark_recording(self, attempt: AttemptId, part: int, marks: RecordingMarks) -> None:
        silences = [
            {
                "from_ms": each.since // _MS,
                "to_ms": None if each.until is None else each.until // _MS,
                "by": each.by,
            }
            for each in marks.silences
        ]
        ends = None if marks.ends is None else marks.ends // _MS
        await self._database.rows(
            _MARK, attempt, part, marks.announced_at, marks.announcement, silences, ends, marks.discard
        )

    async def store_recording(
        self, recording: UUID, result: StoredRecording, problem: str, now: datetime
    ) -> None:
        stored = await self._database.value(
            _STORE,
            recording,
            result.duration // _MS,
            result.bytes,
            result.sha256,
            result.caller_dbfs,
            result.agent_dbfs,
            problem,
            now,
        )
        if stored is None:
            raise _missing(recording)

    async def fail_recording(self, recording: UUID, problem: str) -> None:
        if await self._database.value(_FAIL, recording, problem) is None:
            raise _missing(recording)

    async def landed_recordings(self, most: int) -> Sequence[RecordingView]:
        return [_view(row) for row in await self._database.rows(_LANDED, most)]

    async def recordings(
        self, campaign: CampaignId | None, attempt: AttemptId | None, most: int
    ) -> Sequence[RecordingView]:
        if attempt is not None:
            rows = await self._database.rows(_OF_ATTEMPT, attempt, most)
        elif campaign is not None:
            rows = await self._database.rows(_OF_CAMPAIGN, campaign, most)
        else:
            rows = await self._database.rows(_NEWEST, most)
        return [_view(row) for row in rows]

    async def recording(self, recording: UUID) -> RecordingView:
        row = await self._database.row(_BY_ID, recording)
        if row is None:
            raise _missing(recording)
        return _view(row)


def _missing(recording: UUID) -> NotFound:
    return NotFound(f"there is no recording {recording}")


def _view(row: asyncpg.Record) -> RecordingView:
    return RecordingView(
        id=row["id"],
        attempt=AttemptId(row["attempt_id"]),
        part=row["part"],
        state=row["state"],
        name=row["name"],
        started_at=row["started_at"],
        talk=_duration(row["talk_ms"]),
        duration=_duration(row["duration_ms"]),
        bytes=row["bytes"],
        sha256=row["sha256"],
        caller_dbfs=row["caller_dbfs"],
        agent_dbfs=row["agent_dbfs"],
        problem=row["problem"],
        marks=_marks(row),
    )


def _marks(row: asyncpg.Record) -> RecordingMarks:
    """Before it is stored, a problem is why nothing of it is to be kept."""
    return RecordingMarks(
        announced_at=row["announced_at"],
        announcement=row["announcement"],
        silences=tuple(
            Silence(each["from_ms"] * _MS, _duration(each["to_ms"]), each["by"]) for each in row["silences"]
        ),
        ends=_duration(row["ends_ms"]),
        discard=row["problem"] if row["state"] in ("running", "landed") else "",
    )


def _duration(ms: int | None) -> timedelta | None:
    return None if ms is None else ms * _MS
