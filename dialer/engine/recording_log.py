"""What becomes known of recordings, and how they are called."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.ids import AttemptId
from dialer.ports.storage import RecordingMarks


@dataclass(frozen=True, slots=True)
class RecordingMove:
    """A recording begun, or `landed`; then `talk` is None when nobody saw how long the conversation lasted.

    With `marks` it is neither: they are what has to be known of the recording before its file may be kept.
    """

    attempt: AttemptId
    part: int
    begun_at: datetime
    landed: bool = False
    talk: timedelta | None = None
    marks: RecordingMarks | None = None

    @property
    def name(self) -> str:
        return f"{recording_name(self.attempt, self.part)}.wav"


def recording_name(attempt: AttemptId, part: int) -> str:
    """Made of ids only: nothing of the person called."""
    return f"{attempt}-{part}"
