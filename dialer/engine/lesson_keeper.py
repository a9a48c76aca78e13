"""What the pacer learnt survives this process: taken up at the start, kept every minute and at the end."""

import asyncio
import logging

from dialer.clock import Clock
from dialer.engine.floor_reporter import FloorReporter
from dialer.errors import StorageDown
from dialer.ports.pacing import PacingStore

log = logging.getLogger(__name__)

EVERY_S = 60.0


class LessonKeeper:
    """Nothing here stops dialling: a pacer without lessons begins carefully."""

    def __init__(self, store: PacingStore, floor: FloorReporter, clock: Clock) -> None:
        self._store, self._floor, self._clock = store, floor, clock
        self._taken_up = False

    async def take_up(self) -> None:
        """Once. Until it has succeeded nothing is kept, or a beginner's lessons would replace an expert's."""
        if self._taken_up:
            return
        try:
            lessons = await self._store.lessons()
        except StorageDown as down:
            log.info("lessons not read", extra={"action": "pacing.lessons_wait", "why": str(down)})
            return
        except Exception:
            log.exception("lessons not read", extra={"action": "pacing.lessons_unreadable"})
            lessons = ()
        self._taken_up = True
        for lesson in lessons:
            self._floor.learnt(lesson)

    async def keep(self) -> None:
        if not self._taken_up:
            await self.take_up()
            return
        try:
            if lessons := self._floor.lessons():
                await self._store.keep_lessons(lessons, self._clock.now())
        except StorageDown as down:
            log.info("lessons not kept", extra={"action": "pacing.lessons_wait", "why": str(down)})
        except Exception:
            log.exception("lessons not kept", extra={"action": "pacing.lessons_refused"})

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.keep()
