"""Brings memory, store and exchange together: at the start, and after every interruption of the link.

Nothing is dialled until this is done. What the exchange still has is adopted; what it has no more is settled; what
nobody knows is hung up.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from dialer.clock import Clock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptSignal, AttemptState
from dialer.domain.campaign import Campaign
from dialer.domain.disposition import HangupCause
from dialer.domain.events import (
    CallAnswered,
    CallJoined,
    CallLeftAgent,
    DeskDown,
    FlowStarted,
    LineEvidence,
    LineSign,
    WantsAgent,
)
from dialer.domain.ids import AgentId, AttemptId, CampaignId, RunnerId
from dialer.engine.call_supervisor import CallSupervisor
from dialer.engine.called_place import address_state
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.live_call import LiveCall
from dialer.engine.queue_desk import NO_TRUNK
from dialer.ports.storage import AttemptStore, OpenAttempt
from dialer.ports.telephony import AdoptedCall, Census, Telephony
from dialer.ports.telephony import LiveCall as CallOnExchange

log = logging.getLogger(__name__)

_FLOW_WAITS = timedelta(minutes=1)
_QUEUE_WAITS = timedelta(days=1)


class Reconciler:
    def __init__(
        self,
        telephony: Telephony,
        attempts: AttemptStore,
        supervisor: CallSupervisor,
        runner: RunnerId,
        clock: Clock,
        floor: FloorReporter,
    ) -> None:
        self._telephony, self._attempts, self._supervisor = telephony, attempts, supervisor
        self._runner, self._clock, self._floor = runner, clock, floor

    async def take_over(self, campaigns: Mapping[CampaignId, Campaign]) -> Sequence[LiveCall]:
        """Take the open attempts of engines that are gone. Those never dialled go back, the others wait for a census."""
        left_open = await self._attempts.open_attempts(self._runner)
        untouched = [each.claimed.attempt for each in left_open if each.state is AttemptState.CLAIMED]
        await self._attempts.release(untouched)
        now = self._clock.now()
        calls = [
            _revived(each, campaigns[each.claimed.campaign], now)
            for each in left_open
            if each.state is not AttemptState.CLAIMED
        ]
        begun = {each.claimed.attempt: each.parts for each in left_open}
        for call in sorted(calls, key=lambda each: each.dialled_at):
            self._supervisor.calls[call.id] = call
            self._floor.taken_over(call)
            self._supervisor.recordings.adopt(call, begun[call.id])
        self._telephony.adopt(
            [
                AdoptedCall(
                    call.id,
                    call.rang_at,
                    call.answered_at is not None,
                    call.plan.ring_for,
                    call.caller.channel if call.caller is not None else None,
                )
                for call in calls
            ]
        )
        if left_open:
            log.info(
                "taken over",
                extra={"action": "engine.taken_over", "released": len(untouched), "calls": len(calls)},
            )
        return calls

    async def compare(self) -> None:
        """Raises `LinkDown` when the link goes again meanwhile; then it is to be done again."""
        census = await self._telephony.census()
        alive = {call.attempt: call for call in census.calls}
        for call in list(self._supervisor.calls.values()):
            if (found := alive.get(call.id)) is None:
                self._supervisor.end_unseen(call, "it ended while nobody was listening")
            else:
                self._catch_up(call, found)
        self._compare_desks(census)
        await self._hang_up(alive.keys() - self._supervisor.calls.keys())

    async def end_strays(self) -> None:
        """An order given before an interruption may be carried out after the census. Raises `LinkDown`."""
        # dialling goes on: a call is known before its order goes out, and may end while the exchange is asked
        known_before = set(self._supervisor.calls)
        on_exchange = await self._telephony.calls_on_exchange()
        await self._hang_up(set(on_exchange) - known_before - self._supervisor.calls.keys())

    async def _hang_up(self, strays: Iterable[AttemptId]) -> None:
        for attempt in strays:
            log.warning(
                "stray call hung up", extra={"action": "engine.stray_call", "attempt_id": str(attempt)}
            )
            await self._telephony.end_stray(attempt)

    def _catch_up(self, call: LiveCall, found: CallOnExchange) -> None:
        now = self._clock.now()
        if found.ringing and call.state is AttemptState.DIALLING:
            self._supervisor.handle(LineEvidence(call.id, now, LineSign.RINGING))
        if found.agent is not None:
            self._supervisor.desks.adopt(found.agent, call.id)
        if found.answered and call.unanswered:
            self._supervisor.resume_answered(call, CallAnswered(call.id, now), found.agent)
        if found.in_flow:
            self._catch_up_in_flow(call, found, now)
            return
        if found.agent is not None and call.state is AttemptState.IN_FLOW:
            call.move(AttemptSignal.WANTS_AGENT)  # unseen
        if found.agent is not None and call.state is AttemptState.WAITING:
            self._supervisor.handle(CallJoined(call.id, found.agent, now))
        elif found.agent is None and call.state is AttemptState.TALKING:
            self._supervisor.handle(CallLeftAgent(call.id, now))
        elif found.agent is None and call.state is AttemptState.WAITING:
            self._supervisor.resume_waiting(call)
        elif call.state is AttemptState.TALKING:
            self._supervisor.resume_talking(call)

    def _catch_up_in_flow(self, call: LiveCall, found: CallOnExchange, now: datetime) -> None:
        if not found.wants_agent:
            if call.state in (AttemptState.WAITING, AttemptState.TALKING):
                self._supervisor.handle(FlowStarted(call.id, now))
            return
        if (
            call.state is AttemptState.TALKING
        ):  # that was over, and the caller has come into a queue once more
            self._supervisor.handle(FlowStarted(call.id, now))
        # for how much longer is not known: the flow goes on by itself when its time is over
        within = _QUEUE_WAITS if call.inbound else _FLOW_WAITS
        wants = WantsAgent(call.id, now, "", within, found.wanted)
        if call.state is AttemptState.IN_FLOW:
            self._supervisor.handle(wants)
        elif call.state is AttemptState.WAITING:
            self._supervisor.resume_wanting(call, wants)

    def _compare_desks(self, census: Census) -> None:
        desks = self._supervisor.desks
        connected, called = frozenset(census.desks), frozenset(census.called)
        busy: dict[AgentId, LiveCall] = {
            call.agent: call for call in self._supervisor.calls.values() if call.agent is not None
        }
        # told apart before anything moves: each agent who becomes free may be given to a waiting caller at once
        deserted = [(desk.id, desk.attempt) for desk in desks.all if desk.attempt and desk.id not in busy]
        for desk in list(desks.all):
            if desk.id in connected:
                desks.adopt(desk.id, busy[desk.id].id if desk.id in busy else None)
            elif desk.id in called:
                desks.adopt_called(desk.id)
            elif desk.state is not AgentState.LOGGED_OUT:
                self._supervisor.handle(
                    DeskDown(desk.id, self._clock.now(), HangupCause(0, None, "it was gone"))
                )
        for agent, attempt in deserted:
            desks.release(agent, attempt)


def _revived(open_attempt: OpenAttempt, campaign: Campaign, now: datetime) -> LiveCall:
    claimed = open_attempt.claimed
    return LiveCall(
        claimed,
        campaign,
        NO_TRUNK if open_attempt.caller is not None else open_attempt.trunk or campaign.plan.trunk,
        open_attempt.state,
        open_attempt.dialled_at or open_attempt.answered_at or now,
        rang_at=open_attempt.rang_at,
        answered_at=open_attempt.answered_at,
        joined_at=open_attempt.joined_at,
        message_at=open_attempt.message_at,
        agent=open_attempt.agent,
        address_state=address_state(open_attempt.attributes),
        attributes=open_attempt.attributes,
        caller=open_attempt.caller,
        flow_heard=open_attempt.state is AttemptState.IN_FLOW,
        parts=max(open_attempt.parts, int(open_attempt.joined_at is not None)),
    )
