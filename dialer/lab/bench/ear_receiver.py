"""The far end of taps: takes AudioSocket connections and keeps when each frame came."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

import numpy as np

from dialer.lab.ports import HOST

_HEAD = 3  # one byte of kind, two of length
_ID, _AUDIO = 0x01, 0x10


@dataclass(slots=True)
class Stream:
    """Moments are the loop's seconds. `open` until the exchange has closed the connection."""

    tap: UUID
    began: float
    came: list[float] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    open: bool = True

    @property
    def per_s(self) -> float:
        return (len(self.came) - 1) / (self.came[-1] - self.came[0])

    def loudness(self, last: int) -> float:
        """Root mean square of the last frames, in sample values."""
        samples = np.frombuffer(b"".join(self.frames[-last:]), "<i2").astype(float)
        return float(np.sqrt(np.mean(samples**2)))


class EarReceiver:
    """A context manager, on a port of its own."""

    def __init__(self) -> None:
        self.streams: dict[UUID, Stream] = {}
        self._connections: set[asyncio.BaseTransport] = set()

    @property
    def address(self) -> str:
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    @property
    def open(self) -> set[UUID]:
        return {stream.tap for stream in self.streams.values() if stream.open}

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self.streams, self._connections), HOST, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in tuple(self._connections):
            connection.close()
        await asyncio.sleep(0)  # the loop closes them in its next turn

    async def frames(self, tap: UUID, count: int, within_s: float = 10) -> Stream:
        """Wait until so many frames of it are here."""
        async with asyncio.timeout(within_s):
            while tap not in self.streams or len(self.streams[tap].came) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return self.streams[tap]


class _Connection(asyncio.Protocol):
    def __init__(self, streams: dict[UUID, Stream], open_ones: set[asyncio.BaseTransport]) -> None:
        self._streams, self._open_ones = streams, open_ones
        self._stream: Stream | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._open_ones.add(transport)

    def data_received(self, data: bytes) -> None:
        now, held = time.monotonic(), self._rest + data
        while len(held) >= _HEAD and len(held) >= (end := _HEAD + int.from_bytes(held[1:_HEAD], "big")):
            self._take(held[0], held[_HEAD:end], now)
            held = held[end:]
        self._rest = held

    def _take(self, kind: int, body: bytes, now: float) -> None:
        if kind == _ID:
            tap = UUID(bytes=body)
            self._stream = self._streams[tap] = Stream(tap, now)
        elif kind == _AUDIO and self._stream is not None:
            self._stream.came.append(now)
            self._stream.frames.append(body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_ones.discard(self._transport)
        if self._stream is not None:
            self._stream.open = False
