"""Brings finished recordings from the landing folder into the store, one after the other, and again after a failure."""

import asyncio
import logging

from dialer.clock import Clock
from dialer.errors import StorageDown
from dialer.ports.recordings import RecordingMissing, RecordingStore
from dialer.ports.storage import RecordingIndex, RecordingView

log = logging.getLogger(__name__)

_LOOK_S = 0.5
_BATCH = 20


class RecordingKeeper:
    def __init__(self, index: RecordingIndex, store: RecordingStore, clock: Clock) -> None:
        self._index, self._store, self._clock = index, store, clock
        self.backlog = 0

    @property
    def problem(self) -> str | None:
        return self._store.problem()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                while await self.keep_landed():
                    pass
            except StorageDown as down:
                log.info("recordings wait", extra={"action": "recording.no_database", "why": str(down)})

    async def keep_landed(self) -> bool:
        """Whether there may be more."""
        if self._store.problem() is not None:
            return False  # nothing is given up while the folder is away
        landed = await self._index.landed_recordings(_BATCH)
        self.backlog = len(landed)
        for recording in landed:
            await self._keep(recording)
        return len(landed) == _BATCH

    async def _keep(self, recording: RecordingView) -> None:
        if recording.marks.discard:
            self._store.discard(recording.name)
            await self._index.fail_recording(recording.id, recording.marks.discard)
            return
        try:
            result, problem = await self._store.finish(recording.name, recording.talk, recording.marks)
        except RecordingMissing as missing:
            log.error(
                "recording missing",
                extra={"action": "recording.missing", "recording": recording.name, "why": str(missing)},
            )
            await self._index.fail_recording(recording.id, str(missing))
            return
        if problem:
            log.warning(
                "recording doubtful",
                extra={"action": "recording.doubtful", "recording": recording.name, "why": problem},
            )
        await self._index.store_recording(recording.id, result, problem, self._clock.now())
