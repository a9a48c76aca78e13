"""Which conversations are recorded, under which names, and how long each one lasted."""

import logging
from collections.abc import Awaitable
from datetime import datetime

from dialer.clock import Clock
from dialer.domain.ids import AttemptId
from dialer.engine.live_call import LiveCall
from dialer.errors import StorageDown
from dialer.ports.storage import RecordingIndex
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)


def recording_name(attempt: AttemptId, part: int) -> str:
    """Made of ids only: nothing of the person called."""
    return f"{attempt}-{part}"


class RecordingLog:
    """A row exists before the first sample, so a recording can be missed but not forgotten."""

    def __init__(self, index: RecordingIndex, clock: Clock, tasks: TaskOwner) -> None:
        self._index, self._clock, self._tasks = index, clock, tasks
        self._joined_at: dict[AttemptId, datetime] = {}

    def begin(self, call: LiveCall) -> str | None:
        """The name to record under; None when the campaign does not record."""
        if not call.plan.record:
            return None
        name = recording_name(call.id, call.parts)
        begun = self._index.begin_recording(call.id, call.parts, f"{name}.wav", self._clock.now())
        self._tasks.spawn(_logged(begun), "begin-recording")
        return name

    def joined(self, call: LiveCall, at: datetime) -> None:
        self._joined_at[call.id] = at

    def left(self, call: LiveCall, at: datetime) -> None:
        joined_at = self._joined_at.pop(call.id, call.joined_at)
        if call.plan.record and joined_at is not None:
            landed = self._index.land_recording(call.id, call.parts, at - joined_at)
            self._tasks.spawn(_logged(landed), "land-recording")


async def _logged(write: Awaitable[None]) -> None:
    """A row that could not be written now is found when finished attempts are compared with their recordings."""
    try:
        await write
    except StorageDown as down:
        log.warning("recording row late", extra={"action": "recording.row_late", "why": str(down)})
