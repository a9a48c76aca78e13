"""The engine's way to the ears: starts their process, starts it again when it dies or hangs, and is the port `Ears`."""

import asyncio
import logging
import os
import socket
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.clock import Clock
from dialer.errors import BadInput
from dialer.listening.wire import (
    Answered,
    Broken,
    Drop,
    Listen,
    Message,
    Messages,
    Ready,
    Serve,
    written,
)
from dialer.ports.ears import (
    AnnouncementHeard,
    AnswerHeard,
    EarEvent,
    EarsFigures,
    EarSink,
    EarsLost,
    EarsUp,
    RingHeard,
    TapClosed,
    TapId,
    TapOpened,
    ToneMeasured,
)

log = logging.getLogger(__name__)

HUNG_S = 5.0
"""Without a report: ten are missing."""
_STARTING_S = 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S = 0.5, 30.0, 60.0
_ENDING_S = 2.0
_MOST_UNSENT = 1 << 20
_LOOK_S = 0.25
_EVENTS = (TapOpened, RingHeard, AnnouncementHeard, ToneMeasured, AnswerHeard, TapClosed)


@dataclass(frozen=True, slots=True)
class EarsSettings:
    """`port` 0: the system's choice, kept over restarts of the process. `public_address`: host:port for the exchange."""

    host: str = "127.0.0.1"
    port: int = 0
    public_address: str | None = None
    tick_s: float = 0.04
    most_streams: int = 4000
    log_level: str = "info"
    log_format: str = "json"
    announcements: str = ""
    """The folder of those that were learned; "": none are recognised."""
    hung_s: float = HUNG_S


class EarsProcess:
    """Implements `dialer.ports.ears.Ears`. `run` ends only when cancelled, and ends the process then."""

    def __init__(self, settings: EarsSettings, sink: EarSink, clock: Clock) -> None:
        self._settings, self._sink, self._clock = settings, sink, clock
        self._port = settings.port
        self._link: _Link | None = None
        self._problem: str | None = "not started yet"
        self._figures = EarsFigures()
        self.pid: int | None = None
        self.restarts = -1

    # --- the port -------------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        return self._link is not None

    @property
    def problem(self) -> str | None:
        return self._problem

    @property
    def address(self) -> str:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return self._settings.public_address or f"{host}:{self._port}"

    def listen(self, tap: TapId, home: Home, audience: Audience) -> None:
        self._send(Listen(tap, home, audience))

    def answered(self, tap: TapId, at: datetime) -> None:
        self._send(Answered(tap, at))

    def drop(self, tap: TapId) -> None:
        self._send(Drop(tap))

    def figures(self) -> EarsFigures:
        return self._figures

    def _send(self, message: Message) -> None:
        if self._link is not None and not self._link.send(message):
            self._lost(self._link, "does not take commands")

    # --- the process ----------------------------------------------------------------------------------

    async def run(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            begun = self._clock.monotonic()
            try:
                await self._live()
            except OSError as failure:
                self._problem = f"cannot be started: {failure.strerror or failure}"
            log.warning("ears lost", extra={"action": "ears.lost", "why": self._problem})
            if self._clock.monotonic() - begun > _STEADY_S:
                pause = _FIRST_PAUSE_S
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _live(self) -> None:
        """One process, from its start to its end."""
        self.restarts += 1
        self._problem = "starting"
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await _started(theirs)
            except BaseException:
                ours.close()
                raise
        self.pid = process.pid
        loop = asyncio.get_running_loop()
        link: _Link | None = None
        try:
            _, link = await loop.create_unix_connection(lambda: _Link(self), sock=ours)
            settings = self._settings
            link.send(
                Serve(
                    settings.host,
                    self._port,
                    settings.tick_s,
                    settings.most_streams,
                    settings.log_level,
                    settings.log_format,
                    settings.announcements,
                )
            )
            await self._watch(link, process)
        finally:
            if link is not None:
                self._lost(link, "stopped")
            await _ended(process)
            self.pid = None

    async def _watch(self, link: "_Link", process: asyncio.subprocess.Process) -> None:
        """Returns when the process is to be ended."""
        link.heard_at = self._clock.monotonic()
        while not link.closed.is_set():
            try:
                async with asyncio.timeout(_LOOK_S):
                    await link.closed.wait()
            except TimeoutError:
                patience = self._settings.hung_s if link is self._link else _STARTING_S
                if self._clock.monotonic() - link.heard_at > patience:
                    self._lost(link, f"hung: not heard of for {patience:g} s")
                    process.kill()

    def _lost(self, link: "_Link", because: str) -> None:
        """Also of one that was never up; only the first reason counts."""
        if link.over:
            return
        link.end()
        self._problem = because
        self._figures = EarsFigures()
        if link is self._link:
            self._link = None
            self._tell(EarsLost(self._clock.now(), because))

    # --- what the process says ------------------------------------------------------------------------

    def take(self, link: "_Link", message: Message) -> None:
        link.heard_at = self._clock.monotonic()
        if isinstance(message, _EVENTS):
            self._tell(message)
        elif isinstance(message, EarsFigures):
            self._figures = message
        elif isinstance(message, Ready):
            self._port, self._link, self._problem = message.port, link, None
            log.info("ears up", extra={"action": "ears.up", "address": self.address})
            self._tell(EarsUp(self._clock.now()))
        elif isinstance(message, Broken):
            self._port = self._settings.port
            self._lost(link, message.why)

    def connection_lost(self, link: "_Link") -> None:
        self._lost(link, "died")

    def _tell(self, event: EarEvent) -> None:
        try:
            self._sink(event)
        except Exception:  # a fault of whoever listens to us, and no reason to hear nothing more
            log.exception(
                "ear event", extra={"action": "ears.sink_failed", "event_kind": type(event).__name__}
            )


class _Link(asyncio.Protocol):
    """Our end of the sockets."""

    def __init__(self, owner: EarsProcess) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._messages = Messages()
        self.heard_at = 0.0
        self.over = False
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # a stream socket's

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._messages.take(data):
                if self.over:
                    return
                self._owner.take(self, message)
        except BadInput as broken:
            log.error("ears said what they should not", extra={"action": "ears.broken", "why": str(broken)})
            self._owner.connection_lost(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
        self._owner.connection_lost(self)

    def send(self, message: Message) -> bool:
        """Whether it can still be taken."""
        if self._transport is None or self.over:
            return False
        self._transport.write(written(message))
        return self._transport.get_write_buffer_size() <= _MOST_UNSENT

    def end(self) -> None:
        self.over = True
        self.closed.set()
        if self._transport is not None:
            self._transport.abort()


async def _started(theirs: socket.socket) -> asyncio.subprocess.Process:
    # it does its own batching: threads of a numerics library would only be in each other's way
    environment: dict[str, Any] = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dialer.listening",
        str(theirs.fileno()),
        str(os.getpid()),
        pass_fds=(theirs.fileno(),),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        env=environment,
    )


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Our socket is closed: it ends by itself, or is killed."""
    try:
        async with asyncio.timeout(_ENDING_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
