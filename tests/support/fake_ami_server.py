"""Asterisk's side of AMI, as scripted: it answers, stays silent, hangs up or stutters as told."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Self

Headers = list[tuple[str, str]]
Answer = list[Mapping[str, str]]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def frame(headers: Mapping[str, str] | Headers) -> bytes:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return ("".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n").encode()


def event(name: str, **headers: str) -> bytes:
    return frame({"Event": name, "Privilege": "call,all", **headers})


async def eventually(condition: Callable[[], bool], within_s: float = 3) -> None:
    for _ in range(int(within_s / 0.002)):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError(f"not so within {within_s} s")


class FakeAmiServer:
    """Knobs are plain attributes, read at the moment they matter; names of actions are lower case."""

    def __init__(self) -> None:
        self.secret = "s3cret"
        self.answers: dict[str, Answer] = {}
        self.muted: set[str] = set()
        self.drop_on: set[str] = set()
        self.withhold_fully_booted = False
        self.one_byte_at_a_time = False
        self.old_filter_only = False
        self.refuse_filters_after: int | None = None
        self.connections = 0
        self.actions: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.drop_all()
        await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def named(self, action: str) -> list[dict[str, str]]:
        return [seen for seen in self.actions if seen["action"].lower() == action]

    def counted(self) -> Counter[str]:
        return Counter(seen["action"].lower() for seen in self.actions)

    async def saw(self, action: str, times: int = 1) -> None:
        await eventually(lambda: self.counted()[action] >= times)

    def drop_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def push(self, data: bytes) -> None:
        """To every connection, in one write."""
        for writer in self._writers:
            writer.write(data)

    async def push_slowly(self, data: bytes) -> None:
        for at in range(len(data)):
            self.push(data[at : at + 1])
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        writer.write(BANNER)
        try:
            while True:
                await self._on_action(await reader.readuntil(b"\r\n\r\n"), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()

    async def _on_action(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [line.partition(": ") for line in raw.decode().split("\r\n") if line]
        action = {name.lower(): value for name, _, value in lines}
        self.raw.append(raw)
        self.actions.append(action)
        kind = action["action"].lower()
        if kind in self.drop_on:
            writer.transport.abort()
        elif kind not in self.muted:
            await self._write(writer, self._answered(kind, action))

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        step = 1 if self.one_byte_at_a_time else len(data) or 1
        for at in range(0, len(data), step):
            writer.write(data[at : at + step])
            await asyncio.sleep(0)

    def _answered(self, kind: str, action: dict[str, str]) -> bytes:
        with_id = {"ActionID": action["actionid"]}
        if kind in self.answers:
            return b"".join(frame({**_kind_first(part), **with_id, **part}) for part in self.answers[kind])
        if kind == "login":
            return self._login(action, with_id)
        if kind == "filter" and self._refuses_filter(action):
            return frame({"Response": "Error", **with_id, "Message": "Filter did not compile."})
        if kind == "ping":
            return frame({"Response": "Success", **with_id, "Ping": "Pong"})
        return frame({"Response": "Success", **with_id, "Message": "done"})

    def _refuses_filter(self, action: dict[str, str]) -> bool:
        many = self.refuse_filters_after is not None and len(self.named("filter")) > self.refuse_filters_after
        return many or (self.old_filter_only and "matchcriteria" in action)

    def _login(self, action: dict[str, str], with_id: dict[str, str]) -> bytes:
        if action["secret"] != self.secret:
            return frame({"Response": "Error", **with_id, "Message": "Authentication failed"})
        accepted = frame({"Response": "Success", **with_id, "Message": "Authentication accepted"})
        if self.withhold_fully_booted:
            return accepted
        return accepted + frame({"Event": "FullyBooted", "Privilege": "system,all", "Status": "Fully Booted"})


def _kind_first(part: Mapping[str, str]) -> dict[str, str]:
    """Asterisk writes `Response` or `Event` before the ActionID."""
    name = "Event" if "Event" in part else "Response"
    return {name: part[name]}
