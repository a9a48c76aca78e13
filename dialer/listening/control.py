"""The process's end of the sockets between it and the service."""

import socket
from collections.abc import Iterator

from dialer.errors import BadInput
from dialer.listening.wire import Message, Messages, written

_MOST_UNSENT = 8 << 20
"""Bytes: a service that leaves so much unread does not listen any more."""


class Control:
    """Never waits; what the service does not take yet is kept."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._messages = Messages()
        self._unsent = bytearray()
        self.is_open = True

    def fileno(self) -> int:
        return self._connection.fileno()

    def commands(self) -> Iterator[Message]:
        """Those that have come; afterwards `is_open` is false if the service has gone."""
        while True:
            try:
                came = self._connection.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                came = b""
            if not came:
                self.is_open = False
                return
            try:
                yield from self._messages.take(came)
            except BadInput:
                self.is_open = False
                return

    def say(self, message: Message) -> None:
        """Sent with the next `flush`."""
        self._unsent += written(message)

    def flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            self.is_open = self.is_open and len(self._unsent) <= _MOST_UNSENT
        except OSError:
            self.is_open = False

    def close(self) -> None:
        self.is_open = False
        self._connection.close()
