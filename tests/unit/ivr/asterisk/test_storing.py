"""What may be said before a step is stored, and what waits for the store."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from ivr.asterisk import session
from ivr.asterisk.standalone import MemorySessions
from ivr.engine import State
from ivr.engine import events as ev
from ivr.ports import Registered
from tests.support.fake_agi_caller import HANG_UP
from tests.unit.ivr.asterisk.rig import CALL, DONE, GONE, exchange, key, played, result, variables
from tests.unit.ivr.asterisk.test_call import MENU, flow

pytestmark = pytest.mark.unit

STOPS = """
  first: {type: menu, prompt: which, choices: {"1": out}}
  out: {type: opt_out, next: end}
"""
QUESTION = """
  first:
    type: question
    kind: single
    prompt: which
    options: [{key: "1", code: "yes", label: {en: "yes"}}, {key: "2", code: "no", label: {en: "no"}}]
    next: end
"""


class SlowStore(MemorySessions):
    """The write of a revision in `held` waits for its event; one in `away` fails as often as it stands there."""

    def __init__(self, *held: int, away: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.held = {revision: asyncio.Event() for revision in held}
        self.away = list(away)

    @property
    def revision(self) -> int:
        return self._kept[CALL][1] if CALL in self._kept else 0

    async def save(self, call: str, state: Mapping[str, Any], revision: int) -> bool:
        if revision in self.held:
            await self.held[revision].wait()
        if revision in self.away:
            self.away.remove(revision)
            raise ConnectionError("away")
        return await super().save(call, state, revision)


async def test_words_begin_while_the_step_is_being_stored_and_the_result_waits_for_it() -> None:
    store = SlowStore(1)
    async with exchange(MENU, store=store) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("1"), DONE)
        at: dict[str, int] = {}

        def noted(line: str) -> None:
            for word in ("p/bye", "IVR_RESULT"):
                if word in line:
                    at[word] = store.revision
            if "p/bye" in line:
                store.held[1].set()

        caller.on_command = noted
        assert result(await caller.call()) == "served"
        assert at == {"p/bye": 1, "IVR_RESULT": 2}


async def test_the_dialplan_gets_a_session_only_when_it_is_stored() -> None:
    store = SlowStore(0)
    async with exchange(MENU, store=store) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, DONE, key("1"), DONE)
        revisions = []

        def noted(line: str) -> None:
            store.held[0].set()  # at the first silence that is listened to
            if "FAIRDIAL_SESSION" in line:
                revisions.append(store.revision)

        caller.on_command = noted
        commands = await caller.call()
        assert commands[0].startswith('STREAM FILE "silence/10"')
        assert variables(commands)["FAIRDIAL_SESSION"] == CALL
        assert revisions == [1]


async def test_an_effect_waits_until_its_step_is_stored() -> None:
    store = SlowStore(1)
    async with exchange(flow(STOPS), store=store) as pbx:
        revisions = []

        async def opted_out() -> Registered:
            revisions.append(store.revision)
            return Registered(True, "1")

        pbx.world.does["opt_out"] = opted_out
        caller = pbx.caller().says("STREAM FILE", key("1"), DONE)
        # nothing is said in this step: the first that comes is the silence that is listened to
        caller.on_command = lambda line: store.held[1].set() if "silence/10" in line else None
        assert result(await caller.call()) == "served"
        assert revisions == [2]


async def test_an_answer_goes_to_its_port_when_it_is_stored() -> None:
    store = SlowStore(1)
    async with exchange(flow(QUESTION), store=store) as pbx:
        revisions = []

        async def kept() -> None:
            revisions.append(store.revision)

        pbx.world.does["answer"] = kept
        caller = pbx.caller().says("STREAM FILE", key("1"), DONE)
        caller.on_command = lambda line: store.held[1].set() if "silence/10" in line else None
        assert result(await caller.call()) == "served"
        assert revisions == [2]


async def test_a_store_that_was_away_during_a_prompt_costs_nobody_the_call() -> None:
    store = SlowStore(away=(1,))
    async with exchange(MENU, store=store) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("2"), key("7"), DONE)
        commands = await caller.says("WAIT FOR DIGIT", b"200 result=35\n").call()
        assert played(commands) == ["hello", "which", "number", "bye"]
        assert result(commands) == "served"
        assert (store.revision, store.away) == (3, [])


async def test_a_store_that_stays_away_ends_the_conversation_before_the_next_step() -> None:
    store = SlowStore(away=(1, 1))
    async with exchange(MENU, store=store) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("2"), key("7"), DONE)
        commands = await caller.says("WAIT FOR DIGIT", b"200 result=35\n").call()
        assert result(commands) is None
        assert (await pbx.end()).outcome == "failed"
        assert store.revision == 1, "whoever takes the session up puts the question before once more"


async def test_a_write_that_is_under_way_when_the_link_breaks_is_finished() -> None:
    store = SlowStore(1)
    async with exchange(MENU, store=store) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("2"), HANG_UP)
        await caller.call()
        assert store.revision == 1
        store.held[1].set()
        assert (await pbx.end()).outcome == "link-broken"
        assert (await pbx.state())["node"] == "number"


async def test_of_a_caller_who_has_gone_everything_is_stored_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "_LAST_TRIES_S", (0.001,) * 5)
    store = SlowStore(away=(1, 1, 2, 2))
    async with exchange(MENU, store=store) as pbx:
        caller = pbx.caller().says("STREAM FILE", DONE, key("2"), GONE)
        commands = await caller.says("CHANNEL STATUS", b"200 result=-1\n").call()
        assert result(commands) == "caller-left"
        assert ((await pbx.state())["ended"], store.away) == ("hung_up", [])


async def test_no_step_goes_ahead_of_the_store() -> None:
    store = SlowStore(0)
    async with exchange(MENU, store=store) as pbx:
        state = State(CALL, MENU.name, MENU.version, "en")
        one = session.Session(store, pbx.script._clock, MENU, state)
        one.step(ev.Started(at=1.0))
        with pytest.raises(RuntimeError, match="before the last one was stored"):
            one.step(ev.HungUp(at=2.0))
        store.held[0].set()
        await one.stored()
        assert one.at_rest
