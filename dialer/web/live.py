"""Server-sent events: each snapshot is serialised and framed once, and the same bytes go to every viewer.

The frames are written to the viewers' transports by one task. A viewer whose connection does not take them is dropped
when its write buffer passes a limit: memory stays bounded, and nobody else waits. The page reconnects by itself.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from aiohttp import hdrs, web

from dialer.clock import Clock
from dialer.errors import FairdialError
from dialer.ports.floor import Floor
from dialer.tasks import TaskOwner
from dialer.web.errors import TooManyViewers
from dialer.web.stats import StatsFeed

log = logging.getLogger(__name__)

RETRY_MS = 2000
MOST_VIEWERS = 2000
MOST_UNSENT = 1 << 20  # bytes waiting for one viewer
HEARTBEAT_S = 15.0


class Viewer:
    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.gone = asyncio.Event()
        self.too_slow = False

    def send(self, chunk: bytes, most_unsent: int) -> bool:
        """False when the viewer has gone or does not keep up."""
        if self.transport.is_closing():
            return False
        if self.transport.get_write_buffer_size() > most_unsent:
            self.too_slow = True
            self.transport.abort()
            return False
        self.transport.write(chunk)
        return True


class Broadcast:
    """Everyone who watches. `serve` answers one viewer, `run` feeds them all."""

    def __init__(
        self,
        floor: Floor,
        feed: StatsFeed,
        clock: Clock,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        most_unsent: int = MOST_UNSENT,
        most_viewers: int = MOST_VIEWERS,
    ) -> None:
        self._floor = floor
        self._feed = feed
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._most_unsent = most_unsent
        self._most_viewers = most_viewers
        self._viewers: set[Viewer] = set()
        self.dropped = 0

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    async def serve(
        self, request: web.Request, still_welcome: Callable[[], Awaitable[object]]
    ) -> web.StreamResponse:
        """Stays until the viewer has gone, or `still_welcome`, asked at each heartbeat, raises."""
        if len(self._viewers) >= self._most_viewers:
            raise TooManyViewers(f"{self._most_viewers} viewers are connected")
        response = await self._begin(request)
        if request.transport is None:
            return response
        viewer = Viewer(request.transport)
        self._viewers.add(viewer)
        try:
            await self._until_gone(viewer, still_welcome)
        finally:
            self._viewers.discard(viewer)
        return response

    async def _begin(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8",
                hdrs.CACHE_CONTROL: "no-store",
                "X-Accel-Buffering": "no",  # nginx would hold the events back
            }
        )
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(f"retry: {RETRY_MS}\n\n".encode() + event(self._feed.current()))
        return response

    async def _until_gone(self, viewer: Viewer, still_welcome: Callable[[], Awaitable[object]]) -> None:
        while not viewer.gone.is_set():
            try:
                await asyncio.wait_for(viewer.gone.wait(), self._heartbeat_s)
            except TimeoutError:
                if not await self._beat(viewer, still_welcome):
                    return

    async def _beat(self, viewer: Viewer, still_welcome: Callable[[], Awaitable[object]]) -> bool:
        """A comment keeps proxies from closing the stream; a token may have been revoked since."""
        try:
            await still_welcome()
        except FairdialError:
            return False
        return viewer.send(_chunk(b": still here\n\n"), self._most_unsent)

    async def run(self) -> None:
        seen: datetime | None = None
        while True:
            try:
                snapshot = await self._floor.wait_snapshot(seen)
            except FairdialError:
                log.warning("no snapshot", extra={"action": "web.no_snapshot"})
                await asyncio.sleep(1)
                continue
            seen = snapshot.at
            self.send(_chunk(event(self._feed.of(snapshot))))

    def send(self, chunk: bytes) -> None:
        for viewer in [each for each in self._viewers if not each.send(chunk, self._most_unsent)]:
            self._viewers.discard(viewer)
            self.dropped += viewer.too_slow
            viewer.gone.set()

    def end(self) -> None:
        for viewer in self._viewers:
            viewer.gone.set()


def event(data: bytes) -> bytes:
    """JSON by orjson has no line breaks, so one data line holds it."""
    return b"event: stats\ndata: " + data + b"\n\n"


def _chunk(data: bytes) -> bytes:
    """HTTP/1.1 chunked transfer coding, made once instead of once for each viewer."""
    return b"%x\r\n%b\r\n" % (len(data), data)


FEED: web.AppKey[StatsFeed] = web.AppKey("feed", StatsFeed)
BROADCAST: web.AppKey[Broadcast] = web.AppKey("broadcast", Broadcast)


async def broadcasting(app: web.Application) -> AsyncIterator[None]:
    tasks = TaskOwner()
    tasks.spawn(app[BROADCAST].run(), "web.broadcast")
    yield
    await tasks.close()


async def end_streams(app: web.Application) -> None:
    """Before the server waits for its handlers to finish."""
    app[BROADCAST].end()
