"""Many strokes, one ring: what happens within a few milliseconds is acted on once."""

import asyncio


class Bell:
    """For one listener. A stroke while nobody listens is not lost."""

    def __init__(self) -> None:
        self._struck = False
        self._listener: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._gather_s = 0.0

    def strike(self) -> None:
        if self._struck:
            return
        self._struck = True
        if self._listener is not None:
            self._ring_in(self._gather_s)

    async def heard(self, within_s: float | None, gather_s: float) -> bool:
        """Return `gather_s` after the first stroke, or after `within_s` without one (None: wait). Whether it was struck."""
        self._listener, self._gather_s = asyncio.get_running_loop().create_future(), gather_s
        if self._struck:
            self._ring_in(gather_s)
        elif within_s is not None:
            self._ring_in(within_s)
        try:
            await self._listener
        finally:
            self._listener = None
            self._stop_timer()
        struck, self._struck = self._struck, False
        return struck

    def _ring_in(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        if self._listener is not None and not self._listener.done():
            self._listener.set_result(None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
