"""What is known of recordings; their files are in `dialer.ports.recordings`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from dialer.domain.ids import AttemptId, CampaignId


@dataclass(frozen=True, slots=True)
class Silence:
    """Times from the beginning of the recording. `until` None: to its end. `by` asked for it."""

    since: timedelta
    until: timedelta | None
    by: str


@dataclass(frozen=True, slots=True)
class RecordingMarks:
    """What was done to a recording while it ran. After `ends` nothing may be kept, and with a `discard` nothing at all."""

    announced_at: datetime | None = None
    announcement: str = ""
    silences: tuple[Silence, ...] = ()
    ends: timedelta | None = None
    discard: str = ""


@dataclass(frozen=True, slots=True)
class RecordingView:
    id: UUID
    attempt: AttemptId
    part: int
    state: str  # running, landed, stored, failed, purged
    name: str
    started_at: datetime
    talk: timedelta | None
    duration: timedelta | None
    bytes: int | None
    sha256: str | None
    caller_dbfs: float | None
    agent_dbfs: float | None
    problem: str
    marks: RecordingMarks = RecordingMarks()


@dataclass(frozen=True, slots=True)
class StoredRecording:
    duration: timedelta
    bytes: int
    sha256: str
    caller_dbfs: float | None  # None: digital silence
    agent_dbfs: float | None


class RecordingIndex(Protocol):
    async def begin_recording(self, attempt: AttemptId, part: int, name: str, now: datetime) -> None: ...

    async def land_recording(self, attempt: AttemptId, part: int, talk: timedelta | None) -> None:
        """The call has left the agent; the file is complete or will be in a moment. Again.

        `talk` is None when nobody saw when it left.
        """
        ...

    async def mark_recording(self, attempt: AttemptId, part: int, marks: RecordingMarks) -> None:
        """What is known by now; it takes the place of what was known before. Again."""
        ...

    async def store_recording(
        self, recording: UUID, result: StoredRecording, problem: str, now: datetime
    ) -> None: ...

    async def fail_recording(self, recording: UUID, problem: str) -> None: ...

    async def landed_recordings(self, most: int) -> Sequence[RecordingView]: ...

    async def recordings(
        self, campaign: CampaignId | None, attempt: AttemptId | None, most: int
    ) -> Sequence[RecordingView]: ...

    async def recording(self, recording: UUID) -> RecordingView: ...
