"""What can happen on a call. `at`: seconds since 1970, UTC. `turn`: which wait it answers, when the shell knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.expressions import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: float
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The caller is on the line. `entry` is an entry point to begin at in place of the start."""

    entry: str | None = None
    variables: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits(Event):
    """Keys as they are pressed, one or several, for a shell that does not collect them itself."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDone(Event):
    """A `Gather` is over. `digits` without the terminator; `ended_by`: terminator, full, timeout."""

    digits: str = ""
    ended_by: str = "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeout(Event):
    """The shell's own watch ran out on whatever is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayDone(Event):
    """`complete` is false when it could not be played to its end."""

    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDone(Event):
    """`clip` is the shell's name for the recording; empty when there is none."""

    clip: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDone(Event):
    """`outcome`: answered (and the far end has hung up), busy, no_answer, failed."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned(Event):
    """Whoever took the call sends the caller back to an entry point, with values if there are any."""

    entry: str
    variables: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDone(Event):
    """`status` 0 when there was no answer. `body` is the parsed JSON."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDone(Event):
    """An opt-out, a call-back, a voicemail or a text message was registered, under `reference`."""

    ok: bool
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp(Event):
    """The caller is gone."""
