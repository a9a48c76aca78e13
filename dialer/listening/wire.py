"""What the service and the ears' process say to each other, over a pair of sockets that only they have.

A message is its length (4 bytes, big-endian), one byte that names its kind, and JSON.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.errors import BadInput
from dialer.ports.ears import (
    AnnouncementHeard,
    AnswerHeard,
    EarsFigures,
    RingHeard,
    TapClosed,
    TapId,
    TapOpened,
    ToneMeasured,
)

LONGEST = 1 << 20
"""Bytes of one message."""
_HEAD = 5


@dataclass(frozen=True, slots=True)
class Serve:
    """The first command. `port` 0: the system chooses one."""

    host: str
    port: int
    tick_s: float
    most_streams: int
    log_level: str
    log_format: str
    announcements: str
    """The folder of the collection."""


@dataclass(frozen=True, slots=True)
class Listen:
    tap: TapId
    home: Home
    audience: Audience


@dataclass(frozen=True, slots=True)
class Answered:
    tap: TapId
    at: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    tap: TapId


@dataclass(frozen=True, slots=True)
class Ready:
    """The port is open."""

    port: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The process cannot do its work and ends."""

    why: str


Message = (
    Serve
    | Listen
    | Answered
    | Drop
    | Ready
    | Broken
    | EarsFigures
    | TapOpened
    | RingHeard
    | AnnouncementHeard
    | ToneMeasured
    | AnswerHeard
    | TapClosed
)
_KINDS: tuple[type[Any], ...] = (
    Serve,
    Listen,
    Answered,
    Drop,
    Ready,
    Broken,
    EarsFigures,
    TapOpened,
    RingHeard,
    AnnouncementHeard,
    ToneMeasured,
    AnswerHeard,
    TapClosed,
)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_ADAPTERS: tuple[TypeAdapter[Any], ...] = tuple(TypeAdapter(kind) for kind in _KINDS)


def written(message: Message) -> bytes:
    number = _NUMBERS[type(message)]
    body = _ADAPTERS[number].dump_json(message)
    return (len(body) + 1).to_bytes(4, "big") + bytes([number]) + body


class Messages:
    """Takes bytes as they come and gives whole messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def take(self, came: bytes) -> Iterator[Message]:
        """Raises `BadInput` for what is no message: the other side is not one of ours."""
        self._bytes += came
        while len(self._bytes) >= _HEAD:
            length = int.from_bytes(self._bytes[:4], "big")
            if not 1 <= length <= LONGEST:
                raise BadInput(f"a message of {length} bytes: 1 to {LONGEST} are allowed")
            if len(self._bytes) < 4 + length:
                return
            number, body = self._bytes[4], bytes(self._bytes[_HEAD : 4 + length])
            del self._bytes[: 4 + length]
            yield _read(number, body)


def _read(number: int, body: bytes) -> Message:
    if number >= len(_KINDS):
        raise BadInput(f"a message of kind {number}: there is none")
    try:
        message: Message = _ADAPTERS[number].validate_json(body)
    except ValidationError as wrong:
        raise BadInput(f"{_KINDS[number].__name__}: {wrong.errors()[0]['msg']}") from None
    return message
