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
    """Reading can be cancelled at any time: nothing is lost of what has come."""

    def __init__(self, opened: Callable[["Wire"], object] | None = None) -> None:
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._sink: Sink | None = None
        self._rest = b""
        self._waiting: asyncio.Future[None] | None = None
        self._broken: IvrError | None = None
        self._deadline = 0.0
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
            self._wake()

    def eof_received(self) -> None:
        self._end(LinkBroken("Asterisk closed the connection"))

    def connection_lost(self, fault: Exception | None) -> None:
        self._end(LinkBroken("the connection is lost"))
        for timer in (self._watch, self._abort):
            if timer is not None:
                timer.cancel()

    def _end(self, why: IvrError) -> None:
        self._broken = self._broken or why
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

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
            self._abort = self._loop.call_later(_FLUSH_S, self._transport.abort)

    def limit(self, within_s: float) -> None:
        """From now on `line` raises NoReply after so many seconds. One timer for all: it looks at the clock when it rings."""
        self._deadline = self._loop.time() + within_s
        if self._watch is None or self._watch.when() > self._deadline:
            if self._watch is not None:
                self._watch.cancel()
            self._watch = self._loop.call_at(self._deadline, self._rings)

    def _rings(self) -> None:
        self._watch = None
        if self._waiting is None or self._waiting.done():
            return
        if self._loop.time() >= self._deadline:
            self._waiting.set_exception(NoReply("no reply in time"))
        else:
            self._watch = self._loop.call_at(self._deadline, self._rings)

    async def line(self) -> bytes:
        """Without its end. Raises LinkBroken, ProtocolViolation for one that is too long, NoReply after the limit."""
        while True:
            rest = self._rest
            found = rest.find(b"\n")
            if found > LONGEST_LINE or (found < 0 and len(rest) > LONGEST_LINE):
                raise ProtocolViolation("line too long")
            if found >= 0:
                self._rest = rest[found + 1 :]
                return rest[:found]
            if self._broken is not None:
                raise self._broken
            self._waiting = self._loop.create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None

    async def block(self) -> bytes:
        """Up to an empty line, that included."""
        while (found := self._rest.find(b"\n\n")) < 0:
            if len(self._rest) > LONGEST_LINE:
                raise ProtocolViolation("block too long")
            await self.more()
        block, self._rest = self._rest[: found + 2], self._rest[found + 2 :]
        return block

    async def more(self) -> None:
        if self._broken is not None:
            raise self._broken
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None
