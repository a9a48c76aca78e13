"""The exact optimum of the smallest model of a floor: everything exponential, no grace, lines that cannot be taken back.

State: b busy agents, m ringing lines, N agents. Busy agents become free at rate mu each, lines are answered at rate a and
fail at rate f each; an answer with everybody busy is abandoned. After each event any number of lines may be started. The
reward is busy agents less a price for every abandonment. Howard's policy iteration (Dynamic Programming and Markov
Processes, 1960) finds the best policy of a price; a policy is valued exactly, by block elimination over b, because b moves
by one at a time. Time grows as N * lines³.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dialer.errors import BadInput

Array = NDArray[np.float64]
Lines = NDArray[np.int64]

_MOST_ROUNDS = 100
_INDIFFERENT = 1e-9  # relative: smaller gains are rounding
_STEPS_PER_DOUBLING = 512
_MOST_CELLS = 40_000_000  # of 8 bytes
_BUSY, _LOST, _RINGING = range(3)


@dataclass(frozen=True, slots=True)
class Model:
    """`handling_s` is the mean of talk and wrap-up, `line_s` of a line's life, whether it is answered or not."""

    agents: int
    answer_probability: float
    handling_s: float
    line_s: float

    @property
    def free_rate(self) -> float:
        return 1.0 / self.handling_s

    @property
    def answer_rate(self) -> float:
        return self.answer_probability / self.line_s

    @property
    def fail_rate(self) -> float:
        return (1.0 - self.answer_probability) / self.line_s

    @property
    def most_lines(self) -> int:
        """More than any policy worth having wants."""
        p = self.answer_probability
        return int(3.2 * self.agents / self.handling_s * self.line_s / p + 14 + 3 / p)


@dataclass(frozen=True, slots=True)
class Policy:
    """`lines[b, m]`, shape (agents + 1, most lines + 1), is how many to have out at b busy and m ringing: at least m.

    `price` in agent-seconds per abandonment; means per second of an endless day.
    """

    lines: Lines
    price: float
    mean_busy: float
    lost_per_s: float
    mean_ringing: float
    free_rate: float

    @property
    def occupancy(self) -> float:
        return self.mean_busy / (len(self.lines) - 1)

    @property
    def abandonment(self) -> float:
        return self.lost_per_s / (self.mean_busy * self.free_rate + self.lost_per_s)


@dataclass(frozen=True, slots=True)
class Mix:
    """The optimum at a cap: `within` it and `beyond` it, the second for `share_beyond` of the time."""

    within: Policy
    beyond: Policy
    share_beyond: float

    @property
    def occupancy(self) -> float:
        return self._between(self.within.occupancy, self.beyond.occupancy)

    @property
    def abandonment(self) -> float:
        return self._between(self.within.abandonment, self.beyond.abandonment)

    def _between(self, within: float, beyond: float) -> float:
        return within + self.share_beyond * (beyond - within)


def optimum(model: Model, cap: float) -> Mix:
    """The most occupancy with `cap` of the answers abandoned, 0 < cap < 1.

    Raises BadInput on a floor too large for the memory this takes.
    """
    if model.agents * model.most_lines**2 > _MOST_CELLS:
        raise BadInput(f"{model.agents} agents are too many for the exact optimum of this world", "agents")
    cheap = dear = 0
    while _priced(model, dear).abandonment > cap:
        cheap, dear = dear, dear + _STEPS_PER_DOUBLING
    while _priced(model, cheap).abandonment <= cap:
        dear, cheap = cheap, cheap - _STEPS_PER_DOUBLING
    while dear - cheap > 1:
        middle = (cheap + dear) // 2
        if _priced(model, middle).abandonment > cap:
            cheap = middle
        else:
            dear = middle
    within, beyond = _priced(model, dear), _priced(model, cheap)
    share = (cap - within.abandonment) / (beyond.abandonment - within.abandonment)
    return Mix(within, beyond, share)


@lru_cache(maxsize=128)
def _priced(model: Model, step: int) -> Policy:
    """Prices in fixed steps, so that searches for several caps share them."""
    nearest = step // _STEPS_PER_DOUBLING * _STEPS_PER_DOUBLING
    start = None if step == nearest else _priced(model, nearest).lines
    return best(model, model.handling_s * 2.0 ** (step / _STEPS_PER_DOUBLING), start)


def best(model: Model, price: float, start: Lines | None = None) -> Policy:
    """The policy with the most busy agents less `price` per abandonment."""
    lines = _progressive(model) if start is None else start
    for _ in range(_MOST_ROUNDS):
        values, means = _valued(model, lines)
        worth = values[..., _BUSY] - price * values[..., _LOST]
        better = _improved(worth, lines)
        if np.array_equal(better, lines):
            break
        lines = better
    lines = lines.copy()
    lines[0, 0] = max(lines[0, 0], 1)  # without it nothing would ever happen again
    busy, lost, ringing = (float(mean) for mean in means)
    return Policy(lines, price, busy, lost, ringing, model.free_rate)


def _progressive(model: Model) -> Lines:
    busy = np.arange(model.agents + 1)[:, None]
    lines: Lines = np.maximum(np.arange(model.most_lines + 1)[None, :], model.agents - busy)
    return np.minimum(lines, model.most_lines)


def _improved(worth: Array, lines: Lines) -> Lines:
    """The most worth at or above each m; `lines` stays where it is as good."""
    most = worth.shape[1] - 1
    ahead = np.maximum.accumulate(worth[:, ::-1], axis=1)[:, ::-1]
    small = _INDIFFERENT * (1.0 + np.abs(worth).max())
    peaks = np.where(worth >= ahead, np.arange(most + 1), most)
    nearest = np.minimum.accumulate(peaks[:, ::-1], axis=1)[:, ::-1]
    gain = ahead - np.take_along_axis(worth, lines, axis=1)
    return np.where(gain > small, nearest, lines)


def _valued(model: Model, lines: Lines) -> tuple[Array, Array]:
    """Relative values, shape (agents + 1, most lines + 1, 3), and long-run means, shape (3,), of a policy.

    Both for busy agents, abandonments per second and ringing lines; values are of the state after the decision. With x_b
    the values at b busy agents and g the means, A x_b + B x_(b-1) + C x_(b+1) = g - reward, eliminated upwards from b = 0.
    """
    agents, most = model.agents, lines.shape[1] - 1
    reduced: list[tuple[Array, Array, Array]] = []  # x_b = from_g g - constant - from_next x_(b+1)
    for b in range(agents + 1):
        within, reward, ones = _level(model, lines, b)
        if b:
            freed = b * model.free_rate
            from_next, from_g, constant = (part[lines[b - 1]] for part in reduced[-1])
            within -= freed * from_next
            ones, reward = ones - freed * from_g, reward - freed * constant
        if b < agents:
            up = np.zeros((most + 1, most + 1))
            m = np.arange(1, most + 1)
            up[m, lines[b + 1, m - 1]] = m * model.answer_rate
            solved = np.linalg.solve(within, np.concatenate([up, ones[:, None], reward], axis=1))
            reduced.append((solved[:, : most + 1], solved[:, most + 1], solved[:, most + 2 :]))
    top, means = _last_level(within, ones, reward)
    values = [top]
    for from_next, from_g, constant in reversed(reduced):
        values.append(from_g[:, None] * means - constant - from_next @ values[-1])
    return np.stack(values[::-1]), means


def _level(model: Model, lines: Lines, b: int) -> tuple[Array, Array, Array]:
    """Moves within b busy agents, rewards of their states, and the factor of g."""
    most = lines.shape[1] - 1
    m = np.arange(most + 1)
    within = np.diag(-(b * model.free_rate + m * (model.answer_rate + model.fail_rate)))
    lost = model.answer_rate if b == model.agents else 0.0
    np.add.at(within, (m[1:], lines[b, :-1]), m[1:] * (model.fail_rate + lost))
    reward = np.stack([np.full(most + 1, float(b)), m * lost, m.astype(np.float64)], axis=1)
    ones = np.ones(most + 1)
    if b == 0:  # an empty floor starts a line at once
        within[0, 0], within[0, 1], reward[0], ones[0] = -1.0, 1.0, 0.0, 0.0
    return within, reward, ones


def _last_level(within: Array, ones: Array, reward: Array) -> tuple[Array, Array]:
    """Values with everybody busy, that of no lines being 0, and the means."""
    size = len(ones)
    bordered = np.zeros((size + 1, size + 1))
    bordered[:size, :size], bordered[:size, size] = within, -ones
    bordered[size, 0] = 1.0
    solved = np.linalg.solve(bordered, np.concatenate([-reward, np.zeros((1, reward.shape[1]))]))
    return solved[:size], solved[size]
