"""How long a call may stay unanswered: kept here, in the driver, so that nobody can cut a ringing short.

The minimum is measured from the first ringing indication (16 CFR 310.4(b)(4)(ii); Ofcom: 15 seconds). A 180 that
follows a 183 starts the measure again: the 183 may have been an announcement.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from dialer.clock import Clock
from dialer.domain.events import LineSign

# nothing was signalled at all: the far end may ring unheard, so wait far longer than any ringing
SILENT_LIMIT_S = 60.0
_GRAIN_S = 1e-6  # far below the time that the order to hang up takes


@dataclass(slots=True)
class RingLimit:
    """The rule alone, for one call. All times are seconds of one clock."""

    ring_for_s: float
    minimum_s: float
    dialled_at: float = 0.0
    foreign_after_s: float | None = None  # None: a foreign tone is no reason to hang up
    wanted_gone: bool = False  # somebody wants the call gone: at once when it has rung its minimum, else then
    foreign: bool = False  # a ring-back tone of another country was positively identified
    rings_since: float | None = None
    _heard: LineSign | None = None

    def signed(self, sign: LineSign, at: float) -> bool:
        """A ringing indication was heard; whether it counts."""
        if self._heard is LineSign.RINGING or self._heard is sign:
            return False
        self._heard, self.rings_since = sign, at
        return True

    @property
    def due(self) -> float:
        """From then on the call may be given up."""
        if self.rings_since is None:
            return self.dialled_at + SILENT_LIMIT_S
        least_s = self.minimum_s if self.wanted_gone else self.ring_for_s
        if self.foreign and self.foreign_after_s is not None:
            least_s = min(least_s, self.foreign_after_s)
        return self.rings_since + least_s


@dataclass(slots=True)
class RingWatch:
    """One unanswered call. `give_up` is called once, unless `stop` comes first.

    Measured on the clock: that of the loop may stand still within a turn, and its timers be early by a millisecond.
    """

    clock: Clock
    ring_for_s: float
    minimum_s: float
    give_up: Callable[[], None]
    foreign_after_s: float | None = None
    _limit: RingLimit = field(init=False)
    _timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._limit = RingLimit(self.ring_for_s, self.minimum_s, self.clock.monotonic(), self.foreign_after_s)
        self._wait()

    def signed(self, sign: LineSign, rung_s: float = 0.0) -> None:
        """A ringing indication was heard, `rung_s` ago when it was in an earlier life."""
        if self._limit.signed(sign, self.clock.monotonic() - rung_s):
            self._wait()

    def end_soon(self) -> None:
        """Somebody wants the call gone: at once when it has rung its minimum, else then."""
        self._limit.wanted_gone = True
        self._wait()

    def sounds_foreign(self) -> None:
        """The called person is abroad by the tone heard: the call goes as soon as its rules allow that, if they do."""
        self._limit.foreign = True
        self._wait()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self.stop()
        left = max(self._limit.due - self.clock.monotonic(), 0.0)
        self._timer = asyncio.get_running_loop().call_later(left, self._rung)

    def _rung(self) -> None:
        if self._limit.due - self.clock.monotonic() > _GRAIN_S:
            self._wait()
        else:
            self.give_up()
