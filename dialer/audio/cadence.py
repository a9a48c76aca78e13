"""Follows many cadences at once: which steps of which tones fit everything heard since a burst of that tone began.

A step is one on or off time of one tone. What is kept is the set of steps that the present interval may be; when it
ends, those that fit its length hand on to their next step. Listening may begin anywhere in a cadence.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dialer.audio.zones import Kind, Lines, Sound

Steps: TypeAlias = int
"""A set of steps of a `Repertoire`: bit n is step n."""

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
        ways: dict[int, list[int]] = {}  # how far away the next step lies, and from which
        pauses: dict[int, list[int]] = {}
        line_sets: dict[tuple[tuple[Lines, ...], float, bool], list[int]] = {}
        on: list[int] = []
        self._owner: list[int] = []
        for number, entry in enumerate(self.entries):
            first, count = len(low), len(entry.sound.steps)
            for place, (step, spectra) in enumerate(zip(entry.sound.steps, entry.sound.spectra, strict=True)):
                here = first + place
                shortest, longest = _bounds(step, *(_LENIENT if entry.lenient else _STRICT))
                low.append(shortest)
                high.append(longest)
                after = first + (place + 1 if place + 1 < count else entry.sound.loop_from)
                ways.setdefault(after - here, []).append(here)
                pauses.setdefault(max(1, count // 2), []).append(here)
                if step is None or step > 0:
                    on.append(here)
                    line_sets.setdefault((spectra, entry.tolerance_hz, entry.lenient), []).append(here)
                self._owner.append(number)
        self.on = _steps(on)
        self.home = _steps(n for n, owner in enumerate(self._owner) if self.entries[owner].home)
        self.ring = _steps(
            n for n, owner in enumerate(self._owner) if self.entries[owner].sound.kind is Kind.RING
        )
        self._shortest, self._longest = _Bounds(low), _Bounds(high)
        self._ways = [(way, _steps(places)) for way, places in ways.items()]
        self._pauses = [(count, _steps(places)) for count, places in sorted(pauses.items())]
        self._line_sets = [(*lines, _steps(places)) for lines, places in line_sets.items()]
        self._named: dict[Steps, Sounds] = {}
        self._heard: dict[tuple[int, ...], Steps] = {}

    def playing(self, strong: Sequence[float], weak: Sequence[float]) -> Steps:
        """Steps that have these lines. Weak lines only ever speak for the home tones, and never have to."""
        key = (*(round(hz * 2) for hz in strong), -1, *(round(hz * 2) for hz in weak))
        known = self._heard.get(key)
        if known is None:
            if len(self._heard) > _CACHED:
                self._heard.clear()
            known = self._heard[key] = self._fitting(strong, weak)
        return known

    def _fitting(self, strong: Sequence[float], weak: Sequence[float]) -> Steps:
        readings = [strong, sorted([*strong, *weak])[:4]]
        if len(strong) == 3 and abs(strong[0] + strong[2] - 2 * strong[1]) < _SYMMETRIC_HZ:
            readings.append(strong[1:2])  # a repeated packet gives a bare tone such side lines
        found = 0
        for spectra, hz, lenient, steps in self._line_sets:
            if any(_fits(reading, spectra, hz) for reading in (readings if lenient else readings[:1])):
                found |= steps
        return found

    def lasting(self, steps: Steps, seconds: float) -> Steps:
        """Those that may still go on after so long."""
        return steps & self._longest.at_least(seconds)

    def class_over(self, *classes: Steps) -> float:
        """Seconds after which of one of these classes of steps nothing can go on any more."""
        return min((self._longest.most(steps) for steps in classes if steps), default=_ENDLESS)

    def all_endless(self, steps: Steps) -> bool:
        return not steps & ~self._longest.at_least(_ENDLESS)

    def over(self, steps: Steps, seconds: float, whole: bool) -> Steps:
        """Those that may have ended; `whole` when their beginning was heard."""
        fitting = steps & self._longest.at_least(seconds)
        return fitting & ~self._shortest.above(seconds) if whole else fitting

    def too_short(self, steps: Steps, seconds: float) -> Steps:
        return steps & self._shortest.above(seconds)

    def following(self, steps: Steps) -> Steps:
        found = 0
        for way, places in self._ways:
            moved = steps & places
            found |= moved << way if way > 0 else moved >> -way
        return found

    def fewest_pauses(self, steps: Steps) -> int:
        """In one period of the simplest of them."""
        return next(count for count, places in self._pauses if steps & places)

    def sounds(self, steps: Steps) -> "Sounds":
        known = self._named.get(steps)
        if known is None:
            if len(self._named) > _CACHED:
                self._named.clear()
            owners = dict.fromkeys(self._owner[n] for n in range(steps.bit_length()) if steps >> n & 1)
            found = tuple(self.entries[number].sound for number in owners)
            known = self._named[steps] = Sounds(
                found,
                frozenset().union(*(sound.countries for sound in found)),
                tuple(sorted({sound.as_written for sound in found})[:12]),
            )
        return known


class _Bounds:
    """One limit for each step, seconds; sets of steps by it. In single precision, as they were always compared."""

    def __init__(self, limits: Sequence[float]) -> None:
        single = [_single(limit) for limit in limits]
        self._limits = sorted(set(single))
        self._from = [0]
        for limit in reversed(self._limits):
            here = _steps(n for n, each in enumerate(single) if each == limit)
            self._from.append(self._from[-1] | here)
        self._from.reverse()  # number n: all whose limit is the nth or higher

    def at_least(self, seconds: float) -> Steps:
        return self._from[bisect_left(self._limits, _single(seconds))]

    def above(self, seconds: float) -> Steps:
        return self._from[bisect_right(self._limits, _single(seconds))]

    def most(self, steps: Steps) -> float:
        """The highest limit of these, of which there are some."""
        nth = bisect_left(self._from, True, key=lambda those: not steps & those)
        return self._limits[nth - 1]


def _single(seconds: float) -> float:
    return float(np.float32(seconds))


def _steps(places: Iterable[int]) -> Steps:
    found = 0
    for place in places:
        found |= 1 << place
    return found


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
