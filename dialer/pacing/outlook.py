"""What is coming: everything that may keep an agent from a new call, looked at all at once.

Lines of one age and set of signs share a row of a table, so a look costs about the same for five lines as for five hundred.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dialer.domain.ids import CampaignId
from dialer.pacing.books import Book
from dialer.pacing.campaign_mind import LINE_ROWS, CampaignMind
from dialer.pacing.line_hazards import AGES, LineTable
from dialer.pacing.marginal import BINS, Array, nobody_free
from dialer.pacing.pacer import Agent, Line
from dialer.pacing.survival import Occupied

Number = TypeVar("Number", np.float64, np.int64)
Rows = NDArray[np.int64]

OTHERS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 16, 22, 32, 45, 63)  # lines started before the next one

# the floor as it is and so many lines more
_STEPS = np.array([[1.0, others] for others in OTHERS])
_FEW, _MANY = _STEPS[:5], _STEPS[5:]
# sums of p, p² and p³ to mean, variance and third central moment of Bernoulli terms
_CENTRAL = np.array([[1.0, 0.0, 0.0], [1.0, -1.0, 0.0], [1.0, -3.0, 2.0]])
_OLDEST_LINE, _OLDEST_AGENT = AGES - 1.0, Occupied.AGES - 1.0


class Outlook:
    """`moments`, shape (3, 2, BINS): mean, variance and third, of the floor and of one line more; `weights`: when that is
    answered, if it is.

    `agents` take calls; `expected` are the answers of the lines that ring now, which come by `arrivals` around each moment.
    """

    __slots__ = ("_few", "_moments", "_weights", "agents", "expected", "losses")

    def __init__(self, agents: int, expected: float, arrivals: Array, moments: Array, weights: Array) -> None:
        self.agents, self.expected = agents, expected
        self._moments, self._weights = moments, weights
        none_free = nobody_free(np.matmul(_FEW, moments), agents)
        self._few: list[float] = none_free.dot(weights).tolist()
        self.losses = float(arrivals.dot(none_free[0]))  # abandonments of the lines that ring now

    @property
    def risk(self) -> float:
        """That nobody is free for the next line when it is answered."""
        return self._few[0]

    def lines_within(self, accepted: float, most: int) -> int:
        """How many to start when the first is within `accepted`: as many as all are.

        Between the wider steps the smaller number is taken: the next decision is milliseconds away.
        """
        risks = self._few
        if max(risks) <= accepted:
            none_free = nobody_free(np.matmul(_MANY, self._moments), self.agents)
            risks = risks + none_free.dot(self._weights).tolist()
        first = next((nth for nth, risk in enumerate(risks) if risk > accepted), None)
        return most if first is None else OTHERS[max(first - 1, 0)] + 1


class Prospect:
    """Lines that ring and agents at work, and the tables of all campaigns side by side."""

    def __init__(self) -> None:
        self.ringing, self.working = Book(), Book()
        self.coming: dict[CampaignId, float] = {}  # answers foreseen a second, by the hazards alone
        self._minds: Sequence[CampaignMind] = ()

    def stack(self, minds: Iterable[CampaignMind]) -> None:
        """Take up the tables of these campaigns, which have changed."""
        self._minds = sorted(minds, key=lambda mind: mind.slot)
        tables = [mind.line_table for mind in self._minds]
        self._powers = _joined([table.powers for table in tables], axis=1)
        self._eventually = _joined([table.eventually for table in tables])
        self._soon = _joined([table.soon for table in tables])
        self._most = _joined([table.most for table in tables])
        self._every_row = np.arange(len(self._most))
        self._share, self._share_against = _shares(self._eventually)
        self._agent_moments = _joined([mind.agent_moments for mind in self._minds])
        self._agent_rows = _joined([Occupied.rows + mind.slot * Occupied.ROWS for mind in self._minds])

    def rings(self, line: Line, mind: CampaignMind, since: float, log_odds: float) -> None:
        """A line was dialled. `log_odds` of an answer beyond those of the campaign's average contact."""
        self.ringing.add(line, since, mind.slot * LINE_ROWS, math.exp(-log_odds))

    def shows(self, line: Line, mind: CampaignMind, signs: int) -> None:
        self.ringing.rebase(line, mind.slot * LINE_ROWS + signs * AGES)

    def works(self, agent: Agent, mind: CampaignMind, since: float, pace: float, wraps_up: bool) -> None:
        """An agent talks or wraps up since then; `pace` at which ages count for this one."""
        base = (2 * mind.slot + wraps_up) * Occupied.AGES
        self.working.add(agent, since, base, pace)

    def look(self, now: float, ready: int, waiting: int, mind: CampaignMind, chance: float) -> Outlook:
        """For new lines of this campaign, which are answered with this `chance`."""
        self.coming.clear()
        table, moments = mind.line_table, np.empty((3, 2, BINS))
        total, expected = self._lines(now) if len(self.ringing) else (np.zeros((3, BINS)), 0.0)
        arrivals = total[0].copy()
        arrivals[1:] -= total[0, :-1]
        if len(self.working):
            total += self._agents(now)
        if waiting:
            total[0] += waiting
        moments[:, 0], moments[:, 1] = total, _one_more(table, chance)
        agents = ready + len(self.working)
        return Outlook(agents, expected, np.maximum(arrivals, 0.0), moments, table.weights)

    def _lines(self, now: float) -> tuple[Array, float]:
        """Sums of moments over the lines, and the answers to be expected of all."""
        book = self.ringing
        n, size = len(book), len(self._most)
        rows: Rows = book.base[:n] + np.minimum(book.ages(now), _OLDEST_LINE).astype(np.int64)
        lean = book.lean[:n]
        if book.leans:
            likelier = 1.0 / (self._share.take(rows) + self._share_against.take(rows) * lean)
            most = self._most.take(rows)
            factor = np.minimum(likelier * np.minimum(self._levels_of(rows), most), most)
            squared = factor * factor
            each = (factor, squared, squared * factor, likelier)
            first, second, third, together = (_summed(rows, values, size) for values in each)
        else:
            together = _summed(rows, lean, size)
            levels = np.minimum(self._levels_of(self._every_row), self._most)
            first = together * levels
            second = first * levels
            third = second * levels
        self._note_coming(together)
        once, squares, cubes = self._powers
        powers = np.array((first.dot(once), second.dot(squares), third.dot(cubes)))
        moments: Array = _CENTRAL.dot(powers)
        return moments, float(first.dot(self._eventually))

    def _levels_of(self, rows: Rows) -> Array | float:
        """How much more is answered at present than the lines' hazards say, which goes by the campaign."""
        if len(self._minds) == 1:
            return self._minds[0].answers.ratio
        levels: Array = np.array([mind.answers.ratio for mind in self._minds]).take(rows // LINE_ROWS)
        return levels

    def _note_coming(self, likelier: Array) -> None:
        """Answers a second before any correction of the level, which is measured against them."""
        for mind in self._minds:
            mine = slice(mind.slot * LINE_ROWS, (mind.slot + 1) * LINE_ROWS)
            self.coming[mind.campaign] = float(likelier[mine].dot(self._soon[mine]))

    def _agents(self, now: float) -> Array:
        book = self.working
        n = len(book)
        ages = np.minimum(book.ages(now) * book.lean[:n], _OLDEST_AGENT).astype(np.int64)
        rows = self._agent_rows.take(book.base[:n] + ages)
        counts = np.bincount(rows, minlength=len(self._agent_moments))
        moments: Array = counts.dot(self._agent_moments).reshape(3, BINS)
        return moments


def _one_more(table: LineTable, chance: float) -> Array:
    """The moments of one line just dialled that is answered with this chance."""
    factor = min(chance / max(table.answer_probability, 1e-4), float(table.most[0]))
    powers = np.array((factor, factor * factor, factor * factor * factor))
    moments: Array = (_CENTRAL * powers).dot(table.fresh)
    return moments


def _shares(eventually: Array) -> tuple[Array, Array]:
    """By row, a and b, so that a contact with x times the usual odds against is 1 / (a + b x) times as likely to answer."""
    share, chance = np.maximum(eventually, 1e-4), np.clip(eventually, 1e-4, 0.97)
    return share, share * (1.0 - chance) / chance


def _summed(rows: Rows, values: Array, size: int) -> Array:
    return np.bincount(rows, values, size).astype(np.float64, copy=False)


def _joined(arrays: Sequence[NDArray[Number]], axis: int = 0) -> NDArray[Number]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis)
