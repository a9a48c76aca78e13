"""Which flow answers, and why; at the edges of hours, days, nights, holidays and zones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.inbound import (
    BadRoute,
    OnHoliday,
    Reached,
    Route,
    Span,
    Why,
    checked,
    reached,
    read_hours,
    read_weekdays,
    write_weekdays,
)

pytestmark = pytest.mark.unit

DID = "+12025550100"
EAST = "America/New_York"
NEW_YEAR = date(2026, 1, 1)


def holidays(calendar: str, day: date) -> bool:
    return calendar == "US" and day == NEW_YEAR


def route(flow: str = "hotline", **more: Any) -> Route:
    return Route(more.pop("number", DID), flow, more.pop("zone", EAST), **more)


OFFICE = route(weekdays=read_weekdays("mon-fri"), hours=read_hours(["09:00-18:00"]))
CLOSED = route("closed", closed=True)


def at(written: str, zone: str = EAST) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def ask(written: str, *routes: Route, number: str = DID) -> Reached:
    return reached(number, at(written), routes, holidays)


@pytest.mark.parametrize(
    ("moment", "flow", "why"),
    [
        ("2026-02-16T08:59:59", "closed", Why.HOURS),
        ("2026-02-16T09:00", "hotline", Why.FITS),
        ("2026-02-16T17:59:59", "hotline", Why.FITS),
        ("2026-02-16T18:00", "closed", Why.HOURS),
        ("2026-02-15T12:00", "closed", Why.WEEKDAY),
    ],
)
def test_office_hours(moment: str, flow: str, why: Why) -> None:
    found = ask(moment, OFFICE, CLOSED)
    assert (found.flow, found.why) == (flow, why)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-02-16T08:00", "2026-02-16T09:00"),
        ("2026-02-16T18:00", "2026-02-17T09:00"),
        ("2026-02-20T18:00", "2026-02-23T09:00"),
    ],
)
def test_when_it_opens_again(moment: str, opens: str) -> None:
    assert ask(moment, OFFICE, CLOSED).opens == at(opens)


def test_nothing_opens_where_nothing_is_open() -> None:
    assert ask("2026-02-16T08:00", CLOSED).opens is None
    assert ask("2026-02-16T08:00", route(first_day=date(2027, 1, 1)), CLOSED).opens is None


def test_the_highest_priority_that_fits_answers() -> None:
    campaign = route("spring", priority=10, first_day=date(2026, 2, 16), last_day=date(2026, 2, 17))
    found = {day: ask(f"2026-02-{day}T12:00", OFFICE, campaign, CLOSED) for day in (13, 16, 17, 18)}
    assert [each.flow for each in found.values()] == ["hotline", "spring", "spring", "hotline"]
    assert [one.why for one in found[13].passed] == [Why.BEFORE]
    assert [one.why for one in found[18].passed] == [Why.AFTER]


def test_holidays() -> None:
    office = route(weekdays=OFFICE.weekdays, hours=OFFICE.hours, calendar="US", on_holiday=OnHoliday.NEVER)
    festive = route("holiday", priority=5, calendar="US", on_holiday=OnHoliday.ONLY)
    assert ask("2026-01-01T12:00", office, CLOSED).why is Why.HOLIDAY
    assert ask("2026-01-01T12:00", office, festive, CLOSED).flow == "holiday"
    after = ask("2026-01-02T12:00", office, festive, CLOSED)
    assert (after.flow, [one.why for one in after.passed]) == ("hotline", [Why.NOT_A_HOLIDAY])


def test_a_night_belongs_to_the_day_it_began_on() -> None:
    night = route(
        "night", weekdays=read_weekdays("fri"), hours=read_hours(["22:00-06:00"]), last_day=date(2026, 2, 20)
    )
    flows = {
        moment: ask(moment, night).flow
        for moment in (
            "2026-02-20T05:00", "2026-02-20T22:00", "2026-02-20T23:59", "2026-02-21T05:59", "2026-02-21T06:00",
            "2026-02-21T22:00",
        )
    }  # fmt: skip
    assert list(flows.values()) == [None, "night", "night", "night", None, None]


def test_each_route_has_its_own_zone() -> None:
    shanghai = route("zh", zone="Asia/Shanghai", hours=read_hours(["09:00-18:00"]))
    moment = at("2026-02-16T10:00", "Asia/Shanghai")
    found = reached(DID, moment, [OFFICE, shanghai], holidays)
    assert (found.flow, found.local.hour) == ("zh", 10)


def test_over_the_change_of_clocks_the_wall_clock_counts() -> None:
    for day in ("2026-03-08", "2026-11-01"):
        all_days = route(hours=read_hours(["09:00-18:00"]))
        assert ask(f"{day}T09:00", all_days).flow == "hotline"
        assert ask(f"{day}T08:59", all_days).flow is None


def test_routes_of_a_number_shut_out_those_of_any_number() -> None:
    anything = route("reception", number="*")
    assert ask("2026-02-15T12:00", OFFICE, anything).flow is None
    assert ask("2026-02-15T12:00", OFFICE, anything, number="+12025550199").flow == "reception"


def test_without_a_route() -> None:
    found = ask("2026-02-16T12:00")
    assert (found.flow, found.why, found.route) == (None, Why.NO_ROUTE, None)


def test_a_closed_flow_alone_answers_always() -> None:
    assert (ask("2026-02-16T12:00", CLOSED).flow, ask("2026-02-16T12:00", CLOSED).why) == ("closed", Why.FITS)


class TestWritten:
    @pytest.mark.parametrize(
        ("written", "days"),
        [("mon-fri", {0, 1, 2, 3, 4}), ("sat", {5}), ("fri-mon", {4, 5, 6, 0}), ("MON, wed", {0, 2}), ("", set())],
    )  # fmt: skip
    def test_weekdays(self, written: str, days: set[int]) -> None:
        assert read_weekdays(written) == days

    @given(st.frozensets(st.integers(0, 6), max_size=6))
    def test_weekdays_come_back(self, days: frozenset[int]) -> None:
        assert read_weekdays(write_weekdays(days)) == days

    def test_all_of_them_are_no_condition(self) -> None:
        assert read_weekdays("mon-sun") == frozenset()

    @pytest.mark.parametrize("written", ["monday", "mon-", "1-5", "mon..fri"])
    def test_what_is_no_weekday(self, written: str) -> None:
        with pytest.raises(BadRoute, match="weekdays"):
            read_weekdays(written)

    @pytest.mark.parametrize(
        "written", ["9-18", "09:00", "09:00-09:00", "25:00-26:00", "24:00-06:00", "09:00-1８:00"]
    )
    def test_what_is_no_span(self, written: str) -> None:
        with pytest.raises(BadRoute, match="hours"):
            read_hours([written])

    def test_spans_come_back(self) -> None:
        spans = read_hours(["22:00-06:00", "09:00-24:00"])
        assert spans == (Span(540, 1440), Span(1320, 360))
        assert read_hours([str(span) for span in spans]) == spans

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            (route("no flow"), "flow"),
            (route(priority=2000), "priority"),
            (route(on_holiday=OnHoliday.ONLY), "calendar"),
            (route(first_day=date(2026, 2, 2), last_day=date(2026, 2, 1)), "last_day"),
            (route(closed=True, weekdays=frozenset({1})), "closed"),
        ],
    )
    def test_what_cannot_be_a_route(self, wrong: Route, field: str) -> None:
        with pytest.raises(BadRoute) as refused:
            checked(wrong)
        assert refused.value.field == field
        assert checked(OFFICE) is OFFICE


@given(
    st.frozensets(st.integers(0, 6)),
    st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 1440)).filter(lambda span: span[0] != span[1]), max_size=3),
    st.integers(0, 14 * 24 * 60),
)  # fmt: skip
def test_when_it_says_it_opens_it_is_open_and_before_it_is_not(
    days: frozenset[int], spans: list[tuple[int, int]], minutes: int
) -> None:
    ours = route(weekdays=days, hours=tuple(sorted(Span(*span) for span in spans)))
    now = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = reached(DID, now, [ours], holidays)
    if found.flow is not None:
        assert found.opens is None
        return
    assert found.opens is not None
    assert reached(DID, found.opens, [ours], holidays).flow == "hotline"
    assert reached(DID, found.opens - timedelta(minutes=1), [ours], holidays).flow is None
