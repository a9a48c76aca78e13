"""The supervised AMI link: login, liveness, back-off, events in order. Nothing is ever sent twice."""

import asyncio
import logging
import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from dialer.errors import LinkDown, Refused
from dialer.telephony.asterisk.ami_filter import FilterHalfInstalled, install_filter
from dialer.telephony.asterisk.ami_frames import AmiEvent, AmiMessage
from dialer.telephony.asterisk.ami_wire import ActionLost, AmiWire, BacklogFull, Headers, NotSent

__all__ = [
    "ActionLost",
    "ActionRefused",
    "AmiLink",
    "AmiSettings",
    "Headers",
    "LinkLost",
    "LinkUp",
    "NotSent",
]

log = logging.getLogger(__name__)

_JITTER: Final = 0.2


class ActionRefused(Refused):
    """Asterisk answered an action with an error: a definite no."""


class LoginRejected(Exception):
    """Wrong credentials: waiting is the only safe answer, or fail2ban locks this host out."""


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """`backlog` counts events not yet consumed; more of them close the link, so that a reconcile follows."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    connect_s: float = 3
    boot_s: float = 60
    answer_s: float = 5
    ping_every_s: float = 5
    ping_s: float = 3
    first_delay_s: float = 0.5
    longest_delay_s: float = 30
    rejected_delay_s: float = 60
    backlog: int = 50_000
    filter_at_source: bool = True


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Every event of this generation comes after it: the point to reconcile at."""

    generation: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    reason: str


Delivery = AmiEvent | LinkUp | LinkLost


class AmiLink:
    """`wanted` names the events to deliver; all others are dropped, by Asterisk itself where it can.

    `events` has one consumer. `up` means: login accepted, Asterisk fully booted, events flowing.
    """

    def __init__(self, settings: AmiSettings, rng: random.Random, wanted: Collection[str]) -> None:
        self._settings, self._rng = settings, rng
        self._wanted = frozenset(wanted)
        self._filter = settings.filter_at_source
        self._wire: AmiWire | None = None
        # bounded by deliver, not by the queue: the notice that events were lost must always fit in
        self.events: asyncio.Queue[Delivery] = asyncio.Queue()
        self.up = asyncio.Event()
        self.generation = 0
        self.problem: str | None = "not connected yet"

    async def wait_up(self) -> None:
        await self.up.wait()

    async def send(self, action: Headers, within_s: float | None = None) -> AmiMessage:
        """The first answer, be it success or error. An Originate always runs in the background.

        Raises NotSent (nothing happened), ActionLost (it may have happened: reconcile, never repeat)
        and ValueError for a control character in a name or value (nothing happened).
        """
        messages = await self._live_wire(action).exchange(_safe(action), within_s or self._settings.answer_s)
        return messages[0]

    async def collect(self, action: Headers, within_s: float | None = None) -> list[AmiEvent]:
        """The items of a list action, without its start and end. Raises ActionRefused, and what `send` raises."""
        wire = self._live_wire(action)
        messages = await wire.exchange(action, within_s or self._settings.answer_s, many=True)
        if not messages[0].ok and not _says_empty(messages[0]):
            raise ActionRefused(f"{action['Action']}: {messages[0].get('Message')}")
        return [item for item in messages[1:-1] if isinstance(item, AmiEvent)]

    async def run(self) -> None:
        """Hold the link for ever; cancel to stop. The only place that connects."""
        delay = self._settings.first_delay_s
        while True:
            await self._consumer_caught_up()
            generation = self.generation
            pause = await self._one_connection()
            if self.generation != generation:
                delay = self._settings.first_delay_s
            await asyncio.sleep((pause or delay) * self._rng.uniform(1 - _JITTER, 1 + _JITTER))
            delay = min(delay * 2, self._settings.longest_delay_s)

    async def _consumer_caught_up(self) -> None:
        # with a stuck consumer every new connection would only overflow again
        while self.events.qsize() > self._settings.backlog // 2:
            self.problem = "events are not being consumed"
            await asyncio.sleep(self._settings.first_delay_s)

    async def _one_connection(self) -> float | None:
        """The pause to keep before the next one, when the usual back-off does not fit."""
        try:
            await self._hold()
        except LoginRejected as refused:
            self._failed(f"login rejected: {refused}")
            return self._settings.rejected_delay_s
        except (OSError, LinkDown) as down:
            self._failed(str(down) or type(down).__name__)
        return None

    def _failed(self, problem: str) -> None:
        self.problem = problem
        log.warning("AMI link down", extra={"action": "ami.link_down", "reason": problem})

    async def _hold(self) -> None:
        self._wire = wire = await self._connect()
        try:
            await self._log_in(wire)
            await self._narrow(wire)
            await self._open(wire)
            await self._watch(wire)
        except (OSError, LinkDown) as down:
            wire.close(str(down))
            raise
        finally:
            wire.close("this program ends the connection")
            self._announce_loss(wire)

    async def _connect(self) -> AmiWire:
        s = self._settings
        try:
            async with asyncio.timeout(s.connect_s):
                loop = asyncio.get_running_loop()
                _, wire = await loop.create_connection(lambda: AmiWire(self._wanted), s.host, s.port)
        except TimeoutError:
            raise TimeoutError(f"no connection within {s.connect_s} s") from None
        return wire

    async def _log_in(self, wire: AmiWire) -> None:
        s = self._settings
        # only the class of FullyBooted until the filter stands: no event before its LinkUp
        login = {"Action": "Login", "Username": s.username, "Secret": s.secret, "Events": "system"}
        answer = (await wire.exchange(login, s.answer_s))[0]
        if not answer.ok:
            raise _refusal(answer.get("Message"))
        try:
            async with asyncio.timeout(s.boot_s):
                await wire.wait_booted()
        except TimeoutError:
            raise TimeoutError("no FullyBooted: the AMI user needs 'system' among its read classes") from None

    async def _narrow(self, wire: AmiWire) -> None:
        if not self._filter:
            return
        try:
            await install_filter(wire, [*self._wanted, "Shutdown"], self._settings.answer_s)
        except FilterHalfInstalled:
            self._filter = False  # half a filter hides events: the next connection goes without
            raise

    async def _open(self, wire: AmiWire) -> None:
        # in this order: LinkUp before the first event, events on before a consumer's first action
        wire.listen(self.deliver)
        self.generation += 1
        self.problem = None
        self.events.put_nowait(LinkUp(self.generation))
        self.up.set()
        log.info("AMI link up", extra={"action": "ami.link_up", "generation": self.generation})
        answer = await wire.exchange({"Action": "Events", "EventMask": "on"}, self._settings.answer_s)
        if not answer[0].ok:
            raise ConnectionError(f"events refused: {answer[0].get('Message')}")

    async def _watch(self, wire: AmiWire) -> None:
        """Ends with the connection. A half-open one is found by a ping that nobody answers."""
        s = self._settings
        while not wire.lost.is_set():
            try:
                async with asyncio.timeout(s.ping_every_s):
                    await wire.lost.wait()
            except TimeoutError:
                await wire.exchange({"Action": "Ping"}, s.ping_s)
        raise ConnectionError(wire.reason)

    def deliver(self, event: AmiEvent) -> None:
        if self.events.qsize() >= self._settings.backlog:
            raise BacklogFull("events are not being consumed")
        self.events.put_nowait(event)

    def _announce_loss(self, wire: AmiWire) -> None:
        self._wire = None
        if self.up.is_set():
            self.up.clear()
            self.events.put_nowait(LinkLost(wire.reason))

    def _live_wire(self, action: Headers) -> AmiWire:
        if self._wire is None or not self.up.is_set():
            raise NotSent(f"{action['Action']}: {self.problem or 'the link is down'}")
        return self._wire


def _refusal(message: str) -> Exception:
    # a restarting Asterisk still takes connections, and refuses every action of theirs with these words
    transient = "shutting down" in message
    return ConnectionError(message) if transient else LoginRejected(message)


def _safe(action: Headers) -> Headers:
    if str(action["Action"]).lower() != "originate" or action.get("Async") == "true":
        return action
    # without Async, Asterisk serves no other action on this link until the call is answered
    return {**{name: value for name, value in action.items() if name.lower() != "async"}, "Async": "true"}


def _says_empty(answer: AmiMessage) -> bool:
    """PJSIPShowContacts and its like answer an empty list with an error: `No Contacts found`."""
    words = answer.get("Message").lower().split()
    return words[:1] == ["no"] and words[-1:] == ["found"]
