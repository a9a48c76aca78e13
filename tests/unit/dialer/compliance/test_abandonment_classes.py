from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.abandonment_classes import (
    AnsweredBy,
    Because,
    CallClass,
    HangupBy,
    LiveAnswer,
    SentTo,
    classify,
    strictest,
)
from dialer.compliance.profile import (
    ClockStart,
    ConnectRule,
    MessagePart,
    MessageRule,
    Nature,
    Profile,
    Scope,
    Source,
)

T0 = datetime(2026, 3, 2, 15, tzinfo=UTC)
LAW = Source("47 CFR 64.1200(a)(7)", "V")


def profile(clock: ClockStart, message: MessageRule | None = None, name: str = "a") -> Profile:
    return Profile(
        name,
        name,
        Nature.LAW,
        Scope(),
        date(2026, 1, 1),
        connect=ConnectRule(2000, clock, LAW),
        message=message,
    )


PARTS = frozenset({MessagePart.SELLER_NAME})
PROMPTLY = MessageRule(PARTS, LAW)
IN_2_S = MessageRule(PARTS, LAW, within_ms=2000, violation="fcc_message_violation")
US, FTC = profile(ClockStart.GREETING_END, IN_2_S, "fcc"), profile(ClockStart.GREETING_END, PROMPTLY, "ftc")
UK = profile(
    ClockStart.GREETING_START,
    MessageRule(PARTS, LAW, 2000, ClockStart.GREETING_START, "uk_message_violation"),
)


def at(ms: int | None) -> datetime | None:
    return None if ms is None else T0 + timedelta(milliseconds=ms)


def call(
    *,
    start: int | None = 400,
    end: int | None = 1200,
    joined: int | None = None,
    message: int | None = None,
    hangup: int | None = None,
    by: HangupBy | None = HangupBy.PERSON,
    sent_to: SentTo | None = None,
    verdict: AnsweredBy | None = AnsweredBy.PERSON,
    reviewed: AnsweredBy | None = None,
    prerecorded: bool = False,
    optout: int | None = None,
) -> LiveAnswer:
    return LiveAnswer(
        T0, at(start), at(end), at(joined), at(message), at(optout), at(hangup), by if hangup else None, sent_to,
        verdict, reviewed, prerecorded,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "expected", "because"),
    [
        (call(joined=3200), CallClass.JOINED, Because.JOINED_IN_TIME),
        (call(joined=3201, hangup=600_000), CallClass.ABANDONED, Because.JOINED_LATE),
        (call(message=2700), CallClass.ABANDONED, Because.SENT_TO_MESSAGE),
        (call(hangup=3200), CallClass.EARLY_HANGUP, Because.LEFT_IN_TIME),
        (call(hangup=3201), CallClass.ABANDONED, Because.LEFT_LATE),
        (call(hangup=2000, by=HangupBy.DIALLER), CallClass.ABANDONED, Because.DROPPED),
        (call(hangup=2000, by=None), CallClass.ABANDONED, Because.DROPPED),
        (call(sent_to=SentTo.IVR), CallClass.ABANDONED, Because.SENT_TO_IVR),
        (call(sent_to=SentTo.IVR, hangup=1500), CallClass.ABANDONED, Because.SENT_TO_IVR),
        (call(sent_to=SentTo.HOLD, joined=9000), CallClass.ABANDONED, Because.JOINED_LATE),
        (call(verdict=AnsweredBy.MACHINE, hangup=2500), CallClass.MACHINE, Because.MACHINE_DETECTED),
        (call(joined=1500, reviewed=AnsweredBy.MACHINE), CallClass.MACHINE, Because.MACHINE_CONFIRMED),
        (
            call(verdict=AnsweredBy.MACHINE, reviewed=AnsweredBy.PERSON, hangup=2500, by=HangupBy.DIALLER),
            CallClass.ABANDONED,
            Because.DROPPED,
        ),
        (call(verdict=AnsweredBy.MACHINE, message=2000, optout=5000), CallClass.ABANDONED, Because.SENT_TO_MESSAGE),
        (call(prerecorded=True, message=3200), CallClass.PLAYED, Because.MESSAGE_IN_TIME),
        (call(prerecorded=True, message=3201), CallClass.ABANDONED, Because.MESSAGE_LATE),
        (call(start=None, end=None, joined=2000), CallClass.JOINED, Because.JOINED_IN_TIME),
        (call(start=None, end=None, joined=2001), CallClass.ABANDONED, Because.JOINED_LATE),
    ],
)  # fmt: skip
def test_the_class_of_a_call_two_seconds_after_the_greeting(
    answer: LiveAnswer, expected: CallClass, because: Because
) -> None:
    found = classify(answer, US)
    assert (found.call_class, found.because) == (expected, because)
    assert found.in_a == (expected is CallClass.ABANDONED)
    assert found.in_h == (expected is not CallClass.MACHINE)


def test_a_long_greeting_is_joined_in_time_in_america_and_abandoned_in_britain() -> None:
    answer = call(start=300, end=6300, joined=6800)
    assert classify(answer, US).call_class is CallClass.JOINED
    assert classify(answer, UK).call_class is CallClass.ABANDONED
    both = strictest([classify(answer, US), classify(answer, UK)])
    assert (both.in_a, both.profile) == (True, UK.id)


@pytest.mark.parametrize(
    ("answer", "ok", "violations"),
    [
        (call(message=3200, hangup=9000), True, set()),
        (call(message=3201, hangup=9000), False, {"fcc_message_violation"}),
        (call(hangup=5000), False, {"message_missing"}),  # two seconds were over, and nothing was to be heard
        (call(hangup=2000, by=HangupBy.DIALLER), False, {"message_missing"}),
        (call(hangup=3100), None, set()),
        (call(joined=3000), None, set()),
    ],
)
def test_the_message_is_judged_apart_from_the_class(
    answer: LiveAnswer, ok: bool | None, violations: set[str]
) -> None:
    found = classify(answer, US)
    assert (found.message_ok, set(found.violations)) == (ok, violations)


def test_promptly_has_no_figure() -> None:
    assert classify(call(message=9000, hangup=20_000), FTC).message_ok is True
    assert classify(call(hangup=2500, by=HangupBy.DIALLER), FTC).violations == {"message_missing"}
    assert classify(call(hangup=5000), FTC).violations == frozenset()
    late = strictest([classify(call(message=3700), each) for each in (FTC, US)])
    assert (late.message_ok, set(late.violations)) == (False, {"fcc_message_violation"})


def test_those_who_leave_early_are_answered_unless_policy_says_otherwise() -> None:
    left = call(hangup=2200)
    assert classify(left, US).in_h
    assert not classify(left, US, early_hangup_in_h=False).in_h


def test_an_open_call_is_abandoned_once_the_time_is_over() -> None:
    def until(ms: int) -> CallClass:
        return classify(LiveAnswer(T0, known_until=at(ms)), US).call_class

    assert (until(2000), until(2001)) == (CallClass.PENDING, CallClass.ABANDONED)


def test_nothing_is_classified_under_no_profile() -> None:
    with pytest.raises(ValueError, match="at least one profile"):
        strictest([])


_MS = st.none() | st.integers(0, 8000)
_ANSWERS = st.builds(
    call,
    start=_MS,
    end=_MS,
    joined=_MS,
    message=_MS,
    hangup=_MS,
    by=st.none() | st.sampled_from(HangupBy),
    sent_to=st.none() | st.sampled_from(SentTo),
    verdict=st.none() | st.sampled_from(AnsweredBy),
    reviewed=st.none() | st.sampled_from(AnsweredBy),
    prerecorded=st.booleans(),
    optout=_MS,
)


@given(_ANSWERS)
def test_every_answer_counts_once_and_what_is_abandoned_was_answered(answer: LiveAnswer) -> None:
    for rules in (US, FTC, UK):
        found = classify(answer, rules)
        assert found.in_a == (found.call_class is CallClass.ABANDONED)
        assert found.in_h or not found.in_a
        assert found.call_class in CallClass
        assert found.violations == frozenset() or found.message_ok is False


@given(_ANSWERS, st.permutations((US, FTC, UK)))
def test_the_strictest_of_several_does_not_depend_on_their_order(
    answer: LiveAnswer, rules: Sequence[Profile]
) -> None:
    found = strictest([classify(answer, each) for each in rules])
    again = strictest([classify(answer, each) for each in (US, FTC, UK)])
    assert (found.in_a, found.violations, found.message_ok) == (
        again.in_a,
        again.violations,
        again.message_ok,
    )
    assert found.in_a == any(classify(answer, each).in_a for each in rules)


@given(_ANSWERS)
def test_a_message_never_takes_a_call_out_of_the_numerator(answer: LiveAnswer) -> None:
    quiet = [AnsweredBy.PERSON, None]
    if answer.prerecorded or answer.verdict not in quiet or answer.reviewed not in quiet:
        return
    with_message = LiveAnswer(
        T0, answer.greeting_start, answer.greeting_end, answer.joined_at, at(100), None, answer.ended_at,
        answer.ended_by, answer.sent_to,
    )  # fmt: skip
    for rules, heard in product((US, UK), (answer, with_message)):
        assert classify(with_message, rules).in_a >= classify(heard, rules).in_a
