"""The rival: a loop that only keeps calls in flight over AMI. No list, no rules, no record of anything."""

import asyncio
from typing import Self

from dialer.settings import AmiSection


class BareLoop(asyncio.Protocol):
    """Each hang-up begins the next call, until `stop`."""

    def __init__(self, in_flight: int, trunk: str, context: str) -> None:
        self._most, self._trunk, self._context = in_flight, trunk, context
        self._rest = b""
        self._dialling = False
        self.begun = self.ended = 0
        self.idle = asyncio.Event()

    @classmethod
    async def connect(cls, ami: AmiSection, in_flight: int, trunk: str, context: str) -> Self:
        loop = asyncio.get_running_loop()
        _, bare = await loop.create_connection(lambda: cls(in_flight, trunk, context), ami.host, ami.port)
        secret = ami.secret.get_secret_value()
        bare._send(f"Action: Login\r\nUsername: {ami.username}\r\nSecret: {secret}\r\nEvents: call")
        return bare

    def start(self) -> None:
        self._dialling = True
        self.idle.clear()
        self._fill()

    async def stop(self) -> None:
        """No new calls; returns when the last one has ended."""
        self._dialling = False
        if self.begun > self.ended:
            await self.idle.wait()

    def close(self) -> None:
        self._transport.close()

    def _send(self, action: str) -> None:
        self._transport.write(f"{action}\r\n\r\n".encode())

    def _fill(self) -> None:
        orders = []
        while self.begun - self.ended < self._most:
            self.begun += 1
            orders.append(
                f"Action: Originate\r\nChannelId: bare-{id(self)}-{self.begun:08d}\r\n"
                f"Channel: PJSIP/+1202{2_000_000 + self.begun}@{self._trunk}\r\n"
                f"Context: {self._context}\r\nExten: s\r\nPriority: 1\r\nAsync: true\r\n\r\n"
            )
        self._transport.write("".join(orders).encode())

    # --- what the event loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        *frames, self._rest = (self._rest + data).split(b"\r\n\r\n")
        self.ended += sum(
            frame.startswith(b"Event: Hangup\r\n") and b"\r\nUniqueid: bare-" in frame for frame in frames
        )
        if self._dialling:
            self._fill()
        elif self.begun == self.ended:
            self.idle.set()
