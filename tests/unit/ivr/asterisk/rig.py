"""The executor behind a FastAGI server, with an Asterisk that is scripted and ports that remember."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

from ivr.agi.server import AgiLimits, FastAgiServer, SessionEnd
from ivr.asterisk import Effects, FlowScript, Recordings, Sounds
from ivr.asterisk.standalone import DialStrings, FixedFlows, FixedRoutes, MemorySessions
from ivr.errors import MissingPrompt
from ivr.flow.model import Flow
from ivr.ports import Answer, Registered, Waits
from ivr.spoken import Spoken
from tests.support.fake_agi_caller import FakeAgiCaller
from tests.support.fake_ami_server import eventually

MONDAY = datetime(2026, 1, 5, 3, tzinfo=UTC)
CALL = "1767582000.7"


class Clock:
    def now(self) -> datetime:
        return MONDAY


class Book:
    """A prompt's sound has its name; `none` has none."""

    def sounds(self, spoken: Spoken) -> Sequence[str]:
        if spoken.prompt == "none":
            raise MissingPrompt(spoken.prompt, spoken.language, spoken.text, spoken.flow)
        return [f"p/{each}" for each in (spoken.prompt or spoken.text).split("+")]


class World:
    """Every port; `does` says what each gives or raises."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.does: dict[str, Any] = {}

    async def _do(self, what: str, *given: Any) -> Any:
        self.done.append((what, *given))
        result = self.does.get(what, Registered(True, "17"))
        if callable(result):
            result = await result()
        if isinstance(result, Exception):
            raise result
        return result

    async def register(self, call: str, number: str, scope: str) -> Registered:
        return cast(Registered, await self._do("opt_out", number, scope))

    async def request(
        self, call: str, number: str, at: datetime | None, queue: str | None, about: str
    ) -> Registered:
        return cast(Registered, await self._do("callback", number, at, queue, about))

    async def leave(self, call: str, box: str, clip: str, seconds: float, caller: str) -> Registered:
        return cast(Registered, await self._do("voicemail", box, clip, seconds, caller))

    async def send(self, call: str, number: str, text: str) -> Registered:
        return cast(Registered, await self._do("sms", number, text))

    async def transfer(self, call: str, kind: str, target: str, context: Mapping[str, Any]) -> str | Waits:
        return cast(str | Waits, await self._do("transfer", kind, target))

    async def look_up(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        *,
        timeout_s: float,
        retries: int,
        hosts: Sequence[str],
    ) -> Answer:
        return cast(Answer, await self._do("http", method, url, body, timeout_s, retries, tuple(hosts)))

    async def save(self, call: str, answer: Mapping[str, Any]) -> None:
        await self._do("answer", answer["question"], answer["status"], answer["value"])

    def all(self, what: str) -> list[list[Any]]:
        return [given for name, *given in self.done if name == what]


class Exchange:
    def __init__(self, flows: Sequence[Flow], effects: Effects | None, store: Any) -> None:
        self.world, self.ends = World(), list[SessionEnd]()
        self.store = store or MemorySessions()
        world = self.world
        self.script = FlowScript(
            FixedFlows(*flows),
            self.store,
            Clock(),
            Sounds(Book()),
            effects
            or Effects(
                opt_outs=world,
                callbacks=world,
                voicemails=world,
                texts=world,
                transfers=world,
                gateways=DialStrings("PJSIP/{number}@trunk"),
                lookups=world,
                answers=world,
            ),
            routes=FixedRoutes({"95000": flows[0].name}, None),
            recordings=Recordings("/rec"),
        )
        self.server = FastAgiServer(
            "127.0.0.1",
            0,
            {"flow": self.script, "inbound": self.script, "gone": self.script.gone},
            report=self.ends.append,
            limits=AgiLimits(command_s=2, grace_s=0.1),
        )
        self.name = flows[0].name

    def caller(self, script: str = "", **headers: str) -> FakeAgiCaller:
        told = {"agi_uniqueid": CALL, "agi_callerid": "13800138000", "agi_dnid": "95000", **headers}
        return FakeAgiCaller(self.server.port, script or f"flow?name={self.name}", told)

    async def end(self, count: int = 1) -> SessionEnd:
        await eventually(lambda: len(self.ends) >= count)
        return self.ends[count - 1]

    async def state(self, call: str = CALL) -> Mapping[str, Any]:
        kept = await self.store.load(call)
        assert kept is not None
        return dict(kept[0])


@asynccontextmanager
async def exchange(
    *flows: Flow, effects: Effects | None = None, store: Any = None
) -> AsyncIterator[Exchange]:
    made = Exchange(flows, effects, store)
    await made.server.start()
    try:
        yield made
    finally:
        await made.server.close()
        await eventually(lambda: made.server.sessions == 0)


def key(pressed: str) -> bytes:
    """The reply of a command that a key has ended."""
    return f"200 result={ord(pressed)} endpos=800\n".encode()


DONE = b"200 result=0 endpos=8000\n"
NO_KEY = b"200 result=0\n"
GONE = b"200 result=-1 endpos=400\n"
DEAD = b"511 Command Not Permitted on a dead channel or intercept routine\n"


def result(commands: Sequence[str]) -> str | None:
    """What `IVR_RESULT` was set to."""
    for command in commands:
        if command.startswith('SET VARIABLE "IVR_RESULT" '):
            return command.split('"')[3]
    return None


def variables(commands: Sequence[str]) -> dict[str, str]:
    set_ = [command.split('"') for command in commands if command.startswith("SET VARIABLE")]
    return {parts[1]: parts[3] for parts in set_}


def played(commands: Sequence[str]) -> list[str]:
    """The sounds, without silence."""
    files: list[str] = []
    for command in commands:
        if command.startswith("STREAM FILE"):
            files.append(command.split('"')[1])
        elif command.startswith('EXEC "Background"'):
            files += command.split('"')[3].split(",")[0].split("&")
    return [file.removeprefix("p/") for file in files if not file.startswith("silence/")]
