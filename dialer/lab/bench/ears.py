"""How many lines one core hears: the shipped process, sockets and all, fed by plain senders.

CPU is that of the ears' process alone, as Linux counts it, while all streams are open and play.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from dialer.audio import synth
from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.audio.zones import Kind, load
from dialer.clock import SystemClock
from dialer.lab.bench import usage
from dialer.lab.bench.loaded import new_loop
from dialer.lab.centre import PROJECT
from dialer.listening.client import EarsProcess, EarsSettings
from dialer.ports.ears import EarEvent, RingHeard, TapClosed, TapId, TapOpened

_RATE, _FRAME = 8000, 160
_SOUND_S = 12.0
_RINGING = ("US", "GB", "CN", "DE", "FR", "JP", "TH", "IN")
_HOME = "TH"
_SETTLE_S, _READY_S = 1.5, 10.0


@dataclass(slots=True)
class Ears:
    """The process under test, and what it has said."""

    client: EarsProcess
    opened: int = 0
    closed_frames: int = 0
    closed: int = 0
    foreign: set[TapId] = field(default_factory=set)
    said: Counter[str] = field(default_factory=Counter)

    def take(self, event: EarEvent) -> None:
        self.said[type(event).__name__] += 1
        if isinstance(event, TapOpened):
            self.opened += 1
        elif isinstance(event, TapClosed):
            self.closed += 1
            self.closed_frames += event.frames
        elif isinstance(event, RingHeard) and event.verdict.may_hang_up:
            self.foreign.add(event.tap)


def run(
    counts: Sequence[int] = (500, 1000, 2000), answered: Sequence[int] = (200, 500), seconds: float = 10.0
) -> dict[str, Any]:
    folder = PROJECT / ".run/bench/ears"
    folder.mkdir(parents=True, exist_ok=True)
    ringing, talking = folder / "ringing.npy", folder / "talking.npy"
    np.save(ringing, _ringing())
    np.save(talking, _talking())
    with new_loop() as loop:
        early = [loop.run(_fed(ringing, count, seconds, answered=False)) for count in counts]
        answers = [loop.run(_fed(talking, count, seconds, answered=True)) for count in answered]
    return {"early_media": early, "answered": answers}


async def _fed(sound: Path, count: int, seconds: float, *, answered: bool) -> dict[str, Any]:
    async with ears_running(most_streams=count) as ears:
        taps = [TapId(uuid4()) for _ in range(count)]
        home = Home.of(_HOME)
        for tap in taps:
            ears.client.listen(tap, home, Audience.HOMES)
            if answered:
                ears.client.answered(tap, datetime.now(UTC) - timedelta(seconds=1))
        sender = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dialer.lab.bench.ear_sender",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        wanted = {
            "address": ears.client.address,
            "sound": str(sound),
            "taps": [str(tap) for tap in taps],
            "seconds": seconds + 2 * _SETTLE_S,
        }
        finished = asyncio.ensure_future(sender.communicate(json.dumps(wanted).encode()))
        async with asyncio.timeout(30):
            while ears.opened < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        used = await cpu_while(ears, seconds, count)
        out, _ = await finished
        sent = json.loads(out)
        async with asyncio.timeout(10):
            while ears.closed < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return used | {
            "frames_lost": sent["sent"] - ears.closed_frames,
            "sender_late_s": sent["late_s"],
            "foreign_heard": len(ears.foreign),
            "events": dict(ears.said),
        }


async def cpu_while(ears: Ears, seconds: float, streams: int) -> dict[str, Any]:
    """What a second of one stream's sound costs while these are open, from a moment on when all have settled.

    By the sound that was heard, not by the clock: a sender that gets no CPU brings less of it.
    """
    pid = ears.client.pid
    assert pid is not None  # noqa: S101  # it is up
    await asyncio.sleep(_SETTLE_S)
    before = ears.client.figures()
    await asyncio.sleep(seconds)
    after = ears.client.figures()
    used, heard_s = after.cpu_s - before.cpu_s, (after.frames - before.frames) * _FRAME / _RATE
    return {
        "streams": streams,
        "cpu_us_per_stream_s": round(1e6 * used / heard_s, 1),
        "streams_per_core": round(heard_s / used),
        "cores": round(used / seconds, 3),
        "heard_of_real_time": round(heard_s / seconds / streams, 3),
        "late_ticks": after.late_ticks,
        "longest_tick_s": after.longest_tick_s,
        "silences": after.silences,
        "memory_mib": round(usage.memory_mib(pid)),
        "machine_load": round(os.getloadavg()[0], 1),
    }


@asynccontextmanager
async def ears_running(most_streams: int) -> AsyncIterator[Ears]:
    heard: list[Ears] = []
    settings = EarsSettings(most_streams=most_streams, log_level="warning")
    client = EarsProcess(settings, lambda event: heard[0].take(event), SystemClock())
    ears = Ears(client)
    heard.append(ears)
    running = asyncio.ensure_future(client.run())
    try:
        async with asyncio.timeout(_READY_S):
            while not client.up:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        yield ears
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# --- what is played ---------------------------------------------------------------------------------------------------


def _ringing() -> NDArray[np.int16]:
    """Ring-back tones as many networks play them."""
    zones = load()
    rings = [zones.of(country, Kind.RING)[0] for country in _RINGING]
    return _framed([synth.render(ring, _SOUND_S, start_s=0.4 * nth) for nth, ring in enumerate(rings)])


def _talking() -> NDArray[np.int16]:
    """Something like speech, with pauses, over a little noise."""
    random = np.random.default_rng(20_02)
    return _framed([_voice(random, 0.6 + 0.4 * nth) for nth in range(8)])


def _voice(random: np.random.Generator, phrase_s: float) -> NDArray[np.int16]:
    at = np.arange(round(_SOUND_S * _RATE)) / _RATE
    pitch = 130 + 25 * np.sin(2 * np.pi * 0.7 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / _RATE
    voice = sum((np.sin(n * phase) / n for n in range(1, 12)), np.zeros(len(at)))
    syllables = np.sin(2 * np.pi * 3.1 * at) ** 2
    speaks = (at % (phrase_s + 1.2)) < phrase_s
    sound = 5000 * voice * syllables * speaks + random.normal(0, 20, len(at))
    return np.asarray(np.clip(sound, -32768, 32767), np.int16)


def _framed(sounds: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    whole = min(len(sound) for sound in sounds) // _FRAME
    return np.stack([sound[: whole * _FRAME].reshape(whole, _FRAME) for sound in sounds])
