"""Whenever the demonstration runs, some places are outside the calling hours until it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dialer.compliance.refusal import RefusalReason
from dialer.lab.demo.salted_list import salted

pytestmark = pytest.mark.unit

DAYS = [
    datetime(2026, 1, 15, tzinfo=UTC),
    datetime(2026, 7, 15, tzinfo=UTC),
    datetime(2026, 10, 28, tzinfo=UTC),
]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_at_any_hour_of_a_day_several_places_are_closed(day: datetime) -> None:
    for now in (day + timedelta(minutes=minutes) for minutes in range(0, 24 * 60, 15)):
        late = [each for each in salted(now) if each.reason is RefusalReason.OUTSIDE_HOURS]
        assert len({each.place for each in late}) == len(late) >= 3, now
        for each in late:
            for at in (now, now + timedelta(minutes=5)):
                assert not 8 <= at.astimezone(ZoneInfo(each.place)).hour < 21


def test_nobody_is_salted_twice() -> None:
    numbers = [each.number for each in salted(DAYS[0])]
    assert len(set(numbers)) == len(numbers)
