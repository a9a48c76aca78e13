"""The table of walks on a real exchange: for each a caller who keys when the awaited words were heard, and a world that remembers."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from ivr.agi.protocol import Conversation
from ivr.asterisk import Dialplan, Effects, FlowScript, Recordings, Sounds
from ivr.asterisk.standalone import FixedFlows, FixedRoutes, MemorySessions
from ivr.ports import Answer, PromptBook, Registered
from tests.integration.ivr.callers import WITHIN_S, Line
from tests.integration.ivr.hearing import Known, ToneBook, Tones
from tests.support.walk_table import CALLER
from tests.support.walks import OUTCOMES, Heard, Step, Walk, answered

_THINKS_S: Final = 0.5
_THINKS_OF_CONSENT_S: Final = (
    1.5  # what may not be cut short is played in commands of its own, with gaps for keys between
)
_BEEP_S: Final = 0.6
_SAID_BY_S: Final = 4.0


@dataclass
class Clock:
    """Begins at a moment of the walk's own."""

    at: datetime
    _since: float = field(default_factory=monotonic)

    def now(self) -> datetime:
        return self.at + timedelta(seconds=monotonic() - self._since)


@dataclass
class World:
    """The ports of one call. `done` is what was asked of them, as the table writes it."""

    reply: Answer | None
    outcomes: list[str]
    done: list[str] = field(default_factory=list)

    def _noted(self, words: str) -> Registered:
        self.done.append(words)
        return Registered(True, f"{4000 + len(self.done)}")

    async def register(self, call: str, number: str, scope: str) -> Registered:
        return self._noted(f"opt_out {number} {scope}")

    async def request(
        self, call: str, number: str, at: datetime | None, queue: str | None, about: str
    ) -> Registered:
        return self._noted(f"callback {number} {queue}: {about}")

    async def leave(self, call: str, box: str, clip: str, seconds: float, caller: str) -> Registered:
        return self._noted(f"voicemail {box}")

    async def send(self, call: str, number: str, text: str) -> Registered:
        return self._noted(f"sms {number}")

    async def save(self, call: str, answer: Mapping[str, Any]) -> None:
        if words := answered(answer["question"], answer["status"], answer["value"]):
            self.done.append(words)

    async def transfer(self, call: str, kind: str, target: str, context: Mapping[str, Any]) -> str:
        self.done.append(f"transfer {kind} {target}")
        return self.outcomes.pop(0)

    async def look_up(self, method: str, url: str, body: Mapping[str, Any] | None, **rest: Any) -> Answer:
        return self.reply or Answer(0)


class Walker:
    """One caller of the table, with the flow that answers."""

    def __init__(self, walk: Walk, line: Line, book: PromptBook, clips: str) -> None:
        self.walk, self.line, self._flow = walk, line, walk.flow
        self.world = World(
            walk.reply, [step.does.kind for step in walk.steps if step.does and step.does.kind in OUTCOMES]
        )
        self.sounds, self._sessions, self._call = Sounds(book), MemorySessions(), ""
        world = self.world
        effects = Effects(
            opt_outs=world, callbacks=world, voicemails=world, texts=world, answers=world, transfers=world,
            lookups=world,
        )  # fmt: skip
        self._script = FlowScript(
            FixedFlows(self._flow),
            self._sessions,
            Clock(walk.moment),
            self.sounds,
            effects,
            routes=FixedRoutes({}, walk.sample),
            recordings=Recordings(clips),
        )

    async def answer(self, conversation: Conversation) -> str:
        """As whoever knows the caller's language and name would lead the call into the flow."""
        await self.line.open.wait()
        request = conversation.request
        self._call = request.headers["agi_uniqueid"]
        if self.walk.language is not None:
            query = {**request.query, "language": self.walk.language}
            conversation.request = replace(request, query=query)
        await conversation.set_variable(Dialplan.CONTACT, json.dumps(self.walk.known))
        return await self._script(conversation)

    async def state(self) -> Mapping[str, Any]:
        kept = await self._sessions.load(self._call)
        assert kept is not None, "the flow never began"
        return kept[0]

    def effects(self) -> list[str]:
        return [one.replace(CALLER, self.line.number) for one in self.walk.effects]


def _by_the_world(step: Step) -> bool:
    return step.does is not None and step.does.kind in OUTCOMES


class ToneWalker(Walker):
    def __init__(self, walk: Walk, line: Line, tones: Tones, clips: str) -> None:
        super().__init__(walk, line, ToneBook(tones, walk.flow), clips)
        self._tones, self._names = tones, tones.named()
        for code in tones.same:
            self.sounds.played(tones.file(code))

    async def walks(self) -> None:
        await self.line.call()
        await asyncio.wait_for(self.line.open.wait(), WITHIN_S)
        for heard, step in self._stages():
            if step.does is None:
                break
            await self._awaits(heard, step)
            await self._does(step)
        await asyncio.wait_for(self.line.closed.wait(), WITHIN_S)

    def _stages(self) -> list[tuple[list[Heard], Step]]:
        """What the world does needs nobody to hear what was said before."""
        stages, so_far = [], list[Heard]()
        for step in self.walk.steps:
            so_far += step.heard
            if not _by_the_world(step):
                stages.append((so_far, step))
                so_far = []
        return stages

    async def _awaits(self, heard: Sequence[Heard], step: Step) -> None:
        line, codes = self.line, [self._tones.codes[self.walk.sample, each] for each in heard]
        begun = self._pressed_at
        try:
            async with asyncio.timeout(WITHIN_S):
                while not self._is_heard(codes, begun, step.early):
                    assert not line.closed.is_set(), f"hung up on\n{self._so_far(heard)}"
                    line.news.clear()
                    await line.news.wait()
        except TimeoutError:
            raise AssertionError(f"never heard\n{self._so_far(heard)}") from None
        if not step.early:
            consents = any(name == "consent" for _, name in heard)
            await asyncio.sleep(_THINKS_OF_CONSENT_S if consents else _THINKS_S)

    def _is_heard(self, codes: Sequence[int], begun: int, early: bool) -> bool:
        new = [self._tones.same.get(code) for code in self.line.ear.heard[begun:]]
        return codes[0] in new if early else new[-len(codes) :] == codes

    _pressed_at = 0
    cut_short = 0
    """How often a key ended words before all of them were heard."""

    def _so_far(self, awaited: Sequence[Heard]) -> str:
        return f"{self.walk.name}: awaited {awaited}, heard {self.heard()}, did {self.world.done}"

    def heard(self) -> list[Known]:
        unknown = ("", ("", "no tone of ours"))
        return [self._names.get(self._tones.same.get(code, -1), unknown) for code in self.line.ear.heard]

    async def _does(self, step: Step) -> None:
        assert step.does is not None
        kind, value = step.does.kind, step.does.value
        self._pressed_at = len(self.line.ear.heard)
        match kind:
            case "digits":
                await self.line.press(value)
                if step.early and await self._goes_on(step):
                    await self.line.press(value)
            case "record":
                await asyncio.sleep(_BEEP_S)
                await self.line.speak(float(value))
                await self.line.press("#")
            case "silence":
                await self.line.press("#")
            case "hangup":
                await self.line.hang_up()

    async def _goes_on(self, step: Step) -> bool:
        """Whether words that were to be cut short are said to their end: then the key came to nothing, and people press again."""
        begun, last = self._pressed_at, self._tones.codes[self.walk.sample, step.heard[-1]]
        meant = {self._tones.codes[self.walk.sample, each] for each in step.heard}
        with suppress(TimeoutError):
            async with asyncio.timeout(_SAID_BY_S):
                while not self.line.closed.is_set():
                    new = [self._tones.same.get(code, -1) for code in self.line.ear.heard[begun:]]
                    if not meant.issuperset(new):
                        return False
                    if new.count(last) == step.heard.count(step.heard[-1]):
                        await asyncio.sleep(_THINKS_S)
                        return meant.issuperset(
                            self._tones.same.get(code, -1) for code in self.line.ear.heard[begun:]
                        )
                    self.line.news.clear()
                    await self.line.news.wait()
        return False

    def differs(self) -> str:
        """Where what was heard is not what the table says; of words that were cut short the first ones count."""
        heard, at = self.heard(), 0
        for awaited, step in self._stages():
            wanted = [(self.walk.sample, each) for each in awaited]
            got = heard[at : at + len(wanted)]
            if step.early:
                same = [one == other for one, other in zip(got, wanted, strict=False)]
                got = got[: (*same, False).index(False)]
                self.cut_short += len(got) < len(wanted)
                wanted = wanted[: max(1, len(got))]
            if got != wanted:
                return f"at {at}: {wanted}, not {heard[at : at + len(wanted)]}"
            at += len(got)
        return f"too much: {heard[at:]}" if heard[at:] else ""
