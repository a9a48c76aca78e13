"""Facts about channels become telephony events. Facts about channels that are not ours are dropped here."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from dialer.clock import Clock
from dialer.domain.disposition import HangupCause
from dialer.domain.events import (
    CallAnswered,
    CallEnded,
    CallJoined,
    CallLeftAgent,
    DeskDown,
    DeskFree,
    DeskUp,
    FlowEnded,
    FlowStarted,
    LineEvidence,
    LineSign,
    MessageStarted,
    OptedOut,
    WantsAgent,
)
from dialer.ports.telephony import EventSink
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.announcer import Announcer
from dialer.telephony.asterisk.callers import waits_for
from dialer.telephony.asterisk.calls_in_hand import CallInHand, Desk, Switchboard
from dialer.telephony.asterisk.channel_facts import EnteredBridge, Fact, Gone, NeverBegan, Said, Signed, Up

# a failed Originate is told twice, by OriginateResponse and then by Hangup with the cause; this long the cause may take
_CAUSE_S = 1.0


class EventDesk:
    """`left_agent` is told that a conversation is over."""

    def __init__(
        self,
        board: Switchboard,
        sink: EventSink,
        clock: Clock,
        left_agent: Callable[[str], None],
        announcer: Callable[[Callable[[CallInHand], None]], Announcer],
    ) -> None:
        self._board, self._sink, self._clock = board, sink, clock
        self._left_agent = left_agent
        self.announcer = announcer(self.stop_recording)

    def take(self, known: Fact) -> None:
        match known:
            case Signed(channel=channel, sign=sign):
                self._signed(channel, sign)
            case Up(channel=channel):
                self._up(channel)
            case EnteredBridge(channel=channel):
                self._entered(channel, known)
            case Gone(channel=channel, cause=cause):
                self._end(channel, cause)
            case NeverBegan(action_id=action):
                self._never_began(action)
            case Said(channel=channel):
                self._said(channel, known)

    def _signed(self, channel: str, sign: LineSign) -> None:
        if (call := self._board.calls.get(channel)) is None or call.answered:
            return
        if call.watch is not None:
            call.watch.signed(sign)
        self._sink(LineEvidence(call.attempt, self._clock.now(), sign))

    def _up(self, channel: str) -> None:
        if (call := self._board.calls.get(channel)) is None or call.answered:
            return
        call.answered = True
        if call.watch is not None:
            call.watch.stop()
        self._sink(CallAnswered(call.attempt, self._clock.now()))

    def _entered(self, channel: str, entered: EnteredBridge) -> None:
        if (call := self._board.calls.get(channel)) is not None:
            self._call_entered(call, entered)
        elif (desk := self._board.desks.get(channel)) is not None:
            self._desk_entered(desk, entered)

    def _call_entered(self, call: CallInHand, entered: EnteredBridge) -> None:
        call.bridge = entered.bridge
        if entered.name in (dialplan.BRIDGE_ANSWERED, dialplan.BRIDGE_TRANSFERS):
            call.parked.set()
        elif call.agent is not None and (desk := self._board.desk(call.agent)) is not None:
            call.parked.clear()
            self._report_joined(call, desk)

    def _desk_entered(self, desk: Desk, entered: EnteredBridge) -> None:
        desk.bridge = entered.bridge
        if entered.name != dialplan.BRIDGE_DESKS:
            if desk.call is not None:
                self._report_joined(desk.call, desk)
        elif not desk.up:
            desk.up = True
            self._sink(DeskUp(desk.agent, self._clock.now()))

    def _report_joined(self, call: CallInHand, desk: Desk) -> None:
        """Either side may enter first; both in one bridge is what counts."""
        if desk.call is call and call.bridge == desk.bridge:
            desk.met = True
            self._sink(CallJoined(call.attempt, desk.agent, self._clock.now()))

    def unjoin(self, call: CallInHand) -> None:
        """The call has no agent any more: stop what was recorded of the conversation."""
        if (
            call.agent is not None
            and (desk := self._board.desk(call.agent)) is not None
            and desk.call is call
        ):
            desk.call = None
        call.agent = None
        self.announcer.end(call)
        self.stop_recording(call)

    def stop_recording(self, call: CallInHand) -> None:
        if call.recording:
            call.recording = False
            self._left_agent(call.channel)

    def end_call(self, channel: str, cause: HangupCause) -> None:
        if (call := self._board.drop_call(channel)) is not None:
            self.announcer.end(call)
            self._sink(CallEnded(call.attempt, self._clock.now(), cause, call.ended_by_us))

    def _end(self, channel: str, cause: HangupCause) -> None:
        self.end_call(channel, cause)
        self._end_desk(channel, cause)

    def _end_desk(self, channel: str, cause: HangupCause) -> None:
        if (desk := self._board.drop_desk(channel)) is not None:
            self._sink(DeskDown(desk.agent, self._clock.now(), cause))

    def _never_began(self, action: str) -> None:
        """`action` is the attempt for a call, the channel id for a phone or an announcer."""
        self.announcer.never_began(action)
        known = f"fairdial-c-{action}" if f"fairdial-c-{action}" in self._board.calls else action
        cause = HangupCause(0, None, "the exchange could not begin the call")
        loop = asyncio.get_running_loop()
        loop.call_later(_CAUSE_S, self._end, known, cause)

    def _said(self, channel: str, said: Said) -> None:
        if said.event == dialplan.EVENT_CALL and (call := self._board.calls.get(channel)) is not None:
            self._call_said(call, said)
        elif said.event == dialplan.EVENT_DESK and (desk := self._board.desks.get(channel)) is not None:
            if desk.met:  # else it comes back from the call before, and the next one is on its way
                desk.call = None
            self._sink(DeskFree(desk.agent, self._clock.now()))
        elif said.event == dialplan.EVENT_ANNOUNCE and (spoken_to := self._board.calls.get(said.about)):
            self.announcer.said(spoken_to, said.state)

    def _call_said(self, call: CallInHand, said: Said) -> None:
        now = self._clock.now()
        match said.state:
            case "back":
                self.unjoin(call)
                self._sink(CallLeftAgent(call.attempt, now))
            case "message-started":
                self._sink(MessageStarted(call.attempt, now))
            case "flow-started":
                self.unjoin(call)
                self._sink(FlowStarted(call.attempt, now))
            case "flow-ended":
                self._sink(FlowEnded(call.attempt, now, said.key))
            case "wants-agent":
                queue, agent = waits_for(said.caller)
                self._sink(WantsAgent(call.attempt, now, queue, timedelta(seconds=said.within_s), agent))
            case "opt-out":
                self._sink(OptedOut(call.attempt, now, said.key))
