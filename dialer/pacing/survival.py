"""How long talks and wrap-ups last, learnt while they go on.

A piecewise constant hazard with exponential forgetting: what is still running counts as exposure (Kaplan and Meier 1958
for the idea, the occurrence/exposure estimate for the form), so short talks that end first do not make all talks look short.
"""

import math
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EDGES = np.array(
    [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 21, 25, 30, 35, 40, 50, 60, 75, 90, 120, 150, 180, 240, 300, 420, 600, 900,
     1200],
    dtype=np.float64,
)  # fmt: skip
_WIDTHS = np.append(np.diff(EDGES), np.inf)
_RESCALE = 1e6


class Durations:
    """Of one kind. `prior_mean` in s with the weight of `prior_calls`; half of the memory is `half_life` calls old."""

    def __init__(self, prior_mean: float, prior_calls: float = 6.0, half_life: float = 400.0) -> None:
        self._prior_hazard = 1.0 / prior_mean
        # what a constant hazard would have shown of so many calls
        alive = np.exp(-EDGES * self._prior_hazard)
        ended = np.append(alive[:-1] - alive[1:], alive[-1])
        self._prior_ended = prior_calls * ended
        self._prior_exposure = self._prior_ended / self._prior_hazard
        self._growth = 2.0 ** (1.0 / half_life)
        self._weight = 1.0
        self._ended = np.zeros(len(EDGES))
        self._exposure = np.zeros(len(EDGES))

    def ended(self, lasted: float) -> None:
        """Negative durations (a clock was set) count as 0."""
        lasted = max(lasted, 0.0)
        self._weight *= self._growth
        self._exposure += self._weight * np.clip(lasted - EDGES, 0.0, _WIDTHS)
        self._ended[int(np.searchsorted(EDGES, lasted, "right")) - 1] += self._weight
        if self._weight > _RESCALE:
            self._rescale()

    def _rescale(self) -> None:
        self._ended /= self._weight
        self._exposure /= self._weight
        self._weight = 1.0

    @property
    def calls(self) -> float:
        """Effective number of calls in memory."""
        return float(self._ended.sum()) / self._weight

    def hazard(self, running: Sequence[float] = ()) -> Array:
        """Per second, in each piece. `running`: how long those that have not ended have lasted."""
        exposure = self._prior_exposure + self._exposure / self._weight
        for lasted in running:
            exposure = exposure + np.clip(lasted - EDGES, 0.0, _WIDTHS)
        hazard: Array = (self._prior_ended + self._ended / self._weight) / exposure
        return hazard

    def survival(self, seconds: int, running: Sequence[float] = ()) -> Array:
        """P(longer than 0, 1, … `seconds`), shape (seconds + 1,)."""
        hazard = self.hazard(running)
        at_edges = np.append(0.0, np.cumsum(hazard[:-1] * np.diff(EDGES)))
        grid = np.arange(seconds + 1, dtype=np.float64)
        cumulative = np.interp(grid, EDGES, at_edges)
        beyond = grid > EDGES[-1]
        cumulative[beyond] = at_edges[-1] + hazard[-1] * (grid[beyond] - EDGES[-1])
        alive: Array = np.exp(-np.minimum(cumulative, 700.0))
        return alive

    def document(self) -> Mapping[str, object]:
        return {
            "ended": (self._ended / self._weight).tolist(),
            "exposure": (self._exposure / self._weight).tolist(),
        }

    def take_up(self, document: Mapping[str, object]) -> None:
        """Raises ValueError, KeyError or TypeError when the document is not one of ours."""
        ended, exposure = (numbers(document[name], len(EDGES)) for name in ("ended", "exposure"))
        self._ended, self._exposure, self._weight = ended, exposure, 1.0


def numbers(value: object, length: int) -> Array:
    """Raises ValueError or TypeError unless these are `length` finite numbers, none negative."""
    array = np.array(cast(Sequence[float], value), dtype=np.float64)
    if array.shape != (length,) or not np.isfinite(array).all() or (array < 0).any():
        raise ValueError(f"not {length} numbers")
    return array


class Occupied:
    """P(an agent is still occupied at each moment + grace), by what the agent does and for how long.

    `rows[age in s]` is the row of a talk of that age, `rows[AGES + age]` that of a wrap-up; old ages share rows.
    """

    AGES = 600
    _FINE = 60  # up to here every second has a row of its own
    _STEP = 6
    rows = np.concatenate(
        [np.arange(_FINE), _FINE + np.arange(AGES - _FINE) // _STEP],
    )
    _AGE_OF_ROW = np.flatnonzero(np.diff(rows, prepend=-1))
    ROWS = 2 * len(_AGE_OF_ROW)
    rows = np.concatenate([rows, rows + len(_AGE_OF_ROW)])

    def __init__(self, talk: Array, wrap_up: Array, moments_s: NDArray[np.int64], grace_s: float) -> None:
        """`talk` and `wrap_up` are survivals on whole seconds, long enough for the last age and moment."""
        ahead = moments_s + max(math.floor(grace_s), 0)
        longest = int(ahead.max())
        ends = talk[:-1] - talk[1:]
        ages = self._AGE_OF_ROW
        windows = np.lib.stride_tricks.sliding_window_view(ends, longest)[ages]
        lag = (
            ahead[None, :] - np.arange(1, longest + 1)[:, None]
        )  # seconds of wrap-up when the talk ends in second u
        then_wraps = np.where(lag >= 0, _half_a_second_on(wrap_up)[np.maximum(lag, 0)], 0.0)
        still = talk[ages[:, None] + ahead] + windows @ then_wraps
        in_talk = still / np.maximum(talk[ages, None], 1e-12)
        in_wrap_up = wrap_up[ages[:, None] + ahead] / np.maximum(wrap_up[ages, None], 1e-12)
        self.probability: Array = np.clip(np.concatenate([in_talk, in_wrap_up]), 0.0, 1.0)
        # of an agent who has just been joined: holds the line of a call answered earlier
        self.held = _held(talk, wrap_up, longest)


def _held(talk: Array, wrap_up: Array, longest: int) -> Array:
    """P(talk and wrap-up together last longer than 0, 1, … `longest` s)."""
    ends = talk[:-1] - talk[1:]
    then_wraps = _half_a_second_on(wrap_up)
    whole = [float(talk[h]) + float(ends[:h] @ then_wraps[:h][::-1]) for h in range(longest + 1)]
    held: Array = np.minimum(np.array(whole), 1.0)
    return held


def _half_a_second_on(survival: Array) -> Array:
    """A talk that ends within a second ends in the middle of it."""
    later: Array = (survival + np.append(survival[1:], survival[-1])) / 2
    return later
