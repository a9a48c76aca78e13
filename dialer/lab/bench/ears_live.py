"""The ears on a real exchange: as many lines as the machine rings at once, each tapped before its answer."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.bootstrap import ami_link
from dialer.domain.ids import AttemptId
from dialer.errors import FairdialError
from dialer.lab.bench import usage
from dialer.lab.bench.ears import Ears, cpu_while, ears_running
from dialer.lab.bench.tap_ways import Line, Spied
from dialer.lab.centre import PROJECT, CallCentre
from dialer.ports.ears import TapId
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink

_TRUNK, _HOME = "trunk-carrier", "TH"
_LAST_FOUR = "9891"
_DIALS_PER_S = 20.0
_UP_S, _RINGS_S = 20.0, 120


def run(lines: int, seconds: float) -> dict[str, Any]:
    place = PROJECT / ".run/bench/ears-live"
    with CallCentre(place, agents=0, channels=4 * lines, calls_per_second=1000.0) as centre:
        for step in ("1,Progress()", "2,PlayTones(ring)", f"3,Wait({_RINGS_S})", "4,Hangup(19)"):
            centre.carrier.cli(f"dialplan add extension {_LAST_FOUR},{step} into behaviour")
        return asyncio.run(_listen(centre, lines, seconds))


async def _listen(centre: CallCentre, count: int, seconds: float) -> dict[str, Any]:
    link = ami_link(centre.settings, random.Random())
    async with ears_running(most_streams=count) as ears, _up(link):
        floor = _Floor(link, ears, Spied(link, _TRUNK, ears.client.address))
        watching = asyncio.ensure_future(floor.watch())
        try:
            await floor.ring(count)
            asterisk = centre.pbx.pid or 0
            before, at = usage.cpu_s(asterisk), time.monotonic()
            used = await cpu_while(ears, seconds, ears.opened)
            pbx = (usage.cpu_s(asterisk) - before) / (time.monotonic() - at)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        figures = ears.client.figures()
        return used | {
            "lines": count,
            "refused_taps": floor.refused,
            "foreign_heard": len(ears.foreign),
            "frames": figures.frames,
            "asterisk_cores": round(pbx, 2),
        }


class _Floor:
    def __init__(self, link: AmiLink, ears: Ears, way: Spied) -> None:
        self._link, self._ears, self._way = link, ears, way
        self._lines: dict[str, Line] = {}
        self.refused = 0

    async def ring(self, count: int) -> None:
        """Returns when all taps are up, or no more come."""
        for nth in range(count):
            attempt = AttemptId(uuid4())
            number = f"+1{201 + nth + (nth + 1) // 99}555{_LAST_FOUR}"
            line = Line(attempt, number, uuid4(), dialplan.call_channel(attempt))
            self._lines[line.channel] = line
            await self._way.dial(line)
            await asyncio.sleep(1 / _DIALS_PER_S)
        until = time.monotonic() + _UP_S
        while self._ears.opened < count and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as orders:
            while True:
                event = await self._link.events.get()
                if not isinstance(event, AmiEvent) or event.get("DialStatus") != "PROGRESS":
                    continue
                line = self._lines.get(event.get("DestUniqueid")) or self._lines.get(event.get("Uniqueid"))
                if line is not None and line.rang is None:
                    line.rang = time.monotonic()
                    orders.create_task(self._tap(line))

    async def _tap(self, line: Line) -> None:
        self._ears.client.listen(TapId(line.tap), Home.of(_HOME), Audience.HOMES)
        try:
            await self._way.rang(line)
        except FairdialError:
            self.refused += 1


@asynccontextmanager
async def _up(link: AmiLink) -> AsyncIterator[None]:
    running = asyncio.ensure_future(link.run())
    try:
        async with asyncio.timeout(10):
            await link.up.wait()
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
