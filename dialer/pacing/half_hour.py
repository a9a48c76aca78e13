"""The half-hour that moves on with the clock: what has been lost in it, and what may be lost without a breach ahead.

It holds few calls: seven of a hundred and forty are the most that ten agents may lose in it. It brakes early and softly, by
what it will still hold at checkpoints ahead, and leaves room for lines that are lost together, as those are that ring while
the last free agent is taken.
"""

import math
from bisect import bisect_left, bisect_right

from dialer.domain.abandonment import AbandonmentWindow

LENGTH_S = 1800.0
_CHECKPOINTS_S = (1800.0, 900.0, 420.0, 180.0, 60.0)
_SURE_SOON, _SURE_LATE = 3.0, 0.2
# with the standard deviations to stay below the cap: by a far checkpoint there is time to save, by a near one there is none
_CHECKPOINTS = [
    (ahead, _SURE_SOON + (_SURE_LATE - _SURE_SOON) * ahead / LENGTH_S) for ahead in _CHECKPOINTS_S
]
_SLACK_CALLS = 1.25
_MOST = 0.81  # of the cap: calls lost together come in threes and fours when more is risked
_LOST_TOGETHER = 3.0  # times the calls at risk: if one is lost, others are too
_STEP_S = 10.0
_MOST_STEPS = 1024


class HalfHour:
    """Answers and abandonments in steps of ten seconds, as sums up to the end of each. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self._begins: list[float] = []
        self._answered: list[float] = []
        self._abandoned: list[float] = []

    def enter(self, wall: float, answered: float, abandoned: float) -> None:
        """What is known only now of an earlier step counts in the newest: it leaves the window later, never sooner."""
        step = wall // _STEP_S * _STEP_S
        if self._begins and self._begins[-1] >= step:
            self._answered[-1] += answered
            self._abandoned[-1] += abandoned
            return
        if len(self._begins) >= _MOST_STEPS:
            self._forget(step - LENGTH_S)
        before = (self._answered[-1], self._abandoned[-1]) if self._begins else (0.0, 0.0)
        self._begins.append(step)
        self._answered.append(before[0] + answered)
        self._abandoned.append(before[1] + abandoned)

    def _forget(self, until: float) -> None:
        """All but the last step before then, from which the sums are taken."""
        old = max(bisect_left(self._begins, until) - 1, 0)
        for column in (self._begins, self._answered, self._abandoned):
            del column[:old]

    def after(self, moment: float) -> tuple[float, float]:
        """Answers and abandonments of the steps that begin after it."""
        return self._but_the_first(bisect_right(self._begins, moment))

    def held(self, moment: float) -> tuple[float, float]:
        """What the window holds at that moment, the oldest step included."""
        return self._but_the_first(bisect_left(self._begins, moment - LENGTH_S))

    def _but_the_first(self, steps: int) -> tuple[float, float]:
        if not self._begins:
            return 0.0, 0.0
        if steps == 0:
            return self._answered[-1], self._abandoned[-1]
        return self._answered[-1] - self._answered[steps - 1], self._abandoned[-1] - self._abandoned[
            steps - 1
        ]

    def allows(
        self, window: AbandonmentWindow, share_of_cap: float, moment: float, pace: float, at_risk: float
    ) -> tuple[float, float]:
        """The smallest rate over checkpoints ahead, when the oldest answers will have left the window; and the calls to spare.

        `pace`: answers a second that are to be expected.
        """
        cap, least = share_of_cap * window.cap, window.least_answers
        rate = left = math.inf
        for ahead, sure in _CHECKPOINTS:
            answered, abandoned = self.after(moment + ahead - LENGTH_S)
            coming = pace * ahead
            if answered + coming >= least:
                calls = cap * (answered + coming) - abandoned - _SLACK_CALLS
                left = min(left, calls)
                spent = _rarely_more_than(calls - _LOST_TOGETHER * at_risk, sure)
                rate = min(rate, spent / max(coming, 1.0))
        return min(rate, _MOST * window.cap) if rate < math.inf else rate, left - at_risk


def _rarely_more_than(most: float, sure: float) -> float:
    """The mean of a Poisson law that exceeds `most` rarely: `sure` standard deviations above the mean are within it."""
    if most <= 0:
        return 0.0
    root = (math.sqrt(sure**2 + 4 * most) - sure) / 2
    return root * root
