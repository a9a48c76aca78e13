"""Whatever callers, agents and networks do: no flow that ships raises, every state is JSON, every call ends."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.samples import names, sample
from tests.unit.ivr.engine.calls import MONDAY

pytestmark = pytest.mark.unit

FLOWS = {name: sample(name) for name in names()}

KEYS = st.one_of(
    st.text("0123456789*#", max_size=4),
    st.sampled_from(
        ["", "1", "2", "0", "9", "*", "#", "123456", "20260305", "1430", "٣", "９", "A", "1" * 100, "\x00"]
    ),
)
ENTRIES = st.sampled_from(["self_service", "menu", "satisfaction", "choose", "nowhere", ""])
BODIES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["total", "delivery", "date"]), inner)
    ),
    max_leaves=4,
)


def event(kind: str, at: float, text: str, yes: bool, entry: str, body: Any) -> ev.Event:
    made: dict[str, ev.Event] = {
        "input": ev.InputDone(at=at, digits=text, ended_by="terminator" if yes else "timeout"),
        "digits": ev.Digits(at=at, digits=text),
        "timeout": ev.Timeout(at=at),
        "play": ev.PlayDone(at=at, complete=yes),
        "record": ev.RecordDone(at=at, clip=text, seconds=3.0 if yes else 0.0),
        "transfer": ev.TransferDone(at=at, outcome="answered" if yes else text),
        "returned": ev.Returned(at=at, entry=entry, variables={"order_number": body, "topic": text}),
        "http": ev.HttpDone(at=at, status=200 if yes else 503, body=body),
        "request": ev.RequestDone(at=at, ok=yes, reference=text),
        "hangup": ev.HungUp(at=at),
        "started": ev.Started(at=at),
    }
    return made[kind]


LIKELY = {
    "keys": ("input", "digits", "timeout"), "play": ("play", "timeout"), "record": ("record",),
    "transfer": ("transfer", "returned", "timeout"), "http": ("http", "digits"), "request": ("request", "timeout"),
}  # fmt: skip
ODD = ("hangup", "started", "input", "record", "returned", "http")


@settings(max_examples=120, deadline=None)
@given(name=st.sampled_from(sorted(FLOWS)), data=st.data())
def test_any_call_through_any_flow_that_ships(name: str, data: st.DataObject) -> None:
    flow = FLOWS[name]
    caller = data.draw(st.sampled_from(["13800138000", "", "anonymous", "+44 20"]))
    language = data.draw(st.sampled_from(["en", "zh", "fr"]))
    contact: Any = data.draw(
        st.sampled_from([dict(flow.head.contact_fields), {}, {"name": None, "price": "x{y}"}])
    )
    state = begin(flow, "c", caller=caller, language=language, contact=contact)
    state, commands = advance(flow, state, ev.Started(at=MONDAY))
    for number in range(data.draw(st.integers(0, 25))):
        kind = data.draw(st.sampled_from(LIKELY[state.wait] * 4 + ODD if state.wait else ODD))
        one = event(
            kind,
            MONDAY + number,
            data.draw(KEYS),
            data.draw(st.booleans()),
            data.draw(ENTRIES),
            data.draw(BODIES),
        )
        stored = State.from_json(json.loads(json.dumps(state.to_json())))
        again = advance(flow, stored, one)
        state, commands = advance(flow, state, one)
        assert again == (state, commands)
        assert bool(state.wait) != bool(state.ended)
        assert all(json.dumps(do.as_json(command)) for command in commands)
    if not state.ended:
        state, commands = advance(flow, state, ev.HungUp(at=MONDAY + 100))
    assert state.ended
    assert advance(flow, state, ev.HungUp(at=MONDAY)) == (state, ())


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_every_flow_ends_by_itself_with_a_caller_who_does_nothing(name: str) -> None:
    flow = FLOWS[name]
    state, _ = advance(flow, begin(flow, "c"), ev.Started(at=MONDAY))
    silent: dict[str, ev.Event] = {
        "keys": ev.Timeout(at=MONDAY), "play": ev.PlayDone(at=MONDAY), "record": ev.RecordDone(at=MONDAY),
        "transfer": ev.Timeout(at=MONDAY), "http": ev.Timeout(at=MONDAY), "request": ev.Timeout(at=MONDAY),
    }  # fmt: skip
    for _ in range(60):
        if state.ended:
            break
        state, _ = advance(flow, state, silent[state.wait])
    assert state.ended


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_a_caller_who_never_stops_pressing_star_is_let_go_in_the_end(name: str) -> None:
    flow = FLOWS[name]
    state, _ = advance(flow, begin(flow, "c"), ev.Started(at=MONDAY))
    for _ in range(2100):
        if state.wait != "keys":
            break
        state, _ = advance(flow, state, ev.InputDone(at=MONDAY, digits="*"))
    assert state.wait != "keys"
