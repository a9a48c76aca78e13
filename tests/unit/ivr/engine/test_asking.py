"""Menus and digits: wrong keys, silence, the last try, keys pressed ahead, barge-in, odd input."""

import pytest

from ivr.engine import commands as do
from ivr.engine import events as ev
from tests.unit.ivr.engine.calls import MONDAY, Call, small

pytestmark = pytest.mark.unit

MENU = """
  first: {type: menu, prompt: {en: Choose.}, choices: {"1": one, "2": two, "10": ten}, tries: 3}
  one: {type: hang_up, result: one}
  two: {type: hang_up, result: two}
  ten: {type: hang_up, result: ten}
"""

GATHER = """
  first: {type: gather, prompt: {en: "Number?"}, into: number, min: 2, max: 4, check: "value != '99'", next: second}
  second: {type: menu, prompt: {en: "You said {number|digits}."}, choices: {"1": end}}
  end: {type: hang_up}
"""


def test_a_key_leads_on() -> None:
    assert Call(small(MENU)).keys("2").state.ended == "two"


def test_a_longer_key_is_waited_for_and_the_shorter_one_taken_when_no_more_comes() -> None:
    call = Call(small(MENU)).give(ev.Digits(at=MONDAY, digits="1"))
    assert (call.state.wait, call.last) == ("keys", ())
    assert call.give(ev.Digits(at=MONDAY, digits="0")).state.ended == "ten"
    assert Call(small(MENU)).keys("1").state.ended == "one"
    assert Call(small(MENU)).keys("10").state.ended == "ten"


def test_silence_and_wrong_keys_are_answered_and_the_question_is_put_again() -> None:
    call = Call(small(MENU)).keys("")
    assert call.said == ["We did not get a key from you.", "Choose."]
    call.keys("7")
    assert call.said == ["Sorry, that is not one of the choices.", "Choose."]
    call.keys("8")
    assert call.state.ended == "no_answer"
    assert call.said == ["We could not understand you. Please call again later. Goodbye."]


def test_the_last_try_leads_where_the_node_says() -> None:
    flow = small(MENU.replace("tries: 3", "tries: 1, on_no_input: two, on_failure: ten"))
    assert Call(flow).keys("").state.ended == "two"
    assert Call(flow).keys("7").state.ended == "ten"


def test_star_repeats_and_costs_no_try() -> None:
    call = Call(small(MENU)).keys("*", "*", "*", "*")
    assert call.said == ["Choose."]
    assert call.keys("1").state.ended == "one"


def test_a_watch_that_runs_out_counts_as_silence() -> None:
    assert Call(small(MENU)).give(ev.Timeout(at=MONDAY)).said[0] == "We did not get a key from you."


def test_digits_are_kept_as_text_and_read_back() -> None:
    call = Call(small(GATHER)).keys("007#")
    assert call.state.variables["number"] == "007"
    assert call.said == ["You said zero zero seven."]


@pytest.mark.parametrize("digits", ["1", "12345", "99", "1*", "٣٤", "３４", "x' or 1", "1" * 5000, "\x00"])
def test_what_does_not_fit_is_wrong_and_nothing_else(digits: str) -> None:
    call = Call(small(GATHER.replace("max: 4", "max: 3"))).give(ev.InputDone(at=MONDAY, digits=digits))
    if digits.startswith("1" * 4) or digits == "12345":  # the input is complete with its last digit
        assert call.state.variables["number"] in ("111", "123")
        return
    assert call.said[0] == "Sorry, that is not one of the choices."
    assert "number" not in call.state.variables


def test_keys_pressed_ahead_answer_the_next_question_too() -> None:
    call = Call(small(GATHER)).give(ev.Digits(at=MONDAY, digits="55#1"))
    assert (call.state.ended, call.state.variables) == ("done", {"number": "55"})


def test_keys_come_one_by_one() -> None:
    call = Call(small(GATHER))
    for key in "123":
        call.give(ev.Digits(at=MONDAY, digits=key))
        assert call.last == ()
    assert call.give(ev.Digits(at=MONDAY, digits="4")).state.node == "second"


def test_a_prompt_without_barge_in_drops_keys_pressed_ahead() -> None:
    flow = small(
        """
  first: {type: menu, prompt: {en: A}, choices: {"1": notice}}
  notice: {type: say, prompt: {en: Notice.}, barge_in: no, next: second}
  second: {type: menu, prompt: {en: B}, choices: {"2": end}}
  end: {type: hang_up}
"""
    )
    call = Call(flow).give(ev.Digits(at=MONDAY, digits="12"))
    gather = call.last[-1]
    assert isinstance(gather, do.Gather)
    assert [(one.text, one.barge_in) for one in gather.prompts] == [("Notice.", False), ("B", True)]
    assert call.state.buffer == ""


def test_empty_input_is_an_answer_when_the_flow_says_so() -> None:
    call = Call(small(GATHER.replace("min: 2", "min: 0"))).keys("#")
    assert (call.state.node, call.state.variables["number"]) == ("second", "")


def test_an_event_for_another_wait_changes_nothing() -> None:
    call = Call(small(MENU))
    before = call.state
    call.give(ev.InputDone(at=MONDAY, digits="1", turn=before.turn + 1))
    call.give(ev.RecordDone(at=MONDAY, clip="x", seconds=2))
    call.give(ev.Started(at=MONDAY))
    assert call.state is before
    call.give(ev.InputDone(at=MONDAY, digits="1", turn=before.turn))
    ended = call.state
    assert ended.ended == "one"
    assert call.give(ev.InputDone(at=MONDAY, digits="2")).state is ended  # the same webhook delivered twice


RATING = """
  first: {type: question, kind: rating, prompt: {en: Rate.}, keys_prompt: [], next: second}
  second: {type: menu, prompt: {en: "Settled?"}, choices: {"1": one}, tries: 1}
  one: {type: hang_up, result: one}
"""


def press(call: Call, keys: str, after_s: float = 0.2) -> Call:
    for key in keys:
        call.now += after_s
        call.give(ev.Digits(at=call.now, digits=key))
    return call


def test_hash_after_the_last_possible_digit_is_no_key_of_the_next_question() -> None:
    call = press(Call(small(RATING)), "10#")
    assert call.answers["first"] == ("answered", 10)
    assert call.said == ["Settled?"], "cut short by the hash, and put once more"
    assert press(call, "1").state.ended == "one"


def test_hash_long_after_an_input_is_a_key_like_any_other() -> None:
    call = press(press(Call(small(RATING)), "10"), "#", after_s=4)
    assert call.state.ended == "no_answer"
