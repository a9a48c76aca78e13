"""Ringing lines and working agents in arrays, so that a decision looks at all of them at once."""

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 64


class Book:
    """Rows without gaps: the last one moves into the place of one that leaves.

    `base` is the row of a table at age 0 and `since` when that age began. `lean` makes one's own: of a line the odds against
    an answer as a multiple of the average contact's, of an agent the pace at which ages count.
    """

    def __init__(self) -> None:
        self._place: dict[Hashable, int] = {}
        self._names: list[Hashable] = []
        self._latest = float("-inf")
        self._leaning = 0
        self.since: NDArray[np.float64] = np.zeros(_FIRST_CAPACITY)
        self.base: NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        self.lean: NDArray[np.float64] = np.ones(_FIRST_CAPACITY)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: Hashable) -> bool:
        return name in self._place

    def add(self, name: Hashable, since: float, base: int, lean: float = 1.0) -> None:
        """A name that is there already is entered anew."""
        self.remove(name)
        place = len(self._names)
        if place == len(self.since):
            self._grow()
        self._place[name] = place
        self._names.append(name)
        self.since[place], self.base[place], self.lean[place] = since, base, lean
        self._latest = max(self._latest, since)
        self._leaning += lean != 1.0

    def rebase(self, name: Hashable, base: int) -> None:
        self.base[self._place[name]] = base

    def remove(self, name: Hashable) -> None:
        place = self._place.pop(name, None)
        if place is None:
            return
        self._leaning -= bool(self.lean[place] != 1.0)
        last = self._names.pop()
        if last is not name and last != name:
            end = len(self._names)
            self._names[place], self._place[last] = last, place
            for column in (self.since, self.base, self.lean):
                column[place] = column[end]

    @property
    def leans(self) -> bool:
        """Any of them does."""
        return self._leaning > 0

    def ages(self, now: float) -> NDArray[np.float64]:
        """Seconds since each began, in the order of the columns; none is negative."""
        since = self.since[: len(self._names)]
        ages: NDArray[np.float64] = now - since
        return ages if now >= self._latest else np.maximum(ages, 0.0)

    def _grow(self) -> None:
        more = len(self.since)
        self.since = np.concatenate([self.since, np.zeros(more)])
        self.base = np.concatenate([self.base, np.zeros(more, np.int64)])
        self.lean = np.concatenate([self.lean, np.ones(more)])
