"""What becomes of a contact after an attempt: dialled again when, on which number, or never."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.domain.contact import ContactSignal
from dialer.domain.disposition import UNTIL_AGREED, Disposition

_AGREED = {
    Disposition.CALLBACK: "a call-back was agreed",
    Disposition.ABROAD: "abroad until then",
}


@dataclass(frozen=True, slots=True)
class RetryRule:
    """`most` counts attempts of one contact that ended this way; `number_is_dead` moves on to the next number."""

    delay: timedelta
    most: int
    number_is_dead: bool = False


def default_retry_rules() -> Mapping[Disposition, RetryRule]:
    """Dispositions that are absent end the contact."""
    return {
        Disposition.BUSY: RetryRule(timedelta(minutes=10), 4),
        Disposition.NO_ANSWER: RetryRule(timedelta(hours=2), 4),
        Disposition.REJECTED: RetryRule(timedelta(days=1), 2),
        Disposition.NOT_IN_SERVICE: RetryRule(timedelta(minutes=5), 6, number_is_dead=True),
        Disposition.WRONG_NUMBER: RetryRule(timedelta(minutes=5), 6, number_is_dead=True),
        Disposition.CONGESTION: RetryRule(timedelta(minutes=15), 6),
        Disposition.FAILED: RetryRule(timedelta(minutes=30), 6),
        Disposition.CANCELLED: RetryRule(timedelta(minutes=5), 6),
        # the tone says nothing about when they are back
        Disposition.FOREIGN_RINGBACK: RetryRule(timedelta(days=7), 4),
        Disposition.ABROAD: RetryRule(timedelta(days=14), 3),
        Disposition.POWERED_OFF: RetryRule(timedelta(hours=4), 4),
        Disposition.UNREACHABLE: RetryRule(timedelta(hours=1), 5),
        Disposition.SUSPENDED: RetryRule(timedelta(days=7), 3),
        Disposition.BARRED: RetryRule(timedelta(days=7), 2),
        Disposition.MACHINE: RetryRule(timedelta(hours=4), 3),
        Disposition.FAX: RetryRule(timedelta(minutes=5), 6, number_is_dead=True),
        Disposition.DEAD_AIR: RetryRule(timedelta(hours=4), 2),
        # Ofcom, statement of 2010 as amended 2016: not again within 72 hours unless an agent is kept free for the call
        Disposition.ABANDONED: RetryRule(timedelta(hours=72), 2),
        Disposition.HUNG_UP: RetryRule(timedelta(days=1), 2),
        Disposition.DROPPED: RetryRule(timedelta(hours=1), 2),
        Disposition.LOST: RetryRule(timedelta(hours=2), 3),
        Disposition.REFUSED: RetryRule(timedelta(hours=1), 1000),
    }


@dataclass(frozen=True, slots=True)
class Aftermath:
    """`signal` moves the contact; `due_at` is when it may be dialled next, None when never."""

    signal: ContactSignal
    due_at: datetime | None
    number_is_dead: bool
    because: str


def aftermath(
    disposition: Disposition,
    rules: Mapping[Disposition, RetryRule],
    *,
    ended_at: datetime,
    times_so: int,
    attempts: int,
    most_attempts: int,
    other_numbers: int,
    callback_at: datetime | None = None,
    not_before: datetime | None = None,
) -> Aftermath:
    """Decide the next step.

    `times_so` counts this contact's attempts with this disposition, this one included; `attempts` counts all that
    were dialled; `other_numbers` are those still usable besides the one just tried; `not_before` is the gate's word on
    when a refused number may be tried again.
    """
    if disposition in UNTIL_AGREED and callback_at is not None:
        return Aftermath(ContactSignal.RETRY, callback_at, False, _AGREED[disposition])
    if disposition is Disposition.DO_NOT_CALL:
        return Aftermath(ContactSignal.BLOCK, None, True, "asked not to be called")
    rule = rules.get(disposition)
    if rule is None:
        return Aftermath(ContactSignal.FINISH, None, False, f"{disposition} ends the contact")
    if rule.number_is_dead and other_numbers == 0:
        return Aftermath(ContactSignal.EXHAUST, None, True, "no usable number left")
    if attempts >= most_attempts:
        return Aftermath(
            ContactSignal.EXHAUST, None, rule.number_is_dead, f"{attempts} of {most_attempts} attempts made"
        )
    if times_so >= rule.most and not rule.number_is_dead:
        return Aftermath(ContactSignal.EXHAUST, None, False, f"{disposition} {times_so} of {rule.most} times")
    due = max(filter(None, (ended_at + rule.delay, not_before)))
    return Aftermath(
        ContactSignal.RETRY, due, rule.number_is_dead, f"{disposition}: again after {rule.delay}"
    )
