"""People on the carrier's side of a real exchange: each is a SIP call whose sound comes here and whose keys go out as RFC 4733."""

import asyncio
import itertools
import random
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

import numpy as np

from dialer.lab.asterisk_instance import AsteriskInstance
from dialer.lab.centre import CALLER_ID
from dialer.lab.ports import HOST
from dialer.listening.packets import FRAME_BYTES, FRAME_HEAD, UUID_PACKET, Packets
from dialer.telephony.asterisk.ami_link import AmiLink, AmiSettings
from tests.integration.ivr.hearing import FRAME, RATE, Ear

_LINKS: Final = 8  # Asterisk takes no other action on a link while it plays a key
_AT_A_TIME: Final = 3
_KEY_S: Final = 0.1
_BETWEEN_KEYS_S: Final = (
    0.3  # a brisk hand; this program, which hears thirty lines at once, answers as slowly as it may
)
_VOICE: Final = (8000 * np.sin(2 * np.pi * 250 * np.arange(FRAME) / RATE)).astype("<i2").tobytes()
_NOTHING: Final = bytes(FRAME_BYTES)
WITHIN_S: Final = 60.0


@dataclass(eq=False)
class Line:
    """One caller's end. `sound` is all that was heard, `ear` what it was."""

    number: str
    link: AmiLink
    id: UUID = field(default_factory=uuid4)
    ear: Ear = field(default_factory=Ear)
    sound: list[np.ndarray] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    writer: asyncio.StreamWriter | None = None
    _says: bytes = _NOTHING

    @property
    def channel(self) -> str:
        return f"walk-{self.id}"

    async def call(self) -> None:
        """Returns as soon as the call has been placed."""
        host, port = self._ear_at
        answer = await self.link.send(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{CALLER_ID}@pbx",
                "ChannelId": self.channel,
                "CallerID": self.number,
                "Application": "Dial",
                "Data": f"AudioSocket/{host}:{port}/{self.id}/c(slin)",
                "Timeout": "30000",
                "Async": "true",
            },
            within_s=WITHIN_S,
        )
        assert answer.ok, answer.get("Message")

    _ear_at: tuple[str, int] = (HOST, 0)

    async def press(self, keys: str) -> None:
        for key in keys:
            answer = await self.link.send(
                {
                    "Action": "PlayDTMF",
                    "Channel": self.channel,
                    "Digit": key,
                    "Duration": str(round(_KEY_S * 1000)),
                },
                within_s=WITHIN_S,
            )
            assert answer.ok, answer.get("Message")
            await asyncio.sleep(_KEY_S + _BETWEEN_KEYS_S)

    async def speak(self, seconds: float) -> None:
        self._says = _VOICE
        await asyncio.sleep(seconds)
        self._says = _NOTHING

    async def sends(self) -> None:
        """As many packets as a telephone sends, three at a time: thirty lines share this program with those who answer them."""
        assert self.writer is not None
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.writer.is_closing():
            self.writer.write(_AT_A_TIME * (FRAME_HEAD + self._says))
            due += _AT_A_TIME * FRAME / RATE
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def hang_up(self) -> None:
        assert self.writer is not None
        self.writer.close()
        await self.closed.wait()

    def hears(self, frames: list[bytes]) -> None:
        for each in frames:
            samples = np.frombuffer(each, "<i2").astype(float)
            self.sound.append(samples)
            if self.ear.frame(samples):
                self.news.set()


class People:
    """The carrier's manager interface, and a server that takes the sound of its lines."""

    def __init__(self, links: Iterable[AmiLink]) -> None:
        self._links, self._lines = itertools.cycle(links), dict[UUID, Line]()
        self._at = (HOST, 0)

    @classmethod
    @asynccontextmanager
    async def on(cls, carrier: AsteriskInstance, port: int) -> AsyncIterator["People"]:
        async with _managed(carrier, port) as links:
            people = cls(links)
            server = await asyncio.start_server(people._line, HOST, 0)
            people._at = server.sockets[0].getsockname()[:2]
            try:
                yield people
            finally:
                server.close()

    def line(self, number: str) -> Line:
        made = Line(number, next(self._links), _ear_at=self._at)
        self._lines[made.id] = made
        return made

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.readexactly(UUID_PACKET)
        line = self._lines[UUID(bytes=first[3:])]
        line.writer = writer
        line.open.set()
        packets, sending = Packets(), asyncio.create_task(line.sends())
        with suppress(OSError):
            while not packets.ended and (came := await reader.read(16 * FRAME_BYTES)):
                line.hears(packets.take(came))
        sending.cancel()
        writer.close()
        line.closed.set()
        line.news.set()


@asynccontextmanager
async def _managed(carrier: AsteriskInstance, port: int) -> AsyncIterator[Sequence[AmiLink]]:
    """The lab's carrier has no manager interface otherwise."""
    secret, file = secrets.token_hex(8), carrier.etc / "manager.conf"
    before = file.read_text("utf-8")
    classes = "system,call,originate,reporting"
    file.write_text(
        f"[general]\nenabled = yes\nbindaddr = {HOST}\nport = {port}\n"
        f"[people]\nsecret = {secret}\nread = {classes}\nwrite = {classes}\n",
        "utf-8",
    )
    carrier.cli("manager reload")
    settings = AmiSettings(HOST, port, "people", secret)
    links = [AmiLink(settings, random.Random(nth), ()) for nth in range(_LINKS)]
    held = [asyncio.create_task(link.run()) for link in links]
    try:
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(link.wait_up() for link in links))
        yield links
    finally:
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        file.write_text(before, "utf-8")
        carrier.cli("manager reload")
