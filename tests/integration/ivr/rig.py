"""A caller on the carrier's side of a real exchange, who presses keys and records what is heard; each prompt is a tone."""

import asyncio
import itertools
import json
import math
import struct
import wave
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from dialer.lab.centre import CALLER_ID, CallCentre
from ivr.agi.server import FastAgiServer, SessionEnd
from ivr.asterisk import Effects, FlowScript, Recordings, Sounds
from ivr.asterisk.standalone import DialStrings, FileSessions, FixedFlows, FixedRoutes
from ivr.flow.model import Flow
from ivr.ports import Registered
from ivr.prompts.index import FILE, Entry, Index
from ivr.spoken import Spoken

RATE: Final = 8000
TONES: Final[Mapping[str, int]] = {
    "welcome": 400, "menu": 500, "number": 600, "leave": 700, "bye": 800, "builtin/no_input": 900,
    "builtin/failure": 1000, "wait": 1100, "again": 1300, "price": 1400,
}  # fmt: skip
SECONDS: Final = 1.5
FOLDER: Final = "ivr-tones"

Found = TypeVar("Found")


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Tones:
    """A prompt book: every prompt is a tone of its own."""

    def sounds(self, spoken: Spoken) -> Sequence[str]:
        return [f"{FOLDER}/{TONES[spoken.prompt]}"]


def make_tones(sounds: Path) -> None:
    (sounds / FOLDER).mkdir(exist_ok=True)
    for hertz in TONES.values():
        with wave.open(str(sounds / FOLDER / f"{hertz}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            turn = 2 * math.pi * hertz / RATE
            samples = (round(12000 * math.sin(turn * n)) for n in range(int(RATE * SECONDS)))
            file.writeframes(b"".join(struct.pack("<h", each) for each in samples))


def make_prompts(sounds: Path) -> None:
    """The tones as prompts that were built: their words are their names."""
    words = {name: Entry(str(hertz), SECONDS, "test") for name, hertz in TONES.items()}
    index = Index(words={"en/normal": words})
    (sounds / FOLDER / FILE).write_text(json.dumps(index.as_json()), "utf-8")


@dataclass(frozen=True)
class Heard:
    prompt: str
    at: float
    seconds: float


def heard(file: Path) -> list[Heard]:
    """The tones of a recording, in turn; anything under 60 ms is a click."""
    with wave.open(str(file)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16).astype(float)
    frame = RATE // 50
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    when = np.arange(frame) / RATE
    names = list(TONES)
    power = np.array([np.abs(frames @ np.exp(-2j * np.pi * TONES[name] * when)) for name in names])
    loud = np.abs(frames).mean(axis=1) > 300
    which = [names[best] if ok else "" for best, ok in zip(power.argmax(axis=0), loud, strict=True)]
    found: list[Heard] = []
    at = 0
    for name, run in itertools.groupby(which):
        length = len(list(run))
        start, last = at / 50, found[-1] if found else None
        if name and last is not None and last.prompt == name and start - last.at - last.seconds < 0.15:
            found[-1] = Heard(name, last.at, start - last.at + length / 50)  # a packet came late
        elif name and length >= 3:
            found.append(Heard(name, start, length / 50))
        at += length
    return found


@dataclass
class World:
    """Ports that remember. `slow_s` is how long an opt-out takes."""

    slow_s: float = 0.0
    done: list[tuple[Any, ...]] = field(default_factory=list)

    async def register(self, call: str, number: str, scope: str) -> Registered:
        self.done.append(("opt_out", number))
        await asyncio.sleep(self.slow_s)
        self.done.append(("opted_out", number))
        return Registered(True, "1")

    async def leave(self, call: str, box: str, clip: str, seconds: float, caller: str) -> Registered:
        self.done.append(("voicemail", box, clip, seconds))
        return Registered(True, "2")

    async def save(self, call: str, answer: Mapping[str, Any]) -> None:
        self.done.append(("answer", answer["question"], answer["status"], answer["value"]))

    async def transfer(self, call: str, kind: str, target: str, context: Mapping[str, Any]) -> str:
        self.done.append(("transfer", kind, target))
        return ""


def _begun(file: Path) -> float:
    return float(file.stem.rpartition("-")[2])


class Rig:
    def __init__(self, centre: CallCentre, folder: Path, *flows: Flow) -> None:
        self.centre, self.folder = centre, folder
        self.world, self.ends = World(), list[SessionEnd]()
        self.recordings = folder / "clips"
        self.recordings.mkdir()
        self.store = FileSessions(folder / "sessions")
        self._numbers = itertools.count(1)
        world = self.world
        self.script = FlowScript(
            FixedFlows(*flows),
            self.store,
            SystemClock(),
            Sounds(Tones()),
            Effects(
                opt_outs=world,
                voicemails=world,
                answers=world,
                transfers=world,
                gateways=DialStrings("PJSIP/{number}@trunk-carrier"),
            ),
            routes=FixedRoutes({}, flows[0].name),
            recordings=Recordings(str(self.recordings)),
        )
        agi = centre.settings.agi
        self.server = FastAgiServer(
            agi.host,
            agi.port,
            {"inbound": self.script, "flow": self.script, "gone": self.script.gone},
            report=self.ends.append,
        )

    def call(self, *steps: str) -> Path:
        """A caller does these applications of Asterisk's, then hangs up. Gives the file of what is heard meanwhile."""
        name = f"caller-{self.folder.name}-{next(self._numbers)}".replace("_", "-")
        file = self.folder / f"{name}.wav"
        applications = [f"MixMonitor({self.folder / 'both.wav'},r({file}))", *steps, "Hangup()"]
        for priority, application in enumerate(applications, start=1):
            self.centre.carrier.cli(
                f"dialplan add extension {name},{priority},{application} into callers replace"
            )
        self.centre.carrier.cli(f"channel originate PJSIP/{CALLER_ID}@pbx extension {name}@callers")
        return file

    async def wait_for(self, ask: Callable[[], Awaitable[Found]], what: str, within_s: float = 25) -> Found:
        for _ in range(int(within_s / 0.1)):
            if found := await ask():
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(f"not so within {within_s:.0f} s: {what}\n{self.centre.pbx.log_tail(20)}")

    async def quiet(self) -> None:
        """Both exchanges have no call left: the recordings are whole."""

        async def none() -> bool:
            both = (self.centre.pbx, self.centre.carrier)
            counts = [await asyncio.to_thread(each.cli, "core show channels count") for each in both]
            return all("0 active channels" in count for count in counts)

        await self.wait_for(none, "all calls are over", 40)

    def state(self, number: int = 0) -> dict[str, Any]:
        """Of the session begun last, or so many before it."""
        files = sorted((self.folder / "sessions").glob("*.json"), key=_begun)
        kept: dict[str, Any] = json.loads(files[-1 - number].read_text("utf-8"))["state"]
        return kept

    async def at(self, node: str, wait: str = "") -> dict[str, Any]:
        async def there() -> dict[str, Any] | None:
            if not list((self.folder / "sessions").glob("*.json")):
                return None
            state = self.state()
            return state if state["node"] == node and (not wait or state["wait"] == wait) else None

        found = await self.wait_for(there, f"the caller is at {node}")
        assert found is not None
        return found
