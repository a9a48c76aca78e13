"""What becomes of a call by what the ears heard: ended before or after the answer, held until a verdict, put into the ledger."""

import logging
from collections.abc import Callable

from dialer.audio.answered import Kind, News
from dialer.clock import Clock
from dialer.domain.attempt import AttemptState
from dialer.domain.events import LineEvidence
from dialer.engine.answer_wait import AnswerWait
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.hand_over import HandOver
from dialer.engine.ledger_writer import LedgerWriter
from dialer.engine.line_hearing import told_foreign
from dialer.engine.live_call import LiveCall
from dialer.errors import LinkDown, Refused
from dialer.ports.ledger import Heard
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)


class CallHearing:
    """`note` writes to a call's timeline; `evidence` takes what was heard on a ringing line."""

    def __init__(
        self,
        telephony: Telephony,
        ledger: LedgerWriter,
        hand_over: HandOver,
        clock: Clock,
        tasks: TaskOwner,
        note: Callable[[LiveCall, str, str], None],
        evidence: Callable[[LineEvidence], None],
        floor: FloorReporter,
    ) -> None:
        self._telephony, self._ledger, self._hand_over = telephony, ledger, hand_over
        self._tasks, self._note, self.evidence = tasks, note, evidence
        self._floor, self._clock = floor, clock
        self._wait = AnswerWait(clock, self._connect, self._end_soon, hand_over.leave_message)

    # --- what happens to calls ------------------------------------------------------------------------------------------

    def answered(self, call: LiveCall, *, heard: bool) -> None:
        """`heard`: a verdict may come. Who has an agent already, as in preview, is connected in any case."""
        if heard and call.plan.listening.waits and call.agent is None:
            self._wait.hold(call)  # to pacing it rings on: nobody is needed for it yet, or at all
        else:
            self._floor.answered(call)
            self._hand_over.seek_agent(call)

    def ended(self, call: LiveCall) -> None:
        self._wait.forget(call)

    # --- what the ears have heard ---------------------------------------------------------------------------------------

    def heard_foreign(self, call: LiveCall) -> None:
        if call.hearing.foreign is not None:
            self._note(call, "foreign_ringback", told_foreign(call.hearing.foreign))
            self._telephony.sounds_foreign(call.id)

    def heard_no_answer(self, call: LiveCall, because: str) -> None:
        """It is ended early, but never before its ring minimum: the driver sees to that."""
        self._note(call, "nobody_will_answer", because)
        self._end_soon(call)

    def heard_answer(self, call: LiveCall, news: News) -> None:
        hearing = call.hearing
        if news.kind is Kind.VERDICT:
            sure = (
                "" if news.answer.machine is None else f", machine with probability {news.answer.machine:.3f}"
            )
            self._note(call, "heard", f"{news.answer.verdict} after {news.answer.decided_at_s:.1f} s{sure}")
        if news.kind is not Kind.SPEECH:
            # a verdict that nobody acted on excuses nothing: it is kept where an agent had the call and can correct it
            counts = call.plan.listening.waits or call.joined_at is not None
            verdict = hearing.answered_by if counts else None
            self._ledger.heard(Heard(call.id, hearing.greeting_start, hearing.greeting_end, verdict))
        self._wait.heard(call, news)
        if hearing.fax and call.state is AttemptState.TALKING:
            self._end_soon(call)

    def deaf(self, call: LiveCall, because: str) -> None:
        """Nothing more will be heard of it."""
        self._wait.deaf(call, because)

    # --- what is done about it --------------------------------------------------------------------------------------------

    def _connect(self, call: LiveCall, because: str) -> None:
        if call.state is AttemptState.WAITING:
            if because:
                self._note(call, "connected_unheard", because)
            self._floor.answered(call, self._clock.now())
            self._hand_over.seek_agent(call)

    def _end_soon(self, call: LiveCall) -> None:
        self._tasks.spawn(self._end(call), f"end-{call.id}")

    async def _end(self, call: LiveCall) -> None:
        try:
            await self._telephony.hang_up(call.id)
        except (LinkDown, Refused) as why:
            log.info(
                "not ended", extra={"action": "call.not_ended", "attempt_id": str(call.id), "why": str(why)}
            )
