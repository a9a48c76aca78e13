"""Windows of time in which abandonment is counted, and the test each of them is judged by.

A call counts as answered when a person answered it, and as abandoned among those when no agent was there within the
campaign's limit (16 CFR 310.4(b)(4)(i)). Counts are whole numbers, shares are compared as fractions: 3 of 100 is within
3 %, 3.0001 % is not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction


class WindowKind(StrEnum):
    DAY = "day"  # since local midnight of the campaign's own zone
    PERIOD = "period"  # a block of 30 days since the campaign began
    HALF_HOUR = "half_hour"  # any 30 minutes: a guard of our own, no law
    MONTH = "month"  # since the 1st
    ROLLING_DAY = "rolling_day"  # the last 24 hours, moved on at every full hour
    ROLLING_30_DAYS = "rolling_30_days"  # the same of 30 days


OWN_WINDOWS = (WindowKind.DAY, WindowKind.PERIOD, WindowKind.HALF_HOUR)
"""Those every campaign is judged by, whatever law applies to it, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class AbandonmentWindow:
    """`ends` is the last moment at which answers still fall into it; None for a window that rolls, `length` long.

    A rolling window is judged only with `least_answers` in it: fewer say nothing about a share. `profile` names the rules
    that ask for it; empty for a cap that is the operator's alone.
    """

    kind: WindowKind
    cap: float
    begins: datetime
    ends: datetime | None
    length: timedelta
    least_answers: int = 0
    profile: str = ""


@dataclass(frozen=True, slots=True)
class WindowCount:
    """What the ledger says of one window at `as_of`; later events are still to be added.

    `doubtful` is the estimated number of people taken for machines, who were answered and got no agent.
    """

    window: AbandonmentWindow
    answered: int
    abandoned: int
    as_of: datetime
    doubtful: float = 0.0


def over(cap: float, answered: int, abandoned: int) -> bool:
    """The integer test: more abandoned than the cap allows of those answered."""
    return abandoned > Fraction(str(cap)) * answered
