"""Sleeping until the earliest of several moments, which may come nearer meanwhile."""

import asyncio
from contextlib import suppress
from datetime import datetime

from dialer.clock import Clock


class Alarm:
    """For one sleeper."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rings_at: float | None = None  # monotonic: a wall clock that is set does not prolong the sleep
        self._sooner = asyncio.Event()

    async def sleep_until(self, moment: datetime | None) -> None:
        """None: until `ring_by` says when."""
        left = None if moment is None else self._left(moment)
        self._rings_at = None if left is None else self._clock.monotonic() + left
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._sooner.wait()
        self._sooner.clear()

    def ring_by(self, moment: datetime) -> None:
        """Something is due then: end the sleep now, for another one, if it would last longer."""
        at = self._clock.monotonic() + self._left(moment)
        if self._rings_at is None or at < self._rings_at:
            self._rings_at = at
            self._sooner.set()

    def _left(self, moment: datetime) -> float:
        return max((moment - self._clock.now()).total_seconds(), 0.0)
