"""Recordings in a local folder. Names are ids; the folder is divided by their first two characters."""

import asyncio
import os
import re
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from dialer.ports.recordings import RecordingMissing
from dialer.ports.storage import RecordingMarks, StoredRecording
from dialer.recordings.two_sides import Mixed, SideUnreadable, mix
from dialer.worker import end_with

_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9]{1,3}\.wav")
_LENGTH_TOLERANCE = timedelta(seconds=0.5)
_SILENT_DBFS = -60.0
_MS = timedelta(milliseconds=1)
# Asterisk closes the files when the channel ends; this long it may take to appear and to stop growing
_PATIENCE_S = 5.0
_STEADY_S = 0.25


class LocalRecordings:
    """`landing` is where Asterisk writes the sides, as this process sees it."""

    def __init__(self, folder: Path, landing: Path, workers: int) -> None:
        self._folder, self._landing = folder, landing
        # spawned, not forked: a fork would inherit the event loop's sockets
        self._pool = ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=end_with, initargs=(os.getpid(),)
        )

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def finish(
        self, name: str, talk: timedelta | None, marks: RecordingMarks
    ) -> tuple[StoredRecording, str]:
        target, (caller, agent, phone) = self._place(name), self._sides(name)
        if not await _landed(caller, agent):
            raise RecordingMissing(f"neither {caller.name} nor {agent.name} is in {self._landing}")
        try:
            mixed = await asyncio.get_running_loop().run_in_executor(
                self._pool, mix, caller, agent, target, _hushed(marks), _ms(marks.ends), phone
            )
        except SideUnreadable as broken:
            raise RecordingMissing(str(broken)) from broken
        for side in self._sides(name):
            with suppress(OSError):
                side.unlink(missing_ok=True)
        return _stored(mixed), "; ".join(_doubts(mixed, talk))

    def discard(self, name: str) -> None:
        for side in self._sides(name):
            side.unlink(missing_ok=True)

    def purge(self, name: str) -> bool:
        place = self.path(name)
        if place is not None:
            place.unlink(missing_ok=True)
        return place is not None

    def _sides(self, name: str) -> tuple[Path, Path, Path]:
        """From the caller; to the caller; from the agent's phone."""
        base = self._landing / name.removesuffix(".wav")
        return Path(f"{base}-caller.wav"), Path(f"{base}-agent.wav"), Path(f"{base}-phone.wav")

    def path(self, name: str) -> Path | None:
        if not _NAME.fullmatch(name):
            return None
        place = self._place(name)
        return place if place.is_file() else None

    def problem(self) -> str | None:
        for purpose, folder in (("recordings", self._folder), ("landing", self._landing)):
            if not folder.is_dir():
                return f"the {purpose} folder {folder} does not exist"
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                return f"the {purpose} folder {folder} is not writable"
        return None

    def _place(self, name: str) -> Path:
        return self._folder / name[:2] / name


def _hushed(marks: RecordingMarks) -> tuple[tuple[int, int | None], ...]:
    return tuple((each.since // _MS, _ms(each.until)) for each in marks.silences)


def _ms(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // _MS


async def _landed(*sides: Path) -> bool:
    """Whether there is a side, once none of them grows any more."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE_S
    before: tuple[int, ...] = ()
    while loop.time() < deadline:
        now = tuple(side.stat().st_size for side in sides if side.exists())
        if now and now == before:
            return True
        before = now
        await asyncio.sleep(_STEADY_S)
    return bool(before)


def _stored(mixed: Mixed) -> StoredRecording:
    return StoredRecording(
        timedelta(milliseconds=mixed.duration_ms),
        mixed.bytes,
        mixed.sha256,
        mixed.caller_dbfs,
        mixed.agent_dbfs,
    )


def _doubts(mixed: Mixed, talk: timedelta | None) -> list[str]:
    doubts = []
    length = timedelta(milliseconds=mixed.duration_ms)
    if talk is not None and abs(length - talk) > _LENGTH_TOLERANCE:
        doubts.append(
            f"it lasts {length.total_seconds():.1f} s, the conversation {talk.total_seconds():.1f} s"
        )
    for side, loudness in (("caller", mixed.caller_dbfs), ("agent", mixed.agent_dbfs)):
        if loudness is None or loudness < _SILENT_DBFS:
            doubts.append(f"the {side} is silent")
    return doubts
