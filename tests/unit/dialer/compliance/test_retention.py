"""How long records are kept, and who is stronger than whom."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.profile import Nature, Profile, RecordKind, RetentionRule, Scope, Source
from dialer.compliance.retention import CALL_RECORDS, Ground, Minimum, fate, later, minimum
from dialer.compliance.vectors.records import KINDS

LAW = Source("16 CFR 310.5", "V")


def profile(name: str, *rules: RetentionRule) -> Profile:
    return Profile(name, name, Nature.LAW, Scope(), date(2026, 1, 1), retention=rules)


FIVE_YEARS = profile("five", RetentionRule(RecordKind.CALL_DETAIL, LAW, years=5))
THREE_YEARS = profile("three", RetentionRule(RecordKind.AUDIO, Source("12 CFR 1006.100", "V"), years=3))
THIRTY_DAYS = profile("thirty", RetentionRule(RecordKind.AUDIO, Source("MIIT 2020", "V"), days=30))
CONSENTS = profile("consents", RetentionRule(RecordKind.CONSENT, Source("UWG 7a", "V"), years=5))
FOR_EVER = profile("ever", RetentionRule(RecordKind.DNC_ENTRY, LAW, for_ever=True))


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        (date(2026, 1, 15), (5, 0, 0), date(2031, 1, 15)),
        (date(2028, 2, 29), (5, 0, 0), date(2033, 3, 1)),
        (date(2026, 1, 31), (0, 1, 0), date(2026, 3, 1)),
        (date(2026, 12, 31), (0, 6, 0), date(2027, 7, 1)),
        (date(2026, 12, 31), (0, 2, 0), date(2027, 3, 1)),
        (date(2026, 2, 10), (3, 0, 14), date(2029, 2, 24)),
        (date(2026, 6, 1), (0, 0, 30), date(2026, 7, 1)),
    ],
)
def test_calendar_periods(start: date, period: tuple[int, int, int], end: date) -> None:
    assert later(start, *period) == end


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 20), st.integers(0, 30))
def test_a_period_is_never_shorter_than_its_days_in_the_shortest_calendar(
    start: date, years: int, months: int
) -> None:
    end = later(start, years, months)
    assert end >= start + timedelta(days=365 * years + 28 * months)
    assert end <= start + timedelta(days=366 * years + 31 * months + 1)


def test_the_latest_of_several_profiles_and_of_several_uses() -> None:
    audio = minimum([THREE_YEARS, THIRTY_DAYS, FIVE_YEARS], {RecordKind.AUDIO}, [date(2026, 6, 1)])
    assert audio == Minimum(date(2029, 6, 1), "three", "12 CFR 1006.100")
    used = minimum([CONSENTS], {RecordKind.CONSENT}, [date(2026, 1, 10), date(2027, 5, 1)])
    assert used is not None
    assert used.until == date(2032, 5, 1)
    assert minimum([THREE_YEARS], CALL_RECORDS, [date(2026, 6, 1)]) is None
    ever = minimum([FOR_EVER], {RecordKind.DNC_ENTRY}, [date(2026, 6, 1)])
    assert ever is not None
    assert ever.holds(date(9000, 1, 1))
    assert ever.free_from is None


@given(
    on=st.dates(date(2025, 1, 1), date(2035, 1, 1)),
    held=st.booleans(),
    until=st.none() | st.dates(date(2025, 1, 1), date(2035, 1, 1)),
    erase=st.booleans(),
    due=st.none() | st.dates(date(2025, 1, 1), date(2035, 1, 1)),
)
def test_hold_over_minimum_over_erasure_over_default(
    on: date, held: bool, until: date | None, erase: bool, due: date | None
) -> None:
    least = None if until is None else Minimum(until, "p", "c")
    found = fate(on, held="court" if held else "", least=least, erase=erase, due=due)
    bound = until is not None and on <= until
    wanted = (
        Ground.LEGAL_HOLD
        if held
        else Ground.STATUTORY_MINIMUM
        if bound
        else Ground.ERASURE
        if erase
        else Ground.DEFAULT_PURGE
        if due is not None and on >= due
        else Ground.NOT_DUE
    )
    assert found.ground is wanted
    assert found.kept == (wanted not in (Ground.ERASURE, Ground.DEFAULT_PURGE))
    if found.ground is Ground.STATUTORY_MINIMUM:
        assert until is not None
        assert found.next_on == until + timedelta(days=1)


def test_the_cases_of_retention_and_erasure() -> None:
    call = KINDS["retention"]([FIVE_YEARS], {"record": "call_detail", "date": "2026-01-15"})
    assert call == {
        "keep_until": "2031-01-15",
        "deletable_on": "2031-01-16",
        "not_deletable_on": "2031-01-15",
    }
    held = KINDS["retention"](
        [FIVE_YEARS], {"record": "call_detail", "date": "2020-01-15", "legal_hold": True}
    )
    assert held["not_deletable_on"] == "2026-07-15"
    assert held["deletable_on"] != "2026-07-15"
    erased = KINDS["erasure_check"](
        [], {"audio_held": False, "metadata_hold_until": "2031-01-15", "date": "2026-07-15"}
    )
    assert erased == {"audio": "purged", "metadata": "kept", "suppression_hash": "kept"}
