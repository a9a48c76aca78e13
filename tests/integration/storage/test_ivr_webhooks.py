"""Every sample over requests and responses: two processes by turns, each request from the database and back into it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from dialer.clock import SystemClock
from dialer.flows import FlowPorts, FlowShelf, flow_ports, publish_flow
from dialer.storage.postgres.store import PostgresStore
from ivr import ports, samples
from ivr.asterisk import stored
from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow.model import Flow
from ivr.flow.reader import canonical, from_document
from tests.integration.storage.rig import NOW
from tests.support.webhooks import Begun, Process, Walker

pytestmark = pytest.mark.postgres

FOUND = ports.Answer(200, {"ok": True, "order": {"state": "sent"}})
WALKS = 16
WALKS_OF = {"survey": 40}  # eleven questions, with a detour behind the last option of the sixth
MOST_STEPS = 120
Worlds = tuple[tuple[FlowPorts, FlowShelf], ...]
OFFICE_HOURS = NOW - timedelta(hours=12)  # Monday, 11:00 in Shanghai


@pytest.fixture
async def worlds(store_url: str) -> AsyncIterator[Worlds]:
    """Of two processes."""
    stores = [await PostgresStore.open(store_url, 2, SystemClock()) for _ in range(2)]
    for name in samples.names():
        await publish_flow(stores[0].ivr_flows, samples.sample(name), NOW, "test")
    yield tuple((flow_ports(store, SystemClock()), FlowShelf(store.ivr_flows)) for store in stores)
    for store in stores:
        await store.close()


class Caller:
    """One call from its first request to its end; what it was answered, and what was done to it."""

    def __init__(self, worlds: Worlds, walker: Walker, call: str, language: str) -> None:
        self._worlds = itertools.cycle(worlds)
        self.walker, self.call, self.now = walker, call, OFFICE_HOURS
        contact = dict(walker.flow.head.contact_fields)
        self.begun = Begun(walker.flow.name, "+12025550100", "+12025550199", language, contact)
        self.events: list[ev.Event] = []
        self.taken: list[ev.Event] = []
        self.commands: list[do.Command] = []

    def process(self) -> Process:
        return Process(*next(self._worlds), FOUND, self.taken)

    def at(self) -> float:
        self.now += timedelta(seconds=3)
        return self.now.timestamp()

    async def state(self) -> tuple[State, int]:
        kept = await next(self._worlds)[0].sessions.load(self.call)
        assert kept is not None
        return stored.from_json(kept[0])[0], kept[1]

    async def walk(self) -> State:
        first = await self.process().begin(self.call, self.begun, self.at())
        assert await self.process().begin(self.call, self.begun, self.at()) == []
        self.commands += first
        return await self.walk_on()

    async def walk_on(self) -> State:
        state, revision = await self.state()
        while not state.ended and len(self.events) < MOST_STEPS:
            event = self.walker.next(state, self.at())
            said = await self.process().event(self.call, event)
            self.events.append(event)
            self.commands += said
            before = await self.state()
            assert before[1] > revision
            await self._nothing_more_happens(event, before)
            state, revision = before
        return state

    async def _nothing_more_happens(self, event: ev.Event, before: tuple[State, int]) -> None:
        """The same request again on the other process, and one that is late."""
        late = [event, *(one for one in self.events[-3:-1] if one.turn is not None)]
        for again in late:
            if again.turn is None and not before[0].ended:
                continue
            assert await self.process().event(self.call, again) == []
        assert await self.state() == before


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", samples.names())
async def test_every_way_through_a_sample(worlds: Worlds, name: str, language: str) -> None:
    flow = samples.sample(name)
    walker = Walker(flow)
    ends: set[str] = set()
    for nth in range(WALKS_OF.get(name, WALKS)):
        caller = Caller(worlds, walker, f"{name}-{nth}", language)
        if nth % 4 == 3:
            caller.now = NOW  # at night
        state = await caller.walk()
        assert state.ended, caller.events[-5:]
        ends.add(state.ended)
        await settled_as_said(worlds[1], caller)
        said_in = {
            each.language for one in caller.commands for each in getattr(one, "prompts", ()) if each.text
        }
        assert said_in <= set(flow.head.languages)
    assert len(ends) > 1, ends
    waited_at = {
        node
        for node, kind in flow.nodes.items()
        if not node.startswith("builtin/") and type(kind).__name__ in ("Menu", "Question", "Gather")
    }
    assert waited_at <= walker.visited, waited_at - walker.visited


async def settled_as_said(worlds: tuple[FlowPorts, FlowShelf], caller: Caller) -> None:
    """What is in the database is what the engine said, as one process would have it."""
    world, shelf = worlds
    call = await world.sessions.session(caller.call)
    said = [one for one in caller.commands if isinstance(one, do.SaveAnswer)]
    assert [(one.question, one.status, one.value, one.clip) for one in call.answers] == [
        (one.question, one.status, one.value, one.clip) for one in said
    ]
    (end,) = [one for one in caller.commands if isinstance(one, do.Ended)]
    assert (call.result, call.checks) == (end.result, end.checks)
    flow = await shelf.flow(call.flow, call.version)
    assert _plain(caller.commands) == _plain(alone(caller, flow))


def alone(caller: Caller, flow: Flow) -> list[do.Command]:
    """The same call in one process that never forgets."""
    begun = caller.begun
    state = begin(
        flow,
        caller.call,
        caller=begun.caller,
        called=begun.called,
        language=begun.language,
        contact=begun.contact,
    )
    commands: list[do.Command] = []
    for event in caller.taken:
        state, step = advance(flow, state, event)
        commands += step
    return commands


def _plain(commands: list[do.Command]) -> list[dict[str, Any]]:
    return list(json.loads(json.dumps([do.as_json(each) for each in commands])))


async def test_two_processes_at_once_take_one_step(worlds: Worlds) -> None:
    flow = samples.sample("survey")
    caller = Caller(worlds, Walker(flow), "race", "en")
    await caller.process().begin("race", caller.begun, caller.at())
    for _ in range(6):
        state, revision = await caller.state()
        if state.ended:
            break
        event = caller.walker.next(state, caller.at())
        said = await asyncio.gather(*(caller.process().event("race", event) for _ in range(6)))
        assert sum(bool(one) for one in said) == 1
        assert (await caller.state())[1] > revision


async def test_a_call_goes_on_with_its_version_when_another_is_published(
    worlds: Worlds,
) -> None:
    flow = samples.sample("survey")
    caller = Caller(worlds, Walker(flow), "old", "zh")
    await caller.process().begin("old", caller.begun, caller.at())
    changed = from_document({**flow.document, "start": "later", "entry_points": {"again": "permission"}})
    await worlds[0][0].flows.publish(
        ports.Publication("survey", changed.version, NOW), canonical(changed.document)
    )
    state = await caller.walk_on()
    assert state.version == flow.version
