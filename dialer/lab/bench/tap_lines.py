"""Lines that ring in band at the lab's carrier, and when each begins to: whoever taps lines orders them here."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from dialer.domain.ids import AttemptId
from dialer.lab.bench.tap_ways import Line
from dialer.lab.centre import CallCentre
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink

_UP_S = 10.0


def subscribers(centre: CallCentre, last_four: str, steps: Sequence[str]) -> None:
    """What the carrier does with every number that ends so: priorities and applications of its dialplan."""
    for step in steps:
        centre.carrier.cli(f"dialplan add extension {last_four},{step} into behaviour")


def new_line(nth: int, last_four: str) -> Line:
    """To a number of its own."""
    attempt = AttemptId(uuid4())
    area = 201 + nth + (nth + 1) // 99  # none ends in 00
    return Line(attempt, f"+1{area}555{last_four}", uuid4(), dialplan.call_channel(attempt))


class Ringing:
    """Knows lines by their channels."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines: dict[str, Line] = {}
        for line in lines:
            self.add(line)

    def add(self, line: Line) -> None:
        self._lines[line.channel] = self._lines[line.caller] = line

    def of(self, channel: str) -> Line | None:
        return self._lines.get(channel)

    def began(self, event: AmiEvent) -> Line | None:
        """The line that has just begun to ring in band. Behind a Local channel lies another, found by its caller."""
        if event.name != "DialState" or event.get("DialStatus") != "PROGRESS":
            return None
        channel = event.get("DestUniqueid")
        line = self._lines.get(event.get("Uniqueid")) or self._lines.get(channel)
        if line is None or line.rang is not None:
            return None
        self._lines[channel] = line
        self._lines.pop(line.caller, None)
        if channel != line.channel:
            self._lines.pop(line.channel, None)
        line.rang = time.monotonic()
        return line


@asynccontextmanager
async def link_up(link: AmiLink) -> AsyncIterator[None]:
    running = asyncio.ensure_future(link.run())
    try:
        async with asyncio.timeout(_UP_S):
            await link.up.wait()
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
