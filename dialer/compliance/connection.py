"""By when an answered person must have an agent, or hear the message: the strictest of every clock that the law counts with.

16 CFR 310.4(b)(4)(iii) and 47 CFR 64.1200(a)(7) count two seconds from the end of the greeting, Ofcom (2010) from the
beginning of speech where machines are detected, others from the answer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dialer.compliance.profile import ClockStart, ConnectRule


def agent_due(
    rules: Sequence[ConnectRule],
    own: timedelta,
    answered_at: datetime,
    greeting_start: datetime | None = None,
    greeting_end: datetime | None = None,
) -> datetime | None:
    """None: not yet known, because somebody is speaking and every clock begins when that has ended.

    Where the start of a clock is unknown, the answer takes its place: nobody has spoken. `own` is the operator's limit; it
    counts from the end of the greeting, or from the answer where some rule does.
    """
    dues = [
        due
        for rule in rules
        if (due := _due(rule.clock, rule.threshold_ms / 1000, answered_at, greeting_start, greeting_end))
    ]
    own_clock = ClockStart.GREETING_END
    if any(rule.clock is ClockStart.ANSWER for rule in rules):
        own_clock = ClockStart.ANSWER
    if due := _due(own_clock, own.total_seconds(), answered_at, greeting_start, greeting_end):
        dues.append(due)
    return min(dues, default=None)


def _due(
    clock: ClockStart,
    threshold_s: float,
    answered_at: datetime,
    greeting_start: datetime | None,
    greeting_end: datetime | None,
) -> datetime | None:
    threshold = timedelta(seconds=threshold_s)
    if clock is ClockStart.ANSWER or greeting_start is None:
        return answered_at + threshold
    if clock is ClockStart.GREETING_START:
        return greeting_start + threshold
    return None if greeting_end is None else greeting_end + threshold
