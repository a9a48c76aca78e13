"""What it costs to hear a line before its answer, and what is heard: ours beside the other ways.

Forty lines are dialled at once, ring in band for some seconds, are answered and talk; every way gets the same. The exchange
is the shipped one with its REST interface and the AudioSocket application added, in this benchmark's own copy of the
configuration.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from dialer.bootstrap import ami_link
from dialer.errors import FairdialError
from dialer.lab.bench import usage
from dialer.lab.bench.ear_receiver import EarReceiver
from dialer.lab.bench.loaded import new_loop
from dialer.lab.bench.tap_figures import AFTER_ANSWER_S, Heard, figures
from dialer.lab.bench.tap_lines import Ringing, link_up, new_line, subscribers
from dialer.lab.bench.tap_ways import (
    CONTEXT_EAR,
    CONTEXT_LOCAL,
    Ari,
    CreatedAndBridged,
    Line,
    Snooped,
    SnoopedInDialplan,
    Spied,
    ThroughLocal,
    Untapped,
    Way,
)
from dialer.lab.centre import OUR_TRUNK, PROJECT, CallCentre
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink

LINES = 40
OURS = "chanspy"
RIVALS = {
    "Local/n, AudioSocket()": "local_audiosocket",
    "ARI snoop, external media": "ari_snoop",
    "ARI snoop, AudioSocket()": "ari_snoop_dialplan",
    "ARI create, bridge, dial": "ari_create_bridge_dial",
}
"""The other ways, for people, and their names in the figures."""
_UNTAPPED = ("untapped", "untapped_again")
_RINGS_S, _TALKS_S = 6, 60
_SETTLE_S = 2.5  # all lines ring and all taps are up long before
_ARI_S = 5.0  # its REST interface was seen to leave a request without an answer
_ANSWERED_S = AFTER_ANSWER_S + 0.5
_CLEAR_S = 10.0
_USER = "bench:bench"
# the lab's numbers by their last four digits: one that rings in band for longer than its like
_LAST_FOUR = "9890"
_SUBSCRIBER = (
    "1,Progress()",
    "2,PlayTones(ring)",
    f"3,Wait({_RINGS_S})",
    "4,Answer()",  # the tone goes on: an answer without a hole of the carrier's own
    "5,StopPlayTones()",
    f"6,MusicOnHold(speech,{_TALKS_S})",
    "7,Hangup(16)",
)
_DIALPLAN = f"""
[{CONTEXT_LOCAL}]
exten = _+X.,1,Answer()
 same = n,Dial(PJSIP/${{EXTEN}}@{OUR_TRUNK},60)

[{CONTEXT_EAR}]
exten = _[0-9a-f].,1,AudioSocket(${{EXTEN}},${{BENCH_EARS}})
"""


class _Centre(CallCentre):
    def _lay_out_pbx(self) -> None:
        super()._lay_out_pbx()
        etc = self.pbx.etc
        wanted = (
            "app_stasis",
            "app_audiosocket",
            "res_http_websocket",
            "res_websocket_client",
            "res_ari",
            "res_stasis",
        )
        modules = (etc / "modules.conf").read_text("utf-8").splitlines()
        kept = [line for line in modules if not line.startswith(tuple(f"noload = {name}" for name in wanted))]
        (etc / "modules.conf").write_text("\n".join(kept), "utf-8")
        http = (etc / "http.conf").read_text("utf-8").replace("enabled = no", "enabled = yes")
        (etc / "http.conf").write_text(http, "utf-8")
        name, _, password = _USER.partition(":")
        (etc / "ari.conf").write_text(
            f"[general]\nenabled = yes\n\n[{name}]\ntype = user\npassword = {password}\n", "utf-8"
        )
        plan = (etc / "extensions.conf").read_text("utf-8")
        (etc / "extensions.conf").write_text(plan + _DIALPLAN, "utf-8")


def run(rounds: int = 2, lines: int = LINES, folder: Path | None = None) -> dict[str, Any]:
    place = folder or PROJECT / ".run/bench/taps"
    with _Centre(place, agents=0, channels=4 * lines, calls_per_second=1000.0) as centre, new_loop() as loop:
        subscribers(centre, _LAST_FOUR, _SUBSCRIBER)
        heard = loop.run(_all(centre, rounds, lines))
    return figures(heard, _UNTAPPED)


async def _all(centre: CallCentre, rounds: int, lines: int) -> dict[str, Heard]:
    link = ami_link(centre.settings, random.Random())
    async with EarReceiver() as receiver, link_up(link), _ari(centre) as ari:
        ears = receiver.address
        await link.send({"Action": "Setvar", "Variable": "BENCH_EARS", "Value": ears})
        ways: dict[str, Way] = {
            _UNTAPPED[0]: Untapped(link, OUR_TRUNK),
            OURS: Spied(link, OUR_TRUNK, ears),
            "local_audiosocket": ThroughLocal(link, ears),
            "ari_snoop": Snooped(link, OUR_TRUNK, ari, ears),
            "ari_snoop_dialplan": SnoopedInDialplan(link, OUR_TRUNK, ari),
            "ari_create_bridge_dial": CreatedAndBridged(OUR_TRUNK, ari, ears),
            _UNTAPPED[1]: Untapped(link, OUR_TRUNK),
        }
        floor = _Floor(link, centre.pbx.pid or 0, receiver)
        heard: dict[str, Heard] = {}
        for _ in range(rounds):
            for name, way in ways.items():
                run = await floor.hear(way, lines)
                heard[name] = heard[name].with_more(run) if name in heard else run
        return heard


@asynccontextmanager
async def _ari(centre: CallCentre) -> AsyncIterator[Ari]:
    name, _, password = _USER.partition(":")
    limit = aiohttp.ClientTimeout(total=_ARI_S)
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth(name, password), timeout=limit) as session:
        ari, ready = Ari(session, f"http://{centre.settings.asterisk.http_bind}/ari"), asyncio.Event()
        events = asyncio.ensure_future(ari.run(ready))
        try:
            async with asyncio.timeout(10):
                await ready.wait()
            yield ari
        finally:
            events.cancel()
            await asyncio.gather(events, return_exceptions=True)


@dataclass(slots=True)
class _Floor:
    link: AmiLink
    asterisk: int
    receiver: EarReceiver
    ringing: Ringing = field(default_factory=Ringing)

    async def hear(self, way: Way, count: int) -> Heard:
        lines = [new_line(nth, _LAST_FOUR) for nth in range(count)]
        self.ringing = Ringing(lines)
        heard = Heard(lines, from_the_order=isinstance(way, (ThroughLocal, CreatedAndBridged)))
        watching = asyncio.ensure_future(self._watch(way, heard))
        try:
            await self._listen(way, heard)
        except (FairdialError, aiohttp.ClientError, TimeoutError) as failed:
            heard.problem = heard.problem or str(failed) or type(failed).__name__
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await self._clear(way, heard)
        heard.streams = [self.receiver.streams.get(line.tap) for line in lines]
        return heard

    async def _listen(self, way: Way, heard: Heard) -> None:
        at, used = time.monotonic(), usage.cpu_s(self.asterisk)
        async with asyncio.timeout(_SETTLE_S):
            await asyncio.gather(*(self._dial(way, line) for line in heard.lines))
        await asyncio.sleep(max(0.0, at + _SETTLE_S - time.monotonic()))
        settled, then = time.monotonic(), usage.cpu_s(self.asterisk)
        heard.setup_cpu_s = then - used
        heard.setup_line_s = sum(settled - line.rang for line in heard.lines if line.rang is not None)
        await asyncio.sleep(at + _RINGS_S - 0.5 - settled)
        heard.steady_line_s = len(heard.lines) * (time.monotonic() - settled)
        heard.steady_cpu_s = usage.cpu_s(self.asterisk) - then
        await asyncio.sleep(at + _RINGS_S + _ANSWERED_S - time.monotonic())

    async def _dial(self, way: Way, line: Line) -> None:
        line.ordered = time.monotonic()
        await way.dial(line)

    async def _watch(self, way: Way, heard: Heard) -> None:
        async with asyncio.TaskGroup() as orders:
            while True:
                event = await self.link.events.get()
                if not isinstance(event, AmiEvent):
                    continue
                if (line := self.ringing.began(event)) is not None:
                    orders.create_task(_tried(way.rang(line), heard))
                elif event.name == "Newstate" and event.get("ChannelState") == "6":
                    self._answered(event.get("Uniqueid"))

    def _answered(self, channel: str) -> None:
        line = self.ringing.of(channel)
        if line is not None and line.rang is not None and line.answered is None:
            line.answered = time.monotonic()

    async def _clear(self, way: Way, heard: Heard) -> None:
        for line in heard.lines:
            await self.link.send({"Action": "Hangup", "Channel": line.channel, "Cause": "16"})
        await asyncio.sleep(0.5)
        heard.left_channels = await self._channels()
        try:
            async with asyncio.timeout(_CLEAR_S):
                await asyncio.gather(*(way.over(line) for line in heard.lines))
                while await self._channels():  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except (aiohttp.ClientError, TimeoutError):
            heard.problem = f"{await self._channels()} channels could not be cleared up"

    async def _channels(self) -> int:
        return len(await self.link.collect({"Action": "CoreShowChannels"}))


async def _tried(order: Awaitable[None], heard: Heard) -> None:
    try:
        await order
    except (FairdialError, aiohttp.ClientError, TimeoutError) as failed:
        heard.problem = str(failed) or type(failed).__name__
