"""Connections that have not yet said whose sound they bring. Anybody who reaches the port may open one."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from dialer.listening.packets import HEAD, UUID_HEAD, UUID_PACKET

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
AT_ONCE = 256
"""Accepted in one tick."""
MOST = 512
"""Waiting; of more, those go that have waited longest."""


@dataclass(slots=True)
class _Stranger:
    connection: socket.socket
    until: float
    said: bytearray = field(default_factory=bytearray)
    unknown_before: bool = False


class Refusals:
    """Counts them; the log hears of them at most once a second."""

    def __init__(self) -> None:
        self.count = 0
        self._told_at = float("-inf")
        self._untold = 0

    def add(self, why: str, now: float) -> None:
        self.count += 1
        self._untold += 1
        if now - self._told_at >= 1.0:
            count, self._untold, self._told_at = self._untold, 0, now
            log.warning("sound refused", extra={"action": "ears.refused", "why": why, "count": count})


class Strangers:
    def __init__(self, port: socket.socket, refusals: Refusals) -> None:
        self._port, self._refusals = port, refusals
        self._waiting: list[_Stranger] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def accept(self, now: float) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _where = self._port.accept()
            except OSError:  # nobody is there, or gone again, or no descriptor is left
                return
            connection.setblocking(False)
            self._waiting.append(_Stranger(connection, now + PATIENCE_S))

    def known(self, now: float, expected: Callable[[UUID], bool]) -> Iterator[tuple[socket.socket, UUID]]:
        """Those who have said an expected uuid."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            why = _listen(each, now)
            if why is not None:
                self.refuse(each.connection, why, now)
            elif len(each.said) < UUID_PACKET:
                self._waiting.append(each)
            elif expected(uuid := UUID(bytes=bytes(each.said[HEAD:]))):
                yield each.connection, uuid
            elif each.unknown_before:
                self.refuse(each.connection, "a uuid that nobody expects", now)
            else:  # that it is expected may be a command not yet read
                each.unknown_before = True
                self._waiting.append(each)
        while len(self._waiting) > MOST:
            self.refuse(self._waiting.pop(0).connection, "too many that do not say who they are", now)

    def refuse(self, connection: socket.socket, why: str, now: float) -> None:
        with suppress(OSError):
            connection.close()
        self._refusals.add(why, now)

    def close(self) -> None:
        for each in self._waiting:
            each.connection.close()
        self._waiting = []
        self._port.close()


def _listen(stranger: _Stranger, now: float) -> str | None:
    """Reads no further than the uuid. Returns why the connection is to be closed."""
    try:
        while len(stranger.said) < UUID_PACKET:
            came = stranger.connection.recv(UUID_PACKET - len(stranger.said))
            if not came:
                return "closed before it said who it is"
            stranger.said += came
    except BlockingIOError:
        pass
    except OSError as gone:
        return f"gone: {gone.strerror}"
    if bytes(stranger.said[:HEAD]) != UUID_HEAD[: len(stranger.said)]:
        return "does not speak AudioSocket"
    if len(stranger.said) < UUID_PACKET and now > stranger.until:
        return f"did not say who it is within {PATIENCE_S:g} s"
    return None
