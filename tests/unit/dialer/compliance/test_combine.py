from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.compliance.combine import combine
from dialer.compliance.profile import (
    AbandonmentRule,
    ClockStart,
    ConnectRule,
    ForeignRingback,
    HoursRule,
    Nature,
    Profile,
    RecordKind,
    RetentionRule,
    RingRule,
    WindowRule,
)
from dialer.compliance.rulebook import Rulebook
from tests.support.rules import SOURCE, profile, shipped

pytestmark = pytest.mark.unit

everything = st.lists(st.sampled_from(sorted(shipped().profiles)), min_size=1, max_size=8)


def of(ids: list[str]) -> list[Profile]:
    return [shipped().profile(which) for which in ids]


@given(everything, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=40)
def test_neither_order_nor_repetition_matters(ids: list[str], random: object) -> None:
    mixed = [*ids, *ids]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert combine(of(mixed)) == combine(of(ids))


@given(everything, st.sampled_from(sorted(shipped().profiles)))
@settings(deadline=None, max_examples=60)
def test_one_more_profile_is_never_less_strict(ids: list[str], other: str) -> None:
    before, after = combine(of(ids)), combine(of([*ids, other]))
    if before.max_abandon_bp is not None:
        assert after.max_abandon_bp is not None
        assert after.max_abandon_bp <= before.max_abandon_bp
    if before.scrub_age_days is not None:
        assert after.scrub_age_days is not None
        assert after.scrub_age_days <= before.scrub_age_days
    assert set(before.attempts) <= set(after.attempts)
    assert set(before.cooling) <= set(after.cooling)
    assert before.message_parts <= after.message_parts
    assert before.registries <= after.registries
    assert after.caller_id_proof >= before.caller_id_proof
    for kind, kept in before.retention.items():
        longer = after.retention[kind]
        assert longer.for_ever or (longer.years, longer.months, longer.days) >= (
            kept.years,
            kept.months,
            kept.days,
        )


def ring(which: str, least_ms: int, or_rings: int | None = None, floor: bool = False) -> Profile:
    nature = Nature.PROJECT_POLICY if floor else Nature.LAW
    return profile(which, ring=RingRule(least_ms, SOURCE, or_rings), floor=floor, nature=nature)


def test_rings_instead_of_seconds_only_where_all_allow_it() -> None:
    us, uk, floor = ring("us", 15_000, 4), ring("uk", 15_000), ring("floor", 20_000, floor=True)
    assert (combine([us]).ring_least_ms, combine([us]).ring_or_rings) == (15_000, 4)
    assert combine([us, uk]).ring_or_rings is None
    assert combine([us, profile("silent")]).ring_or_rings == 4
    assert (combine([us, floor]).ring_least_ms, combine([us, floor]).ring_or_rings) == (15_000, 4)
    assert combine([floor, profile("silent")]).ring_least_ms == 20_000
    assert combine([profile("silent")]).ring_least_ms is None


def test_the_floor_s_clock_gives_way_to_the_law_s() -> None:
    law = profile("law", connect=ConnectRule(2000, ClockStart.GREETING_END, SOURCE))
    floor = profile("floor", connect=ConnectRule(2000, ClockStart.ANSWER, SOURCE), floor=True)
    assert [rule.clock for rule in combine([law, floor]).connect] == [ClockStart.GREETING_END]
    assert [rule.clock for rule in combine([floor]).connect] == [ClockStart.ANSWER]


def test_an_early_warning_is_no_limit() -> None:
    warning = AbandonmentRule(100, WindowRule.ROLLING_DAY, SOURCE, guard=True)
    law = AbandonmentRule(500, WindowRule.CALENDAR_MONTH, SOURCE)
    assert combine([profile("a", abandonment=(warning, law))]).max_abandon_bp == 500
    assert combine([profile("a", abandonment=(warning,))]).max_abandon_bp is None


def test_the_ring_back_policy_that_rings_longest() -> None:
    now = profile("cn", on_foreign_ringback=ForeignRingback.HANG_UP_NOW)
    wait = profile("us", on_foreign_ringback=ForeignRingback.HANG_UP_AFTER_MIN_RING)
    mark = profile("op", on_foreign_ringback=ForeignRingback.FLAG_ONLY)
    policy = profile("guard", nature=Nature.PROJECT_POLICY)
    assert combine([now]).on_foreign_ringback is ForeignRingback.HANG_UP_NOW
    assert combine([now, policy]).on_foreign_ringback is ForeignRingback.HANG_UP_NOW
    assert combine([now, profile("silent law")]).on_foreign_ringback is ForeignRingback.HANG_UP_AFTER_MIN_RING
    assert combine([now, wait]).on_foreign_ringback is ForeignRingback.HANG_UP_AFTER_MIN_RING
    assert combine([now, wait, mark]).on_foreign_ringback is ForeignRingback.FLAG_ONLY
    assert combine([]).on_foreign_ringback is ForeignRingback.HANG_UP_AFTER_MIN_RING


def test_where_the_hours_come_from() -> None:
    early = profile("early", hours=HoursRule(((time(8), time(20)),), SOURCE))
    late = profile("late", hours=HoursRule(((time(9), time(21)),), SOURCE, sunday=()))
    wide = profile("wide", hours=HoursRule(((time(7), time(22)),), SOURCE))
    combined = combine([early, late, wide])
    assert combined.hours_weekdays == ((time(9), time(20)),)
    assert combined.came_from["hours_weekdays"] == ("early", "late")
    assert combined.hours_sunday == ()
    assert combined.came_from["hours_sunday"] == ("late",)
    assert combined.hours_holiday is None


def test_the_longest_is_kept() -> None:
    short = RetentionRule(RecordKind.AUDIO, SOURCE, months=30)
    long = RetentionRule(RecordKind.AUDIO, SOURCE, years=3)
    ever = RetentionRule(RecordKind.AUDIO, SOURCE, for_ever=True)
    assert combine([profile("a", retention=(short, long))]).retention == {RecordKind.AUDIO: long}
    assert combine([profile("a", retention=(long, ever))]).retention == {RecordKind.AUDIO: ever}


def test_a_profile_that_was_or_will_be_takes_no_part() -> None:
    once = profile("once", effective_to=date(2017, 2, 28))
    now = profile("now", effective_from=date(2017, 3, 1))
    book = Rulebook({"once": once, "now": now}, "")
    assert book.in_force(date(2017, 2, 28)) == (once,)
    assert book.in_force(date(2017, 3, 1)) == (now,)
