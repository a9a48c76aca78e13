"""The ears on a real exchange: as many lines as the machine rings at once, each tapped before its answer."""

import asyncio
import random
import time
from typing import Any

from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.bootstrap import ami_link
from dialer.errors import FairdialError
from dialer.lab.bench import usage
from dialer.lab.bench.ears import Ears, cpu_while, ears_running
from dialer.lab.bench.tap_lines import Ringing, link_up, new_line, subscribers
from dialer.lab.bench.tap_ways import Line, Spied
from dialer.lab.centre import OUR_TRUNK, PROJECT, CallCentre
from dialer.ports.ears import TapId
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink

_HOME = "TH"
_LAST_FOUR = "9891"
_DIALS_PER_S = 20.0
_UP_S, _RINGS_S = 20.0, 120
_SUBSCRIBER = ("1,Progress()", "2,PlayTones(ring)", f"3,Wait({_RINGS_S})", "4,Hangup(19)")


def run(lines: int, seconds: float) -> dict[str, Any]:
    place = PROJECT / ".run/bench/ears-live"
    with CallCentre(place, agents=0, channels=4 * lines, calls_per_second=1000.0) as centre:
        subscribers(centre, _LAST_FOUR, _SUBSCRIBER)
        return asyncio.run(_listen(centre, lines, seconds))


async def _listen(centre: CallCentre, count: int, seconds: float) -> dict[str, Any]:
    link = ami_link(centre.settings, random.Random())
    async with ears_running(most_streams=count) as ears, link_up(link):
        floor = _Floor(link, ears, Spied(link, OUR_TRUNK, ears.client.address))
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
        self._ringing = Ringing()
        self.refused = 0

    async def ring(self, count: int) -> None:
        """Returns when all taps are up, or no more come."""
        for nth in range(count):
            line = new_line(nth, _LAST_FOUR)
            self._ringing.add(line)
            await self._way.dial(line)
            await asyncio.sleep(1 / _DIALS_PER_S)
        until = time.monotonic() + _UP_S
        while self._ears.opened < count and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    async def watch(self) -> None:
        async with asyncio.TaskGroup() as orders:
            while True:
                event = await self._link.events.get()
                if isinstance(event, AmiEvent) and (line := self._ringing.began(event)) is not None:
                    orders.create_task(self._tap(line))

    async def _tap(self, line: Line) -> None:
        self._ears.client.listen(TapId(line.tap), Home.of(_HOME), Audience.HOMES)
        try:
            await self._way.rang(line)
        except FairdialError:
            self.refused += 1
