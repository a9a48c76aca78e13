"""Asterisk's side of FastAGI, as scripted: opens a conversation and replies to each command as told."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Self

HANG_UP = b""
"""As a reply: close the connection instead."""

SILENCE = b"\x00"
"""As a reply: say nothing."""


class FakeAgiCaller:
    """`replies` holds what to say to a verb, in turn; the last one stays. Any other command gets `result=0`."""

    def __init__(self, port: int, script: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._port = port
        self.headers = {"agi_network": "yes", "agi_network_script": script, **(headers or {})}
        self.replies: dict[str, list[bytes]] = defaultdict(list)
        self.commands: list[str] = []
        self.one_byte_at_a_time = False
        self.on_command: Callable[[str], None] = lambda _line: None

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def says(self, verb: str, *replies: bytes) -> Self:
        self.replies[verb].extend(replies)
        return self

    async def call(self) -> list[str]:
        """The whole conversation; returns the commands that came. Ends when either side closes."""
        async with self:
            await self._write("".join(f"{n}: {v}\n" for n, v in self.headers.items()).encode() + b"\n")
            with contextlib.suppress(ConnectionError):
                await self._answer_all()
        return self.commands

    async def _answer_all(self) -> None:
        while line := (await self.reader.readline()).decode().rstrip("\n"):
            self.commands.append(line)
            self.on_command(line)
            reply = self._reply(line)
            if reply == HANG_UP:
                return
            if reply != SILENCE:
                await self._write(reply)

    def _reply(self, line: str) -> bytes:
        verb = line.split(' "')[0]
        waiting = self.replies.get(verb)
        if not waiting:
            return b"200 result=1\n" if verb == "SET VARIABLE" else b"200 result=0\n"
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    async def _write(self, data: bytes) -> None:
        step = 1 if self.one_byte_at_a_time else len(data)
        for at in range(0, len(data), step):
            self.writer.write(data[at : at + step])
            await self.writer.drain()
            await asyncio.sleep(0)
