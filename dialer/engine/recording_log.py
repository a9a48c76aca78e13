"""Which conversations are recorded, under which names, and how long each one lasted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.ids import AttemptId
from dialer.engine.live_call import LiveCall


@dataclass(frozen=True, slots=True)
class RecordingMove:
    """A recording begun, or `landed`; then `talk` is None when nobody saw how long the conversation lasted."""

    attempt: AttemptId
    part: int
    begun_at: datetime
    landed: bool = False
    talk: timedelta | None = None

    @property
    def name(self) -> str:
        return f"{recording_name(self.attempt, self.part)}.wav"


def recording_name(attempt: AttemptId, part: int) -> str:
    """Made of ids only: nothing of the person called."""
    return f"{attempt}-{part}"


class RecordingLog:
    """`write` gets every move, in order, and keeps it until it is stored: a recording may be late but not forgotten."""

    def __init__(self, write: Callable[[RecordingMove], None]) -> None:
        self._write = write
        self._joined_at: dict[AttemptId, datetime] = {}

    def name(self, call: LiveCall) -> str | None:
        """The name to record under; None when the campaign does not record."""
        return recording_name(call.id, call.parts) if call.plan.record else None

    def joined(self, call: LiveCall, at: datetime) -> None:
        self._joined_at[call.id] = at
        if call.plan.record:
            self._write(RecordingMove(call.id, call.parts, at))

    def left(self, call: LiveCall, at: datetime) -> None:
        joined_at = self._joined_at.pop(call.id, call.joined_at) or at
        if call.plan.record:
            talk = None if call.unknown else at - joined_at
            self._write(RecordingMove(call.id, call.parts, joined_at, True, talk))
