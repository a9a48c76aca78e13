"""What a rival may be told of the world it is tuned for: figures that no floor knows beforehand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WorldFacts:
    """Times are seconds. `answer_probability`: of a dial, by a person. A line "failed" if no person answered it.

    The arrays are samples of shape (n,), each drawn by itself: `rings` of lines that a person answers, `failures` of the
    others' lives, `talks` and `wrap_ups` of calls with people.
    """

    agents: int
    answer_probability: float
    mean_talk_s: float
    mean_wrap_up_s: float
    mean_ring_s: float
    mean_failed_s: float
    answer_within_s: float
    day_s: float
    rings: Floats
    failures: Floats
    talks: Floats
    wrap_ups: Floats

    @property
    def mean_handling_s(self) -> float:
        return self.mean_talk_s + self.mean_wrap_up_s

    @property
    def mean_line_s(self) -> float:
        p = self.answer_probability
        return p * self.mean_ring_s + (1 - p) * self.mean_failed_s
