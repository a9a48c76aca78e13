"""Means of a few observations and how sure they are: Student's t, without a statistics library."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, pi, sqrt

import numpy as np

_STEPS = 100_001


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and half the width of its confidence interval: infinite with fewer than two observations."""

    mean: float
    half_width: float

    @property
    def low(self) -> float:
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        return self.mean + self.half_width

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@cache
def t_quantile(probability: float, freedom: int) -> float:
    """Of Student's law with `freedom` degrees of freedom, for a probability of 0.5 up to below 1.

    With t = sqrt(freedom) · tan(angle) the density becomes cos(angle) ** (freedom − 1), which is summed up by
    Simpson's rule.
    """
    angles = np.linspace(0.0, pi / 2, _STEPS)
    heights = np.cos(angles) ** (freedom - 1) if freedom > 1 else np.ones(_STEPS)
    middles = np.cos((angles[:-1] + angles[1:]) / 2) ** (freedom - 1)
    areas = (heights[:-1] + 4 * middles + heights[1:]) / 6
    reached = 0.5 + 0.5 * np.concatenate(([0.0], np.cumsum(areas))) / areas.sum()
    return float(sqrt(freedom) * np.tan(np.interp(probability, reached, angles)))


def t_interval(observations: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of independent observations with its confidence interval."""
    if not observations:
        return Interval(float("nan"), inf)
    values = np.array(observations, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, inf)
    error = float(values.std(ddof=1)) / sqrt(len(values))
    return Interval(mean, t_quantile(0.5 + confidence / 2, len(values) - 1) * error)
