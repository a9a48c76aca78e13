"""What telephony reports to the engine. Times are when we heard of it, aware UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dialer.domain.air import Direction
from dialer.domain.disposition import HangupCause
from dialer.domain.ids import AgentId, AttemptId


class LineSign(StrEnum):
    """What was signalled, or heard, on a line before answer."""

    RINGING = "ringing"  # SIP 180, ISDN ALERTING
    PROGRESS = "progress"  # SIP 183, in-band audio
    RINGBACK_HEARD = "ringback_heard"
    VOICE_HEARD = "voice_heard"  # before the answer: an announcement
    MUSIC_HEARD = "music_heard"  # in the place of the ring-back tone, as a rule
    BUSY_HEARD = "busy_heard"  # busy, congestion, unobtainable, special information: nobody will answer
    NOTHING_HEARD = "nothing_heard"  # sound comes, and it is silent

    @property
    def heard(self) -> bool:
        return self not in (LineSign.RINGING, LineSign.PROGRESS)


@dataclass(frozen=True, slots=True)
class LineEvidence:
    """From SIP signalling, or from the ears, which hear the early media of the same line."""

    attempt: AttemptId
    at: datetime
    sign: LineSign


@dataclass(frozen=True, slots=True)
class CallAnswered:
    attempt: AttemptId
    at: datetime


@dataclass(frozen=True, slots=True)
class CallJoined:
    """Caller and agent hear each other."""

    attempt: AttemptId
    agent: AgentId
    at: datetime


@dataclass(frozen=True, slots=True)
class CallLeftAgent:
    """The agent's side is gone, the caller is still there and waits."""

    attempt: AttemptId
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageStarted:
    attempt: AttemptId
    at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncementStarted:
    """Caller and agent hear that the call is recorded, and the recording has begun with it."""

    attempt: AttemptId
    at: datetime


@dataclass(frozen=True, slots=True)
class AnnouncementEnded:
    """`complete`: it was played to its end. Otherwise the exchange records no longer."""

    attempt: AttemptId
    at: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """Caller and agent have heard the prompt that was to be said, `complete` or not to its end."""

    attempt: AttemptId
    at: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class Spoke:
    """In a conversation that is watched, sound as loud as speech began, or has ceased for half a second.

    `lasted`: of what has ceased, without that half second; a click lasts next to nothing. When no packets come any more,
    what was begun is not told to have ceased.
    """

    attempt: AttemptId
    at: datetime
    direction: Direction
    speaking: bool
    lasted: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The called person pressed the key that ends all calls; the exchange hangs up by itself.

    Told again after an interruption until `Telephony.forget_opt_outs`: it must not be lost. `at` is the exchange's time then.
    """

    attempt: AttemptId
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class FlowStarted:
    """The call goes through its flow from now on, or again: who talked with it does no more."""

    attempt: AttemptId
    at: datetime


@dataclass(frozen=True, slots=True)
class FlowHeard:
    """The flow's first words were heard to their end, or a key was pressed."""

    attempt: AttemptId
    at: datetime


@dataclass(frozen=True, slots=True)
class WantsAgent:
    """The flow asks for an agent, for so long; afterwards it goes on by itself. `agent`: nobody else will do."""

    attempt: AttemptId
    at: datetime
    queue: str
    within: timedelta
    agent: AgentId | None = None


@dataclass(frozen=True, slots=True)
class FlowEnded:
    """With the flow's own word for how; the end of the call follows."""

    attempt: AttemptId
    at: datetime
    result: str


@dataclass(frozen=True, slots=True)
class CallerWaiting:
    """Somebody who called us wants an agent, for so long; the flow before it goes on by itself then. Told again after an
    interruption, while the caller is in nobody's hand.

    `channel` is the exchange's id of the line. `number` is as the network wrote it, "" when it is not to be shown.
    `agent`: nobody else will do.
    """

    channel: str
    at: datetime
    queue: str
    session: str
    number: str
    called: str
    priority: int
    within: timedelta
    agent: AgentId | None = None


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """A caller who was in nobody's hand yet waits no more."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CallEnded:
    """`by_us` when we asked for the end, with the reason in `cause.text` kept from the network."""

    attempt: AttemptId
    at: datetime
    cause: HangupCause
    by_us: bool


@dataclass(frozen=True, slots=True)
class DeskUp:
    """The agent's phone is connected and free."""

    agent: AgentId
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskFree:
    """A call has left the agent's phone, which is still connected."""

    agent: AgentId
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskDown:
    agent: AgentId
    at: datetime
    cause: HangupCause


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Telephony can be commanded. After an interruption everything on it must be reconciled first."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LinkLost:
    at: datetime
    because: str


TelephonyEvent = (
    LineEvidence
    | CallAnswered
    | CallJoined
    | CallLeftAgent
    | MessageStarted
    | AnnouncementStarted
    | AnnouncementEnded
    | PromptEnded
    | Spoke
    | OptedOut
    | FlowStarted
    | FlowHeard
    | WantsAgent
    | FlowEnded
    | CallerWaiting
    | CallerLeft
    | CallEnded
    | DeskUp
    | DeskFree
    | DeskDown
    | LinkUp
    | LinkLost
)
