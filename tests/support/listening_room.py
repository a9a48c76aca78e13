"""A receiver in this process, its clock in the test's hands, real sockets all around."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.listening.control import Control
from dialer.listening.matcher import Matcher, NoMatcher
from dialer.listening.packets import FRAME_HEAD, UUID_HEAD
from dialer.listening.receiver import Receiver
from dialer.listening.wire import Answered, Drop, Listen, Message, Messages, Serve, written
from dialer.ports.ears import EarsFigures, TapId

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
THAI = Home.of("TH")
TICK_S = 0.04
_FRAME = 160

Some = TypeVar("Some")


class HandClock:
    def __init__(self) -> None:
        self.passed_s = 1000.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s - 1000.0)

    def monotonic(self) -> float:
        return self.passed_s


class ListeningRoom:
    def __init__(self, most_streams: int, matcher: Matcher) -> None:
        self.clock = HandClock()
        self.ours, theirs = socket.socketpair()
        self.ours.setblocking(False)
        port = socket.create_server(("127.0.0.1", 0))
        port.setblocking(False)
        self.address: tuple[str, int] = port.getsockname()
        serve = Serve("127.0.0.1", 0, TICK_S, most_streams, "info", "json", "")
        self.control = Control(theirs)
        self.receiver = Receiver(serve, self.control, port, matcher, self.clock, os.getppid())
        self._messages = Messages()
        self.said: list[Message] = []

    def of(self, kind: type[Some]) -> list[Some]:
        return [each for each in self.said if isinstance(each, kind)]

    def tell(self, command: Message) -> None:
        self.ours.send(written(command))

    def expect(self, home: Home = THAI) -> TapId:
        tap = TapId(uuid4())
        self.tell(Listen(tap, home, Audience.HOMES))
        return tap

    def answered(self, tap: TapId, at: datetime | None = None) -> None:
        self.tell(Answered(tap, at or self.clock.now()))

    def drop(self, tap: TapId) -> None:
        self.tell(Drop(tap))

    def connected(self, tap: TapId | None = None) -> socket.socket:
        line = socket.create_connection(self.address)
        if tap is not None:
            line.send(UUID_HEAD + tap.bytes)
        return line

    def brought(self, tap: TapId) -> socket.socket:
        """A line whose uuid was taken."""
        line = self.connected(tap)
        self.pass_time(TICK_S)
        return line

    def pass_time(self, seconds: float) -> None:
        """In ticks."""
        for _ in range(round(seconds / TICK_S)):
            self.clock.passed_s += TICK_S
            self.tick()

    def tick(self) -> None:
        self.receiver.tick(self.clock.monotonic())
        self.control.flush()
        try:
            while came := self.ours.recv(1 << 16):
                self.said += self._messages.take(came)
        except BlockingIOError:
            pass

    def play(self, line: socket.socket, sound: NDArray[np.int16]) -> None:
        """As Asterisk does, 50 frames a second."""
        packets = [packet(sound[at : at + _FRAME]) for at in range(0, len(sound) - _FRAME + 1, _FRAME)]
        each = round(TICK_S / 0.02)
        for at in range(0, len(packets), each):
            line.sendall(b"".join(packets[at : at + each]))
            self.pass_time(TICK_S)

    def figures(self) -> EarsFigures:
        return self.receiver.figures()


def packet(frame: NDArray[np.int16]) -> bytes:
    return FRAME_HEAD + frame.astype("<i2").tobytes()


@contextmanager
def listening_room(most_streams: int = 8, matcher: Matcher | None = None) -> Iterator[ListeningRoom]:
    room = ListeningRoom(most_streams, matcher or NoMatcher())
    try:
        yield room
    finally:
        room.receiver.close()
        room.control.close()
        room.ours.close()
