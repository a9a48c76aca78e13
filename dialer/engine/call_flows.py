"""Calls in flows of the IVR: sent there by a campaign or an agent, brought to an agent when the flow asks for one."""

from collections.abc import Callable
from datetime import timedelta

from dialer.domain.attempt import AttemptSignal, AttemptState
from dialer.domain.events import FlowEnded, FlowHeard, FlowStarted, WantsAgent
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.flow_order import flow_order
from dialer.engine.hand_over import HandOver
from dialer.engine.live_call import LiveCall
from dialer.engine.recorder import Recorder
from dialer.errors import Conflict, Refused
from dialer.ports.floor import FlowPlace
from dialer.ports.telephony import Telephony

_S, _G = AttemptState, AttemptSignal

# no agent is sought in the last moment before the flow goes on: the two would be joined in the middle of its words
_MARGIN = timedelta(seconds=0.5)

FlowEvent = FlowStarted | FlowHeard | WantsAgent | FlowEnded


class CallFlows:
    """`keep` stores what is known of a call and writes to its timeline, `note` only the latter."""

    def __init__(
        self,
        telephony: Telephony,
        hand_over: HandOver,
        recordings: Recorder,
        floor: FloorReporter,
        keep: Callable[[LiveCall, str, str], None],
        note: Callable[[LiveCall, str, str], None],
    ) -> None:
        self._telephony, self._hand_over, self._recordings = telephony, hand_over, recordings
        self._floor, self._keep, self._note = floor, keep, note

    async def send(self, call: LiveCall, place: FlowPlace, by: str) -> None:
        """A caller out of a conversation. Raises `Conflict`, `LinkDown`."""
        if call.state is not _S.TALKING:
            raise Conflict("only a caller who talks with an agent can be sent to a flow")
        self._note(call, "sent_to_flow", f"{place.flow}, {place.entry}, by {by}")
        order = flow_order(call, place.flow, place.entry, place.session)
        try:
            await self._telephony.send_to_flow(call.id, order)
        except Refused as why:
            raise Conflict(f"the caller stays where they are: {why}") from None

    def take(self, call: LiveCall, event: FlowEvent) -> None:
        match event:
            case FlowStarted():
                self._started(call, event)
            case FlowHeard():
                call.flow_heard = True
            case WantsAgent():
                self._wants_agent(call, event)
            case FlowEnded():
                call.flow_result = event.result or "done"
                self._note(call, "flow_ended", event.result)

    def _started(self, call: LiveCall, event: FlowStarted) -> None:
        before = call.state
        call.move(_G.FLOW_STARTED)
        call.wanted_until = call.wanted_agent = None
        if before is _S.TALKING:
            self._leave_agent(call, event)
        elif before is _S.WAITING:
            self._hand_over.let_go(call)
        if call.message_at is None and call.joined_at is None:
            call.message_at = event.at
        self._floor.no_agent(call)
        self._keep(call, "flow_started" if before is not _S.IN_FLOW else "flow_taken_up", "")

    def _leave_agent(self, call: LiveCall, event: FlowStarted) -> None:
        call.left_at = event.at
        self._recordings.left(call, event.at)
        if call.agent is not None:
            self._hand_over.desks.call_ended(call.agent, call.id, call.plan.wrap_up)
        call.agent = None

    def _wants_agent(self, call: LiveCall, event: WantsAgent) -> None:
        call.move(_G.WANTS_AGENT)
        call.flow_heard = True
        self.seek(call, event)

    def seek(self, call: LiveCall, event: WantsAgent) -> None:
        """An agent for a caller who waits for one at the wish of a flow."""
        call.wanted_until = event.at + max(event.within - _MARGIN, event.within / 2)
        call.wanted_agent = event.agent
        self._keep(call, "wants_agent", event.queue if event.agent is None else f"agent {event.agent}")
        self._hand_over.seek_agent(call)
