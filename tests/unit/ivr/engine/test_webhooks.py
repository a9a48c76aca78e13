"""A carrier of requests and responses: each step is a request that may land on any process, or on one just started."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.errors import NotPublished
from ivr.flow.reader import from_document
from ivr.ports import Publication, SessionStore
from ivr.publishing import FileStore, fetch, publish
from ivr.samples import sample, text
from tests.unit.ivr.engine.calls import MONDAY

pytestmark = pytest.mark.unit


class Sessions:
    """Bytes, as a database would keep them."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[bytes, int]] = {}

    async def load(self, call: str) -> tuple[Mapping[str, Any], int] | None:
        row = self.rows.get(call)
        return None if row is None else (json.loads(row[0]), row[1])

    async def save(self, call: str, state: Mapping[str, Any], revision: int) -> bool:
        if self.rows.get(call, (b"", 0))[1] != revision:
            return False
        self.rows[call] = (json.dumps(state).encode(), revision + 1)
        return True

    async def forget(self, call: str) -> None:
        self.rows.pop(call, None)


_port: type[SessionStore] = Sessions


async def request(
    sessions: Sessions, flows: FileStore, call: str, body: dict[str, Any]
) -> list[dict[str, Any]]:
    """One webhook, in a process that knows nothing: session and flow come out of their stores, go back, are forgotten."""
    stored = await sessions.load(call)
    if stored is None:
        flow = await fetch(flows, body["flow"])
        state, revision = begin(flow, call, caller=body["from"]), 0
    else:
        state, revision = State.from_json(dict(stored[0])), stored[1]
        flow = await fetch(flows, state.flow, state.version)
    state, commands = advance(flow, state, _event(body, state))
    if not await sessions.save(call, state.to_json(), revision):
        return []
    return [do.as_json(command) for command in commands]


def _event(body: dict[str, Any], state: State) -> ev.Event:
    """As a carrier speaks: a key in `digits`, the end of a recording, of a dial, of the call."""
    turn = body.get("turn", state.turn or None)
    match body["what"]:
        case "start":
            return ev.Started(at=MONDAY)
        case "digits":
            return ev.InputDone(at=MONDAY, digits=body["digits"], turn=turn)
        case "recording":
            return ev.RecordDone(at=MONDAY, clip=body["clip"], seconds=5, turn=turn)
        case "dial":
            return ev.Returned(at=MONDAY, entry=body["entry"])
        case _:
            return ev.HungUp(at=MONDAY)


def _digits(keys: str) -> dict[str, Any]:
    return {"what": "digits", "digits": keys}


@pytest.fixture
def flows(tmp_path: Any) -> FileStore:
    return FileStore(tmp_path / "flows")


def put(flows: FileStore, *names: str) -> None:
    for name in names:
        asyncio.run(publish(flows, sample(name), _now()))


def _now() -> Any:
    return datetime(2026, 1, 5, tzinfo=UTC)


def test_a_survey_over_webhooks_gives_the_answers_of_one_process(flows: FileStore) -> None:
    put(flows, "survey")
    bodies = [
        {"what": "start", "flow": "survey", "from": "13800138000"}, _digits("1"), _digits("4"), _digits("6"),
        _digits("5"), {"what": "recording", "clip": "c1"}, _digits("1"), _digits("1"), _digits("4"), _digits("1"),
        _digits("38"), {"what": "recording", "clip": "c2"}, _digits("2"), _digits("5"),
        {"what": "recording", "clip": "c3"},
    ]  # fmt: skip
    sessions = Sessions()
    commands = [one for body in bodies for one in asyncio.run(request(sessions, flows, "CA1", body))]

    flow = sample("survey")
    state, alone = begin(flow, "CA1", caller="13800138000"), []
    for body in bodies:
        state, step = advance(flow, state, _event(body, state))
        alone += [do.as_json(command) for command in step]
    assert json.loads(json.dumps(commands)) == json.loads(json.dumps(alone))
    assert commands[-1]["result"] == "completed"


def test_the_same_webhook_twice_and_two_at_once_change_the_session_once(flows: FileStore) -> None:
    put(flows, "survey")
    sessions = Sessions()
    asyncio.run(request(sessions, flows, "CA1", {"what": "start", "flow": "survey", "from": "1"}))
    asyncio.run(request(sessions, flows, "CA1", {**_digits("1"), "turn": 1}))
    node = json.loads(sessions.rows["CA1"][0])["node"]
    assert asyncio.run(request(sessions, flows, "CA1", {**_digits("1"), "turn": 1})) == []
    assert json.loads(sessions.rows["CA1"][0])["node"] == node == "q1"

    async def race() -> list[list[dict[str, Any]]]:
        return await asyncio.gather(*(request(sessions, flows, "CA1", _digits("2")) for _ in range(2)))

    answered = [one for one in asyncio.run(race()) if one]
    assert len(answered) == 1
    assert json.loads(sessions.rows["CA1"][0])["answers"] == {"q1": "township"}


def test_a_call_in_progress_stays_on_its_version_while_a_new_one_is_published(flows: FileStore) -> None:
    put(flows, "survey")
    sessions = Sessions()
    asyncio.run(request(sessions, flows, "old", {"what": "start", "flow": "survey", "from": "1"}))
    changed = from_document(
        {**sample("survey").document, "start": "later", "entry_points": {"again": "permission"}}
    )
    asyncio.run(publish(flows, changed, _now()))
    assert (
        asyncio.run(request(sessions, flows, "new", {"what": "start", "flow": "survey", "from": "1"}))[-1][
            "result"
        ]
        == "call_later"
    )
    asyncio.run(request(sessions, flows, "old", _digits("1")))
    assert json.loads(sessions.rows["old"][0])["node"] == "q1"


def test_a_caller_comes_back_from_an_agent_after_the_service_was_restarted(flows: FileStore) -> None:
    put(flows, "main-menu")
    sessions = Sessions()
    asyncio.run(
        request(sessions, flows, "CA2", {"what": "start", "flow": "main-menu", "from": "13800138000"})
    )
    for keys in ("1", "0"):
        asyncio.run(request(sessions, flows, "CA2", _digits(keys)))
    again = Sessions()
    again.rows = dict(sessions.rows)
    said = asyncio.run(
        request(again, FileStore(flows._folder), "CA2", {"what": "dial", "entry": "satisfaction"})
    )
    assert said[-1]["prompts"][0]["text"].startswith("请给刚才的服务打个分")


def test_what_was_tampered_with_in_the_store_is_not_run(flows: FileStore) -> None:
    put(flows, "survey")
    file = next((flows._folder / "survey").glob("*.json"))
    file.write_bytes(file.read_bytes().replace(b'"tries":3', b'"tries":4', 1))
    with pytest.raises(NotPublished, match="has been changed"):
        asyncio.run(fetch(flows, "survey"))
    with pytest.raises(NotPublished):
        asyncio.run(fetch(flows, "survey", file.stem))


def test_publications_are_values() -> None:
    one = Publication("a", "b", _now())
    assert replace(one, by="x") != one
    assert "flow: survey" in text("survey")
