"""What is coming: everything that may keep an agent from a new call, looked at all at once.

Lines of one age and set of signs share a row of a table, so a look costs about the same for five lines as for five hundred.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.domain.ids import CampaignId
from dialer.pacing.books import Book
from dialer.pacing.campaign_mind import LINE_ROWS, CampaignMind
from dialer.pacing.line_hazards import AGES
from dialer.pacing.marginal import BINS, Array, nobody_free
from dialer.pacing.pacer import Agent, Line
from dialer.pacing.survival import Occupied

_MANY_AGENTS = 100


@dataclass(frozen=True, slots=True)
class Outlook:
    """Sums of moments over lines, agents at work and callers who wait; `agents` are those who take calls."""

    agents: int
    expected: float
    total: Array
    none_free: Array  # P(no agent free) at each moment
    arrivals: Array  # answers expected around each moment, of the lines that ring now

    def risk(self, mind: CampaignMind) -> float:
        """That nobody is free for the next line when it is answered."""
        return float(self.none_free @ mind.line_table.weights)

    @property
    def losses(self) -> float:
        """Abandonments to be expected of the lines that ring now."""
        return float(self.arrivals @ self.none_free)

    def risks(self, mind: CampaignMind, chance: float, others: Array) -> Array:
        """The same for a line that is started after so many `others`."""
        table = mind.line_table
        factor = min(chance / max(float(table.eventually[0]), 1e-4), float(table.most[0]))
        first, second = factor * table.holds[0], factor**2 * table.squares[0]
        third = factor**3 * table.cubes[0]
        one = np.concatenate([first, first - second, first - 3 * second + 2 * third])
        risks: Array = nobody_free(self.total + others[:, None] * one, self.agents) @ table.weights
        return risks


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
        self._log_odds = _joined([mind.log_odds for mind in self._minds])
        self._agent_rows = _joined([mind.agent_moments for mind in self._minds])
        self._eventually = _joined([table.eventually for table in tables])
        self._soon = _joined([table.soon for table in tables])
        self._powers = (
            _joined([table.holds for table in tables]),
            _joined([table.squares for table in tables]),
            _joined([table.cubes for table in tables]),
        )
        self._most = _joined([table.most for table in tables])

    def rings(self, line: Line, mind: CampaignMind, since: float, log_odds: float) -> None:
        """A line was dialled. `log_odds` of an answer beyond those of the campaign's average contact."""
        self.ringing.add(line, since, mind.slot * LINE_ROWS, log_odds)

    def shows(self, line: Line, mind: CampaignMind, signs: int) -> None:
        self.ringing.rebase(line, mind.slot * LINE_ROWS + signs * AGES)

    def works(self, agent: Agent, mind: CampaignMind, since: float, pace: float, wraps_up: bool) -> None:
        """An agent talks or wraps up since then; `pace` at which ages count for this one."""
        self.working.add(agent, since, mind.slot * Occupied.ROWS, pace, Occupied.AGES if wraps_up else 0)

    def look(self, now: float, ready: int, waiting: int) -> Outlook:
        total, expected = np.zeros(3 * BINS), 0.0
        self.coming.clear()
        if len(self.ringing):
            expected = self._add_lines(total, now)
        arrivals = np.maximum(np.diff(total[:BINS], prepend=0.0), 0.0)
        if len(self.working):
            self._add_agents(total, now)
        total[:BINS] += waiting
        agents = ready + len(self.working)
        return Outlook(agents, expected, total, nobody_free(total, agents), arrivals)

    def _add_lines(self, total: Array, now: float) -> float:
        """Returns the answers to be expected of all."""
        book = self.ringing
        n = len(book)
        ages = np.minimum(np.maximum(now - book.since[:n], 0.0), AGES - 1.0)
        rows = book.base[:n] + ages.astype(np.int64)
        odds, size = book.lean[:n], len(self._eventually)
        levels = self._answer_levels()
        if odds.any():
            own = 1.0 / (1.0 + np.exp(-(self._log_odds.take(rows) + odds)))
            leaning = own / np.maximum(self._eventually.take(rows), 1e-4)
            factor = np.minimum(leaning * levels.take(rows), self._most.take(rows))
            squared = factor * factor
            first, second = _summed(rows, factor, size), _summed(rows, squared, size)
            third = _summed(rows, squared * factor, size)
            self._note_coming(_summed(rows, leaning, size))
        else:
            together = _summed(rows, np.ones(n), size)
            first = together * levels
            second = first * levels
            third = second * levels
            self._note_coming(together)
        holds, squares, cubes = self._powers
        once, twice, thrice = first @ holds, second @ squares, third @ cubes
        total += np.concatenate([once, once - twice, once - 3 * twice + 2 * thrice])
        return float(first @ self._eventually)

    def _answer_levels(self) -> Array:
        """By row: how much more is answered at present than the lines' hazards say."""
        ratios = np.array([mind.answers.ratio for mind in self._minds])
        spread = ratios if len(ratios) == 1 else np.repeat(ratios, LINE_ROWS)
        levels: Array = np.minimum(spread, self._most)
        return levels

    def _note_coming(self, leaning: Array) -> None:
        """Answers a second before any correction of the level, which is measured against them."""
        soon = leaning * self._soon
        for mind in self._minds:
            mine = soon[mind.slot * LINE_ROWS : (mind.slot + 1) * LINE_ROWS]
            self.coming[mind.campaign] = float(np.add.reduce(mine))

    def _add_agents(self, total: Array, now: float) -> None:
        book = self.working
        n = len(book)
        ages: Array = np.minimum(np.maximum((now - book.since[:n]) * book.lean[:n], 0.0), Occupied.AGES - 1.0)
        rows = Occupied.rows.take(book.origin[:n] + ages.astype(np.int64)) + book.base[:n]
        if n < _MANY_AGENTS:
            total += self._agent_rows.take(rows, axis=0).sum(0)
        else:
            total += np.bincount(rows, minlength=len(self._agent_rows)).astype(np.float64) @ self._agent_rows


def _summed(rows: NDArray[np.int64], values: Array, size: int) -> Array:
    return np.bincount(rows, values, size).astype(np.float64)


def _joined(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
