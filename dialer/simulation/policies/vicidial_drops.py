"""VICIdial's own drop figures, which are not the legal ones: no two-second clock, no block of days.

A drop is a caller who waited too long or hung up while waiting, with or without a person on the line: without machine
detection a machine that finds no agent is one. An answer is a finished call that somebody marked as a person; drops are.
"""

from collections import deque
from datetime import date, datetime

from dialer.simulation.policies.vicidial_levels import DropFigures

_MINUTE_S = 60.0


class DropBook:
    """Calls are written when they end, dated by their answer, or by their dial if nobody answered."""

    def __init__(self) -> None:
        self._rows: deque[tuple[float, bool]] = deque()
        self._today: date | None = None
        self._calls = self._answers = self._drops = 0

    def write(self, dated: float, now: float, wall: datetime, *, answer: bool, drop: bool) -> None:
        self._new_day(wall)
        self._calls += 1
        self._answers += answer
        self._drops += drop
        if dated > now - _MINUTE_S:  # a call that began earlier never shows in the minute
            self._rows.append((dated, drop))

    def figures(self, now: float, wall: datetime) -> DropFigures:
        """Midnight is that of `wall` as it comes."""
        self._new_day(wall)
        self._rows = deque(row for row in self._rows if row[0] > now - _MINUTE_S)
        calls, drops = len(self._rows), sum(drop for _, drop in self._rows)
        return DropFigures(
            100.0 * self._drops / max(1, self._answers), self._calls, 100.0 * drops / max(1, calls), calls
        )

    def _new_day(self, wall: datetime) -> None:
        if wall.date() != self._today:
            self._today = wall.date()
            self._calls = self._answers = self._drops = 0
