"""The client side of the HTTP benchmark, in a process of its own: raw connections that do as little as possible."""

import asyncio
import json
import sys
import time

_EVENT = b"event: stats\n"


class _Asking(asyncio.Protocol):
    """Asks again as soon as the answer is complete, on one connection."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # says so to the type checker
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head = self._rest.find(b"\r\n\r\n")
        if head < 0:
            return
        length = self._rest[:head].lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        if len(self._rest) >= head + 4 + int(length):
            if not self._rest.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(self._rest[:200].decode())
            self.answers += 1
            self._rest = b""
            self._transport.write(self._request)


class _Watching(asyncio.Protocol):
    """Counts the events of one stream."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._tail = b""
        self.events = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        whole = self._tail + data
        self.events += whole.count(_EVENT)
        self._tail = whole[-len(_EVENT) + 1 :]

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


async def ask(port: int, request: bytes, connections: int, seconds: float) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    asking = [_Asking(request) for _ in range(connections)]
    for each in asking:
        await loop.create_connection(lambda each=each: each, "127.0.0.1", port)  # type: ignore[misc]
    before, begun = sum(each.answers for each in asking), time.perf_counter()
    await asyncio.sleep(seconds)
    took, answers = time.perf_counter() - begun, sum(each.answers for each in asking)
    return {"per_s": (answers - before) / took, "all": answers}


async def watch(port: int, request: bytes, connections: int, seconds: float) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    watching = [_Watching(request) for _ in range(connections)]
    for each in watching:
        await loop.create_connection(lambda each=each: each, "127.0.0.1", port)  # type: ignore[misc]
    while not all(each.events for each in watching):  # noqa: ASYNC110  # begun when the last one has joined
        await asyncio.sleep(0.01)
    before, begun = [each.events for each in watching], time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - begun
    got = [each.events - had for each, had in zip(watching, before, strict=True)]
    return {"per_s": sum(got) / took, "least": min(got) / took, "lost": sum(each.lost for each in watching)}


def main() -> None:
    """Arguments: ask or watch, port, connections, seconds; the request on stdin; the result as JSON on stdout."""
    what, port, connections, seconds = sys.argv[1:]
    work = {"ask": ask, "watch": watch}[what]
    request = sys.stdin.buffer.read()
    print(json.dumps(asyncio.run(work(int(port), request, int(connections), float(seconds)))))


if __name__ == "__main__":
    main()
