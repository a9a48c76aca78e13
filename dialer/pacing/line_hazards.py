"""What becomes of a ringing line, by how long it has been out and what was signalled on it: learnt while lines ring.

Competing risks in one-second pieces: a line is answered, ends unanswered, or shows a new sign; a line that has shown
nothing by 6 s is another line than one that rang at 1 s. Hazards of each set of signs shrink towards those of all lines,
and those towards a cautious prior; memory fades exponentially with the number of lines.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.domain.events import LineSign
from dialer.pacing.marginal import BINS, EDGES, MOMENTS
from dialer.pacing.survival import numbers

Array = NDArray[np.float64]

_BITS: Mapping[LineSign, int] = {LineSign.RINGING: 1, LineSign.PROGRESS: 2}
_HEARD: Mapping[LineSign, int] = {
    sign: (1 << len(_BITS)) + n for n, sign in enumerate(sign for sign in LineSign if sign.heard)
}
# every set of signals a line can have shown; what is heard last counts for more than any of them, and stands alone
CLASSES = (1 << len(_BITS)) + len(_HEARD)
AGES = 64  # seconds since dialling, the last piece is open
_LONGEST = int(MOMENTS.max())

_PRIOR_ANSWER = 0.25  # of a line, before anything is known: few enough lines to be safe
_PRIOR_RING_S = 10.0
_PRIOR_FAILED_S = 20.0
PRIOR_LINES = 15.0
_CLASS_SHRINKAGE = 12.0  # line-seconds of each piece
_HALF_LIFE = 1500.0
MEMORY_LINES = _HALF_LIFE / 0.6931  # as many count in all
_RESCALE = 1e6


def with_sign(signs: int, sign: LineSign) -> int:
    """The class of a line after one more sign."""
    if (heard := _HEARD.get(sign)) is not None:
        return heard
    return signs if signs in _HEARD.values() else signs | _BITS[sign]


@dataclass(frozen=True, slots=True)
class LineTable:
    """Of lines by set of signs and age, in rows of `signs * AGES + age`.

    `eventually` is P(answered at all), `soon` the answers a second at that age, `powers[0]` P(answered and holding an agent at
    each of `MOMENTS`), `powers[1]` and `powers[2]` its square and cube, all for a line of average contacts. `most` is by how
    much a row may be multiplied and stay a probability. `weights`: when a new line is answered, if it is.
    """

    eventually: Array
    soon: Array
    powers: Array
    most: Array
    weights: Array
    fresh: Array  # `powers` of a line just dialled

    @property
    def holds(self) -> Array:
        holds: Array = self.powers[0]
        return holds

    @property
    def answer_probability(self) -> float:
        """Of a line just dialled."""
        return float(self.eventually[0])


class LineHazards:
    """Counts of answers, other ends, changes of sign, and seconds at risk by (signs, age)."""

    def __init__(self) -> None:
        self._growth = 2.0 ** (1.0 / _HALF_LIFE)
        self._forget()

    def _forget(self) -> None:
        self._weight = 1.0
        self._exposure = np.zeros((CLASSES, AGES))  # lines that were at risk, whole seconds
        self._seconds = np.zeros((CLASSES, AGES))  # the time they spent at it
        self._answered = np.zeros((CLASSES, AGES))
        self._failed = np.zeros((CLASSES, AGES))
        self._moved = np.zeros((CLASSES, CLASSES, AGES))  # from, to

    def passed(self, signs: int, entered: float, left: float) -> int:
        """A line showed `signs` from age `entered` to age `left`, and then something happened to it; returns that piece.

        It was at risk for the whole of it, whenever in it that was.
        """
        piece = _piece(left)
        _expose(self._exposure[signs], entered, piece + 1.0, self._weight)
        _expose(self._seconds[signs], entered, left, self._weight)
        return piece

    def answered(self, signs: int, piece: int) -> None:
        self._grow()
        self._answered[signs, piece] += self._weight

    def failed(self, signs: int, piece: int) -> None:
        self._grow()
        self._failed[signs, piece] += self._weight

    def was_none(self, signs: int, piece: int) -> None:
        """What was counted as an answer turned out to need no agent: a machine."""
        self._answered[signs, piece] = max(self._answered[signs, piece] - self._weight, 0.0)
        self._failed[signs, piece] += self._weight

    def moved(self, signs: int, to: int, piece: int) -> None:
        self._moved[signs, to, piece] += self._weight

    def _grow(self) -> None:
        self._weight *= self._growth
        if self._weight > _RESCALE:
            for counts in (self._exposure, self._seconds, self._answered, self._failed, self._moved):
                counts /= self._weight
            self._weight = 1.0

    @property
    def lines(self) -> float:
        """Effective number in memory."""
        return float(self._answered.sum() + self._failed.sum()) / self._weight

    def table(self, held: Array, running: Iterable[tuple[int, float, float]] = ()) -> LineTable:
        """`held`: P(talk and wrap-up last longer than 0, 1, … s), as long as the last of `MOMENTS` and the grace.

        `running`: (signs, age when they began, age now) of lines still out, without which quick answers would make all
        lines look quick to answer.
        """
        exposure, seconds = self._exposure / self._weight, self._seconds / self._weight
        for signs, entered, age in running:
            _expose(exposure[signs], entered, age, 1.0)
            _expose(seconds[signs], entered, age, 1.0)
        answer, fail, move = self._hazards(exposure)
        within = _within(answer, fail, move)
        eventually = within[-1]
        increments = np.diff(within[: _LONGEST + 1], axis=0)  # (s, signs, age): answered in second s
        lag = MOMENTS[None, :] - np.arange(1, _LONGEST + 1)[:, None]
        grace = len(held) - 1 - _LONGEST
        kernel = np.where(lag >= 0, held[np.clip(lag + grace, 0, len(held) - 1)], 0.0)
        holds = np.tensordot(increments, kernel, axes=([0], [0])).reshape(-1, BINS)
        fresh = within[: _LONGEST + 1, 0, 0]
        arrived = np.append(np.interp(EDGES, np.arange(_LONGEST + 1), fresh), eventually[0, 0])
        weights = np.maximum(np.diff(arrived), 1e-12)
        powers = np.stack([holds, holds**2, holds**3])
        return LineTable(
            eventually.reshape(-1),
            self._rate(seconds).reshape(-1),
            powers,
            0.97 / np.maximum(np.maximum(holds.max(1), eventually.reshape(-1)), 1e-6),
            weights / weights.sum(),
            powers[:, 0].copy(),
        )

    def _hazards(self, exposure: Array) -> tuple[Array, Array, Array]:
        """Of all three risks: probabilities that a line meets them within its second, given that it got there."""
        prior_answer, prior_fail, prior_exposure = _PRIOR
        scale = 1.0 / self._weight
        pooled = exposure.sum(0) + prior_exposure
        answers = (self._answered.sum(0) * scale + prior_answer) / pooled
        fails = (self._failed.sum(0) * scale + prior_fail) / pooled
        weight = exposure + _CLASS_SHRINKAGE
        answer = (self._answered * scale + _CLASS_SHRINKAGE * answers) / weight
        fail = (self._failed * scale + _CLASS_SHRINKAGE * fails) / weight
        move = self._moved * scale / weight[:, None, :]
        total = answer + fail + move.sum(1)
        cut = np.minimum(1.0, 0.98 / np.maximum(total, 1e-9))
        return answer * cut, fail * cut, move * cut[:, None, :]

    def _rate(self, seconds: Array) -> Array:
        """Answers a second, in the time that lines really spent: what `soon` is to be compared with."""
        scale = 1.0 / self._weight
        pooled = (self._answered.sum(0) * scale + _PRIOR[0]) / (seconds.sum(0) + _PRIOR[2])
        rate: Array = (self._answered * scale + _CLASS_SHRINKAGE * pooled) / (seconds + _CLASS_SHRINKAGE)
        return rate

    def document(self) -> Mapping[str, object]:
        scale = 1.0 / self._weight
        return {
            "exposure": (self._exposure * scale).ravel().tolist(),
            "seconds": (self._seconds * scale).ravel().tolist(),
            "answered": (self._answered * scale).ravel().tolist(),
            "failed": (self._failed * scale).ravel().tolist(),
            "moved": (self._moved * scale).ravel().tolist(),
        }

    def take_up(self, document: Mapping[str, object]) -> None:
        """Raises ValueError, KeyError or TypeError when the document is not one of ours; then nothing has changed."""
        known = _classes_of(document)
        read = {
            name: numbers(document[name], size * AGES)
            for name, size in (
                ("exposure", known),
                ("seconds", known),
                ("answered", known),
                ("failed", known),
                ("moved", known * known),
            )
        }
        self._forget()  # classes that were not known then begin without any lines
        self._exposure[:known] = read["exposure"].reshape(known, AGES)
        self._seconds[:known] = read["seconds"].reshape(known, AGES)
        self._answered[:known] = read["answered"].reshape(known, AGES)
        self._failed[:known] = read["failed"].reshape(known, AGES)
        self._moved[:known, :known] = read["moved"].reshape(known, known, AGES)


def _classes_of(document: Mapping[str, object]) -> int:
    """How many classes the document tells of: there were fewer before lines were listened to."""
    exposure = document["exposure"]
    if not isinstance(exposure, list):
        raise TypeError("exposure: must be a list")
    return min(max(len(exposure) // AGES, 1), CLASSES)


def _piece(age: float) -> int:
    return min(max(int(age), 0), AGES - 1)


def _expose(exposure: Array, entered: float, left: float, weight: float) -> None:
    """Add the seconds between two ages to their pieces; the last piece has no end."""
    first, last = _piece(entered), _piece(left)
    exposure[first : last + 1] += weight
    exposure[first] -= weight * min(max(entered - first, 0.0), 1.0)
    exposure[last] -= weight * min(1.0 - (left - last), 1.0)


def _within(answer: Array, fail: Array, move: Array) -> Array:
    """P(answered within s seconds), s = 0 … AGES, shape (s, signs, age); the last stands for "at all"."""
    stay = 1.0 - answer - fail - move.sum(1)
    found = np.zeros((AGES + 1, CLASSES, AGES))
    for s in range(1, AGES + 1):
        later = np.concatenate([found[s - 1, :, 1:], found[s - 1, :, -1:]], axis=1)
        found[s] = answer + stay * later + (move * later[None, :, :]).sum(1)
    return found


def _prior() -> tuple[Array, Array, Array]:
    """Answers, other ends and exposure of `PRIOR_LINES` imagined lines."""
    grid = np.arange(AGES + 1, dtype=np.float64)
    ring = np.exp(-grid / _PRIOR_RING_S) * (
        1 + grid / _PRIOR_RING_S
    )  # Erlang of two phases, twice as long on average
    failed = np.exp(-grid / _PRIOR_FAILED_S)
    alive = _PRIOR_ANSWER * ring + (1 - _PRIOR_ANSWER) * failed
    answers = _PRIOR_ANSWER * (ring[:-1] - ring[1:])
    fails = (1 - _PRIOR_ANSWER) * (failed[:-1] - failed[1:])
    return PRIOR_LINES * answers, PRIOR_LINES * fails, PRIOR_LINES * alive[:-1]


_PRIOR = _prior()
