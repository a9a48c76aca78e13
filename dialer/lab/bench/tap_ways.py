"""Ways to hear a line before its answer. The first is ours; the others are measured beside it.

Each way gets a line to dial, and is told when it rings in band. What the exchange says of the lines comes over AMI for
all of them.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

import aiohttp

from dialer.domain.ids import AttemptId
from dialer.errors import FairdialError
from dialer.ports.ears import TapId
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_link import AmiLink, Headers
from dialer.telephony.asterisk.calls_in_hand import Switchboard
from dialer.telephony.asterisk.taps import Taps

CONTEXT_LOCAL = "bench-local"
CONTEXT_EAR = "bench-ear"
APP = "bench"
_DIAL_MS = 60_000


@dataclass(slots=True)
class Line:
    """Moments in monotonic seconds. `channel` is the unique id of the channel to the trunk, once it is known."""

    attempt: AttemptId
    number: str
    tap: UUID
    channel: str
    ordered: float = 0.0
    rang: float | None = None
    answered: float | None = None

    @property
    def caller(self) -> str:
        """The other half of a Local channel."""
        return f"{self.channel}-caller"


class Way(Protocol):
    async def dial(self, line: Line) -> None: ...

    async def rang(self, line: Line) -> None:
        """It rings in band from now on."""
        ...

    async def over(self, line: Line) -> None:
        """The line was hung up: clear up what does not end by itself."""
        ...


class Untapped:
    """The call as the service dials it."""

    def __init__(self, link: AmiLink, trunk: str) -> None:
        self._link, self._trunk = link, trunk

    async def dial(self, line: Line) -> None:
        await ordered(
            self._link,
            {
                "ActionID": line.channel,
                "ChannelId": line.channel,
                "Channel": f"PJSIP/{line.number}@{self._trunk}",
                "Context": dialplan.CONTEXT_ANSWERED,
                "Exten": "s",
                "Priority": "1",
            },
        )

    async def rang(self, line: Line) -> None:
        """Nobody listens."""

    async def over(self, line: Line) -> None:
        """Nothing is left."""


class Spied(Untapped):
    """Ours: ChanSpy on an AudioSocket channel, over AMI, by the driver's own code."""

    def __init__(self, link: AmiLink, trunk: str, ears: str) -> None:
        super().__init__(link, trunk)
        self._ears, self._board = ears, Switchboard()
        self._taps = Taps(self._board, link.send, lambda channel: None, lambda: uuid4().hex[:8])

    async def rang(self, line: Line) -> None:
        self._board.add_call(line.attempt)
        await self._taps.open(line.attempt, TapId(line.tap), self._ears)


class ThroughLocal:
    """A Local channel that is not optimised away; one half dials the trunk, the other runs AudioSocket()."""

    def __init__(self, link: AmiLink, ears: str) -> None:
        self._link, self._ears = link, ears

    async def dial(self, line: Line) -> None:
        await ordered(
            self._link,
            {
                "ActionID": line.channel,
                "ChannelId": line.channel,
                "OtherChannelId": line.caller,
                "Channel": f"Local/{line.number}@{CONTEXT_LOCAL}/n",
                "Codecs": "slin",
                "Application": "AudioSocket",
                "Data": f"{line.tap},{self._ears}",
            },
        )

    async def rang(self, line: Line) -> None:
        """It was listened to from the start."""

    async def over(self, line: Line) -> None:
        """Both halves end with the line."""


class Ari:
    """Commands over HTTP, and the events that say when a channel is in the application's hands."""

    def __init__(self, session: aiohttp.ClientSession, root: str) -> None:
        self._session, self._root = session, root
        self._arrived: dict[str, asyncio.Event] = {}

    async def run(self, ready: asyncio.Event) -> None:
        async with self._session.ws_connect(f"{self._root}/events", params={"app": APP}) as events:
            ready.set()
            async for message in events:
                told = message.json()
                if told["type"] == "StasisStart":
                    self._arrival(told["channel"]["id"]).set()

    async def here(self, *channels: str) -> None:
        for channel in channels:
            await self._arrival(channel).wait()

    def _arrival(self, channel: str) -> asyncio.Event:
        return self._arrived.setdefault(channel, asyncio.Event())

    async def post(self, path: str, **parameters: str) -> None:
        async with self._session.post(f"{self._root}/{path}", params=parameters) as answer:
            if answer.status >= 400:
                raise FairdialError(f"ARI {path}: {answer.status} {await answer.text()}")

    async def delete(self, path: str) -> None:
        """What is gone already is no failure."""
        async with self._session.delete(f"{self._root}/{path}"):
            pass

    async def external(self, channel: str, line: Line, ears: str) -> None:
        """A channel of ARI's own that carries a bridge's sound to the ears."""
        await self.post(
            "channels/externalMedia",
            channelId=channel,
            app=APP,
            external_host=ears,
            encapsulation="audiosocket",
            transport="tcp",
            format="slin",
            data=str(line.tap),
        )


class Snooped(Untapped):
    """ARI snoop, bridged with an external-media channel. The call itself is dialled as ours."""

    def __init__(self, link: AmiLink, trunk: str, ari: Ari, ears: str) -> None:
        super().__init__(link, trunk)
        self._ari, self._ears = ari, ears

    async def rang(self, line: Line) -> None:
        snoop, out, bridge = (f"{line.tap}-{part}" for part in ("snoop", "out", "bridge"))
        await asyncio.gather(
            self._ari.post(f"channels/{line.channel}/snoop/{snoop}", spy="in", app=APP),
            self._ari.external(out, line, self._ears),
            self._ari.post("bridges", type="mixing", bridgeId=bridge),
        )
        await self._ari.here(snoop, out)
        await self._ari.post(f"bridges/{bridge}/addChannel", channel=f"{snoop},{out}")

    async def over(self, line: Line) -> None:
        await self._ari.delete(f"channels/{line.tap}-out")
        await self._ari.delete(f"bridges/{line.tap}-bridge")


class SnoopedInDialplan(Untapped):
    """ARI snoop, whose channel is sent on to AudioSocket() in the dialplan: one channel less and no bridge."""

    def __init__(self, link: AmiLink, trunk: str, ari: Ari) -> None:
        super().__init__(link, trunk)
        self._ari = ari

    async def rang(self, line: Line) -> None:
        snoop = f"{line.tap}-snoop"
        await self._ari.post(f"channels/{line.channel}/snoop/{snoop}", spy="in", app=APP)
        await self._ari.here(snoop)
        await self._ari.post(
            f"channels/{snoop}/continue", context=CONTEXT_EAR, extension=str(line.tap), priority="1"
        )


class CreatedAndBridged:
    """ARI: create the channel, put it into a bridge with an external-media channel, then dial it there."""

    def __init__(self, trunk: str, ari: Ari, ears: str) -> None:
        self._trunk, self._ari, self._ears = trunk, ari, ears

    async def dial(self, line: Line) -> None:
        out, bridge = f"{line.tap}-out", f"{line.tap}-bridge"
        await asyncio.gather(
            self._ari.post(
                "channels/create",
                endpoint=f"PJSIP/{line.number}@{self._trunk}",
                app=APP,
                channelId=line.channel,
            ),
            self._ari.external(out, line, self._ears),
            self._ari.post("bridges", type="mixing", bridgeId=bridge),
        )
        await self._ari.here(out, line.channel)
        await self._ari.post(f"bridges/{bridge}/addChannel", channel=f"{out},{line.channel}")
        await self._ari.post(f"channels/{line.channel}/dial", timeout="60")

    async def rang(self, line: Line) -> None:
        """It was listened to from the start."""

    async def over(self, line: Line) -> None:
        await self._ari.delete(f"channels/{line.tap}-out")
        await self._ari.delete(f"bridges/{line.tap}-bridge")


async def ordered(link: AmiLink, order: Headers) -> None:
    whole: dict[str, Any] = {"Action": "Originate", "Timeout": str(_DIAL_MS), "Async": "true", **order}
    answer = await link.send(whole)
    if not answer.ok:
        raise FairdialError(f"Originate: {answer.get('Message')}")
