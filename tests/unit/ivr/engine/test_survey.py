"""The questionnaire: skips, several answers, own words, refusal; and the four checks of a valid sale."""

import pytest

from ivr.engine import commands as do
from ivr.engine import events as ev
from ivr.flow.nodes import Question
from ivr.samples import sample
from tests.unit.ivr.engine.calls import MONDAY, Call, small

pytestmark = pytest.mark.unit

ALL = {name for name, node in sample("survey").nodes.items() if isinstance(node, Question)}


def voice(seconds: float = 4) -> ev.RecordDone:
    return ev.RecordDone(at=MONDAY, clip="clip-7", seconds=seconds)


def test_no_question_before_a_yes() -> None:
    for key, result in (("2", "call_later"), ("0", "refused")):
        call = Call(sample("survey")).keys(key)
        assert (call.state.ended, call.answers) == (result, {})


def test_broadband_opens_the_question_on_mobiles_broadband() -> None:
    asked = Call(sample("survey")).keys("1", "1", "1", "1", "1", "1")
    assert asked.state.node == "q5.1"
    asked.keys("4")
    assert (asked.state.node, asked.state.variables) == ("q6", {"aware": False, "willing": True})
    skipped = Call(sample("survey")).keys("1", "1", "1", "1", "1", "2")
    assert skipped.state.node == "q6"


def test_a_whole_survey_is_stored_question_by_question() -> None:
    call = Call(sample("survey")).keys("1", "4", "6", "5")
    assert call.last[-1].DO == "record"  # "other" is told in own words
    call.give(voice()).keys("1", "2", "7", "20#", "35#", "83#").give(voice()).keys("2", "5").give(voice())
    assert call.state.ended == "completed"
    assert call.answers == {
        "q1": ("answered", "other"), "q2": ("answered", "first_mobile"), "q3": ("answered", "other"),
        "q4": ("answered", "yes"), "q5": ("answered", "no"), "q6": ("answered", "cannot_say"),
        "q6.price": ("answered", 20), "q6.rent": ("answered", 35), "q7": ("answered", ["more_data", "other"]),
        "q8": ("answered", "outbound_call"), "q9": ("answered", "more_data"), "remarks": ("answered", "clip-7"),
        "q5.1": ("not_asked", None),
    }  # fmt: skip
    clips = {one.question for one in call.all(do.SaveAnswer) if one.clip}
    assert clips == {"q3", "q7", "remarks"}


def test_refusal_works_at_every_question_and_what_was_answered_stays() -> None:
    call = Call(sample("survey")).keys("1", "2", "0")
    assert call.state.ended == "refused"
    assert call.answers["q1"] == ("answered", "township")
    assert call.answers["q2"] == ("refused", None)
    assert {status for question, (status, _) in call.answers.items() if question not in ("q1", "q2")} == {
        "not_asked"
    }
    assert set(call.answers) == ALL


def test_answers_are_kept_when_the_caller_hangs_up() -> None:
    call = Call(sample("survey")).keys("1", "2", "3").hang_up()
    assert (call.answers["q1"], call.answers["q2"]) == (("answered", "township"), ("answered", "unicom"))
    assert call.answers["q3"] == ("cut_off", None)
    assert call.answers["q4"] == ("not_asked", None)
    ended = call.last[-1]
    assert isinstance(ended, do.Ended)
    assert (ended.result, ended.node) == ("hung_up", "q3")


def test_an_option_chosen_counts_although_the_caller_hangs_up_before_the_words() -> None:
    call = Call(sample("survey")).keys("1", "2", "3", "5").hang_up()
    assert call.answers["q3"] == ("answered", "other")


def test_silence_instead_of_own_words_is_asked_for_again_and_then_left() -> None:
    call = Call(sample("survey")).keys("1", "2", "3", "5").give(voice(0))
    assert call.last[-1].DO == "record"
    call.give(voice(0)).give(voice(0))
    assert (call.answers["q3"], call.state.node) == (("answered", "other"), "q4")


def test_several_answers_are_a_set_and_an_unknown_key_is_wrong() -> None:
    call = Call(sample("survey")).keys("1", "1", "1", "1", "1", "2", "1", "3131#")
    assert call.answers["q7"] == ("answered", ["cheap_local", "more_data"])
    call = Call(sample("survey")).keys("1", "1", "1", "1", "1", "2", "1", "19#")
    assert (call.state.node, "q7" in call.answers) == ("q7", False)


def test_a_question_asked_in_vain_is_said_to_be_that() -> None:
    call = Call(sample("survey")).keys("1", "1", "1", "1", "1", "2", "7", "0#")
    assert call.answers["q6.price"] == ("refused", None)
    call = Call(sample("survey")).keys("1", "1", "1", "1", "1", "2", "7", "", "999#", "")
    assert (call.answers["q6.price"], call.state.node) == (("no_answer", None), "q7")


@pytest.mark.parametrize(("key", "score"), [("0", 10), ("1", 1), ("9", 9)])
def test_ten_points_with_one_key(key: str, score: int) -> None:
    flow = small(
        """
  first: {type: question, kind: rating, zero_is_ten: yes, prompt: {en: "Score?"}, next: end}
  end: {type: hang_up}
"""
    )
    assert Call(flow).keys(key).answers["first"] == ("answered", score)


@pytest.mark.parametrize(("digits", "status"), [("10#", "answered"), ("10", "answered"), ("7", "answered")])
def test_ten_points_with_two_keys(digits: str, status: str) -> None:
    call = Call(sample("satisfaction")).keys(digits)
    assert call.answers["score"] == (status, int(digits.rstrip("#")))


def test_a_question_skipped_by_its_condition_was_not_asked() -> None:
    flow = small(
        """
  first: {type: question, kind: single, prompt: {en: "A?"}, options: [{key: "1", code: a, label: a}], next: second}
  second: {type: question, kind: single, prompt: {en: "B?"}, skip_if: answer.first == 'a', options: [{key: "1", code: b, label: b}], next: end}
  end: {type: hang_up}
"""
    )
    call = Call(flow).keys("1")
    assert (call.state.ended, call.answers["second"]) == ("done", ("not_asked", None))


# --- explicit consent -------------------------------------------------------------------------------------------------

DISCLOSURES = 5


def selling() -> Call:
    return Call(sample("sales-consent"), language="en").keys("1", "1", "1")


def test_consent_is_asked_for_after_every_disclosure_was_heard() -> None:
    call = selling()
    for _ in range(DISCLOSURES):
        assert (call.state.wait, call.last[-1].DO) == ("play", "play")
        assert not any(one.barge_in for one in call.last[-1].prompts)
        call.give(ev.PlayDone(at=MONDAY))
    assert call.state.node == "consent"
    call.keys("1")
    consent = next(one for one in call.all(do.SaveAnswer) if one.question == "consent")
    assert (consent.consent, consent.value) == (True, "yes")
    assert consent.said.startswith("Do you agree to take 新闻早报, which costs five yuan a month")
    assert consent.offset_s > 0
    call.give(ev.RequestDone(at=MONDAY, ok=True)).give(ev.TransferDone(at=MONDAY, outcome="answered"))
    assert call.last[-1].checks == {
        "right_person": True, "able_to_follow": True, "fully_disclosed": True, "clear_consent": True,
    }  # fmt: skip
    assert call.state.ended == "sold"


def test_a_disclosure_that_was_not_played_to_its_end_makes_no_sale() -> None:
    call = selling()
    for number in range(DISCLOSURES):
        call.give(ev.PlayDone(at=MONDAY, complete=number != 1))
    assert (call.state.ended, call.all(do.Fault)[0].node) == ("error", "consent")
    assert call.last[-1].checks["fully_disclosed"] is False
    assert call.all(do.Callback) == call.all(do.Transfer) == []


@pytest.mark.parametrize("keys", [("", ""), ("5", "7"), ("2",), ("0",)])
def test_silence_wrong_keys_and_no_are_no_consent(keys: tuple[str, ...]) -> None:
    call = selling()
    for _ in range(DISCLOSURES):
        call.give(ev.PlayDone(at=MONDAY))
    call.keys(*keys)
    assert (call.state.ended, call.last[-1].checks["clear_consent"]) == ("not_interested", False)


def test_consent_cannot_be_keyed_ahead() -> None:
    call = selling()
    for _ in range(DISCLOSURES):
        call.give(ev.Digits(at=MONDAY, digits="1")).give(ev.PlayDone(at=MONDAY))
    assert (call.state.node, call.state.wait) == ("consent", "keys")


def test_another_person_is_not_sold_anything() -> None:
    call = Call(sample("sales-consent")).keys("3")
    assert (call.state.ended, call.last[-1].checks["right_person"]) == ("wrong_person", False)
