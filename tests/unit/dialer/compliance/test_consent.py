"""Which consent stands, and what a revocation stops."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.compliance.consent import REVOKE_ALL_FROM, reassigned_answer, revocation_stops, standing
from dialer.compliance.profile import ConsentKind
from dialer.domain.consent import Consent, GivenKind, Reassigned, ReassignedAnswer, Revocation, RevokedBy
from dialer.domain.phone_number import PhoneNumber

NUMBER = PhoneNumber("+12025550123")
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def consent(days_ago: int = 10, **more: Any) -> Consent:
    fields: dict[str, Any] = {"kind": GivenKind.EXPRESS, "source": "form", **more}
    return Consent(NUMBER, given_at=NOW - days_ago * DAY, **fields)


def taken_back(days_ago: int = 5, **more: Any) -> Revocation:
    return Revocation(NUMBER, NOW - days_ago * DAY, RevokedBy.AGENT, **more)


def test_without_a_record_there_is_none() -> None:
    assert standing([], [], "", "", NOW).kind is ConsentKind.NONE


def test_the_written_one_counts_and_a_revocation_before_it_is_over() -> None:
    found = standing(
        [consent(3, id=1), consent(4, kind=GivenKind.WRITTEN, id=2)], [taken_back(6)], "", "", NOW
    )
    assert (found.kind, found.id, found.revoked) == (ConsentKind.WRITTEN, 2, ())


@pytest.mark.parametrize(
    "grant",
    [
        consent(expires_at=NOW),
        consent(-1),
        consent(revoked_at=NOW - DAY, revoked_by=RevokedBy.API),
        consent(seller="Other"),
        consent(topic="cards"),
    ],
    ids=["expired", "not given yet", "taken back", "another seller's", "another topic"],
)
def test_a_consent_that_does_not_stand(grant: Consent) -> None:
    assert standing([grant], [], "Acme", "loans", NOW).kind is ConsentKind.NONE


def test_case_and_spaces_of_names_do_not_matter() -> None:
    grant = consent(seller=" ACME ", topic="Loans")
    assert standing([grant], [], "acme", "loans", NOW).kind is ConsentKind.EXPRESS


def test_a_call_on_no_topic_needs_a_consent_to_all() -> None:
    assert standing([consent(topic="loans")], [], "", "", NOW).kind is ConsentKind.NONE
    assert standing([consent()], [], "", "loans", NOW).kind is ConsentKind.EXPRESS


def test_a_revocation_ends_the_consent_on_its_topic_and_is_told_for_the_others() -> None:
    no = taken_back(topic="cards")
    same = standing([consent()], [no], "", "cards", NOW)
    other = standing([consent()], [no], "", "loans", NOW)
    assert (same.kind, same.revoked) == (ConsentKind.NONE, (("cards", no.at),))
    assert (other.kind, other.revoked) == (ConsentKind.EXPRESS, (("cards", no.at),))


def test_a_revocation_of_another_seller_is_not_ours_but_one_of_all_is() -> None:
    assert standing([consent()], [taken_back(seller="Other")], "", "", NOW).revoked == ()
    assert standing([consent()], [taken_back()], "", "", NOW).kind is ConsentKind.NONE


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_last_word_counts_and_at_the_same_moment_it_is_no(granted: int, revoked: int) -> None:
    found = standing([consent(granted)], [taken_back(revoked)], "", "", NOW)
    assert (found.kind is ConsentKind.EXPRESS) == (granted < revoked)
    assert bool(found.revoked) == (granted >= revoked)


@pytest.mark.parametrize(
    ("topic", "on", "revoke_all", "stops"),
    [
        ("B", date(2026, 9, 1), True, True),
        ("B", date(2026, 9, 1), False, False),
        ("A", date(2026, 9, 1), False, True),
        ("B", REVOKE_ALL_FROM - DAY, False, False),
        ("B", REVOKE_ALL_FROM, False, True),
        ("", date(2026, 9, 1), False, True),
    ],
)
def test_what_a_revocation_on_topic_a_stops(topic: str, on: date, revoke_all: bool, stops: bool) -> None:
    assert revocation_stops("A", topic, on, revoke_all=revoke_all) is stops


def test_what_an_answer_of_the_reassigned_numbers_database_says_of_a_consent() -> None:
    given_at = NOW - 10 * DAY

    def answered(answer: Reassigned, since: int, asked: int = 1) -> Reassigned | None:
        about = (NOW - since * DAY).date()
        return reassigned_answer([ReassignedAnswer(NUMBER, answer, NOW - asked * DAY, about)], given_at)

    assert answered(Reassigned.NO, since=20) is Reassigned.NO
    assert answered(Reassigned.NO, since=5) is None  # says nothing about the days before
    assert answered(Reassigned.YES, since=5) is Reassigned.YES
    assert answered(Reassigned.YES, since=30, asked=15) is None  # the consent is the new subscriber's
    assert reassigned_answer([], given_at) is None
