from datetime import UTC, date, datetime, timedelta

import pytest

from dialer.compliance.call import CallsToday
from dialer.compliance.in_call import ends_call
from dialer.compliance.profile import ForeignRingback, Profile, RingRule
from dialer.compliance.refusal import RefusalReason
from dialer.compliance.ringing import ForeignAction, Ringing, cut_short, on_foreign_ringback
from dialer.compliance.short_calls import counted_days, is_short, quota_spent, short_call_refusal
from tests.support.rules import SOURCE, profile, shipped

pytestmark = pytest.mark.unit


def of(ids: str) -> list[Profile]:
    return [shipped().profile(which) for which in ids.split()]


def rang(ms: int, rings: int | None = None) -> Ringing:
    return Ringing(1000 + ms, by_dialler=True, ringing_ms=(1000, 9000), rings=rings)


def test_the_first_sign_of_ringing_starts_the_clock() -> None:
    assert rang(15_000).rang_ms == 15_000
    assert cut_short(of("us_ftc_tsr uk_ofcom_2017"), rang(14_999)) == ("us_ftc_tsr", "uk_ofcom_2017")
    assert cut_short(of("us_ftc_tsr uk_ofcom_2017"), rang(15_000)) == ()


def test_four_rings_do_in_america_only() -> None:
    assert cut_short(of("us_ftc_tsr uk_ofcom_2017"), rang(12_000, 4)) == ("uk_ofcom_2017",)
    assert cut_short(of("us_ftc_tsr"), rang(12_000, 3)) == ("us_ftc_tsr",)


def test_the_floor_holds_where_no_law_does() -> None:
    assert cut_short(of("cn_miit_2020 project_default"), rang(14_999)) == ("project_default",)
    assert cut_short(of("us_ftc_tsr project_default"), rang(12_000, 4)) == ()


@pytest.mark.parametrize(
    "leg",
    [
        Ringing(8000, by_dialler=False, ringing_ms=(2000,)),
        Ringing(1200, by_dialler=True, invite_ms=0, delay_ms=4000),
        Ringing(1200, by_dialler=True),
    ],
)
def test_what_the_network_ends_or_never_rang_is_no_violation(leg: Ringing) -> None:
    assert cut_short(of("us_ftc_tsr"), leg) == ()


class TestForeignRingback:
    def test_at_once_where_nothing_holds_it_back(self) -> None:
        made = on_foreign_ringback(of("cn_consumer_2024 project_default"), 0, 1400)
        assert (made.action, made.cancel_at_ms, made.min_ring_violated) == (ForeignAction.CANCEL, 1400, False)
        assert made.came_from == ("cn_consumer_2024",)

    def test_a_ring_minimum_of_another_profile_holds_it_back(self) -> None:
        held = profile("x", ring=RingRule(18_000, SOURCE), on_foreign_ringback=ForeignRingback.HANG_UP_NOW)
        made = on_foreign_ringback([*of("cn_miit_2020"), held], 500, 1400)
        assert (made.policy, made.cancel_at_ms) == (ForeignRingback.HANG_UP_NOW, 18_500)
        assert not made.min_ring_violated

    def test_china_and_america_together_ring_fifteen_seconds(self) -> None:
        assert on_foreign_ringback(of("cn_miit_2020 us_ftc_tsr"), 0, 1400).cancel_at_ms == 15_000

    def test_a_country_that_has_not_settled_it_rings_out_our_own_minimum(self) -> None:
        made = on_foreign_ringback(of("de_uwg"), 0, 1400)
        assert (made.policy, made.cancel_at_ms) == (ForeignRingback.HANG_UP_AFTER_MIN_RING, 15_000)

    def test_an_answer_in_time_is_an_answered_call(self) -> None:
        for answered, action in ((15_000, ForeignAction.NONE), (15_001, ForeignAction.CANCEL)):
            made = on_foreign_ringback(of("us_ftc_tsr"), 0, 1400, answered)
            assert made.action is action
            assert made.flagged is (action is ForeignAction.NONE)

    def test_an_override_is_carried_out_and_its_violation_kept(self) -> None:
        made = on_foreign_ringback(of("us_ftc_tsr"), 0, 1400, override=ForeignRingback.HANG_UP_NOW)
        assert (made.came_from, made.cancel_at_ms, made.min_ring_violated) == (("override",), 1400, True)
        made = on_foreign_ringback(of("cn_miit_2020"), 0, 1400, override=ForeignRingback.HANG_UP_NOW)
        assert not made.min_ring_violated


def test_brazil_counts_by_the_limit_of_the_day() -> None:
    rule = shipped().profile("br_anatel").short_calls
    assert rule is not None
    five = timedelta(seconds=5)
    assert not is_short(rule, date(2024, 5, 31), five, to_voicemail=False)
    assert is_short(rule, date(2024, 6, 1), five, to_voicemail=False)
    assert not is_short(rule, date(2026, 1, 1), timedelta(seconds=6, microseconds=1), to_voicemail=False)
    assert is_short(rule, date(2026, 1, 1), timedelta(minutes=2), to_voicemail=True)
    assert not quota_spent(rule, 100_000, 100_000)
    assert quota_spent(rule, 100_001, 100_001)


def test_too_many_short_calls_end_the_day_in_brazil_at_the_midnight_of_brasilia() -> None:
    profiles, now = of("br_anatel br_anatel_auth"), datetime(2026, 1, 6, 1, tzinfo=UTC)
    (day,) = counted_days(profiles, now)
    midnight = datetime(2026, 1, 6, 3, tzinfo=UTC)
    assert (day.prefixes, day.ends, day.longest) == (("+55",), midnight, timedelta(seconds=6))
    assert day.begins == midnight - timedelta(days=1)
    over = [CallsToday("br_anatel", 120_000, 102_001, day.ends)]
    refused = short_call_refusal(profiles, over, now)
    assert refused is not None
    assert (refused.reason, refused.profile, refused.until) == (
        RefusalReason.SHORT_CALLS,
        "br_anatel",
        midnight,
    )
    assert short_call_refusal(profiles, over, midnight) is None
    assert short_call_refusal(profiles, [CallsToday("br_anatel", 120_000, 102_000, day.ends)], now) is None
    assert short_call_refusal(of("us_fcc_tcpa"), over, now) is None


def test_what_ends_a_call() -> None:
    assert ends_call(of("hk_ptp"), "party_is_abroad") == ("hk_ptp", "party_abroad")
    assert ends_call(of("hk_ptp"), "party_coughs") is None
    assert ends_call(of("us_ftc_tsr"), "party_is_abroad") is None
