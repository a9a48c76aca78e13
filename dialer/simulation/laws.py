"""Distributions a scenario may name, each as its inverse distribution function: a uniform number becomes a figure.

So the i-th dial keeps its luck when a figure changes: the same uniform gives a longer talk in a world of longer talks.
`quantiles` takes uniforms strictly between 0 and 1. Times are seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lgamma, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TABLE_POINTS = 20_001
_BETA_SAMPLES = 400_000
_MEAN_POINTS = 20_000


class Law(Protocol):
    def quantiles(self, u: Floats) -> Floats: ...


def mean_of(law: Law) -> float:
    """The mean, by quantiles at the middles of 20,000 equal parts: clipping and mixing included."""
    return float(law.quantiles((np.arange(_MEAN_POINTS) + 0.5) / _MEAN_POINTS).mean())


@dataclass(frozen=True, slots=True)
class Fixed:
    value: float

    def quantiles(self, u: Floats) -> Floats:
        return np.full(len(u), self.value)


@dataclass(frozen=True, slots=True)
class Uniform:
    least: float
    most: float

    def quantiles(self, u: Floats) -> Floats:
        return self.least + (self.most - self.least) * u


@dataclass(frozen=True, slots=True)
class Normal:
    mean: float
    sd: float

    def quantiles(self, u: Floats) -> Floats:
        return self.mean + self.sd * inverse_normal(u)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """By its mean and its coefficient of variation."""

    mean: float
    cv: float

    def quantiles(self, u: Floats) -> Floats:
        variance = log(1.0 + self.cv**2)
        found: Floats = np.exp(log(self.mean) - variance / 2 + variance**0.5 * inverse_normal(u))
        return found


@dataclass(frozen=True, slots=True)
class Gamma:
    """By its mean and its coefficient of variation: shape 1 / cv², scale mean · cv²."""

    mean: float
    cv: float

    def quantiles(self, u: Floats) -> Floats:
        probabilities, values = _gamma_table(1.0 / self.cv**2)
        return np.interp(u, probabilities, values) * self.mean * self.cv**2


@dataclass(frozen=True, slots=True)
class Exponential:
    mean: float

    def quantiles(self, u: Floats) -> Floats:
        return -self.mean * np.log1p(-u)


@dataclass(frozen=True, slots=True)
class Empirical:
    """Measured values, each as likely as any other."""

    values: tuple[float, ...]

    def quantiles(self, u: Floats) -> Floats:
        ordered = np.sort(np.array(self.values))
        return ordered[np.minimum((u * len(ordered)).astype(np.int64), len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class Mixture:
    """One of several laws, by weight. The uniform chooses the law and, stretched, serves it."""

    weights: tuple[float, ...]
    laws: tuple[Law, ...]

    def quantiles(self, u: Floats) -> Floats:
        which, rest = split(u, self.weights)
        return choose(which, [law.quantiles(rest) for law in self.laws])


@dataclass(frozen=True, slots=True)
class Clipped:
    """Values beyond a bound become the bound."""

    law: Law
    least: float
    most: float

    def quantiles(self, u: Floats) -> Floats:
        return np.clip(self.law.quantiles(u), self.least, self.most)


@dataclass(frozen=True, slots=True)
class Beta:
    """For shares that differ from one contact to the next: mean and standard deviation, both within 0 to 1."""

    mean: float
    spread: float

    def quantiles(self, u: Floats) -> Floats:
        return np.interp(u, np.linspace(0.0, 1.0, _TABLE_POINTS), _beta_table(self.mean, self.spread))


@dataclass(frozen=True, slots=True)
class Blend:
    """On the way from one law to another: `share` of the way is done."""

    before: Law
    after: Law
    share: float

    def quantiles(self, u: Floats) -> Floats:
        return (1 - self.share) * self.before.quantiles(u) + self.share * self.after.quantiles(u)


def split(u: Floats, weights: Sequence[float]) -> tuple[NDArray[np.int64], Floats]:
    """Which of the weights each uniform falls into, and a fresh uniform made of what is left of it."""
    edges = np.concatenate(([0.0], np.cumsum(weights) / sum(weights)))
    which = np.minimum(np.searchsorted(edges, u, "right") - 1, len(weights) - 1)
    rest = (u - edges[which]) / np.maximum(edges[which + 1] - edges[which], 1e-300)
    return which, np.clip(rest, 1e-12, 1 - 1e-12)


def choose(which: NDArray[np.int64], of: Sequence[Floats]) -> Floats:
    return np.stack(of)[which, np.arange(len(which))]


def inverse_normal(u: Floats) -> Floats:
    """The standard normal quantile by P. J. Acklam's rational approximation, relative error below 1.2e-9."""
    tail = np.minimum(u, 1 - u)
    low = np.sqrt(-2 * np.log(tail))
    outer = np.polyval(_C, low) / np.polyval([*_D, 1.0], low)
    middle = u - 0.5
    square = middle * middle
    inner = np.polyval(_A, square) * middle / np.polyval([*_B, 1.0], square)
    return np.where(tail < _EDGE, np.where(u < 0.5, outer, -outer), inner)


_EDGE = 0.02425
_A: tuple[float, ...] = (-3.969683028665376e01, 2.209460984245205e02, -2.759285104469687e02)
_A += (1.383577518672690e02, -3.066479806614716e01, 2.506628277459239e00)
_B: tuple[float, ...] = (-5.447609879822406e01, 1.615858368580409e02, -1.556989798598866e02)
_B += (6.680131188771972e01, -1.328068155288572e01)
_C: tuple[float, ...] = (-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e00)
_C += (-2.549732539343734e00, 4.374664141464968e00, 2.938163982698783e00)
_D = (7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e00, 3.754408661907416e00)


@lru_cache(maxsize=64)
def _gamma_table(shape: float) -> tuple[Floats, Floats]:
    """(distribution function, value) of the gamma law of scale 1, by the series of the incomplete gamma function."""
    most = shape + 12.0 * shape**0.5 + 40.0
    values = np.unique(np.concatenate((np.geomspace(1e-12, most, 3000), np.linspace(1e-12, most, 5000))))
    term = np.exp(shape * np.log(values) - values - lgamma(shape + 1.0))
    total = term.copy()
    for step in range(1, 100_000):
        term = term * values / (shape + step)
        total += term
        if term.max() < 1e-15:
            break
    probabilities, first = np.unique(total, return_index=True)
    return probabilities, values[first]


@lru_cache(maxsize=64)
def _beta_table(mean: float, spread: float) -> Floats:
    """Quantiles at equal steps, from a sorted sample of a fixed seed whose mean is then made exact."""
    size = mean * (1 - mean) / spread**2 - 1
    sample = np.sort(np.random.default_rng(20_231).beta(mean * size, (1 - mean) * size, _BETA_SAMPLES))
    table = sample[np.linspace(0, _BETA_SAMPLES - 1, _TABLE_POINTS).astype(np.int64)]
    return np.clip(table * (mean / float(table.mean())), 0.0, 1.0)
