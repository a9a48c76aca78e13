"""The half-hour's sums are those of a plain list of what was entered, however long the day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing.half_hour import LENGTH_S, HalfHour

pytestmark = pytest.mark.unit

STEP_S = 10.0
waits = st.floats(0.0, 400.0)
outcomes = st.sampled_from([(1, 0), (0, 1), (-1, 0), (3, 1)])


def plain(entered: list[tuple[float, int, int]], after: float) -> tuple[float, float]:
    kept = [each for each in entered if each[0] > after]
    return sum(each[1] for each in kept), sum(each[2] for each in kept)


@given(st.lists(st.tuples(waits, outcomes), max_size=60), st.floats(0.0, 2 * LENGTH_S))
def test_sums_are_those_of_a_plain_list(calls: list[tuple[float, tuple[int, int]]], ago: float) -> None:
    half_hour, wall = HalfHour(), 1_000_000.0
    entered: list[tuple[float, int, int]] = []
    for wait, (answered, abandoned) in calls:
        wall += wait
        half_hour.enter(wall, answered, abandoned)
        entered.append((wall // STEP_S * STEP_S, answered, abandoned))
    assert half_hour.after(wall - ago) == plain(entered, wall - ago)
    just_before = wall - LENGTH_S - 1e-6
    assert half_hour.held(wall) == pytest.approx(plain(entered, just_before))


def test_a_day_keeps_no_more_than_the_window_needs() -> None:
    half_hour, wall = HalfHour(), 0.0
    entered = []
    for n in range(5000):
        wall += STEP_S
        half_hour.enter(wall, 1, n % 20 == 0)
        entered.append((wall, 1, int(n % 20 == 0)))
    assert half_hour.after(wall - LENGTH_S) == plain(entered, wall - LENGTH_S)
    assert len(half_hour._begins) <= 1024


def test_what_is_known_late_counts_from_now() -> None:
    half_hour = HalfHour()
    half_hour.enter(2000.0, 1, 0)
    half_hour.enter(500.0, 1, 1)
    assert half_hour.after(1999.0) == (2, 1)


def test_of_nothing_it_holds_nothing() -> None:
    assert HalfHour().held(0.0) == HalfHour().after(0.0) == (0.0, 0.0)
