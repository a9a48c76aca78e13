from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.compliance.attempts import attempt_refusal, cooling_refusal
from dialer.compliance.call import NextCall, PastCall
from dialer.compliance.profile import AttemptCap, CapKey, CapWindow, CoolingAfter, CoolingRule, Profile
from dialer.compliance.refusal import Refusal, RefusalReason
from tests.support.rules import SOURCE, profile, shipped

pytestmark = pytest.mark.unit

NEW_YORK = ("America/New_York",)
NOON = datetime.fromisoformat("2026-07-15T12:00:00-04:00")


def capped(most: int, window: CapWindow, key: CapKey = CapKey.PERSON) -> Profile:
    return profile(attempts=(AttemptCap(most, window, key, SOURCE),))


def attempts(
    rules: Profile, history: list[PastCall], at: datetime = NOON, zones: tuple[str, ...] = NEW_YORK
) -> Refusal | None:
    return attempt_refusal([rules], history, NextCall(at), zones)


def past(*hours_ago: float) -> list[PastCall]:
    return [PastCall(NOON - timedelta(hours=hours)) for hours in hours_ago]


def test_24_hours_are_elapsed_time() -> None:
    rules = capped(1, CapWindow.ROLLING_24H)
    almost = timedelta(hours=24) - timedelta(microseconds=1)
    assert attempts(rules, past(24)) is None
    found = attempts(rules, [PastCall(NOON - almost)])
    assert found is not None
    assert found.until == NOON + timedelta(microseconds=1)


def test_until_is_when_enough_calls_have_left_the_window() -> None:
    found = attempts(capped(2, CapWindow.ROLLING_24H), past(23, 20, 1))
    assert found is not None
    assert found.until == NOON + timedelta(hours=4)


def test_a_clock_that_was_set_back_does_not_forget() -> None:
    assert attempts(capped(1, CapWindow.ROLLING_24H), past(-1)) is not None
    assert attempts(capped(1, CapWindow.DAYS_7), past(-1)) is not None


def test_days_are_those_of_the_called_party_and_of_the_strictest_zone() -> None:
    rules = capped(1, CapWindow.CALENDAR_DAY)
    yesterday = [PastCall(datetime.fromisoformat("2026-07-14T23:30:00-04:00"))]
    morning = datetime.fromisoformat("2026-07-15T09:00:00-04:00")
    assert attempts(rules, yesterday, morning) is None
    found = attempts(rules, yesterday, morning, ("America/New_York", "Asia/Shanghai"))
    assert found is not None
    assert found.until == datetime.fromisoformat("2026-07-16T00:00:00+08:00")


def test_a_week_begins_on_monday() -> None:
    rules = capped(1, CapWindow.CALENDAR_WEEK)
    monday = datetime.fromisoformat("2026-07-13T00:30:00-04:00")
    assert attempts(rules, [PastCall(monday - timedelta(hours=1))], monday) is None
    found = attempts(rules, [PastCall(monday)], NOON)
    assert found is not None
    assert found.until == datetime.fromisoformat("2026-07-20T00:00:00-04:00")


@pytest.mark.parametrize(
    ("key", "other", "counts"),
    [
        (CapKey.NUMBER, {"same_number": False}, False),
        (CapKey.PERSON, {"same_number": False}, True),
        (CapKey.DEBTOR, {"debt": "other"}, True),
        (CapKey.PERSON_SUBJECT, {"subject": "other"}, False),
        (CapKey.PERSON_SUBJECT, {"subject": " ROOF "}, True),
        (CapKey.PERSON_SUBJECT, {"subject": ""}, True),  # unknown: taken to be the same
        (CapKey.PERSON_DEBT, {"debt": "other"}, False),
        (CapKey.PERSON_DEBT, {"debt": "d1", "same_number": False}, True),
        (CapKey.CONSUMER_PROFESSIONAL, {"seller": "other"}, False),
        (CapKey.CONSUMER_PROFESSIONAL, {"seller": "acme"}, True),
    ],
)
def test_what_counts_together(key: CapKey, other: dict[str, object], counts: bool) -> None:
    call = replace(PastCall(NOON - timedelta(hours=1)), **other)  # type: ignore[arg-type]
    wanted = NextCall(NOON, subject="roof", debt="d1", seller="Acme")
    rules = capped(1, CapWindow.ROLLING_24H, key)
    assert (attempt_refusal([rules], [call], wanted, NEW_YORK) is not None) is counts


class TestRegulationF:
    REGF = shipped().profile("us_regf")

    def calls(self, number: int, **facts: object) -> list[PastCall]:
        made = [PastCall(NOON - timedelta(hours=1 + each), debt="d1") for each in range(number)]
        return [replace(call, **facts) for call in made]  # type: ignore[arg-type]

    def refused(self, history: list[PastCall], consented: bool = False) -> bool:
        wanted = NextCall(NOON, debt="d1", consented=consented)
        return any(
            check([self.REGF], history, wanted, NEW_YORK) is not None
            for check in (attempt_refusal, cooling_refusal)
        )

    def test_seven_in_seven_days(self) -> None:
        assert not self.refused(self.calls(6))
        assert self.refused(self.calls(7))

    def test_consent_to_be_called_lifts_nothing_but_a_call_agreed_to_is_free(self) -> None:
        assert self.refused(self.calls(7))
        assert not self.refused(self.calls(7), consented=True)
        assert not self.refused([*self.calls(6), *self.calls(3, consented=True)])

    def test_calls_that_did_not_reach_the_number_are_free(self) -> None:
        assert not self.refused([*self.calls(6), *self.calls(9, connected=False)])

    def test_another_debt_has_its_own_count(self) -> None:
        assert not self.refused(self.calls(7, debt="d2"))

    def test_seven_days_after_a_conversation(self) -> None:
        spoke = datetime.fromisoformat("2026-07-01T10:00:00-04:00")
        history = [PastCall(spoke, debt="d1", conversation=True)]
        for day, refused in ((1, True), (6, True), (7, False)):
            wanted = NextCall(spoke + timedelta(days=day), debt="d1")
            found = cooling_refusal([self.REGF], history, wanted, NEW_YORK)
            assert (found is not None) is refused
            if found is not None:
                assert found.reason is RefusalReason.CONVERSATION_COOLDOWN
                assert found.until == datetime.fromisoformat("2026-07-08T00:00:00-04:00")


def rested(which: str, call: PastCall, wanted: NextCall, zone: str) -> Refusal | None:
    return cooling_refusal([shipped().profile(which)], [call], wanted, [zone])


def test_france_sixty_days_after_a_refusal() -> None:
    call = PastCall(datetime.fromisoformat("2026-04-09T11:00:00+02:00"), refused=True)
    for day, refused in ((60, True), (61, False)):
        assert (
            rested("fr_conso_2023", call, NextCall(call.at + timedelta(days=day)), "Europe/Paris") is not None
        ) is refused


def test_china_six_months_after_a_refusal() -> None:
    call = PastCall(datetime.fromisoformat("2026-01-15T11:00:00+08:00"), refused=True, same_number=False)
    on, after = (
        datetime.fromisoformat("2026-07-15T11:00:00+08:00"),
        datetime.fromisoformat("2026-07-16T00:00:00+08:00"),
    )
    found = rested("cn_insurance", call, NextCall(on), "Asia/Shanghai")
    assert found is not None
    assert (found.reason, found.until) == (RefusalReason.REFUSAL_COOLING, after)
    assert rested("cn_insurance", call, NextCall(after), "Asia/Shanghai") is None


def test_britain_72_hours_over_a_change_of_clocks() -> None:
    call = PastCall(datetime.fromisoformat("2026-03-28T12:00:00+00:00"), abandoned=True)
    free = datetime.fromisoformat("2026-03-31T13:00:00+01:00")
    found = rested("uk_ofcom_2017", call, NextCall(free - timedelta(seconds=1)), "Europe/London")
    assert found is not None
    assert found.until == free
    assert rested("uk_ofcom_2017", call, NextCall(free), "Europe/London") is None
    assert (
        rested("uk_ofcom_2017", replace(call, same_number=False), NextCall(call.at), "Europe/London") is None
    )


def test_britain_the_day_of_a_machine_verdict_binds_detectors_only() -> None:
    call = PastCall(NOON, machine_verdict=True)
    later = NOON + timedelta(hours=2)
    assert rested("uk_ofcom_2017", call, NextCall(later, detector=True), "Europe/London") is not None
    assert rested("uk_ofcom_2017", call, NextCall(later), "Europe/London") is None
    reserved = NextCall(later, detector=True, operator_reserved=True)
    assert rested("uk_ofcom_2017", call, reserved, "Europe/London") is None


def test_of_several_the_longest() -> None:
    hours = CoolingRule(CoolingAfter.REFUSAL, "refusal_cooling", SOURCE, hours=1)
    days = CoolingRule(CoolingAfter.REFUSAL, "refusal_cooling", SOURCE, days=10)
    both = [profile("short", cooling=(hours,)), profile("long", cooling=(days,))]
    found = cooling_refusal(both, [PastCall(NOON, refused=True)], NextCall(NOON), NEW_YORK)
    assert found is not None
    assert found.profile == "long"


@pytest.mark.parametrize("zones", [(), ("Nowhere/At_All",)])
def test_without_a_zone_nothing_can_be_counted(zones: tuple[str, ...]) -> None:
    found = attempts(capped(1, CapWindow.CALENDAR_DAY), [], zones=zones)
    assert found is not None
    assert found.reason is RefusalReason.UNKNOWN_TIME_ZONE


def test_a_time_without_a_zone_cannot_be_counted() -> None:
    found = attempts(capped(5, CapWindow.CALENDAR_DAY), [PastCall(datetime(2026, 7, 15))])  # noqa: DTZ001
    assert found is not None
    assert found.reason is RefusalReason.UNKNOWN_TIME_ZONE


def test_no_rule_asks_nothing() -> None:
    assert attempts(profile(), past(1, 2), zones=()) is None


@given(
    st.lists(st.floats(-30, 900), max_size=12),
    st.sampled_from(list(CapWindow)),
    st.integers(1, 4),
    st.sampled_from(("America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")),
)
@settings(deadline=None, max_examples=60)
def test_until_is_the_first_moment_allowed(
    hours_ago: list[float], window: CapWindow, most: int, zone: str
) -> None:
    rules, history = capped(most, window), past(*hours_ago)
    found = attempts(rules, history, zones=(zone,))
    if found is None:
        assert attempts(rules, history[1:], zones=(zone,)) is None
        return
    assert found.until is not None
    assert found.until > NOON.astimezone(UTC)
    assert attempts(rules, history, found.until, zones=(zone,)) is None
    just_before = found.until - timedelta(microseconds=1)
    assert attempts(rules, history, just_before, zones=(zone,)) is not None
    assert attempts(rules, [*history, PastCall(NOON)], zones=(zone,)) is not None
