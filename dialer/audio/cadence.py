"""Follows many cadences at once: which steps of which tones fit everything heard since a burst of that tone began.

A step is one on or off time of one tone. What is kept is the set of steps that the present interval may be; when it
ends, those that fit its length hand on to their next step. Listening may begin anywhere in a cadence.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.audio.zones import Kind, Lines, Sound

Steps = NDArray[np.bool_]
"""One for each step of a `Repertoire`."""

_STRICT = (0.10, 0.04)  # share of the length, seconds: the larger counts
_LENIENT = (0.11, 0.06)
_ENDLESS = 1e9
_CACHED = 4096
_FOREIGN_HZ = 6.0
_SYMMETRIC_HZ = 6.0
_BUSY_HZ = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A tone to listen for. Home tones and busy-like ones are matched leniently: in doubt they are it."""

    sound: Sound
    home: bool
    tolerance_hz: float

    @property
    def lenient(self) -> bool:
        return self.home or self.sound.kind is not Kind.RING


@dataclass(frozen=True, slots=True)
class Sounds:
    """Some tones, who plays them, and how they are written (twelve at most)."""

    tones: tuple[Sound, ...] = ()
    countries: frozenset[str] = frozenset()
    as_written: tuple[str, ...] = ()


class Repertoire:
    """All tones that a stream is compared with, laid out as one table of steps."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = [entry for entry in entries if entry.sound.is_cadenced]
        low: list[float] = []
        high: list[float] = []
        on: list[bool] = []
        after: list[int] = []
        owner: list[int] = []
        line_sets: dict[tuple[tuple[Lines, ...], float, bool], int] = {}
        lines_of: list[int] = []
        for number, entry in enumerate(self.entries):
            first = len(low)
            count = len(entry.sound.steps)
            for place, (step, spectra) in enumerate(zip(entry.sound.steps, entry.sound.spectra, strict=True)):
                shortest, longest = _bounds(step, *(_LENIENT if entry.lenient else _STRICT))
                low.append(shortest)
                high.append(longest)
                on.append(step is None or step > 0)
                after.append(first + (place + 1 if place + 1 < count else entry.sound.loop_from))
                owner.append(number)
                lines_of.append(
                    line_sets.setdefault((spectra, entry.tolerance_hz, entry.lenient), len(line_sets))
                )
        self._low = np.array(low, np.float32)
        self._high = np.array(high, np.float32)
        self.on: Steps = np.array(on, bool)
        self._next = np.array(after, np.intp)
        self.owner = np.array(owner, np.intp)
        self._lines = np.array(lines_of, np.intp)
        self._line_sets = list(line_sets)
        self.home: Steps = np.array([entry.home for entry in self.entries], bool)[self.owner]
        rings = np.array([entry.sound.kind is Kind.RING for entry in self.entries], bool)
        self.ring: Steps = rings[self.owner]
        self._pauses = np.array([max(1, len(entry.sound.steps) // 2) for entry in self.entries], np.intp)
        self._named: dict[bytes, Sounds] = {}
        self._heard: dict[tuple[int, ...], Steps] = {}

    def playing(self, strong: Sequence[float], weak: Sequence[float]) -> Steps:
        """Steps that have these lines. Weak lines only ever speak for the home tones, and never have to."""
        key = (*(round(hz * 2) for hz in strong), -1, *(round(hz * 2) for hz in weak))
        known = self._heard.get(key)
        if known is None:
            if len(self._heard) > _CACHED:
                self._heard.clear()
            readings = [strong, sorted([*strong, *weak])[:4]]
            if len(strong) == 3 and abs(strong[0] + strong[2] - 2 * strong[1]) < _SYMMETRIC_HZ:
                readings.append(strong[1:2])  # a repeated packet gives a bare tone such side lines
            fits = [
                any(_fits(reading, spectra, hz) for reading in (readings if lenient else readings[:1]))
                for spectra, hz, lenient in self._line_sets
            ]
            known = self._heard[key] = np.array(fits, bool)[self._lines] & self.on
        return known

    def lasting(self, steps: Steps, seconds: float) -> Steps:
        """Those that may still go on after so long."""
        return steps & (self._high >= seconds)

    def class_over(self, *classes: Steps) -> float:
        """Seconds after which of one of these classes of steps nothing can go on any more."""
        return min((float(self._high[steps].max()) for steps in classes if steps.any()), default=_ENDLESS)

    def all_endless(self, steps: Steps) -> bool:
        return bool((self._high[steps] >= _ENDLESS).all())

    def over(self, steps: Steps, seconds: float, whole: bool) -> Steps:
        """Those that may have ended; `whole` when their beginning was heard."""
        fitting = steps & (self._high >= seconds)
        return fitting & (self._low <= seconds) if whole else fitting

    def too_short(self, steps: Steps, seconds: float) -> Steps:
        return steps & (self._low > seconds)

    def following(self, steps: Steps) -> Steps:
        found = np.zeros(len(steps), bool)
        found[self._next[steps]] = True
        return found

    def fewest_pauses(self, steps: Steps) -> int:
        """In one period of the simplest of them."""
        return int(self._pauses[self.owner[steps]].min())

    def sounds(self, steps: Steps) -> "Sounds":
        key = steps.tobytes()
        known = self._named.get(key)
        if known is None:
            if len(self._named) > _CACHED:
                self._named.clear()
            found = tuple(self.entries[number].sound for number in np.unique(self.owner[steps]))
            known = self._named[key] = Sounds(
                found,
                frozenset().union(*(sound.countries for sound in found)),
                tuple(sorted({sound.as_written for sound in found})[:12]),
            )
        return known


def _bounds(step: float | None, share: float, least: float) -> tuple[float, float]:
    if step is None:
        return _ENDLESS, _ENDLESS
    slack = max(abs(step) * share, least)
    return abs(step) - slack, abs(step) + slack


def _fits(heard: Sequence[float], spectra: Iterable[Lines], within_hz: float) -> bool:
    return any(
        len(heard) == len(lines) and all(abs(a - b) <= within_hz for a, b in zip(heard, lines, strict=True))
        for lines in spectra
    )


def entries(
    sounds: Iterable[Sound], home: Iterable[Sound], home_hz: float, same: Iterable[Sound] = ()
) -> list[Entry]:
    """Of the table's sounds those that may be meant abroad, and all of the home's.

    `same`: foreign rings that cannot be told from home's; they are home.
    """
    alike = set(same)
    ours = [Entry(sound, True, home_hz) for sound in home if sound.kind is not Kind.DIAL]
    rings = [
        Entry(sound, False, _FOREIGN_HZ)
        for sound in sounds
        if sound.kind is Kind.RING and sound.certain and sound not in alike
    ]
    busy_kinds = (Kind.BUSY, Kind.CONGESTION, Kind.UNOBTAINABLE)
    others = [Entry(sound, False, _BUSY_HZ) for sound in sounds if sound.kind in busy_kinds]
    return [*ours, *rings, *others]
