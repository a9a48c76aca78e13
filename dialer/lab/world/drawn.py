"""Numbers whose luck was drawn beforehand: +1AAA556NNNN, where NN of the line's digits is the ring and NN the talk.

A campaign in small time: rings of 1 to 4 s, talks of 12 s on average. A number says exactly what becomes of its call, so a
simulated floor can be given the very calls that the carrier plays.
"""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dialer.errors import BadInput
from dialer.simulation.laws import Clipped, Gamma, Law, Uniform

ANSWERED = 35
"""Of a hundred ring indices, so many are answered."""
BUSY = 30
"""Engaged, at once. The others ring until the network gives up."""
_TALK: Law = Clipped(Gamma(12.0, 0.5), 4.0, 40.0)
_RING: Law = Uniform(1.0, 4.0)
_RINGS_OUT: Law = Uniform(5.0, 9.0)

_NUMBER = re.compile(r"\+?1(\d{3})556(\d\d)(\d\d)")
_AREAS = (202, 206, 212, 213, 303, 312, 404, 415, 512, 602, 617, 702, 713, 808, 907, 919)  # all in use
_LINES = 10_000


def _tenths(law: Law, points: int) -> list[float]:
    """As many values, each as likely as any other, in whole tenths of a second."""
    middles = (np.arange(points) + 0.5) / points
    return [round(float(value), 1) for value in law.quantiles(middles)]


RINGS: Sequence[float] = (
    *_tenths(_RING, ANSWERED),
    *[0.0] * BUSY,
    *_tenths(_RINGS_OUT, 100 - ANSWERED - BUSY),
)
"""Seconds until the answer or the network's end, by the first two digits of the line."""
TALKS: Sequence[float] = _tenths(_TALK, 100)
"""Seconds until the answered person hangs up, by the last two."""


@dataclass(frozen=True, slots=True)
class DrawnCall:
    """`rings_for` 0 and not `answered`: engaged."""

    answered: bool
    rings_for: float
    talks_for: float


def drawn_numbers(count: int, seed: int) -> list[str]:
    """Different numbers, each with luck of its own. A few ten thousand at most: `BadInput` when there are no more."""
    rng = random.Random(seed)
    areas = list(_AREAS)
    rng.shuffle(areas)
    used: Counter[int] = Counter()
    numbers = []
    for _ in range(count):
        line = rng.randrange(_LINES)
        if used[line] == len(areas):
            raise BadInput(f"count: there are not {count} numbers for this seed", field="count")
        numbers.append(f"+1{areas[used[line]]}556{line:04d}")
        used[line] += 1
    return numbers


def call_of(number: str) -> DrawnCall:
    """What becomes of a call to it. Raises `BadInput` for a number that is not drawn."""
    found = _NUMBER.fullmatch(number)
    if found is None:
        raise BadInput(f"{number!r} is not a drawn number of the lab's carrier: +1AAA556NNNN", field="number")
    ring, talk = int(found[2]), int(found[3])
    return DrawnCall(ring < ANSWERED, RINGS[ring], TALKS[talk])


def dialplan_list(seconds: Sequence[float]) -> str:
    """For the dialplan's CUT: 1.0-1.1-…"""
    return "-".join(f"{each:g}" for each in seconds)
