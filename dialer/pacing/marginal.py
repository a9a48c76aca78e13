"""The marginal rule: start one more line as long as it is unlikely enough that nobody is free when it is answered.

Whatever may keep an agent from the new call is one Bernoulli term: a ringing line that may be answered before it, an agent
who may still talk, a caller who waits. Their sum Z is Poisson-binomial; P(Z >= agents) comes from its first three moments
(an Edgeworth expansion with continuity correction, Feller vol. II, XVI.4). Everything is evaluated at `MOMENTS` seconds
from now, because the new line may be answered at any of them.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# dense where most calls are answered; whole seconds, for the tables of hazards
MOMENTS = np.array([1, 2, 3, 4, 5, 7, 9, 11, 13, 15, 18, 22, 26, 32])
EDGES = np.array(
    [0, 1.5, 2.5, 3.5, 4.5, 6, 8, 10, 12, 14, 16.5, 20, 24, 29]
)  # of the time each moment stands for
BINS = len(MOMENTS)

_LEAST_VARIANCE = 1e-9

# the normal law's upper tail and the first Edgeworth term, tabulated: a decision needs them by the hundred
_Z = np.linspace(-9.0, 9.0, 7201)
_TAIL = np.array([math.erfc(z / math.sqrt(2)) / 2 for z in _Z.tolist()])
_EDGEWORTH = (_Z * _Z - 1) * np.exp(-_Z * _Z / 2) / (6 * math.sqrt(2 * math.pi))
_BOTH = _TAIL + 1j * _EDGEWORTH  # so that one search finds both


def moments(x: Array) -> Array:
    """Shape (n, m) of probabilities to (n, 3 m): mean, variance and third central moment of each Bernoulli term."""
    variance = x * (1 - x)
    return np.concatenate([x, variance, variance * (1 - 2 * x)], axis=1)


def nobody_free(total: Array, agents: int) -> Array:
    """P(Z >= agents). `total` has shape (3, …, BINS): means, variances, third moments; the result (…, BINS)."""
    means, variance, third = total[0], np.maximum(total[1], _LEAST_VARIANCE), total[2]
    deviation = np.sqrt(variance)
    z = (agents - 0.5 - means) / deviation
    skewness = third / (variance * deviation)
    both = np.interp(z, _Z, _BOTH)
    skewness *= both.imag
    skewness += both.real
    tail: Array = np.minimum(np.maximum(skewness, 0.0, out=skewness), 1.0, out=skewness)
    return tail


def lines_to_start(
    total: Array, fresh: Array, agents: int, weights: Array, accepted: float, most: int
) -> int:
    """The fewest new lines whose next one would be riskier than `accepted`, at most `most`.

    `total`, shape (3 BINS,): the sum of `moments` rows; `fresh`: that of one new line. `weights`, shape (BINS,): when it is answered, if it is.
    """
    added = np.arange(most + 1, dtype=np.float64)[:, None]
    together = total.reshape(3, 1, BINS) + added * fresh.reshape(3, 1, BINS)
    too_risky = nobody_free(together, agents) @ weights > accepted
    return int(too_risky.argmax()) if too_risky.any() else most
