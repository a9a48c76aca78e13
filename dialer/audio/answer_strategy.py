"""What a campaign does about who has answered: connect at once, wait for the verdict, or leave a message after the beep."""

from enum import StrEnum

from dialer.audio.answered import Kind, News, Verdict
from dialer.domain.listening_plan import AnswerStrategy


class Step(StrEnum):
    CONNECT = "connect"
    WAIT = "wait"
    PLAY_MESSAGE = "play_message"
    HANG_UP = "hang_up"


NO_BEEP_S = 2.0
"""After a machine's greeting: some never beep."""


def at_answer(strategy: AnswerStrategy) -> Step:
    return Step.CONNECT if strategy is AnswerStrategy.CONNECT_AT_ONCE else Step.WAIT


def on_news(strategy: AnswerStrategy, news: News) -> Step:
    """A fax is hung up under every strategy, an agent who hears it with it; what is not known to be a machine is connected."""
    verdict = news.answer.verdict
    if news.kind is Kind.SPEECH:
        return at_answer(strategy)
    if verdict is Verdict.FAX:
        return Step.HANG_UP
    if verdict.is_person or strategy is AnswerStrategy.CONNECT_AT_ONCE:
        return Step.CONNECT
    if strategy is AnswerStrategy.WAIT_FOR_VERDICT:
        return Step.HANG_UP
    return Step.PLAY_MESSAGE if news.kind is Kind.BEEP else Step.WAIT


def without_beep(strategy: AnswerStrategy, news: News, now_s: float) -> Step:
    """`news`: that the greeting is over; `now_s`: seconds from the answer."""
    if strategy is not AnswerStrategy.LEAVE_MESSAGE or news.answer.verdict.is_person:
        return on_news(strategy, news)
    if news.answer.beep_at_s is not None:
        return Step.PLAY_MESSAGE
    ended_s = news.answer.greeting_end_s
    return Step.PLAY_MESSAGE if ended_s is not None and now_s - ended_s >= NO_BEEP_S else Step.WAIT
