"""What one live answer counts as, under each profile: joined, abandoned, early hang-up, machine, or played.

A pure function of the events of the call, so that every class can be worked out again after a rule has changed. Nothing
here reads a stored class. 16 CFR 310.4(b)(4)(iii), 47 CFR 64.1200(a)(7), Ofcom 2010: each has its own clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialer.compliance.profile import ClockStart, ConnectRule, MessageRule, Profile, Source


class AnsweredBy(StrEnum):
    PERSON = "person"
    MACHINE = "machine"


class HangupBy(StrEnum):
    PERSON = "person"
    DIALLER = "dialer"
    AGENT = "agent"


class SentTo(StrEnum):
    """Where an answered call went instead of to an agent."""

    IVR = "ivr"
    HOLD = "hold"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """The events of one answered call. None: it did not happen, or nobody knows.

    `verdict` is the detector's, `reviewed` that of a person who heard the call; the latter wins. `prerecorded`: the call
    is for its message, to which the called person agreed. `known_until`: an open call is known up to here.
    """

    answered_at: datetime
    greeting_start: datetime | None = None
    greeting_end: datetime | None = None
    joined_at: datetime | None = None
    message_at: datetime | None = None
    optout_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: HangupBy | None = None
    sent_to: SentTo | None = None
    verdict: AnsweredBy | None = None
    reviewed: AnsweredBy | None = None
    prerecorded: bool = False
    known_until: datetime | None = None


class CallClass(StrEnum):
    JOINED = "joined"
    ABANDONED = "abandoned"
    EARLY_HANGUP = "early_hangup"  # the person left before an agent had to be there
    MACHINE = "machine"
    PLAYED = "played"  # a prerecorded call whose message began in time
    PENDING = "pending"  # answered, and the time for an agent is not over yet


class Because(StrEnum):
    """Why a call has its class. Words for people are in the word lists, under `abandonment`."""

    JOINED_IN_TIME = "joined_in_time"
    JOINED_LATE = "joined_late"
    SENT_TO_IVR = "sent_to_ivr"
    PUT_ON_HOLD = "put_on_hold"
    SENT_TO_MESSAGE = "sent_to_message"
    LEFT_IN_TIME = "left_in_time"
    LEFT_LATE = "left_late"
    DROPPED = "dropped"
    NOBODY_CAME = "nobody_came"
    MACHINE_CONFIRMED = "machine_confirmed"
    MACHINE_DETECTED = "machine_detected"
    MESSAGE_IN_TIME = "message_in_time"
    MESSAGE_LATE = "message_late"
    STILL_WAITING = "still_waiting"


MESSAGE_MISSING = "message_missing"
MESSAGE_LATE = "message_late"  # of a profile that has no name of its own for it

# where no profile of a call has a rule on connecting: the product's own, from the earliest moment there is
OWN_CONNECT = ConnectRule(2000, ClockStart.ANSWER, Source("", "P"))


@dataclass(frozen=True, slots=True)
class Classified:
    """Under one profile, or under several when the strictest was taken.

    `waited` runs from `clock`, which is the answer where the greeting is unknown, to what decided the class.
    `message_ok`: the abandoned-call message began as it had to; None where none was due.
    """

    call_class: CallClass
    because: Because
    in_a: bool
    in_h: bool
    message_ok: bool | None
    violations: frozenset[str]
    clock: ClockStart
    waited: timedelta | None
    limit: timedelta
    profile: str
    citation: str


def classify(answer: LiveAnswer, profile: Profile, *, early_hangup_in_h: bool = True) -> Classified:
    """The class of a call under one profile; one that has no rule on connecting is judged by the product's own.

    Within the threshold is inclusive: joined after exactly 2.000 s is in time. `early_hangup_in_h`: those who leave before
    an agent had to be there count as answered (47 CFR 64.1200(a)(7) does not say otherwise).
    """
    rule = profile.connect or OWN_CONNECT
    clock, began = _clock(answer, rule.clock)
    limit = timedelta(milliseconds=rule.threshold_ms)
    deadline = began + limit
    call_class, because, decided = _class(answer, deadline)
    message_ok, violations = _message(answer, profile, call_class, deadline)
    counts = {CallClass.MACHINE: False, CallClass.EARLY_HANGUP: early_hangup_in_h}
    return Classified(
        call_class,
        because,
        in_a=call_class is CallClass.ABANDONED,
        in_h=counts.get(call_class, True),
        message_ok=message_ok,
        violations=violations,
        clock=clock,
        waited=None if decided is None else decided - began,
        limit=limit,
        profile=profile.id if profile.connect else "",
        citation=rule.source.citation,
    )


def strictest(found: Sequence[Classified]) -> Classified:
    """Several profiles at once: abandoned under one of them is abandoned, and what any of them finds wrong is wrong.

    Raises ValueError when there is none.
    """
    if not found:
        raise ValueError("a call is classified under at least one profile")
    worst = max(found, key=lambda each: (each.in_a, -each.limit))
    judged = [each.message_ok for each in found if each.message_ok is not None]
    return Classified(
        worst.call_class,
        worst.because,
        worst.in_a,
        worst.in_h,
        all(judged) if judged else None,
        frozenset().union(*(each.violations for each in found)),
        worst.clock,
        worst.waited,
        worst.limit,
        worst.profile,
        worst.citation,
    )


def _clock(answer: LiveAnswer, wanted: ClockStart) -> tuple[ClockStart, datetime]:
    """The event the time is counted from, and when it was; the answer where the greeting is unknown."""
    heard = {ClockStart.GREETING_START: answer.greeting_start, ClockStart.GREETING_END: answer.greeting_end}
    at = heard.get(wanted)
    return (ClockStart.ANSWER, answer.answered_at) if at is None else (wanted, at)


_Found = tuple[CallClass, Because, datetime | None]


def _class(answer: LiveAnswer, deadline: datetime) -> _Found:
    if (machine := _machine(answer)) is not None:
        return machine
    if answer.prerecorded:
        return _prerecorded(answer, deadline)
    if answer.joined_at is not None:
        if answer.joined_at <= deadline:
            return CallClass.JOINED, Because.JOINED_IN_TIME, answer.joined_at
        return CallClass.ABANDONED, Because.JOINED_LATE, answer.joined_at
    diverted = _diverted(answer)
    return diverted if diverted is not None else _not_joined(answer, deadline)


def _machine(answer: LiveAnswer) -> _Found | None:
    """Whoever presses a key is a person, whatever a detector thought; and who had an agent lost nothing by its verdict."""
    if answer.reviewed is AnsweredBy.MACHINE:
        return CallClass.MACHINE, Because.MACHINE_CONFIRMED, None
    heard_as_machine = answer.verdict is AnsweredBy.MACHINE and answer.reviewed is None
    if heard_as_machine and answer.optout_at is None and answer.joined_at is None:
        return CallClass.MACHINE, Because.MACHINE_DETECTED, None
    return None


_DIVERTED = {
    SentTo.IVR: Because.SENT_TO_IVR,
    SentTo.HOLD: Because.PUT_ON_HOLD,
    SentTo.MESSAGE: Because.SENT_TO_MESSAGE,
}


def _diverted(answer: LiveAnswer) -> _Found | None:
    """Sent elsewhere than to an agent, in a campaign for agents: abandoned, however soon that was."""
    if answer.sent_to is not None:
        return CallClass.ABANDONED, _DIVERTED[answer.sent_to], answer.message_at
    if answer.message_at is not None:
        return CallClass.ABANDONED, Because.SENT_TO_MESSAGE, answer.message_at
    return None


def _not_joined(answer: LiveAnswer, deadline: datetime) -> _Found:
    if answer.ended_at is None:
        if answer.known_until is not None and answer.known_until <= deadline:
            return CallClass.PENDING, Because.STILL_WAITING, answer.known_until
        return CallClass.ABANDONED, Because.NOBODY_CAME, answer.known_until
    if answer.ended_by is not HangupBy.PERSON:
        return CallClass.ABANDONED, Because.DROPPED, answer.ended_at
    if answer.ended_at <= deadline:
        return CallClass.EARLY_HANGUP, Because.LEFT_IN_TIME, answer.ended_at
    return CallClass.ABANDONED, Because.LEFT_LATE, answer.ended_at


def _prerecorded(answer: LiveAnswer, deadline: datetime) -> _Found:
    """47 CFR 64.1200(a)(7)(ii): not abandoned when the message begins within the threshold."""
    if answer.message_at is None:
        return _not_joined(answer, deadline)
    if answer.message_at <= deadline:
        return CallClass.PLAYED, Because.MESSAGE_IN_TIME, answer.message_at
    return CallClass.ABANDONED, Because.MESSAGE_LATE, answer.message_at


def _message(
    answer: LiveAnswer, profile: Profile, call_class: CallClass, deadline: datetime
) -> tuple[bool | None, frozenset[str]]:
    """Whether the message of an abandoned call began in time. It never takes the call out of the numerator."""
    rule = profile.message
    if rule is None or call_class is not CallClass.ABANDONED:
        return None, frozenset()
    due = _due(answer, rule)
    if answer.message_at is not None:
        late = due is not None and answer.message_at > due
        return not late, frozenset({rule.violation or MESSAGE_LATE} if late else ())
    if _was_due(answer, due, deadline):
        return False, frozenset({MESSAGE_MISSING})
    return None, frozenset()


def _due(answer: LiveAnswer, rule: MessageRule) -> datetime | None:
    """None: promptly, without a figure."""
    if rule.within_ms is None:
        return None
    return _clock(answer, rule.clock)[1] + timedelta(milliseconds=rule.within_ms)


def _was_due(answer: LiveAnswer, due: datetime | None, deadline: datetime) -> bool:
    """Whether somebody was there to hear it when it had to begin.

    Where the law only says "promptly", somebody who left by himself, or whom an agent reached after all, did not miss it.
    """
    still_there = answer.ended_by is not HangupBy.PERSON or answer.ended_at is None
    if due is None:
        return still_there and answer.joined_at is None and answer.ended_at is not None
    return still_there or (answer.ended_at is not None and answer.ended_at > max(due, deadline))
