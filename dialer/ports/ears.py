"""What the engine needs of the ears: a process beside it to which the exchange brings the sound of lines.

A stream is one line's sound from our side: what the called party, and before the answer the network, sends. If the ears
die, calls go on unheard, and streams that were open then are not taken up again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol
from uuid import UUID

from dialer.audio.answer_model import Audience
from dialer.audio.answered import News
from dialer.audio.home import Home
from dialer.audio.learned import MeasuredTone
from dialer.audio.ringback import Verdict

TapId = NewType("TapId", UUID)


@dataclass(frozen=True, slots=True)
class TapOpened:
    """The first sound has come. `at`: the moment of its first sample."""

    tap: TapId
    at: datetime


@dataclass(frozen=True, slots=True)
class RingHeard:
    """Before the answer: what is known of the line has changed."""

    tap: TapId
    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class AnnouncementHeard:
    """A recording of the operator's own collection was recognised. `similarity`: 0 to 1; `clip` is its name.

    An empty `announcement` takes back what was said before: the line went on otherwise.
    """

    tap: TapId
    at: datetime
    announcement: str
    similarity: float
    clip: str


@dataclass(frozen=True, slots=True)
class ToneMeasured:
    """A whole ring-back tone of a line that was then answered; home tones are learned from these."""

    tap: TapId
    tone: MeasuredTone


@dataclass(frozen=True, slots=True)
class AnswerHeard:
    """Who has answered. Seconds in `news` count from `answered_at`, which is what the ears were told, or later: when the
    sound began after it."""

    tap: TapId
    at: datetime
    answered_at: datetime
    news: News


@dataclass(frozen=True, slots=True)
class TapClosed:
    """No more sound of this stream: its line has ended, the exchange has closed it, or none ever came."""

    tap: TapId
    at: datetime
    frames: int


@dataclass(frozen=True, slots=True)
class EarsUp:
    at: datetime


@dataclass(frozen=True, slots=True)
class EarsLost:
    """Every stream is gone with them."""

    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class EarsFigures:
    """Since the ears' process began; all 0 while there is none."""

    streams: int = 0
    """Open now."""
    streams_total: int = 0
    frames: int = 0
    """Of sound, 20 ms each."""
    silences: int = 0
    """Frames that did not come, for which silence was heard."""
    refused: int = 0
    """Connections: unknown, broken, or too many."""
    late_ticks: int = 0
    longest_tick_s: float = 0.0
    cpu_s: float = 0.0


EarEvent = (
    TapOpened | RingHeard | AnnouncementHeard | ToneMeasured | AnswerHeard | TapClosed | EarsUp | EarsLost
)
EarSink = Callable[[EarEvent], None]


class Ears(Protocol):
    """Commands return at once and never raise; without the ears they do nothing. Events go to the sink, in order."""

    @property
    def up(self) -> bool: ...

    @property
    def problem(self) -> str | None:
        """Why they are not up, for people."""
        ...

    @property
    def address(self) -> str:
        """host:port to which the exchange is to bring the sound."""
        ...

    def listen(self, tap: TapId, home: Home, audience: Audience) -> None:
        """Expect this stream; to be said before the exchange is told to bring it. `home` is the trunk's."""
        ...

    def answered(self, tap: TapId, at: datetime) -> None:
        """From here on the question is who has answered."""
        ...

    def drop(self, tap: TapId) -> None:
        """Nothing more of it is of interest."""
        ...

    def figures(self) -> EarsFigures: ...
