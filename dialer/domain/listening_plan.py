"""What a campaign listens for on its lines, and what it does about what it hears."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from dialer.domain.announcements import Announcement, default_announcement_rules
from dialer.domain.recycling import RetryRule
from dialer.errors import BadInput


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

    `answer`: what is done about who answers; with `connect_at_once` nothing is heard of that. `machine_message` is the prompt left on machines; None: the campaign's abandoned-call
    message. `announcements` is when a number is dialled again after a carrier's announcement that was recognised.
    `dead_air`: a conversation in which nobody speaks for so long is noted; None: conversations are not watched. With a
    `dead_air_prompt` both sides are asked then whether they hear, `dead_air_prompts` times, and each time `dead_air_wait`
    is left for an answer. If still nobody speaks, the `dead_air_goodbye` is played and the call ended; without a goodbye it is
    only asked, and the agent decides.
    """

    before_answer: bool = True
    answer: AnswerStrategy = AnswerStrategy.CONNECT_AT_ONCE
    audience: Audience = Audience.OFFICES
    machine_message: str | None = None
    announcements: Mapping[Announcement, RetryRule] = field(default_factory=default_announcement_rules)
    dead_air: timedelta | None = timedelta(seconds=10)
    dead_air_prompt: str | None = None
    dead_air_goodbye: str | None = None
    dead_air_prompts: int = 2
    dead_air_wait: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        """Raises `BadInput` that names the field."""
        if self.dead_air is not None and not timedelta(seconds=3) <= self.dead_air <= timedelta(minutes=5):
            raise BadInput("must be from 3 to 300 s", "dead_air_s")
        if not 1 <= self.dead_air_prompts <= 5:
            raise BadInput("must be from 1 to 5", "dead_air_prompts")
        if not timedelta(seconds=2) <= self.dead_air_wait <= timedelta(minutes=1):
            raise BadInput("must be from 2 to 60 s", "dead_air_wait_s")
        if self.dead_air_goodbye is not None and self.dead_air_prompt is None:
            raise BadInput("nobody is sent away unasked: it needs dead_air_prompt", "dead_air_goodbye")
        if self.dead_air_prompt is not None and self.dead_air is None:
            raise BadInput("never played while dead_air_s is null", "dead_air_prompt")

    @property
    def waits(self) -> bool:
        """Whoever answers is connected only when the ears have said who it is, or may say no longer."""
        return self.answer is not AnswerStrategy.CONNECT_AT_ONCE
