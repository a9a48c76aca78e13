"""One connection from Asterisk, as lines. A protocol of its own: asyncio's streams take most of the time of a short command."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from ivr.errors import IvrError, LinkBroken, NoReply, ProtocolViolation

LONGEST_LINE: Final = 64 * 1024
_MOST_WAITING: Final = 4 * LONGEST_LINE
_FLUSH_S: Final = 1.0


class Sink(Protocol):
    """As much of a transport as is written to."""

    def write(self, data: bytes) -> None: ...


class Wire(asyncio.Protocol):
    """Reading `line` by line can be cancelled at any time: nothing is lost of what has come."""

    def __init__(self, opened: Callable[["Wire"], object] | None = None) -> None:
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._sink: Sink | None = None
        self._rest = b""
        self._waiting: asyncio.Future[bytes] | None = None
        self._end_of = b"\n"
        self._broken: IvrError | None = None
        self._deadline = self._rings_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._abort: asyncio.TimerHandle | None = None

    # --- what the event loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = self._sink = transport  # type: ignore[assignment]  # uvloop's is no subclass
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        self._rest = self._rest + data if self._rest else data
        if len(self._rest) > _MOST_WAITING and self._broken is None:
            self._end(ProtocolViolation("more than anybody asked for"))
        else:
            self._deliver()

    def eof_received(self) -> None:
        self._end(LinkBroken("Asterisk closed the connection"))

    def connection_lost(self, fault: Exception | None) -> None:
        self._end(LinkBroken("the connection is lost"))
        for timer in (self._watch, self._abort):
            if timer is not None:
                timer.cancel()

    def _end(self, why: IvrError) -> None:
        self._broken = self._broken or why
        self._deliver()

    def _deliver(self) -> None:
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        rest, end = self._rest, self._end_of
        found = rest.find(end)
        if found > LONGEST_LINE or (found < 0 and len(rest) > LONGEST_LINE):
            waiting.set_exception(ProtocolViolation("line too long"))
        elif found >= 0:
            self._rest = rest[found + len(end) :]
            waiting.set_result(rest[:found])
        elif self._broken is not None:
            waiting.set_exception(self._broken)

    # --- reading and writing ---

    def attach(self, sink: Sink) -> None:
        """Write there in place of a connection."""
        self._sink = sink

    def write(self, data: bytes) -> None:
        if self._sink is None or (isinstance(self._broken, LinkBroken) and not self._rest):
            raise self._broken or LinkBroken("not connected")
        self._sink.write(data)

    def close(self) -> None:
        """What was written still goes out, for a second."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            if self._transport.get_write_buffer_size():
                self._abort = self._loop.call_later(_FLUSH_S, self._transport.abort)

    def limit(self, within_s: float) -> None:
        """From now on `line` raises NoReply after so many seconds. One timer for all: it looks at the clock when it rings."""
        self._deadline = deadline = self._loop.time() + within_s
        if self._watch is None or self._rings_at > deadline:
            self._wind()

    def _wind(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._rings_at = self._deadline
        self._watch = self._loop.call_at(self._deadline, self._rings)

    def _rings(self) -> None:
        self._watch = None
        if self._waiting is None or self._waiting.done():
            return
        if self._loop.time() >= self._deadline:
            self._waiting.set_exception(NoReply("no reply in time"))
        else:
            self._wind()

    def answer(self, end: bytes = b"\n") -> "asyncio.Future[bytes]":
        """What comes up to `end`, without it: a line. For one reader at a time, who waits until it is done.

        Its exceptions: LinkBroken, ProtocolViolation for what is too long, NoReply after the limit."""
        self._end_of, self._waiting = end, self._loop.create_future()
        self._deliver()
        return self._waiting

    async def line(self) -> bytes:
        """As `answer`, and whoever waits for it can be cancelled at any time: the line is kept for the next one."""
        waiting = self.answer()
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._rest = waiting.result() + b"\n" + self._rest
            raise
