"""One AMI connection: framing of our own, with panoramisk to say when a list is complete.

A wire lives for one connection and never sends anything twice. Events nobody wants are dropped
before they are decoded.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final, cast

from panoramisk.actions import Action
from panoramisk.message import Message

from dialer.errors import LinkDown
from dialer.telephony.asterisk.ami_frames import (
    EOL,
    AmiEvent,
    AmiMessage,
    FrameSplitter,
    FrameTooLong,
    event_kind,
)

log = logging.getLogger(__name__)

Headers = Mapping[str, str | int | Sequence[str]]

_EVENT: Final = b"Event: "
_BANNER: Final = b"Asterisk Call Manager/"
_ABOUT_ASTERISK: Final = ("FullyBooted", "Shutdown")
_NOTICES: Final = tuple(f"Event: {name}\r\n".encode() for name in _ABOUT_ASTERISK)
_CONTROL: Final = re.compile(r"[\r\n\x00]")
_FIRST: Final = ("action", "actionid")
_NOT_A_NAME: Final = re.compile(r"[\s:]|^$")


class NotSent(LinkDown):
    """The action never left: nothing happened."""

    sent = False


class ActionLost(LinkDown):
    """The action was sent and not answered: it may have happened. Reconcile, never repeat."""

    sent = True


class BacklogFull(Exception):
    """Raised by the receiver of events: better a gap that is known than a silent one."""


@lru_cache(maxsize=256)
def _is_name(name: str) -> bool:
    return not (_NOT_A_NAME.search(name) or _CONTROL.search(name))


def encode(headers: Headers) -> bytes:
    """Raises ValueError for a value that would start a header, or a second action, of its own."""
    lines = []
    for name, value in headers.items():
        if not _is_name(name):
            raise ValueError("malformed AMI header name")
        for item in (value,) if isinstance(value, str | int) else value:
            if _CONTROL.search(text := str(item)):
                raise ValueError(f"control character in AMI header {name}")
            lines.append(f"{name}: {text}\r\n")
    return "".join([*lines, "\r\n"]).encode()


def _drop(_event: AmiEvent) -> None: ...


class _Pending:
    """An action under way, over with its first answer."""

    __slots__ = ("answered", "headers", "id", "messages")
    many = False

    def __init__(self, headers: Headers) -> None:
        self.id = _action_id(headers)
        self.headers = headers
        self.messages: list[AmiMessage] = []
        self.answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def encoded(self) -> bytes:
        # Asterisk repeats the ActionID in "line too long" only when it came before that line
        first = {"Action": self.headers["Action"], "ActionID": self.id}
        return encode(first | {k: v for k, v in self.headers.items() if k.lower() not in _FIRST})

    def add(self, message: AmiMessage) -> None:
        self.messages.append(message)
        if not self.answered.done():
            self.answered.set_result(None)

    def lose(self, reason: str) -> None:
        if not self.answered.done():
            self.answered.set_exception(ActionLost(f"{self.headers['Action']}: {reason}"))


class _PendingList(_Pending):
    """panoramisk decides when the list is complete; the messages are ours."""

    __slots__ = ("_action",)
    many = True

    def __init__(self, headers: Headers) -> None:
        super().__init__(headers)
        self._action = Action(headers)
        self.answered = self._action.future

    def add(self, message: AmiMessage) -> None:
        self.messages.append(message)
        self._action.add_message(Message.from_line(message.text()))


def _action_id(headers: Headers) -> str:
    given = (value for name, value in headers.items() if name.lower() == "actionid")
    return str(next(given, None) or Action.action_id_generator())


class AmiWire(asyncio.Protocol):
    """Starts by dropping every event; `listen` opens the tap. Lives until `lost` is set."""

    def __init__(self, wanted: Collection[str]) -> None:
        # keys end like the line they are compared with, so that no shorter line passes for them
        self._wanted = {f"{name}\r\n".encode(): name for name in wanted if name not in _ABOUT_ASTERISK}
        self._deliver: Callable[[AmiEvent], None] = _drop
        self._splitter = FrameSplitter()
        self._pending: dict[str, _Pending] = {}
        self._lists = 0
        self._transport: asyncio.Transport | None = None
        self._booted = asyncio.Event()
        self.lost = asyncio.Event()
        self.reason = ""

    def listen(self, deliver: Callable[[AmiEvent], None]) -> None:
        """From now on wanted events go to `deliver`, in order. If it raises, the wire closes."""
        self._deliver = deliver

    async def wait_booted(self) -> None:
        """Raises NotSent when the connection ends first."""
        await self._booted.wait()
        if self.lost.is_set():
            raise NotSent(self.reason)

    async def exchange(self, action: Headers, within_s: float, many: bool = False) -> list[AmiMessage]:
        """Send once and wait for the whole answer. ValueError and NotSent: nothing was sent."""
        pending = _PendingList(action) if many else _Pending(action)
        request = pending.encoded()
        if pending.id in self._pending:
            raise ValueError("this ActionID is already under way")
        if self._transport is None or self.lost.is_set():
            raise NotSent(f"{action['Action']}: {self.reason or 'not connected'}")
        self._enter(pending)
        try:
            self._transport.write(request)
            async with asyncio.timeout(within_s):
                await pending.answered
            return pending.messages
        except TimeoutError:
            raise ActionLost(f"{action['Action']}: no answer within {within_s} s") from None
        finally:
            self._leave(pending)

    def close(self, reason: str) -> None:
        """Every action under way fails with ActionLost. Closing twice changes nothing."""
        if self.lost.is_set():
            return
        self.reason = reason
        self.lost.set()
        self._booted.set()
        if self._transport is not None:
            self._transport.abort()
        for pending in list(self._pending.values()):
            pending.lose(reason)

    def awaits(self, action_id: str) -> bool:
        return action_id in self._pending

    # --- what the event loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.close("Asterisk closed the connection" if exc is None else f"connection lost: {exc}")

    def data_received(self, data: bytes) -> None:
        if self.lost.is_set():
            return
        try:
            self._sort(self._splitter.feed(data))
        except (FrameTooLong, BacklogFull) as limit:
            self.close(str(limit))
        except Exception as failure:
            log.exception("AMI events stopped", extra={"action": "ami.delivery_failed"})
            self.close(f"an event could not be delivered: {type(failure).__name__}")

    # --- frames ---

    def _sort(self, frames: list[bytes]) -> None:
        # the hot path of the program: an unwanted event costs one slice and one look-up
        wanted, deliver, lists = self._wanted, self._deliver, self._lists
        for frame in frames:
            if not frame.startswith(_EVENT):
                self._other(frame)
            elif lists and self._listed(frame):
                pass
            elif (name := wanted.get(frame[7 : frame.find(EOL, 7) + 2])) is not None:
                deliver(AmiEvent(name, frame))
            elif frame.startswith(_NOTICES):
                self._notice(event_kind(frame))

    def _notice(self, kind: str) -> None:
        if kind == "FullyBooted":
            self._booted.set()
        elif kind == "Shutdown":
            self.close("Asterisk is shutting down")

    def _other(self, frame: bytes) -> None:
        frame = frame.lstrip(b"\r\n")
        if frame.startswith(_BANNER):
            frame = frame.partition(EOL)[2]
        if frame.startswith(_EVENT):
            self._sort([frame])
        elif frame.startswith(b"Response: "):
            self._answer(AmiMessage(frame))

    def _listed(self, frame: bytes) -> bool:
        event = AmiEvent(event_kind(frame), frame)
        pending = self._pending.get(event.get("ActionID"))
        if pending is None or not pending.many:
            return False
        self._answer(event)
        return True

    def _answer(self, message: AmiMessage) -> None:
        pending = self._pending.get(message.get("ActionID"))
        if pending is None:
            return  # its caller gave up
        try:
            pending.add(message)
        except Exception:  # panoramisk trips over headers it expects once: the action runs into its deadline
            log.exception("AMI answer dropped", extra={"action": "ami.answer_dropped"})

    # --- actions under way ---

    def _enter(self, pending: _Pending) -> None:
        self._pending[pending.id] = pending
        self._lists += pending.many

    def _leave(self, pending: _Pending) -> None:
        del self._pending[pending.id]
        self._lists -= pending.many
