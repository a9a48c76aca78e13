"""The table of walks over requests and responses: every step is a process that has just been started."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from dialer.clock import SystemClock
from dialer.domain.phone_number import parse_number
from dialer.flows import FlowShelf, flow_ports, publish_flow
from dialer.ports.ivr import CallerRequest, RequestKind
from dialer.storage.postgres.store import PostgresStore
from ivr import ports, samples
from ivr.asterisk import stored
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.rehearse import Key
from tests.integration.storage.rig import NOW
from tests.support.walk_table import CALLER, WALKS
from tests.support.walks import Heard, Walk, answered, effect, prompts_of, said
from tests.support.webhooks import Begun, Process

pytestmark = pytest.mark.postgres

NOBODY = ports.Answer(0)


@pytest.fixture
async def opened(store_url: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(store_url, 2, SystemClock())
    for name in samples.names():
        await publish_flow(store.ivr_flows, samples.sample(name), NOW, "test")
    yield store
    await store.close()


class Caller:
    """`heard` is what was said before each request of the carrier's."""

    def __init__(self, store: PostgresStore, walk: Walk) -> None:
        self._store, self._walk, self._now = store, walk, walk.moment
        self.call = f"{walk.sample}-{walk.name}"
        self.heard: list[tuple[Heard, ...]] = []
        self.commands: list[do.Command] = []

    def _process(self) -> Process:
        """Nothing in it has been read or remembered before."""
        shelf = FlowShelf(self._store.ivr_flows)
        return Process(flow_ports(self._store, SystemClock()), shelf, self._walk.reply or NOBODY, [])

    async def walk(self) -> None:
        walk = self._walk
        begun = Begun(walk.sample, CALLER, "+12025550199", walk.begins_in, walk.known)
        commands = await self._process().begin(self.call, begun, self._at())
        for step in walk.steps:
            commands = await self._words_only(commands)
            self.heard.append(tuple(said(walk.flow, one) for one in prompts_of(commands)))
            self.commands += commands
            if step.does is not None:
                commands = await self._process().event(self.call, await self._event(step.does))

    async def _words_only(self, commands: list[do.Command]) -> list[do.Command]:
        """Words that nothing is asked after go on by themselves."""
        so_far = list(commands)
        while isinstance(commands[-1], do.Play):
            event = ev.PlayDone(at=self._at(), turn=commands[-1].turn)
            commands = await self._process().event(self.call, event)
            so_far += commands
        return so_far

    def _at(self) -> float:
        self._now += timedelta(seconds=3)
        return self._now.timestamp()

    async def _event(self, key: Key) -> ev.Event:
        kept = await flow_ports(self._store, SystemClock()).sessions.load(self.call)
        assert kept is not None
        state, at = stored.from_json(kept[0])[0], self._at()
        turn = state.turn
        match state.wait, key.kind:
            case _, "hangup":
                return ev.HungUp(at=at)
            case "transfer", outcome:
                return ev.TransferDone(at=at, turn=turn, outcome=outcome)
            case "record", kind:
                clip = f"{self.call}-{turn}.wav" if kind == "record" else ""
                return ev.RecordDone(at=at, turn=turn, clip=clip, seconds=float(key.value or 0))
        ended_by = "terminator" if key.value.endswith("#") else "timeout"
        return ev.InputDone(at=at, turn=turn, digits=key.value.removesuffix("#"), ended_by=ended_by)


def asked(request: CallerRequest) -> str:
    match request.kind:
        case RequestKind.OPT_OUT:
            return f"opt_out {request.number} {request.scope}"
        case RequestKind.CALLBACK:
            return f"callback {request.number} {request.queue}: {request.about}"
        case RequestKind.SMS:
            return f"sms {request.number}"
    return f"voicemail {request.box}"


async def test_the_walks_over_webhooks(opened: PostgresStore) -> None:
    for walk in WALKS:
        caller = Caller(opened, walk)
        await caller.walk()
        assert caller.heard == [step.heard for step in walk.steps], caller.call
        session = await opened.ivr_calls.session(caller.call)
        assert (session.flow, session.result, session.caller) == (walk.sample, walk.result, CALLER), (
            caller.call
        )
        requests = await opened.ivr_requests.requests(None, None, 1000)
        kept = [asked(each) for each in requests if each.call == caller.call]
        kept += [answered(each.question, each.status, each.value) for each in session.answers]
        kept += [effect(each) for each in caller.commands if isinstance(each, do.Transfer)]
        assert Counter(filter(None, kept)) == Counter(walk.effects), caller.call
    for number in (CALLER, "2025550178"):
        assert await opened.do_not_call.do_not_call(parse_number(number, "US"))
