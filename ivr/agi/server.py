"""The FastAGI server: survives probes, slow clients, hang-ups and garbage, and always frees the socket.

`AGISTATUS` cannot tell the dialplan that a service died in mid-conversation: Asterisk says SUCCESS then,
and also for an unknown script. So the last act of a conversation is to set `IVR_RESULT`. A dialplan
clears it before `AGI()` and falls back when it is still empty afterwards.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ivr.agi.protocol import Conversation, parse_request
from ivr.agi.wire import Wire
from ivr.errors import CallerHungUp, IvrError, LinkBroken

log = logging.getLogger(__name__)

RESULT_VARIABLE: Final = "IVR_RESULT"
CALLER_LEFT: Final = "caller-left"

Script = Callable[[Conversation], Awaitable[str]]
"""Returns what `IVR_RESULT` is to say: not empty, or the dialplan takes its fallback."""


@dataclass(frozen=True, slots=True)
class AgiLimits:
    sessions: int = 500
    header_s: float = 5
    command_s: float = 120
    grace_s: float = 10


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """`outcome`: done, caller-left, link-broken, failed, unknown-script, no-request, full, cut-short."""

    outcome: str
    script: str = ""
    detail: str = ""


Report = Callable[[SessionEnd], None]


async def ping(_conversation: Conversation) -> str:
    """For a doctor that wants to know whether this service answers."""
    return "pong"


class FastAgiServer:
    def __init__(
        self,
        host: str,
        port: int,
        scripts: Mapping[str, Script],
        *,
        report: Report,
        limits: AgiLimits | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._scripts: Mapping[str, Script] = {"ping": ping, **scripts}
        self._report = report
        self._limits = limits or AgiLimits()
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._full: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port bound to, which differs from the one asked for when that was 0."""
        if self._server is None or not self._server.sockets:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def sessions(self) -> int:
        return len(self._running)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Wire(self._opened), self._host, self._port, backlog=256
        )

    async def close(self) -> None:
        """Take no more callers, let those in conversation finish within the grace, end the rest."""
        if self._server is not None:
            self._server.close()
        running = set(self._running)
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=self._limits.grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _opened(self, wire: Wire) -> None:
        task = asyncio.get_running_loop().create_task(self._connected(wire))
        full = len(self._running) >= self._limits.sessions
        if full:
            self._full.add(task)
        self._running.add(task)

    async def _connected(self, wire: Wire) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  `_opened` makes one
        end = SessionEnd("cut-short")
        try:
            if task in self._full:
                end = SessionEnd("full")
            else:
                found = await self._found(wire)
                end = found if isinstance(found, SessionEnd) else await _converse(*found)
        except asyncio.CancelledError:
            pass  # by close(), or by the end of the loop: this task ends here in either case
        finally:
            self._running.discard(task)
            self._full.discard(task)
            self._tell(end)
            wire.close()

    async def _found(self, wire: Wire) -> SessionEnd | tuple[Script, Conversation]:
        """Which script is asked for; the end where there is none."""
        wire.limit(self._limits.header_s)
        try:
            request = parse_request(await wire.answer(b"\n\n"))
        except (IvrError, ValueError):
            return SessionEnd("no-request")
        script = self._scripts.get(request.script)
        if script is None:
            return SessionEnd("unknown-script", request.script)
        return script, Conversation(request, wire, self._limits.command_s)

    def _tell(self, end: SessionEnd) -> None:
        try:
            self._report(end)
        except Exception:  # a reporter's fault must not cost the caller
            log.exception("report failed", extra={"action": "agi.report_failed"})


async def _converse(script: Script, conversation: Conversation) -> SessionEnd:
    name = conversation.request.script
    try:
        result = await script(conversation)
        await conversation.set_variable(RESULT_VARIABLE, result)
        return SessionEnd("done", name, result)
    except CallerHungUp:
        # variables of a hung-up channel can still be set: its 'h' extension then knows the end was no fault
        with contextlib.suppress(IvrError):
            await conversation.set_variable(RESULT_VARIABLE, CALLER_LEFT)
        return SessionEnd("caller-left", name)
    except LinkBroken as broken:
        return SessionEnd("link-broken", name, str(broken))
    except IvrError as fault:
        return SessionEnd("failed", name, repr(fault))
    except Exception as fault:
        log.exception("script failed", extra={"action": "agi.script_failed", "script": name})
        return SessionEnd("failed", name, type(fault).__name__)
