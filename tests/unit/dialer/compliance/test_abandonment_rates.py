import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.abandonment_rates import (
    Action,
    DialMode,
    FalsePositives,
    RateVerdict,
    Tally,
    allowance,
    display,
    false_positive_budget,
    judge,
    may_overdial,
    ofcom_with_detector,
    ofcom_without_detector,
    verdict,
    with_false_positives,
    within,
    worst,
)
from dialer.compliance.abandonment_windows import window_at, windows_between
from dialer.compliance.profile import WindowRule

LIMIT = 300


@pytest.mark.parametrize(
    ("abandoned", "answered", "expected", "shown"),
    [
        (3, 100, RateVerdict.PASS, "3.00"),
        (4, 133, RateVerdict.FAIL, "3.01"),
        (30_001, 1_000_000, RateVerdict.FAIL, "3.01"),  # 3.0001 %
        (0, 0, RateVerdict.NO_DATA, "no data"),
        (0, 1, RateVerdict.PASS, "0.00"),
        (1, 1, RateVerdict.FAIL, "100.00"),
    ],
)
def test_the_integer_test_and_what_is_shown(
    abandoned: int, answered: int, expected: RateVerdict, shown: str
) -> None:
    tally = Tally(abandoned, answered)
    assert (verdict(tally, LIMIT), display(tally)) == (expected, shown)


def test_no_data_allows_one_line_for_each_agent_and_a_target_of_zero_alarms() -> None:
    assert judge(Tally(0, 0), LIMIT).dial_mode is DialMode.PROGRESSIVE_ONLY
    alarmed = judge(Tally(1, 1000), LIMIT, alarm_bp=0)
    assert (alarmed.verdict, alarmed.action) == (RateVerdict.PASS, Action.ALARM)
    assert judge(Tally(31, 1000), LIMIT, alarm_bp=0).action is Action.STOP
    assert worst([]) is RateVerdict.NO_DATA


def test_both_of_ofcoms_formulas() -> None:
    with_detector = ofcom_with_detector(2, 194, Fraction("0.01") * 400)
    assert (with_detector, verdict(with_detector, LIMIT)) == (Tally(6, 200), RateVerdict.PASS)
    without = ofcom_without_detector(10, 180, 20)
    assert without == Tally(9, 189)
    assert display(without) == "4.77"
    assert ofcom_without_detector(3, 0, 0) == Tally(3, 3)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 500))
def test_without_a_detector_the_rate_is_drops_over_all_three(drops: int, live: int, machines: int) -> None:
    assert ofcom_without_detector(drops, live, machines).rate == Fraction(drops, drops + machines + live)


def test_what_a_detector_leaves_of_the_limit() -> None:
    good = false_positive_budget(400, 200, Fraction("0.99"), LIMIT)
    found = [int(each) for each in (good.estimated, good.allowed, good.left, good.target_bp)]
    assert found == [4, 6, 2, 100]
    assert false_positive_budget(400, 200, Fraction("0.98"), LIMIT).left == 0
    assert false_positive_budget(0, 0, Fraction(1), LIMIT).target_bp == 0


def test_a_sample_says_how_sure_it_is() -> None:
    sample = FalsePositives(200, 2)
    low, high = sample.interval()
    assert (round(low, 4), round(high, 4)) == (0.0027, 0.0357)  # by hand from Wilson's formula
    assert sample.estimate(1000) == 10
    assert FalsePositives(0, 0).interval() == (0.0, 1.0)
    assert with_false_positives(Tally(2, 98), 2) == Tally(4, 100)


def test_over_dialling_counts_what_is_at_risk() -> None:
    assert may_overdial(Tally(2, 90), 1, 10, LIMIT)
    assert not may_overdial(Tally(2, 89), 1, 10, LIMIT)


_TALLIES = st.integers(0, 100_000).flatmap(lambda h: st.tuples(st.integers(0, h), st.just(h)))


@given(_TALLIES, st.integers(0, 10_000))
def test_rounding_up_never_shows_a_breach_as_a_pass(counts: tuple[int, int], limit_bp: int) -> None:
    tally = Tally(*counts)
    if not tally.answered:
        return
    shown = Decimal(display(tally)) * 100
    assert (shown > limit_bp) == (verdict(tally, limit_bp) is RateVerdict.FAIL)
    assert 0 <= shown / 10_000 - Decimal(counts[0]) / Decimal(counts[1]) < Decimal("0.0001")


@given(_TALLIES, st.integers(0, 9_999), st.integers(0, 1000))
def test_the_allowance_is_the_largest_loss_that_is_still_within_the_limit(
    counts: tuple[int, int], limit_bp: int, coming: int
) -> None:
    abandoned, answered = counts
    more = allowance(Tally(abandoned, answered), limit_bp, coming)

    def after(lost: int) -> bool:
        return within(Tally(abandoned + lost, answered + max(coming, lost)), limit_bp)

    assert more == 0 or after(more)
    assert not after(more + 1)


_DAYS = st.lists(
    st.tuples(st.integers(0, 24 * 120), st.booleans()), max_size=60
)  # (hour of the answer, abandoned), in and around the days on which clocks change
_ZONES = st.sampled_from(
    ["America/New_York", "Europe/London", "Asia/Shanghai", "Africa/Cairo", "America/Asuncion"]
)
_RULES = st.sampled_from([WindowRule.US_30_DAY_BLOCK, WindowRule.CALENDAR_DAY, WindowRule.CALENDAR_MONTH])


@given(_DAYS, _ZONES, _RULES)
def test_every_answer_lies_in_one_window_and_the_windows_add_up_to_the_whole(
    answers: list[tuple[int, bool]], zone_name: str, rule: WindowRule
) -> None:
    zone, origin = ZoneInfo(zone_name), datetime(2026, 2, 1, 3, tzinfo=UTC)
    began = origin.astimezone(zone).date()
    calls = [(origin + timedelta(hours=hour), lost) for hour, lost in answers]
    until = origin + timedelta(days=121)
    cut = list(windows_between(rule, zone, origin, until, began))
    tallies = []
    for window in cut:
        inside = [lost for at, lost in calls if window.begins <= at < window.ends]
        tallies.append(Tally(sum(inside), len(inside)))
    assert sum(tallies, Tally(0, 0)) == Tally(sum(lost for _, lost in calls), len(calls))
    assert all(before.ends == after.begins for before, after in itertools.pairwise(cut))
    for at, _ in calls:
        assert [window for window in cut if window.begins <= at < window.ends] == [
            window_at(rule, zone, at, began)
        ]


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_calendar_day_when_the_clocks_change(day: tuple[int, int, int], hours: int) -> None:
    noon = datetime(*day, 12, tzinfo=ZoneInfo("Europe/London"))
    assert window_at(WindowRule.CALENDAR_DAY, noon.tzinfo, noon).hours == hours  # type: ignore[arg-type]
