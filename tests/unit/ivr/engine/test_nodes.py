"""Every other kind of node, and what holds for all: limits, faults, versions, greetings."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ivr.engine import State, advance, begin
from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.errors import WrongVersion
from ivr.flow.reader import check_text
from ivr.samples import sample
from tests.unit.ivr.engine.calls import HEAD, MONDAY, Call, kinds, small

pytestmark = pytest.mark.unit


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


@pytest.mark.parametrize(
    ("when", "greeting"),
    [
        ("2026-03-02T00:00", "早上好，欢迎致电服务热线。"),
        ("2026-03-02T11:59:59", "早上好，欢迎致电服务热线。"),
        ("2026-03-02T12:00", "您好，欢迎致电服务热线。"),
        ("2026-03-02T23:59", "您好，欢迎致电服务热线。"),
        ("2026-01-01T09:00", "新年好！祝您和家人平安喜乐。这里是服务热线。"),
        ("2026-02-17T20:00", "新年好！祝您和家人平安喜乐。这里是服务热线。"),
        ("2026-05-05T23:59:59", "劳动节快乐！这里是服务热线。"),
        ("2026-05-06T00:00", "早上好，欢迎致电服务热线。"),
        ("2026-09-25T10:00", "中秋节快乐，阖家团圆！这里是服务热线。"),
        ("2026-10-01T10:00", "国庆节快乐！这里是服务热线。"),
    ],
)
def test_a_holidays_greeting_takes_the_place_of_that_of_the_day(when: str, greeting: str) -> None:
    assert Call(sample("main-menu"), at(when)).said[0] == greeting


@pytest.mark.parametrize(
    ("when", "node"),
    [
        ("2026-03-02T09:00", "menu"),
        ("2026-03-02T08:59:57", "menu_closed"),
        ("2026-03-02T18:00", "menu_closed"),
        ("2026-03-07T11:59", "menu"),
        ("2026-03-08T11:00", "menu_closed"),
        ("2026-10-01T11:00", "menu_closed"),
    ],
)
def test_business_hours_are_half_open_and_a_holiday_closes(when: str, node: str) -> None:
    assert Call(sample("main-menu"), at(when)).keys("1").state.node == node


def test_a_caller_is_sent_back_with_what_was_entered() -> None:
    call = Call(sample("main-menu")).keys("2", "1", "123456#")
    call.give(ev.HttpDone(at=MONDAY, status=200, body={"total": 12.5, "delivery": {"date": "2026-01-09"}}))
    assert call.said[0].startswith(
        "Order one two three four five six, twelve point five yuan, is due on Friday"
    )
    call.keys("0")
    transfer = call.last[-1]
    assert isinstance(transfer, do.Transfer)
    assert (transfer.target, transfer.skill, transfer.context["variables"]["order_number"]) == (
        "service",
        "english",
        "123456",
    )
    stored = State.from_json(json.loads(json.dumps(call.state.to_json())))
    call.state = stored
    call.give(
        ev.Returned(at=MONDAY + 300, entry="self_service", variables={"topic": "billing", "unknown": 1})
    )
    assert call.said[0] == "You are now in self-service."
    assert call.state.variables["topic"] == "billing"
    assert "unknown" not in call.state.variables
    call.keys("1")  # the order number is known: it is not asked for again
    assert (call.state.wait, call.last[-1].DO) == ("http", "http")


def test_an_entry_point_nobody_has_named_leads_to_the_error_node() -> None:
    call = Call(sample("main-menu")).keys("1", "0").give(ev.Returned(at=MONDAY, entry="nowhere"))
    assert (call.state.ended, call.all(do.Fault)[0].reason) == ("error", "no entry point 'nowhere'")


@pytest.mark.parametrize(
    ("outcome", "node"),
    [
        ("busy", "busy"),
        ("no_answer", "later"),
        ("failed", "failed"),
        ("answered", "after"),
        ("odd", "failed"),
    ],
)
def test_ways_out_of_a_transfer(outcome: str, node: str) -> None:
    flow = small(
        """
  first: {type: transfer, number: "{contact.number}", next: after, on_busy: busy, on_no_answer: later, on_failure: failed}
  after: {type: menu, prompt: {en: "Well?"}, choices: {"1": first}}
  busy: {type: menu, prompt: {en: Busy}, choices: {"1": first}}
  later: {type: menu, prompt: {en: Later}, choices: {"1": first}}
  failed: {type: menu, prompt: {en: Failed}, choices: {"1": first}}
""",
        more="contact_fields: {number: '+8613800138000'}",
    )
    call = Call(flow)
    assert (call.last[0].kind, call.last[0].target) == ("number", "+8613800138000")
    assert call.give(ev.TransferDone(at=MONDAY, outcome=outcome)).state.node == node


@pytest.mark.parametrize("number", ["", "+", "138\r\nInjected: yes", "sip:x@y", "1" * 40, "١٢٣٤"])
def test_a_destination_that_is_none_is_never_dialled(number: str) -> None:
    flow = small(
        """
  first: {type: transfer, number: "{contact.number}", on_failure: end}
  end: {type: hang_up, result: no_destination}
""",
        more="contact_fields: {number: '1'}",
    )
    call = Call(flow, contact={"number": number})
    assert (call.state.ended, call.all(do.Transfer)) == ("no_destination", [])


def test_opt_out_names_the_reference_and_is_ordered_before_the_caller_can_hang_up() -> None:
    call = Call(sample("opt-out"), language="en", contact={"company": "Example"}).keys("1", "9")
    assert (call.last[-1].DO, call.last[-1].number, call.last[-1].scope) == (
        "opt_out",
        "13800138000",
        "marketing",
    )
    call.give(ev.RequestDone(at=MONDAY, ok=True, reference="4711"))
    assert "ending in eight zero zero zero" in call.said[0]
    assert "reference is four seven one one" in call.said[0]


def test_an_opt_out_that_fails_is_not_called_done() -> None:
    call = Call(sample("opt-out"), language="en").keys("1", "8").give(ev.RequestDone(at=MONDAY, ok=False))
    assert call.said[0].startswith("We are sorry that this could not be registered")
    assert call.state.wait == "transfer"


def test_a_withheld_number_has_to_be_entered() -> None:
    call = Call(sample("opt-out"), caller="anonymous").keys("1", "9")
    assert call.state.node == "number"


def test_voicemail_needs_something_said() -> None:
    call = Call(sample("main-menu")).keys("2", "3")
    call.give(ev.RecordDone(at=MONDAY, clip="a", seconds=0.3))
    assert call.last[0].DO == "record"
    call.give(ev.RecordDone(at=MONDAY, clip="b", seconds=8))
    assert (call.last[0].DO, call.last[0].box, call.last[0].clip) == ("voicemail", "service", "b")


HTTP = """
  first: {type: gather, prompt: {en: "Order?"}, into: order, next: ask, terminator: "", repeat_key: ""}
  ask:
    type: http
    url: "https://crm.example.com/orders/{order}"
    query: {who: caller}
    save: {state: order.lines.0.state, tags: tags, missing: a.b}
    next: end
    on_failure: sorry
  end: {type: hang_up, result: found}
  sorry: {type: hang_up, result: sorry}
"""


def test_http_fills_in_values_encoded_and_picks_what_it_wants() -> None:
    call = Call(small(HTTP, more="http_hosts: [crm.example.com]"), caller="+44 1").keys("1*#")
    request = call.last[-1]
    assert request.url == "https://crm.example.com/orders/1%2A?who=%2B44+1"
    body: dict[str, Any] = {"order": {"lines": [{"state": "sent"}]}, "tags": ["a", {"b": 1}, 2]}
    call.give(ev.HttpDone(at=MONDAY, status=200, body=body))
    assert {name: call.state.variables[name] for name in ("state", "tags", "missing")} == {
        "state": "sent", "tags": ["a", 2], "missing": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "event", [ev.HttpDone(at=MONDAY, status=500), ev.HttpDone(at=MONDAY, status=0), ev.Timeout(at=MONDAY)]
)
def test_http_that_fails_leads_to_its_failure(event: ev.Event) -> None:
    call = Call(small(HTTP, more="http_hosts: [crm.example.com]")).keys("12").give(event)
    assert call.state.ended == "sorry"


def test_subflow_returns_with_an_outcome() -> None:
    flow = small(
        """
  first: {type: subflow, flow: sure, next: done, outcomes: {declined: not_done}}
  done: {type: hang_up, result: done}
  not_done: {type: hang_up, result: not_done}
subflows:
  sure:
    start: ask
    nodes:
      ask: {type: menu, prompt: {en: "Sure?"}, choices: {"1": yes_, "2": no_}}
      yes_: {type: return}
      no_: {type: return, outcome: declined}
"""
    )
    assert Call(flow).keys("1").state.ended == "done"
    call = Call(flow)
    assert call.state.stack == ["first"]
    assert call.keys("2").state.ended == "not_done"


def test_an_expression_that_fails_leads_to_the_error_node_and_a_second_ends_the_call() -> None:
    flow = small(
        """
  first: {type: set, values: {x: 1 / 0}, next: end}
  end: {type: hang_up}
  oops: {type: set, values: {x: "1 + 'a'"}, next: end}
""",
        more="on_error: oops",
    )
    call = Call(flow)
    assert [fault.node for fault in call.all(do.Fault)] == ["first", "oops"]
    assert (call.state.ended, kinds(call.last)[-2:]) == ("error", ["hang_up", "ended"])


def test_an_endless_circle_is_found_when_read_and_stopped_when_run() -> None:
    nodes = """
  first: {type: set, values: {n: 1}, next: second}
  second: {type: branch, cases: [{when: n == 2, next: end}], otherwise: first}
  end: {type: hang_up}
"""
    checked = check_text(HEAD.format(start="first", more="") + nodes)
    assert [problem.code for problem in checked.problems] == ["endless"]
    assert checked.flow is not None
    call = Call(checked.flow)
    assert call.state.ended == "error"
    assert "without waiting" in call.all(do.Fault)[0].reason


def test_a_call_stays_on_the_version_it_began_with() -> None:
    one = small("  first: {type: menu, prompt: {en: A}, choices: {'1': first}}\n")
    other = small("  first: {type: menu, prompt: {en: B}, choices: {'1': first}}\n")
    state, _ = advance(one, begin(one, "c"), ev.Started(at=MONDAY))
    with pytest.raises(WrongVersion):
        advance(other, state, ev.HungUp(at=MONDAY))


def test_the_state_handed_in_stays_as_it_was() -> None:
    call = Call(sample("survey")).keys("1")
    before, written = call.state, json.dumps(call.state.to_json())
    call.keys("4", "0")
    assert json.dumps(before.to_json()) == written


def test_a_state_of_another_format_is_refused() -> None:
    stored = Call(sample("survey")).state.to_json()
    with pytest.raises(ValueError, match="format"):
        State.from_json({**stored, "format": 0})


def test_only_declared_contact_fields_and_short_values_stay_in_a_session() -> None:
    flow = sample("survey")
    state = begin(flow, "c", contact={"name": "x" * 5000, "secret": "1"})
    assert (set(state.contact), len(str(state.contact["name"]))) == ({"name"}, 1000)


def test_a_session_is_small() -> None:
    call = Call(sample("survey")).keys(
        "1", "4", "1", "1", "2", "1", "4", "7", "20#", "35#", "1234567#", "2", "1"
    )
    assert len(json.dumps(call.state.to_json(), ensure_ascii=False).encode()) < 2000
