"""What a campaign does about who has answered."""

import pytest

from dialer.audio.answer_strategy import Step, at_answer, on_news, without_beep
from dialer.audio.answered import Answer, Kind, News, Verdict
from dialer.domain.listening_plan import AnswerStrategy as Strategy

pytestmark = pytest.mark.unit


def news(verdict: Verdict, kind: Kind = Kind.VERDICT, beep_at_s: float | None = None) -> News:
    return News(kind, 3.0, Answer(verdict, 3.0, 0.5, 5.0, beep_at_s))


def test_at_the_answer() -> None:
    assert [at_answer(each) for each in Strategy] == [Step.CONNECT, Step.WAIT, Step.WAIT]


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("verdict", [each for each in Verdict if each.is_person])
def test_what_is_not_known_to_be_a_machine_is_connected(strategy: Strategy, verdict: Verdict) -> None:
    assert on_news(strategy, news(verdict)) is Step.CONNECT


def test_machines() -> None:
    machine = news(Verdict.MACHINE)
    assert [on_news(each, machine) for each in Strategy] == [Step.CONNECT, Step.HANG_UP, Step.WAIT]
    beep = news(Verdict.MACHINE, Kind.BEEP, 7.0)
    assert on_news(Strategy.LEAVE_MESSAGE, beep) is Step.PLAY_MESSAGE
    assert {on_news(each, news(Verdict.FAX)) for each in Strategy} == {Step.HANG_UP}


def test_a_machine_that_never_beeps_gets_its_message() -> None:
    over = news(Verdict.MACHINE, Kind.GREETING_OVER)
    assert without_beep(Strategy.LEAVE_MESSAGE, over, 6.9) is Step.WAIT
    assert without_beep(Strategy.LEAVE_MESSAGE, over, 7.0) is Step.PLAY_MESSAGE
    assert without_beep(Strategy.WAIT_FOR_VERDICT, over, 7.0) is Step.HANG_UP
