"""Bounds of the marginal rule: with the world's true laws, and with the fate of the lines that ring.

Neither learns anything nor holds a cap: the accepted risk is fixed. Set beside our pacer, the first shows what learning and
the allowance cost and bring, the second what knowing more about ringing lines could.
"""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dialer.domain.ids import CampaignId
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.marginal import BINS, MOMENTS, lines_to_start
from dialer.pacing.pacer import Agent, ContactFeatures, Line, LineEnd, Presence, Room
from dialer.simulation.policies.true_laws import RING_STEP_S, TALK_STEP_S, WRAP_UP_STEP_S, TrueLaws

Array = NDArray[np.float64]

_USUAL, _MOST_AT_ONCE = 12, 100  # lines of a decision; trying more takes longer


class FixedRisk(FloorCounts):
    """One more line as long as P(nobody free when it is answered) is at most `accepted`."""

    def __init__(self, accepted: float, laws: TrueLaws) -> None:
        super().__init__()
        self._accepted = accepted
        self._laws = laws
        self._since: dict[Agent, float] = {}
        self._leaving: set[Agent] = set()
        self._dialled_at: dict[Line, float] = {}

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        super().dialled(line, campaign, contact, now, wall)
        self._dialled_at[line] = now

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        super().answered(line, now, wall)
        self._dialled_at.pop(line, None)

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        super().ended(line, end, now, wall)
        self._dialled_at.pop(line, None)

    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        if self.presence.get(agent) is not presence:
            self._since[agent] = now
        if leaving and presence is not Presence.AWAY:
            self._leaving.add(agent)
        else:
            self._leaving.discard(agent)
        super().present(agent, presence, now, leaving=leaving)

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        if not self.logged_in:
            return within(room, 0, len(self.ringing), "nobody is logged in", Binding.NO_AGENTS)
        total = self._lines_out(now) + self._agents_occupied(now)
        total[:BINS] += len(self.waiting)
        fresh, weights = self._laws.ringing[0], self._laws.weights
        wanted = 0
        for most in (_USUAL, _MOST_AT_ONCE):
            wanted = lines_to_start(total, fresh, self.logged_in, weights, self._accepted, most)
            if wanted < most:
                break
        return within(room, wanted, len(self.ringing), "the accepted risk", Binding.RISK)

    def _lines_out(self, now: float) -> Array:
        return _of_ages(
            self._laws.ringing, [now - dialled for dialled in self._dialled_at.values()], RING_STEP_S
        )

    def _agents_occupied(self, now: float) -> Array:
        """An agent who goes after this call is occupied for good."""
        ages: dict[Presence, list[float]] = {Presence.ON_CALL: [], Presence.WRAP_UP: []}
        for agent, presence in self.presence.items():
            if presence in ages and agent not in self._leaving:
                ages[presence].append(now - self._since[agent])
        talking = _of_ages(self._laws.talking, ages[Presence.ON_CALL], TALK_STEP_S)
        total = talking + _of_ages(self._laws.wrapping_up, ages[Presence.WRAP_UP], WRAP_UP_STEP_S)
        total[:BINS] += len(self._leaving)
        return total


class Oracle(FixedRisk):
    """Knows of every ringing line whether and when it will be answered; a new line is still judged by the law."""

    def __init__(self, accepted: float, laws: TrueLaws) -> None:
        super().__init__(accepted, laws)
        self._answers_at: dict[Line, float] = {}

    def fate(self, line: Line, answers_at: float | None, ends_at: float) -> None:
        if answers_at is not None:
            self._answers_at[line] = answers_at

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        super().answered(line, now, wall)
        self._answers_at.pop(line, None)

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        super().ended(line, end, now, wall)
        self._answers_at.pop(line, None)

    def _lines_out(self, now: float) -> Array:
        total = np.zeros(3 * BINS)  # certainties have no variance
        times = np.sort(np.fromiter(self._answers_at.values(), np.float64, len(self._answers_at)))
        total[:BINS] = np.searchsorted(times, now + MOMENTS, "right")
        return total


def _of_ages(table: Array, ages: list[float], step: float) -> Array:
    if not ages:
        return np.zeros(table.shape[1])
    rows = np.minimum((np.array(ages) / step).astype(np.int64), len(table) - 1)
    total: Array = table.take(rows, axis=0).sum(0)
    return total
