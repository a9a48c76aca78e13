"""VICIdial's arithmetic against cases worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.simulation.policies.vicidial_drops import DropBook
from dialer.simulation.policies.vicidial_levels import (
    DropFigures,
    FloorTally,
    LevelSettings,
    Method,
    Tally,
    clock_number,
    lines_to_place,
    next_level,
)

pytestmark = pytest.mark.unit

NO_DROPS = DropFigures()
OVER = DropFigures(today=3.1, calls_today=51)
NOON = 1200
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("level", "ready", "waiting", "settings", "expected"),
    [
        (2.0, 3, 0, LevelSettings(), 2.3),
        (2.0, 3, 0, LevelSettings(intensity=40), 2.42),
        (2.0, 0, 4, LevelSettings(), 1.6),
        (2.0, 0, 4, LevelSettings(intensity=40), 1.76),
        (2.0, 0, 4, LevelSettings(intensity=-40), 1.44),
        (2.0, 0, 4, LevelSettings(difference_target=4), 2.0),
        (1.2, 0, 8, LevelSettings(), 1.0),
        (2.8, 4, 0, LevelSettings(maximum=3.0), 3.0),
    ],
)
def test_the_level_follows_idle_agents_less_callers_waiting(
    level: float, ready: int, waiting: int, settings: LevelSettings, expected: float
) -> None:
    assert next_level(level, ready - waiting, 20, NO_DROPS, NOON, settings) == expected


@pytest.mark.parametrize(("at", "expected"), [(1230, 1.74), (1700, 1.0), (1059, 2.0), (2101, 1.0)])
def test_tapered_brakes_by_the_clock_read_as_a_number(at: int, expected: float) -> None:
    assert next_level(2.0, 0, 20, OVER, at, LevelSettings(Method.TAPERED)) == expected


def test_average_halves_and_goes_on_from_the_half() -> None:
    settings = LevelSettings(Method.AVERAGE)
    half = next_level(3.0, 0, 20, OVER, NOON, settings)
    assert half == 1.5
    assert next_level(half, 2, 20, NO_DROPS, NOON, settings) == 1.65


def test_a_hard_limit_falls_to_one_line_an_agent() -> None:
    assert next_level(3.0, 0, 20, OVER, NOON, LevelSettings()) == 1.0


@pytest.mark.parametrize("drops", [DropFigures(today=90.0, calls_today=50), DropFigures(3.0, 400)])
def test_the_day_brake_needs_calls_and_more_than_the_limit(drops: DropFigures) -> None:
    assert next_level(2.0, 0, 20, drops, NOON, LevelSettings()) == 2.0


@pytest.mark.parametrize(
    ("calls", "percent", "expected"), [(21, 51.0, 1.5), (20, 51.0, 3.0), (21, 50.0, 3.0)]
)
def test_a_minute_of_drops_halves_the_level(calls: int, percent: float, expected: float) -> None:
    minute = DropFigures(last_minute=percent, calls_last_minute=calls)
    assert next_level(3.0, 0, 20, minute, NOON, LevelSettings()) == expected


def test_nobody_logged_in_leaves_the_level() -> None:
    assert next_level(2.5, 0, 0, OVER, NOON, LevelSettings()) == 2.5


@given(
    st.floats(1, 20),
    st.floats(-50, 50),
    st.floats(1, 100),
    st.floats(0, 100),
    st.sampled_from(Method),
    st.floats(-40, 40),
)
def test_the_level_stays_between_one_and_its_maximum(
    level: float, difference: float, agents: float, dropped: float, method: Method, intensity: float
) -> None:
    settings = LevelSettings(method, maximum=4.0, intensity=intensity)
    drops = DropFigures(dropped, 100, dropped, 100)
    assert 1.0 <= next_level(level, difference, agents, drops, NOON, settings) <= 4.0


# --- the dial loop ----------------------------------------------------------------------------------------------------


def test_everyone_tallied_means_lines_per_agent_talking_ones_included() -> None:
    floor = FloorTally(active=3, in_call=5, joined=5, calls=9, dead=1)
    assert lines_to_place(1.5, Tally.EVERYONE, floor) == 1  # 10.5 to the even 10, less 9


def test_available_only_means_new_lines_per_idle_agent() -> None:
    floor = FloorTally(active=3, in_call=5, joined=5, calls=10)
    assert lines_to_place(2.5, Tally.AVAILABLE, floor) == 2  # 12.5 to the even 12, less 10


def test_the_target_can_act_on_the_calls_placed() -> None:
    floor = FloorTally(active=3, in_call=5, joined=5, calls=8)
    assert lines_to_place(1.0, Tally.EVERYONE, floor, 2.0) == 2
    assert lines_to_place(1.0, Tally.EVERYONE, floor, -20.0) == 0


# --- its own drop figures ---------------------------------------------------------------------------------------------


def test_drops_are_of_people_today_but_of_all_calls_in_the_minute() -> None:
    book = DropBook()
    book.write(100.0, 103.0, NINE, answer=True, drop=True)
    book.write(101.0, 104.0, NINE, answer=False, drop=False)
    book.write(90.0, 108.0, NINE, answer=True, drop=False)
    book.write(80.0, 108.0, NINE, answer=False, drop=False)
    assert book.figures(110.0, NINE) == DropFigures(50.0, 4, 25.0, 4)


def test_what_began_more_than_a_minute_ago_misses_the_minute() -> None:
    book = DropBook()
    book.write(10.0, 75.0, NINE, answer=True, drop=False)
    book.write(70.0, 75.0, NINE, answer=True, drop=True)
    assert book.figures(80.0, NINE).calls_last_minute == 1
    assert book.figures(131.0, NINE) == DropFigures(50.0, 2, 0.0, 0)


def test_midnight_wipes_the_day() -> None:
    book = DropBook()
    book.write(0.0, 1.0, NINE, answer=True, drop=True)
    assert book.figures(50_000.0, NINE + timedelta(hours=15)) == NO_DROPS


def test_the_clock_as_a_number() -> None:
    assert clock_number(NINE + timedelta(minutes=65)) == 1005
