from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind, over
from dialer.pacing.budget import Allowance, Budget

pytestmark = pytest.mark.unit

MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
EVENING = MORNING + timedelta(hours=8)


def day(cap: float = 0.03) -> AbandonmentWindow:
    return AbandonmentWindow(WindowKind.DAY, cap, MORNING, EVENING, timedelta(days=1))


def half_hour(cap: float = 0.05) -> AbandonmentWindow:
    return AbandonmentWindow(WindowKind.HALF_HOUR, cap, MORNING, None, timedelta(minutes=30), 100)


def budget(*counts: WindowCount) -> Budget:
    found = Budget()
    found.counted(counts)
    return found


def look(of: Budget, after_s: float, agents: int = 20, at_risk: float = 0.0) -> Allowance:
    return of.allowance(after_s, MORNING + timedelta(seconds=after_s), agents, at_risk)


def test_an_unread_ledger_allows_nothing() -> None:
    assert not Budget().is_read
    assert look(Budget(), 10.0).rate == 0.0


def test_a_day_that_is_on_course_may_go_on_at_about_the_cap() -> None:
    found = look(budget(WindowCount(day(), 2000, 57, MORNING)), 3 * 3600.0)
    assert found.stop is None
    assert found.rate == pytest.approx(0.03, abs=0.003)


def test_what_was_saved_may_be_spent_and_what_was_overspent_is_saved() -> None:
    saved = look(budget(WindowCount(day(), 2000, 40, MORNING)), 3 * 3600.0)
    spent = look(budget(WindowCount(day(), 2000, 70, MORNING)), 3 * 3600.0)
    assert saved.rate > 0.03 > spent.rate


def test_the_strictest_window_wins() -> None:
    lax, strict = WindowCount(day(0.05), 2000, 57, MORNING), WindowCount(day(0.02), 2000, 57, MORNING)
    both = look(budget(lax, strict), 3 * 3600.0)
    assert both.rate == look(budget(strict), 3 * 3600.0).rate < look(budget(lax), 3 * 3600.0).rate
    assert both.stop is WindowKind.DAY


def test_the_last_allowed_call_is_the_last() -> None:
    """With 1000 answers and the day all but over, 30 may be lost: at 29 the next one is too many to risk."""
    at = 8 * 3600.0 - 5.0
    assert look(budget(WindowCount(day(), 1000, 28, MORNING)), at).stop is None
    assert look(budget(WindowCount(day(), 1000, 29, MORNING)), at).stop is WindowKind.DAY


def test_calls_at_risk_count_as_spent() -> None:
    at = 8 * 3600.0 - 5.0
    assert look(budget(WindowCount(day(), 1000, 26, MORNING)), at, at_risk=0.0).stop is None
    assert look(budget(WindowCount(day(), 1000, 26, MORNING)), at, at_risk=3.0).stop is WindowKind.DAY


def test_a_cap_of_zero_stops_at_once() -> None:
    assert look(budget(WindowCount(day(0.0), 100_000, 0, MORNING)), 3600.0).stop is WindowKind.DAY


def test_the_half_hour_forgets_after_half_an_hour() -> None:
    found = budget(WindowCount(half_hour(), 0, 0, MORNING))
    for second in range(0, 600, 3):
        look(found, float(second))
        found.note((MORNING + timedelta(seconds=second)).timestamp(), 1, second % 30 == 0)
    spent = look(found, 600.0)
    assert spent.nearly_spent
    assert spent.rate == 0.0
    # a guard of our own: it leaves lines that are almost sure to find somebody free
    assert spent.stop is None
    later = look(found, 600.0 + 1801.0)
    assert not later.nearly_spent
    assert later.rate > 0.0


def test_a_half_hour_that_may_lose_nobody_stops() -> None:
    assert look(budget(WindowCount(half_hour(0.0), 200, 0, MORNING)), 600.0).stop is WindowKind.HALF_HOUR


def test_the_half_hour_brakes_before_it_is_spent() -> None:
    """Of 140 answers seven may be lost: with every loss the rest of them is given out more slowly."""
    rates = [
        look(budget(WindowCount(half_hour(), 140, lost, MORNING)), 0.0, agents=10).rate for lost in range(8)
    ]
    assert rates == sorted(rates, reverse=True)
    assert 0.03 < rates[0] < 0.05
    assert rates[7] == 0.0


def test_calls_at_risk_slow_the_half_hour_down() -> None:
    counts = WindowCount(half_hour(), 140, 3, MORNING)
    calm, risky = (look(budget(counts), 0.0, agents=10, at_risk=risk).rate for risk in (0.0, 0.5))
    assert risky < calm


def test_few_answers_say_nothing_about_a_half_hour() -> None:
    found = budget(WindowCount(half_hour(), 0, 0, MORNING))
    for second in range(10):
        found.note((MORNING + timedelta(seconds=second)).timestamp(), 1, 1)
    few = look(found, 60.0, agents=1)
    assert few.stop is None
    assert not few.nearly_spent


def test_the_ledger_replaces_what_was_added_up_and_keeps_what_came_later() -> None:
    found = budget(WindowCount(day(), 100, 2, MORNING))
    found.note((MORNING + timedelta(seconds=5)).timestamp(), 1, 0)
    found.note((MORNING + timedelta(seconds=15)).timestamp(), 0, 1)
    found.counted([WindowCount(day(), 104, 2, MORNING + timedelta(seconds=10))])
    window = look(found, 20.0).windows[0]
    assert (window.answered, window.abandoned) == (104, 3)


def test_a_machine_is_taken_back() -> None:
    found = budget(WindowCount(day(), 100, 0, MORNING))
    found.note(MORNING.timestamp() + 1, 1, 0)
    found.note(MORNING.timestamp() + 9, -1, 0)
    assert look(found, 20.0).windows[0].answered == 100


def test_an_answer_just_after_a_reading_is_counted_in_the_half_hour_too() -> None:
    """Readings and answers of the same ten seconds: what the ledger did not know of yet is not taken off again."""
    found = budget()
    for second in (1, 3, 6, 8):
        found.note((MORNING + timedelta(seconds=second)).timestamp(), 1, second % 2)
    found.counted([WindowCount(half_hour(), 102, 4, MORNING + timedelta(seconds=5))])
    found.counted([WindowCount(half_hour(), 102, 4, MORNING + timedelta(seconds=5))])
    (rolling,) = look(found, 20.0).windows
    assert (rolling.answered, rolling.abandoned) == (104, 4)


def test_half_of_the_agents_gone_halves_the_forecast_at_once() -> None:
    found = budget(WindowCount(day(), 1000, 25, MORNING))
    before = look(found, 3600.0, agents=20).windows[0].forecast
    after = look(found, 3610.0, agents=10).windows[0].forecast
    assert after == pytest.approx(before / 2, rel=0.2)


def test_a_clock_that_jumps_back_is_borne() -> None:
    found = budget(WindowCount(day(), 1000, 25, MORNING), WindowCount(half_hour(), 100, 2, MORNING))
    look(found, 3600.0)
    found.note((MORNING - timedelta(hours=3)).timestamp(), 1, 1)
    assert found.allowance(10.0, MORNING - timedelta(hours=2), 20, 0.0).rate >= 0.0


@given(
    answered=st.integers(0, 5000),
    abandoned=st.integers(0, 300),
    after_s=st.floats(0, 8 * 3600),
    agents=st.integers(0, 500),
    cap=st.sampled_from([0.0, 0.01, 0.03, 0.05]),
)
def test_a_window_that_is_over_and_has_no_future_never_allows_more(
    answered: int, abandoned: int, after_s: float, agents: int, cap: float
) -> None:
    found = look(budget(WindowCount(day(cap), answered, abandoned, MORNING)), after_s, agents)
    assert found.rate >= 0.0
    if over(cap, answered, abandoned) and agents == 0:
        assert found.stop is WindowKind.DAY
