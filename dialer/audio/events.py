"""What the front end tells of a stream: a burst of sound has begun, is known, goes on, has ended."""

from dataclasses import dataclass
from enum import Enum, auto


class Sign(Enum):
    BEGAN = auto()
    """A burst has begun; `length` is the silence before it, None when none was heard."""
    SETTLED = auto()
    """Enough of it has been heard to know its lines."""
    GOES_ON = auto()
    """Half a second more of it has been heard: is it still a tone?"""
    ENDED = auto()
    """`length` is the burst's, seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    sign: Sign
    stream: int
    length: float | None
    onset_heard: bool
    cut: bool = False
    """Ended because something louder began."""
