"""An Asterisk of its own that plays clips to its own detectors: AMD(), TONE_DETECT and ToneScan, in a dialplan, live.

One half of a Local channel plays the clip, the other half runs what is to be measured. Nothing else is loaded or changed:
the product's own configuration leaves these modules out.
"""

import asyncio
import random
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dialer.errors import Misconfigured
from dialer.lab import asterisk_program
from dialer.lab.asterisk_instance import AsteriskInstance
from dialer.lab.bench.loaded import new_loop
from dialer.lab.ears.codecs import Audio
from dialer.lab.ears.rendering import RATE
from dialer.lab.ports import HOST, Ports
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink, AmiSettings

AT_ONCE = 100
_USER = "bench"
_PLAYS, _SAID = "RivalPlays", "RivalSaid"
_NOW = "${STRFTIME(,,%s.%6q)}"
_SPARE_S = 30.0
_OVER = "HANGUP"
_MODULES = (
    "app_amd", "app_playback", "app_userevent", "format_sln", "func_strings", "pbx_config", "res_timing_timerfd",
    "res_tonedetect",
)  # fmt: skip
_CLIPS = f"""
[clips]
exten = _X.,1,Answer()
 same = n,UserEvent({_PLAYS},Run: ${{EXTEN}},At: {_NOW})
 same = n,Playback(${{CLIPS}}/${{EXTEN:0:6}})
 same = n,Hangup()
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a detector said of a clip; `at_s` from the clip's start."""

    status: str
    because: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Way:
    """A detector with its options: the applications that the listening half runs, and those it goes to on a hit."""

    name: str
    steps: tuple[str, ...]
    on_hit: tuple[str, ...] = ()


def amd(name: str, options: str = "") -> Way:
    """`options`: AMD()'s arguments in their order; empty: its defaults."""
    return Way(name, (f"AMD({options})", _said("${AMDSTATUS}", "${AMDCAUSE}")))


def tone_detect(hz: int, options: str = "", lasts_ms: int = 250) -> Way:
    """The default of 500 ms is longer than many a ring-back tone's burst."""
    detector = f"Set(TONE_DETECT({hz},{lasts_ms},{options}rg(${{CONTEXT}},hit,1))=)"
    return Way(f"{hz} Hz {options}".rstrip(), (detector, "Wait(60)"), (_said("HIT"), "Hangup()"))


def tone_scan(zone: str) -> Way:
    return Way(zone, (f"ToneScan({zone},60)", _said("${TONESCANSTATUS}")))


def _said(status: str, because: str = "") -> str:
    return f"UserEvent({_SAID},Run: ${{RUN}},At: {_NOW},Said: {status},Because: {because})"


def dialplan(ways: Sequence[Way], clips: Path) -> str:
    """The whole extensions.conf. A run's number is its clip's, six digits, and its way's, two."""
    parts = [f"[globals]\nCLIPS = {clips}", _CLIPS]
    for number, way in enumerate(ways):
        steps = "".join(f"\n same = n,{step}" for step in (*way.steps, "Hangup()"))
        parts.append(f"\n[way-{number}]\nexten = _X.,1,Set(RUN=${{EXTEN}}){steps}")
        if way.on_hit:
            first, *others = way.on_hit
            parts.append(f"exten = hit,1,{first}" + "".join(f"\n same = n,{step}" for step in others))
        parts.append(f"exten = h,1,{_said(_OVER)}")
    return "\n".join(parts) + "\n"


class RivalExchange:
    """A running Asterisk with the given ways laid into its dialplan. `hear` plays every clip to every way."""

    def __init__(self, link: AmiLink, ways: Sequence[Way], clips: Path) -> None:
        self._link, self._ways, self._clips = link, ways, clips
        self._begun: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[Said | None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def hear(self, clips: Sequence[Audio]) -> Mapping[str, list[Said | None]]:
        """For each way and clip; None when nothing was said until the end."""
        for number, audio in enumerate(clips):
            audio.astype("<i2").tofile(self._clips / f"{number:06d}.sln")
        watching = asyncio.ensure_future(self._watch())
        try:
            runs = [
                self._run(number, way, len(audio) / RATE)
                for number, audio in enumerate(clips)
                for way in range(len(self._ways))
            ]
            said = await asyncio.gather(*runs)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        step = len(self._ways)
        return {way.name: said[number::step] for number, way in enumerate(self._ways)}

    async def _run(self, clip: int, way: int, seconds: float) -> Said | None:
        run = f"{clip:06d}{way:02d}"
        async with self._room:
            said: asyncio.Future[Said | None] = asyncio.get_running_loop().create_future()
            self._waiting[run] = said
            order = {
                "Action": "Originate",
                "Channel": f"Local/{run}@clips/n",
                "Context": f"way-{way}",
                "Exten": run,
                "Priority": "1",
                "Codecs": "slin",
                "Async": "true",
            }
            answer = await self._link.send(order)
            if not answer.ok:
                raise Misconfigured(f"the exchange refused a call: {answer.get('Message')}")
            try:
                async with asyncio.timeout(seconds + _SPARE_S):
                    return await said
            except TimeoutError:
                raise Misconfigured(
                    f"the exchange lost the call of clip {clip}, {self._ways[way].name}"
                ) from None
            finally:
                del self._waiting[run]

    async def _watch(self) -> None:
        while True:
            event = await self._link.events.get()
            if isinstance(event, AmiEvent):
                self._take(event)

    def _take(self, event: AmiEvent) -> None:
        if event.name != "UserEvent":
            return
        run = event.get("Run")
        if event.get("UserEvent") == _PLAYS:
            self._begun[run] = float(event.get("At"))
        elif (waits := self._waiting.get(run)) is not None and not waits.done():
            status, at_s = event.get("Said"), float(event.get("At")) - self._begun.pop(run, 0.0)
            waits.set_result(Said(status, event.get("Because"), at_s) if status not in ("", _OVER) else None)


def play(ways: Sequence[Way], clips: Sequence[Audio], folder: Path) -> Mapping[str, list[Said | None]]:
    """Starts the exchange, plays everything, and stops it. What lies in `folder` is gone. Raises `Misconfigured`."""
    with Ports(2) as ports, new_loop() as loop:
        exchange = AsteriskInstance(asterisk_program.find(), "rival", folder)
        exchange.lay_out()
        sounds = exchange.folder / "clips"
        sounds.mkdir()
        ami = AmiSettings(HOST, ports.one(), _USER, secrets.token_hex(16))
        _configure(exchange, ami, dialplan(ways, sounds))
        exchange.start()
        try:
            exchange.wait_booted()
            return loop.run(_play(ami, ways, sounds, clips))
        finally:
            exchange.stop()
            shutil.rmtree(sounds)


async def _play(
    ami: AmiSettings, ways: Sequence[Way], sounds: Path, clips: Sequence[Audio]
) -> Mapping[str, list[Said | None]]:
    link = AmiLink(ami, random.Random(), {"UserEvent"})  # back-off: nothing secret
    running = asyncio.ensure_future(link.run())
    try:
        async with asyncio.timeout(15):
            await link.wait_up()
        return await RivalExchange(link, ways, sounds).hear(clips)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _configure(exchange: AsteriskInstance, ami: AmiSettings, plan: str) -> None:
    folders = "".join(f"{name} = {folder}\n" for name, folder in exchange.directories().items())
    modules = "".join(f"load = {name}.so\n" for name in _MODULES)
    files = {
        "asterisk": f"[directories]\n{folders}",
        "modules": f"[modules]\nautoload = no\n{modules}",
        "logger": "[logfiles]\nmessages = notice,warning,error\n",
        "manager": f"[general]\nenabled = yes\nbindaddr = {ami.host}\nport = {ami.port}\n\n[{ami.username}]\n"
        f"secret = {ami.secret}\nread = system,user\nwrite = system,originate\n",
        "amd": "[general]\n",  # it does not load without one: empty leaves it its own defaults
        "extensions": plan,
    }
    for name, text in files.items():
        (exchange.etc / f"{name}.conf").write_text(text, "utf-8")
