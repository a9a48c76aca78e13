"""What a campaign listens for on its lines, and what it does about what it hears."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from dialer.domain.announcements import Announcement, default_announcement_rules
from dialer.domain.recycling import RetryRule


class Audience(StrEnum):
    """Whom a campaign calls: an office's greeting is as long as the first sentence of a machine's."""

    HOMES = "homes"
    OFFICES = "offices"
    """Also when not known: slower to say machine."""


class AnswerStrategy(StrEnum):
    """What is done about who has answered."""

    CONNECT_AT_ONCE = "connect_at_once"
    """No verdict is waited for: the agent marks machines. Nobody is lost, agents hear machines."""
    WAIT_FOR_VERDICT = "wait_for_verdict"
    LEAVE_MESSAGE = "leave_message"
    """Machines get the campaign's message, where its rules allow one."""


@dataclass(frozen=True, slots=True)
class ListeningPlan:
    """`before_answer`: early media is listened to, for ring-back tones of other countries, announcements and busy tones.

    `answer`: what is done about who answers; with `connect_at_once` the ears still say when the greeting ended and what
    they take the answerer for. `machine_message` is the prompt left on machines; None: the campaign's abandoned-call
    message. `announcements` is when a number is dialled again after a carrier's announcement that was recognised.
    `dead_air`: a conversation in which nobody speaks for so long is noted; None: conversations are not watched.
    """

    before_answer: bool = True
    answer: AnswerStrategy = AnswerStrategy.CONNECT_AT_ONCE
    audience: Audience = Audience.OFFICES
    machine_message: str | None = None
    announcements: Mapping[Announcement, RetryRule] = field(default_factory=default_announcement_rules)
    dead_air: timedelta | None = timedelta(seconds=10)

    def __post_init__(self) -> None:
        if self.dead_air is not None and not timedelta(seconds=3) <= self.dead_air <= timedelta(minutes=5):
            raise ValueError("dead_air must be from 3 to 300 s")

    @property
    def waits(self) -> bool:
        """Whoever answers is connected only when the ears have said who it is, or may say no longer."""
        return self.answer is not AnswerStrategy.CONNECT_AT_ONCE
