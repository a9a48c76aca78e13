"""AMI on the byte level: whole frames out of a stream, and messages read only as far as somebody asks.

Framing happens on bytes and decoding on whole frames, so a letter split between two reads survives.
"""

from functools import lru_cache
from typing import Final

EOL: Final = b"\r\n"
FRAME_END: Final = b"\r\n\r\n"
LONGEST_FRAME: Final = 1024 * 1024


class FrameTooLong(Exception):
    """No frame ended within `LONGEST_FRAME` bytes: this is not AMI, or no longer."""


class FrameSplitter:
    __slots__ = ("_limit", "_rest")

    def __init__(self, limit: int = LONGEST_FRAME) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames completed by `data`, without their blank lines."""
        frames = (self._rest + data).split(FRAME_END)
        self._rest = frames.pop()
        if len(self._rest) > self._limit:
            raise FrameTooLong(f"{len(self._rest)} bytes without an end of frame")
        return frames


def event_kind(frame: bytes) -> str:
    """The name of an event; the frame begins with `Event: `, as Asterisk writes every event."""
    return frame.partition(EOL)[0][7:].decode("utf-8", "replace")


@lru_cache(maxsize=1024)
def _needles(name: str) -> tuple[bytes, bytes]:
    """As Asterisk writes a header of this name, and in any case with or without its blank."""
    return f"\r\n{name}: ".encode(), f"\r\n{name.lower()}:".encode()


class AmiMessage:
    """One frame. Names are matched in any case; a header that repeats keeps all its values."""

    __slots__ = ("_frame",)

    def __init__(self, frame: bytes) -> None:
        self._frame = frame

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header. Finds it in the bytes: nothing else is decoded."""
        exact, loose = _needles(name)
        start = self._frame.find(exact)
        if start >= 0:
            start += len(exact)
        else:
            start = (EOL + self._frame).lower().find(loose)
            if start < 0:
                return default
            start += len(loose) - len(EOL)
            # the UserEvent application sends its arguments as the dialplan wrote them: 'Id:5' has no blank
            start += self._frame.startswith(b" ", start)
        end = self._frame.find(EOL, start)
        return self._frame[start : end if end >= 0 else None].decode("utf-8", "replace")

    def get_all(self, name: str) -> list[str]:
        return self.headers().get(name.lower(), [])

    def headers(self) -> dict[str, list[str]]:
        """All values by lower-case name."""
        headers: dict[str, list[str]] = {}
        for line in self.text().split("\r\n"):
            name, colon, value = line.partition(":")
            if colon:
                headers.setdefault(name.lower(), []).append(value.removeprefix(" "))
        return headers

    @property
    def ok(self) -> bool:
        """True only for `Response: Success`; an OriginateResponse event carries that header as well."""
        return self.get("Response") == "Success"

    def text(self) -> str:
        return self._frame.decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._frame!r})"


class AmiEvent(AmiMessage):
    __slots__ = ("name",)

    def __init__(self, name: str, frame: bytes) -> None:
        self.name = name
        self._frame = frame
