"""Holds whoever has answered until the ears have said who it is, but never beyond the time in which an agent must be there."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from dialer.audio.answer_strategy import NO_BEEP_S, Step, on_news, without_beep
from dialer.audio.answered import Kind, News
from dialer.clock import Clock
from dialer.domain.ids import AttemptId
from dialer.engine.live_call import LiveCall

# before the moment at which an agent must be there: joining takes milliseconds, beginning the message some more
MARGIN_S = 0.3
_LOOK_S = 0.25
LONGEST = timedelta(seconds=8)  # the ears have given their verdict long before
LONGEST_GREETING_S = 60.0  # of a machine


class AnswerWait:
    """What is decided goes to one of three: an agent is sought, the call is ended, or a message is left on the machine."""

    def __init__(
        self,
        clock: Clock,
        connect: Callable[[LiveCall, str], None],
        hang_up: Callable[[LiveCall], None],
        leave_message: Callable[[LiveCall], None],
    ) -> None:
        self._clock, self._connect, self._hang_up, self._leave_message = (
            clock,
            connect,
            hang_up,
            leave_message,
        )
        self._held: dict[AttemptId, LiveCall] = {}
        self._timers: dict[AttemptId, asyncio.TimerHandle] = {}

    def holds(self, call: LiveCall) -> bool:
        return call.id in self._held

    def hold(self, call: LiveCall) -> None:
        self._held[call.id] = call
        self._arm(call, self._left_s(call))

    def heard(self, call: LiveCall, news: News) -> None:
        """What the call itself knows is up to date."""
        if not self.holds(call):
            return
        step = on_news(call.plan.listening.answer, news)
        if step is Step.WAIT and call.hearing.machine:
            self._await_beep(call, news)
            return
        self._do(call, step)

    def deaf(self, call: LiveCall, because: str) -> None:
        """Nothing more will be heard of it: whoever answered is taken for a person."""
        if self.holds(call):
            self.forget(call)
            if call.hearing.machine:
                self._hang_up(call)
            else:
                self._connect(call, because)

    def forget(self, call: LiveCall) -> None:
        self._held.pop(call.id, None)
        if (timer := self._timers.pop(call.id, None)) is not None:
            timer.cancel()

    def _do(self, call: LiveCall, step: Step) -> None:
        if step is Step.WAIT:
            self._arm(call, self._left_s(call))
            return
        self.forget(call)
        if step is Step.CONNECT:
            self._connect(call, "")
        elif step is Step.PLAY_MESSAGE:
            self._leave_message(call)
        else:
            self._hang_up(call)

    def _await_beep(self, call: LiveCall, news: News) -> None:
        ended_s = news.answer.greeting_end_s
        if news.kind is Kind.GREETING_OVER and ended_s is not None:
            self._arm(call, NO_BEEP_S - (news.at_s - ended_s), news)
        else:
            self._arm(call, LONGEST_GREETING_S)

    def _left_s(self, call: LiveCall) -> float:
        """Until somebody must be sought without a verdict."""
        now, answered_at = self._clock.now(), call.answered_at or self._clock.now()
        latest = answered_at + LONGEST
        due = call.agent_due()
        if due is None:
            return min(_LOOK_S, (latest - now).total_seconds())
        return (min(due, latest) - now).total_seconds() - MARGIN_S

    def _arm(self, call: LiveCall, after_s: float, news: News | None = None) -> None:
        if (timer := self._timers.pop(call.id, None)) is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[call.id] = loop.call_later(max(after_s, 0.0), self._rung, call, news)

    def _rung(self, call: LiveCall, news: News | None) -> None:
        if not self.holds(call):
            return
        if news is not None:
            ended_s = news.answer.greeting_end_s or 0.0
            self._do(call, without_beep(call.plan.listening.answer, news, ended_s + NO_BEEP_S))
            return
        if not call.hearing.machine and self._left_s(call) > 0:
            self._arm(call, self._left_s(call))
            return
        self.deaf(call, "no verdict in the time that the rules leave")
