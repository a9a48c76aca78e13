"""An event loop whose clock jumps to the next timer: an hour of calls in seconds, and the same every time.

It has no file descriptors and waits for nothing outside: no sockets, no child processes. Timers due at the same moment
run in the order in which they were set. `call_soon_threadsafe` is heard at the next turn, as long as there is one; a
loop with nothing left to do raises `NothingLeftToDo` instead of waiting for ever.
"""

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in New York


class NothingLeftToDo(RuntimeError):
    """Every task waits for something that cannot happen any more."""


class _Due(asyncio.TimerHandle):
    """The library's handle without its debugging aids: three quarters of the loop's time went there."""

    __slots__ = ()

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: "VirtualLoop",
        context: contextvars.Context | None,
    ) -> None:
        self._when, self._callback, self._args, self._loop = when, callback, args, loop
        self._context = contextvars.copy_context() if context is None else context
        self._cancelled = self._scheduled = False
        self._repr = self._source_traceback = None

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = self._args = None  # type: ignore[assignment]  # let go of what they hold


class VirtualLoop(asyncio.BaseEventLoop):
    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0
        self._due: list[tuple[float, int, _Due]] = []
        self._set = 0
        self._ready: deque[_Due] = deque()

    def time(self) -> float:
        return self.elapsed

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = _Due(self.elapsed, callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.elapsed + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = _Due(when, callback, args, self, context)
        self._set += 1
        heapq.heappush(self._due, (when, self._set, handle))
        return handle

    def _run_once(self) -> None:
        """Turns until somebody stops the loop. The library calls it between two looks at `_stopping`."""
        ready = self._ready
        while not self._stopping:  # type: ignore[attr-defined]
            if not ready:
                self._jump()
            for _ in range(len(ready)):
                handle = ready.popleft()
                if handle._cancelled:
                    continue
                try:
                    handle._context.run(handle._callback, *handle._args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as failure:
                    self.call_exception_handler(
                        {"message": f"{handle._callback!r} failed", "exception": failure, "handle": handle}
                    )

    def _jump(self) -> None:
        """To the next timer, and make ready all that are due then."""
        due = self._due
        while due and due[0][2]._cancelled:
            heapq.heappop(due)
        if not due:
            raise NothingLeftToDo("no timer is set, and every task waits for another")
        now = self.elapsed = max(self.elapsed, due[0][0])
        while due and due[0][0] <= now:
            handle = heapq.heappop(due)[2]
            if not handle._cancelled:
                self._ready.append(handle)


class VirtualClock:
    """Tells the time of the loop it was made in; `start` is the wall time at which that loop began."""

    def __init__(self, start: datetime = START) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualLoop):
            raise TypeError("a virtual clock belongs to a virtual loop")
        self._loop, self._start = loop, start
        self._told_at, self._told = 0.0, start

    def now(self) -> datetime:
        elapsed = self._loop.elapsed
        if elapsed != self._told_at:  # asked many times at one moment
            self._told_at, self._told = elapsed, self._start + timedelta(seconds=elapsed)
        return self._told

    def monotonic(self) -> float:
        return self._loop.elapsed


def run(work: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
