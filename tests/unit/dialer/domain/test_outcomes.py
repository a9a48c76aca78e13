"""Causes become dispositions, dispositions become the next step of the contact."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.contact import ContactSignal
from dialer.domain.disposition import Disposition, HangupCause, of_unanswered
from dialer.domain.recycling import RetryRule, aftermath, default_retry_rules

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
D, S = Disposition, ContactSignal


@pytest.mark.parametrize(
    ("q850", "sip", "disposition"),
    [
        (17, 486, D.BUSY),
        (17, 600, D.BUSY),
        (21, 403, D.REJECTED),
        (21, 603, D.REJECTED),
        (1, 404, D.NOT_IN_SERVICE),
        (0, 410, D.NOT_IN_SERVICE),
        (28, 484, D.NOT_IN_SERVICE),
        (19, 480, D.NO_ANSWER),
        (18, 408, D.NO_ANSWER),
        (34, 503, D.CONGESTION),
        (42, None, D.CONGESTION),
        (17, None, D.BUSY),
        (21, 608, D.REJECTED),
        (127, 502, D.CONGESTION),
        (111, None, D.FAILED),
        (0, None, D.FAILED),
    ],
)
def test_a_refused_call_gets_the_disposition_of_its_cause(
    q850: int, sip: int | None, disposition: Disposition
) -> None:
    assert of_unanswered(HangupCause(q850, sip)) is disposition


@given(q850=st.integers(0, 1000), sip=st.none() | st.integers(0, 999))
def test_every_cause_has_a_disposition_that_says_nobody_answered(q850: int, sip: int | None) -> None:
    assert of_unanswered(HangupCause(q850, sip)) in {
        D.BUSY,
        D.NO_ANSWER,
        D.REJECTED,
        D.NOT_IN_SERVICE,
        D.CONGESTION,
        D.FAILED,
    }


def after(disposition: Disposition, **changed: object) -> tuple[ContactSignal, datetime | None, bool]:
    facts: dict[str, object] = {
        "ended_at": NOW,
        "times_so": 1,
        "attempts": 1,
        "most_attempts": 6,
        "other_numbers": 0,
    }
    step = aftermath(disposition, default_retry_rules(), **{**facts, **changed})  # type: ignore[arg-type]
    return step.signal, step.due_at, step.number_is_dead


def test_busy_is_tried_again_after_its_delay_until_its_limit() -> None:
    rule = default_retry_rules()[D.BUSY]
    assert after(D.BUSY) == (S.RETRY, NOW + rule.delay, False)
    assert after(D.BUSY, times_so=rule.most) == (S.EXHAUST, None, False)


def test_a_conversation_ends_the_contact() -> None:
    assert after(D.CONNECTED) == (S.FINISH, None, False)


def test_a_dead_number_gives_way_to_the_next_and_without_one_the_contact_is_exhausted() -> None:
    assert after(D.NOT_IN_SERVICE, other_numbers=1)[::2] == (S.RETRY, True)
    assert after(D.NOT_IN_SERVICE) == (S.EXHAUST, None, True)


def test_who_asks_not_to_be_called_is_never_called() -> None:
    assert after(D.DO_NOT_CALL) == (S.BLOCK, None, True)


def test_who_is_not_interested_is_left_in_peace_unless_the_plan_says_otherwise() -> None:
    assert after(D.NOT_INTERESTED) == (S.FINISH, None, False)


def test_an_agreed_call_back_comes_at_its_time_whatever_the_rules() -> None:
    at = NOW + timedelta(hours=3)
    assert after(D.CALLBACK, callback_at=at, attempts=6) == (S.RETRY, at, False)


def test_an_abandoned_person_is_left_in_peace_for_three_days() -> None:
    assert after(D.ABANDONED) == (S.RETRY, NOW + timedelta(hours=72), False)


def test_the_gate_can_only_make_the_wait_longer() -> None:
    late, soon = NOW + timedelta(days=2), NOW + timedelta(minutes=1)
    assert after(D.REFUSED, not_before=late)[1] == late
    assert after(D.REFUSED, not_before=soon)[1] == NOW + default_retry_rules()[D.REFUSED].delay


@given(
    disposition=st.sampled_from(list(D)),
    times_so=st.integers(1, 50),
    attempts=st.integers(0, 50),
    other_numbers=st.integers(0, 3),
    delay_s=st.integers(0, 10**6),
)
def test_a_contact_is_either_due_later_or_at_its_end(
    disposition: Disposition, times_so: int, attempts: int, other_numbers: int, delay_s: int
) -> None:
    rules = {each: RetryRule(timedelta(seconds=delay_s), 3) for each in D}
    step = aftermath(
        disposition,
        rules,
        ended_at=NOW,
        times_so=times_so,
        attempts=attempts,
        most_attempts=6,
        other_numbers=other_numbers,
    )
    assert (step.signal is S.RETRY) == (step.due_at is not None)
    assert step.due_at is None or step.due_at >= NOW
    assert step.because
    if attempts >= 6:
        assert step.signal is not S.RETRY
