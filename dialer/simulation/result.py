"""The figures of one simulated day."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_MINUTE_S = 60.0
_HALF_HOUR = 30


@dataclass(slots=True)
class DayResult:
    """Counts and seconds after the warm-up; `answered_by_minute` and `abandoned_by_minute` cover the whole day.

    `paid` counts every second an agent was logged in, `talk` and `wrap_up` the part of it spent so.
    """

    day_s: float
    paid: float = 0.0
    talk: float = 0.0
    wrap_up: float = 0.0
    dials: int = 0
    answered: int = 0
    abandoned: int = 0
    day_answered: int = 0
    day_abandoned: int = 0
    joined: int = 0
    machines_joined: int = 0
    dropped_early: int = 0  # lines ended by us before the ring minimum: must stay 0
    idle: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    decisions: int = 0
    cpu_s: float = 0.0
    answered_by_minute: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    abandoned_by_minute: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        minutes = int(self.day_s // _MINUTE_S) + 2
        self.answered_by_minute = np.zeros(minutes, np.int64)
        self.abandoned_by_minute = np.zeros(minutes, np.int64)

    def count_answer(self, at: float, counted: bool) -> None:
        self.answered_by_minute[self._minute(at)] += 1
        self.day_answered += 1
        self.answered += counted

    def count_abandoned(self, answered_at: float, counted: bool) -> None:
        """Falls into the minute of its answer, as the ledger counts it."""
        self.abandoned_by_minute[self._minute(answered_at)] += 1
        self.day_abandoned += 1
        self.abandoned += counted

    def _minute(self, at: float) -> int:
        return min(int(at // _MINUTE_S), len(self.answered_by_minute) - 1)

    @property
    def occupancy(self) -> float:
        return (self.talk + self.wrap_up) / self.paid if self.paid else 0.0

    @property
    def abandonment(self) -> float:
        return self.abandoned / self.answered if self.answered else 0.0

    def worst_half_hour(self, least_answers: int = 30) -> float | None:
        """Largest share of any 30 minutes with at least so many answers, in steps of one minute; None without any."""
        kernel = np.ones(_HALF_HOUR, np.int64)
        answered = np.convolve(self.answered_by_minute, kernel, "valid")
        abandoned = np.convolve(self.abandoned_by_minute, kernel, "valid")
        enough = answered >= least_answers
        return float((abandoned[enough] / answered[enough]).max()) if enough.any() else None
