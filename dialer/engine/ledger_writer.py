"""Writes what happens to the store: in order, in batches, and again until it is there.

A call is never held up by the database. While it is away the writer keeps everything and `healthy` is False, on which
the dial loop stops dialling; what was kept is bounded by the calls that were in progress.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from dialer.domain.ids import AttemptId
from dialer.engine.bell import Bell
from dialer.engine.recording_log import RecordingMove
from dialer.errors import NotFound, StorageDown
from dialer.ports.ledger import Heard
from dialer.ports.storage import (
    AgentChange,
    AgentStore,
    AttemptStore,
    Progress,
    RecordingIndex,
    Settlement,
    TimelineEntry,
)

log = logging.getLogger(__name__)

_GATHER_S = 0.05
_FIRST_RETRY_S = 0.2
_LONGEST_RETRY_S = 5.0
_BATCH = 500

Item = TypeVar("Item")


class HeardStore(Protocol):
    async def record_heard(self, heard: Sequence[Heard]) -> None: ...


@dataclass(slots=True)
class _News:
    """Of one attempt. It goes into one statement, so that its end never comes before what led to it."""

    progress: Progress | None = None
    timeline: list[TimelineEntry] = field(default_factory=list)
    end: Settlement | None = None


@dataclass(slots=True)
class _Batch:
    attempts: defaultdict[AttemptId, _News] = field(default_factory=lambda: defaultdict(_News))
    agents: list[AgentChange] = field(default_factory=list)
    recordings: list[RecordingMove] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    def __bool__(self) -> bool:
        return bool(self.attempts or self.agents or self.recordings or self.heard)


class LedgerWriter:
    def __init__(
        self, attempts: AttemptStore, agents: AgentStore, recordings: RecordingIndex, hearing: HeardStore
    ) -> None:
        self._attempts, self._agents, self._recordings = attempts, agents, recordings
        self._hearing = hearing
        self._batch = _Batch()
        self._writing: _Batch | None = None
        self._bell = Bell()
        self.healthy = True

    def progress(self, progress: Progress) -> None:
        news = self._batch.attempts[progress.attempt]
        news.progress = progress if news.progress is None else news.progress.followed_by(progress)
        self._bell.strike()

    def note(self, entry: TimelineEntry) -> None:
        self._batch.attempts[entry.attempt].timeline.append(entry)
        self._bell.strike()

    def settle(self, settlement: Settlement) -> None:
        news = self._batch.attempts[settlement.attempt]
        news.end = news.end or settlement
        self._bell.strike()

    def agent(self, change: AgentChange) -> None:
        self._batch.agents.append(change)
        self._bell.strike()

    def recording(self, move: RecordingMove) -> None:
        self._batch.recordings.append(move)
        self._bell.strike()

    def heard(self, heard: Heard) -> None:
        self._batch.heard.append(heard)
        self._bell.strike()

    async def drained(self) -> None:
        """Everything noted so far is in the store; what is noted meanwhile is not waited for."""
        last = self._batch if self._batch else self._writing
        if last is not None:
            await last.stored.wait()

    async def run(self) -> None:
        while True:
            await self._bell.heard(None, _GATHER_S)
            self._writing, self._batch = self._batch, _Batch()
            await self._write(self._writing)
            self._writing.stored.set()
            self._writing = None

    async def _write(self, batch: _Batch) -> None:
        # a recording is known before its conversation, and an agent's log comes after the call it names
        if batch.recordings:
            await self._all(batch.recordings, self._move_recordings)
        news = batch.attempts.values()
        if going_on := [each for each in news if each.end is None]:
            await self._all(going_on, self._record)
        if ended := [each for each in news if each.end is not None]:
            await self._all(ended, self._settle)
        if batch.heard:
            await self._all(batch.heard, self._hearing.record_heard)
        if batch.agents:
            await self._all(batch.agents, self._agents.record_states)

    async def _record(self, news: Sequence[_News]) -> None:
        progress = [each.progress for each in news if each.progress is not None]
        await self._attempts.record(progress, _timeline(news))

    async def _settle(self, news: Sequence[_News]) -> None:
        ends = [
            replace(each.end, progress=each.progress) if each.progress is not None else each.end
            for each in news
            if each.end is not None
        ]
        await self._attempts.settle(ends, _timeline(news))

    async def _move_recordings(self, moves: Sequence[RecordingMove]) -> None:
        for move in moves:
            if move.marks is not None:
                await self._recordings.mark_recording(move.attempt, move.part, move.marks)
                continue
            if not move.landed:
                await self._begin_recording(move)
                continue
            try:
                await self._recordings.land_recording(move.attempt, move.part, move.talk)
            except NotFound:  # begun by an engine that died before it could say so
                await self._begin_recording(move)
                await self._recordings.land_recording(move.attempt, move.part, move.talk)

    async def _begin_recording(self, move: RecordingMove) -> None:
        await self._recordings.begin_recording(move.attempt, move.part, move.name, move.begun_at)

    async def _all(self, items: list[Item], write: Callable[[Sequence[Item]], Awaitable[None]]) -> None:
        for start in range(0, len(items), _BATCH):
            part = items[start : start + _BATCH]
            try:
                await self._until_stored(part, write)
            except Exception:
                log.exception(
                    "batch refused by the store", extra={"action": "ledger.batch_refused", "items": len(part)}
                )
                await self._one_by_one(part, write)

    async def _one_by_one(
        self, items: Sequence[Item], write: Callable[[Sequence[Item]], Awaitable[None]]
    ) -> None:
        """One item that the store will not take must not hold up the others."""
        for item in items:
            try:
                await self._until_stored([item], write)
            except Exception:
                log.exception("not stored", extra={"action": "ledger.refused", "item": repr(item)})

    async def _until_stored(
        self, items: Sequence[Item], write: Callable[[Sequence[Item]], Awaitable[None]]
    ) -> None:
        pause = _FIRST_RETRY_S
        while True:
            try:
                await write(items)
            except StorageDown as down:
                if self.healthy:
                    log.warning("the database is away", extra={"action": "ledger.waiting", "why": str(down)})
                self.healthy = False
            else:
                if not self.healthy:
                    log.info("the database is back", extra={"action": "ledger.resumed"})
                self.healthy = True
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY_S)


def _timeline(news: Sequence[_News]) -> list[TimelineEntry]:
    return [entry for each in news for entry in each.timeline]
