"""By when an agent must be there."""

from datetime import UTC, datetime, timedelta

import pytest

from dialer.compliance.connection import agent_due
from dialer.compliance.profile import ClockStart, ConnectRule, Source

pytestmark = pytest.mark.unit

ANSWERED = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
TWO = timedelta(seconds=2)
SAYS, SAID = ANSWERED + timedelta(seconds=0.4), ANSWERED + timedelta(seconds=1.3)


def rule(clock: ClockStart, threshold_ms: int = 2000) -> ConnectRule:
    return ConnectRule(threshold_ms, clock, Source("test", "V"))


END, START, ANSWER = (
    rule(clock) for clock in (ClockStart.GREETING_END, ClockStart.GREETING_START, ClockStart.ANSWER)
)


def test_while_nobody_has_spoken_the_answer_begins_every_clock() -> None:
    for rules in ([], [END], [START], [ANSWER], [END, START, ANSWER]):
        assert agent_due(rules, TWO, ANSWERED) == ANSWERED + TWO


def test_while_somebody_speaks_the_end_of_the_greeting_is_open() -> None:
    assert agent_due([END], TWO, ANSWERED, SAYS) is None
    assert agent_due([], TWO, ANSWERED, SAYS) is None
    assert agent_due([START], TWO, ANSWERED, SAYS) == SAYS + TWO
    assert agent_due([END, ANSWER], TWO, ANSWERED, SAYS) == ANSWERED + TWO


def test_two_seconds_from_the_end_of_the_greeting() -> None:
    assert agent_due([END], TWO, ANSWERED, SAYS, SAID) == SAID + TWO
    assert agent_due([END, START], TWO, ANSWERED, SAYS, SAID) == SAYS + TWO


def test_the_operators_own_limit_counts_where_it_is_shorter() -> None:
    one = timedelta(seconds=1)
    assert agent_due([END], one, ANSWERED, SAYS, SAID) == SAID + one
    assert agent_due([ANSWER], one, ANSWERED, SAYS, SAID) == ANSWERED + one
    assert agent_due([rule(ClockStart.GREETING_END, 1500)], TWO, ANSWERED, SAYS, SAID) == SAID + timedelta(
        seconds=1.5
    )
