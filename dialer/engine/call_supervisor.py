"""Follows every call from dialling to its disposition.

`handle` is synchronous and never waits: between an answer and the order to bridge lies no await of ours.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable

from dialer.acd.desks import Desk
from dialer.clock import Clock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptSignal, AttemptState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import (
    AnnouncementEnded,
    AnnouncementStarted,
    CallAnswered,
    CallEnded,
    CallerLeft,
    CallerWaiting,
    CallJoined,
    CallLeftAgent,
    DeskDown,
    DeskFree,
    DeskUp,
    FlowEnded,
    FlowHeard,
    FlowStarted,
    LineEvidence,
    LineSign,
    LinkLost,
    LinkUp,
    MessageStarted,
    OptedOut,
    PromptEnded,
    Spoke,
    TelephonyEvent,
    WantsAgent,
)
from dialer.domain.ids import AgentId, AttemptId
from dialer.domain.transitions import IllegalTransition
from dialer.engine.air_watch import AirWatch
from dialer.engine.call_books import CallBooks
from dialer.engine.call_flows import CallFlows, FlowEvent
from dialer.engine.call_hearing import CallHearing
from dialer.engine.conversations import Conversations
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.hand_over import HandOver
from dialer.engine.home_tones import HomeTones
from dialer.engine.ledger_writer import LedgerWriter
from dialer.engine.listener import LineListener
from dialer.engine.live_call import LiveCall, outcome
from dialer.engine.queue_book import QueueBook
from dialer.engine.recorder import Recorder
from dialer.errors import NotFound
from dialer.ports.ears import Ears
from dialer.ports.floor import FlowPlace
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_S, _G = AttemptState, AttemptSignal
_AT_DESK = frozenset({AgentState.READY, AgentState.PREVIEW, AgentState.ON_CALL, AgentState.WRAP_UP})


class CallSupervisor:
    """`on_change` is called when a line or an agent became free, or a call was answered."""

    def __init__(
        self,
        telephony: Telephony,
        ledger: LedgerWriter,
        recordings: Recorder,
        clock: Clock,
        tasks: TaskOwner,
        on_change: Callable[[LiveCall | None], None],
        floor: FloorReporter,
        ears: Ears,
        homes: HomeTones,
        keeps_listening: Callable[[], bool] = lambda: False,
    ) -> None:
        self._telephony, self._ledger, self.recordings = telephony, ledger, recordings
        self._clock, self._tasks, self._on_change, self._floor = clock, tasks, on_change, floor
        self.queues = QueueBook()
        self._books = CallBooks(ledger, floor, self.queues, clock)
        self.totals = self._books.totals
        self._keep, self._note = self._books.keep, self._books.note
        self._hand_over = HandOver(
            telephony, recordings, ledger.agent, clock, tasks, self._note, lambda: on_change(None), floor
        )
        self.desks = self._hand_over.desks
        self.calls: dict[AttemptId, LiveCall] = {}
        self._hearing = CallHearing(
            telephony, ledger, self._hand_over, clock, tasks, self._note, self.handle, floor
        )
        self.flows = CallFlows(telephony, self._hand_over, recordings, floor, self._keep, self._note)
        self.air = AirWatch(telephony, clock, tasks, self._note)
        self._talks = Conversations(self._books, recordings, self.air, self._hand_over, self.queues)
        self.answer_to_join_s = self._talks.answer_to_join_s
        self.listener = LineListener(
            telephony,
            ears,
            homes,
            tasks,
            self._hearing,
            lambda attempt: self.calls.get(attempt),
            keeps_listening,
        )
        self.setup_s: deque[float] = deque(maxlen=10_000)

    @property
    def waiting(self) -> int:
        return self._hand_over.waiting

    def lines(self) -> Iterable[LiveCall]:
        return (call for call in self.calls.values() if call.unanswered)

    # --- events -----------------------------------------------------------------------------------------------------

    def handle(self, event: TelephonyEvent) -> None:
        """Must not raise: one odd event may not cost the others."""
        try:
            self._dispatch(event)
        except IllegalTransition as odd:
            log.warning(
                "event out of turn",
                extra={"action": "call.out_of_turn", "event": repr(event), "why": str(odd)},
            )
        except Exception:
            log.exception("event not handled", extra={"action": "call.unhandled", "event": repr(event)})

    def _dispatch(self, event: TelephonyEvent) -> None:
        match event:
            case DeskUp(agent=agent):
                self.desks.phone_up(agent)
            case DeskDown(agent=agent, cause=cause):
                self.desks.phone_down(agent, cause.text)
            case DeskFree() | LinkUp() | LinkLost() | OptedOut() | CallerWaiting() | CallerLeft():
                pass
            case _ if (call := self.calls.get(event.attempt)) is not None:
                self._of_call(call, event)

    def _of_call(self, call: LiveCall, event: TelephonyEvent) -> None:
        match event:
            case LineEvidence():
                self._signed(call, event)
            case CallAnswered():
                self._answered(call, event)
            case CallJoined():
                self._talks.joined(call, event)
            case CallLeftAgent():
                self._talks.left_agent(call, event)
            case MessageStarted():
                self._message_started(call, event)
            case AnnouncementStarted() | AnnouncementEnded() | PromptEnded() | Spoke():
                self._talks.heard(call, event)
            case FlowStarted() | FlowHeard() | WantsAgent() | FlowEnded():
                self._in_flow(call, event)
            case CallEnded():
                self._ended(call, event)

    def _signed(self, call: LiveCall, event: LineEvidence) -> None:
        if event.sign.heard:
            self._floor.signalled(call, event.sign)
            self._note(call, event.sign)
            return
        call.evidence.append(event.sign)
        if call.rang_at is None or (event.sign is LineSign.RINGING and call.evidence.count(event.sign) == 1):
            call.rang_at = event.at
        if call.state is _S.DIALLING:
            self.setup_s.append((event.at - call.dialled_at).total_seconds())
        call.move(_G.RANG)
        self._floor.signalled(call, event.sign)
        self._keep(call, event.sign)
        self.listener.signalled(call, event.sign)

    def _answered(self, call: LiveCall, event: CallAnswered) -> None:
        call.move(_G.ANSWERED)
        call.answered_at = event.at
        self._keep(call, "answered")
        self._hearing.answered(call, heard=self.listener.answered(call))
        self._on_change(None)

    def _message_started(self, call: LiveCall, event: MessageStarted) -> None:
        if call.state is _S.WAITING:
            self._hand_over.message_begun(call)
            call.move(_G.MESSAGE_STARTED)
            self._floor.no_agent(call)
        call.message_at = event.at
        self._keep(call, "message_started")

    def _in_flow(self, call: LiveCall, event: FlowEvent) -> None:
        if call.state is _S.TALKING and isinstance(event, FlowStarted):
            self.air.left(call.id)
        if call.inbound and isinstance(event, FlowStarted):
            # the flow is the caller's own, and goes on without us
            self._ended(call, CallEnded(call.id, event.at, HangupCause(16), call.unheard))
            return
        self.flows.take(call, event)

    def _ended(self, call: LiveCall, event: CallEnded) -> None:
        disposition, because = outcome(call, event)
        if call.state is _S.TALKING:
            call.left_at = event.at
            self._ledger.progress(call.progress())
        self._note(call, "ended", f"{disposition}, Q.850 {event.cause.q850}, SIP {event.cause.sip or '-'}")
        self._finish(call, disposition, because, event)
        self._leave_agent(call, event)
        self.recordings.ended(call.id)
        call.move(_G.ENDED)

    def _finish(
        self, call: LiveCall, disposition: Disposition, because: str, event: CallEnded, dialled: bool = True
    ) -> None:
        self._hand_over.stop_waiting(call)
        self._hearing.ended(call)
        self.listener.ended(call)
        self.air.left(call.id)
        del self.calls[call.id]
        self._telephony.forget(call.id)
        self._books.settle(call, disposition, because, event, dialled=dialled)
        self._on_change(call)

    def _leave_agent(self, call: LiveCall, event: CallEnded) -> None:
        if call.agent is None:
            return
        if call.state is _S.TALKING:
            self.recordings.left(call, event.at)
            self.desks.call_ended(call.agent, call.id, call.plan.wrap_up)
        else:
            self.desks.release(call.agent, call.id)

    # --- who called us ------------------------------------------------------------------------------------------------

    def called_us(self, call: LiveCall) -> None:
        """In hand now, and waits for an agent."""
        self._enter_caller(call)
        self._hand_over.seek_agent(call)

    def called_in_vain(self, call: LiveCall) -> None:
        """Was gone before."""
        self._enter_caller(call)
        self._ended(call, CallEnded(call.id, self._clock.now(), HangupCause(16), False))

    def _enter_caller(self, call: LiveCall) -> None:
        self.calls[call.id] = call
        self._floor.taken_over(call)
        self._note(call, "waits_in_queue", call.plan.name)

    # --- after an interruption ------------------------------------------------------------------------------------------

    def resume_answered(self, call: LiveCall, event: CallAnswered, agent: AgentId | None) -> None:
        """It was answered while nobody listened; with `agent` it was joined as well."""
        if agent is None:
            self.handle(event)
            return
        call.move(_G.ANSWERED)
        call.answered_at = event.at
        self._keep(call, "answered")
        self._floor.answered(call)

    def resume_talking(self, call: LiveCall) -> None:
        """The conversation went on meanwhile."""
        self.air.joined(call)

    def resume_waiting(self, call: LiveCall) -> None:
        """Still waiting, and whatever was being done about it is forgotten."""
        self._hand_over.begin_anew(call)

    def resume_wanting(self, call: LiveCall, event: WantsAgent) -> None:
        """Still waits for an agent whom its flow asked for."""
        if call.wanted_until is None:
            self.flows.seek(call, event)
        else:
            self._hand_over.begin_anew(call)

    # --- commands -----------------------------------------------------------------------------------------------------

    def needed(self, attempt: AttemptId) -> LiveCall:
        """Raises `NotFound`."""
        call = self.calls.get(attempt)
        if call is None:
            raise NotFound("this call is not in progress")
        return call

    async def hang_up(self, attempt: AttemptId) -> None:
        call = self.needed(attempt)
        call.cancelled = call.unanswered
        self._note(call, "hang_up_asked")
        await self._telephony.hang_up(attempt)

    async def send_to_flow(self, attempt: AttemptId, place: FlowPlace, by: str) -> None:
        """Out of the conversation. Raises `NotFound`, `Conflict`, `LinkDown`, `Refused`."""
        await self.flows.send(self.needed(attempt), place, by)

    def heard_flow(self, attempt: AttemptId) -> None:
        """Its first words, by the words of whoever said them."""
        self.handle(FlowHeard(attempt, self._clock.now()))

    def in_hand(self, attempt: AttemptId) -> bool:
        """Whether it is a call of ours that has not ended; who called us is in hand only while waiting or talking."""
        return attempt in self.calls

    def agent_may_come(self) -> bool:
        """Whether it is worth the wait: somebody is at a desk, though maybe busy."""
        return any(desk.state in _AT_DESK and desk.wish is AgentState.READY for desk in self.desks.all)

    def desk_named(self, text: str) -> Desk | None:
        return self.desks.named(text)

    def never_sent(self, call: LiveCall, because: str) -> None:
        """The order to dial did not leave this program: nobody was called, so it does not count as an attempt."""
        if call.id in self.calls:
            event = CallEnded(call.id, self._clock.now(), HangupCause(0, None, because), True)
            self._note(call, "not_sent", because)
            self._finish(call, Disposition.FAILED, because, event, dialled=False)
            self._leave_agent(call, event)

    def end_unseen(self, call: LiveCall, because: str) -> None:
        """The call is gone and nobody saw how."""
        call.unknown = True
        if call.parts and call.state is not _S.TALKING:
            # its last conversation may not have been told to the store
            self.recordings.left(call, self._clock.now())
        self._ended(call, CallEnded(call.id, self._clock.now(), HangupCause(0, None, because), False))
