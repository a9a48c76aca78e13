"""What luck the dials have, in sheets of 4,096: every purpose draws from a stream of its own, which depends on the seed.

So the i-th dial has the same luck under every pacer, and one more purpose changes none of the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dialer.domain.events import LineSign
from dialer.pacing.pacer import LineEnd
from dialer.simulation.laws import Fixed, Floats, Law, choose, split
from dialer.simulation.scenario import Calls, ContactClass, Signs

SHEET = 4096

Shown = tuple[tuple[float, LineSign], ...]


class Stream(IntEnum):
    """Never renumber: a seed would mean another day."""

    CONTACT_CLASS = 1
    PROBABILITY = 2
    ANSWER = 3
    RING = 4
    TALK = 5
    WRAP_UP = 6
    PATIENCE = 7
    UNANSWERED = 8
    FAILURE = 9
    FAILURE_TIME = 10
    DETECTOR = 11
    DETECTOR_TIME = 12
    SIGN = 13
    SIGN_TIME = 14
    CARRIER = 15
    LOOKS = 16
    LIST_AGE = 17
    EARLIER_ATTEMPTS = 18
    EARLIER_ANSWERS = 19
    AGENTS = 20


class Streams:
    """Uniform numbers strictly between 0 and 1."""

    def __init__(self, seed: int, day: int = 0) -> None:
        self._seed, self._day = seed, day

    def generator(self, stream: Stream, sheet: int = 0) -> np.random.Generator:
        key = np.random.SeedSequence((self._seed, self._day, int(stream), sheet)).generate_state(2, np.uint64)
        return np.random.Generator(np.random.Philox(key=key))

    def uniforms(self, stream: Stream, sheet: int) -> Floats:
        return self.generator(stream, sheet).random(SHEET).clip(1e-12, 1 - 1e-12)


@dataclass(frozen=True, slots=True)
class Sheet:
    """`gradual`, of each dial: answer probability, machines, ring, machine's ring, talk, machine's talk, wrap-up.

    `chances`: answer's uniform, refused by the carrier, refused after, patience, what a person and what a machine is taken
    for, judged after, life of a line nobody answers, signs of a line that is alerted, signs of a line nobody answers.
    """

    classes: Sequence[int]
    gradual: Sequence[tuple[float, float, float, float, float, float, float]]
    chances: Sequence[tuple[float, bool, float, float, LineEnd, LineEnd, float, float, Shown, Shown]] = ()


def classes_of(streams: Streams, sheet: int, classes: Sequence[ContactClass]) -> NDArray[np.int64]:
    if len(classes) == 1:
        return np.zeros(SHEET, np.int64)
    uniforms = streams.uniforms(Stream.CONTACT_CLASS, sheet)
    return split(uniforms, [each.weight for each in classes])[0]


class Drawing:
    """Draws one sheet: `which` is each dial's class, `figures` the figures of each class."""

    def __init__(
        self, streams: Streams, sheet: int, which: NDArray[np.int64], figures: Sequence[Calls]
    ) -> None:
        self._u: Callable[[Stream], Floats] = partial(_once, streams, sheet, {})
        self._which, self._figures = which, figures

    def gradual(self) -> Sequence[tuple[float, float, float, float, float, float, float]]:
        """Ring times include what the carrier delays."""
        delay = self._drawn(Stream.CARRIER, lambda calls: calls.carrier_delay or Fixed(0.0))
        columns = (
            self._drawn(Stream.PROBABILITY, lambda calls: _law(calls.answered_by_person)),
            self._drawn(Stream.PROBABILITY, lambda calls: Fixed(calls.machines)),
            self._drawn(Stream.RING, lambda calls: calls.ring) + delay,
            self._drawn(Stream.RING, lambda calls: calls.machine_ring) + delay,
            self._drawn(Stream.TALK, lambda calls: calls.talk),
            self._drawn(Stream.TALK, lambda calls: calls.machine_talk),
            self._drawn(Stream.WRAP_UP, lambda calls: calls.wrap_up),
        )
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def chances(
        self,
    ) -> Sequence[tuple[float, bool, float, float, LineEnd, LineEnd, float, float, Shown, Shown]]:
        refused = self._u(Stream.FAILURE) < self._each(lambda calls: calls.failures.share)
        refused_after = self._drawn(Stream.FAILURE_TIME, lambda calls: calls.failures.after)
        patience = self._drawn(Stream.PATIENCE, lambda calls: calls.patience or Fixed(float("inf")))
        person_taken = self._u(Stream.DETECTOR) < self._each(
            lambda calls: calls.machine_detector.people_taken
        )
        machine_missed = self._u(Stream.DETECTOR) < self._each(lambda calls: calls.machine_detector.missed)
        judged = self._drawn(Stream.DETECTOR_TIME, lambda calls: calls.machine_detector.delay or Fixed(0.0))
        life, unanswered_signs = self._unanswered()
        alerted_signs = self._signs([calls.signs for calls in self._figures], self._which)
        delay = self._drawn(Stream.CARRIER, lambda calls: calls.carrier_delay or Fixed(0.0))
        return list(
            zip(
                self._u(Stream.ANSWER).tolist(),
                refused.tolist(),
                refused_after.tolist(),
                patience.tolist(),
                [_MACHINE if taken else _PERSON for taken in person_taken.tolist()],
                [_PERSON if missed else _MACHINE for missed in machine_missed.tolist()],
                judged.tolist(),
                (life + delay).tolist(),
                alerted_signs,
                unanswered_signs,
                strict=True,
            )
        )

    # --- columns ------------------------------------------------------------------------------------------------------

    def _each(self, figure: Callable[[Calls], float]) -> Floats:
        return np.array([figure(calls) for calls in self._figures], np.float64)[self._which]

    def _drawn(self, stream: Stream, law: Callable[[Calls], Law]) -> Floats:
        laws = [law(calls) for calls in self._figures]
        if len(set(map(id, laws))) == 1:
            return laws[0].quantiles(self._u(stream))
        return choose(self._which, [each.quantiles(self._u(stream)) for each in laws])

    def _unanswered(self) -> tuple[Floats, list[Shown]]:
        """Life of the line, and what it shows."""
        ways = [way for calls in self._figures for way in calls.not_answered]
        first = np.cumsum([0, *(len(calls.not_answered) for calls in self._figures)])
        u = self._u(Stream.UNANSWERED)
        chosen, rest = np.zeros(SHEET, np.int64), np.zeros(SHEET)
        for place, calls in enumerate(self._figures):
            among, left = split(u, [way.weight for way in calls.not_answered])
            ours = self._which == place
            chosen[ours], rest[ours] = first[place] + among[ours], left[ours]
        life = choose(chosen, [way.after.quantiles(rest) for way in ways])
        own = [calls.signs for calls in self._figures for _ in calls.not_answered]
        shown = [way.signs or signs for way, signs in zip(ways, own, strict=True)]
        return life, self._signs(shown, chosen)

    def _signs(self, of: Sequence[Signs], which: NDArray[np.int64]) -> list[Shown]:
        if not any(signs.shares for signs in of):
            return [()] * SHEET
        after = choose(which, [signs.after.quantiles(self._u(Stream.SIGN_TIME)) for signs in of]).tolist()
        delay = self._drawn(Stream.CARRIER, lambda calls: calls.carrier_delay or Fixed(0.0)).tolist()
        edges = [list(zip(np.cumsum(list(s.shares.values())), s.shares, strict=True)) for s in of]
        shown: list[Shown] = []
        for u, place, at, late in zip(
            self._u(Stream.SIGN).tolist(), which.tolist(), after, delay, strict=True
        ):
            sign = next((sign for edge, sign in edges[place] if u < edge), None)
            shown.append(() if sign is None else ((at + late, sign),))
        return shown


_PERSON, _MACHINE = LineEnd.PERSON, LineEnd.MACHINE


def _once(streams: Streams, sheet: int, drawn: dict[Stream, Floats], stream: Stream) -> Floats:
    if stream not in drawn:
        drawn[stream] = streams.uniforms(stream, sheet)
    return drawn[stream]


def _law(probability: float | Law) -> Law:
    return Fixed(probability) if isinstance(probability, float) else probability
