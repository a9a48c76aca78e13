"""Turns pacing decisions into calls: claim, ask the gate, commit, dial.

Woken by every change that may free a line or an agent; several changes within a few milliseconds are one decision.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dialer.clock import Clock
from dialer.compliance.gate import Candidate, DialPermit, Refusal, RefusalReason, review
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import CallEnded
from dialer.domain.ids import CampaignId, RunnerId, TrunkName
from dialer.engine.call_supervisor import CallSupervisor
from dialer.engine.ledger_writer import LedgerWriter
from dialer.engine.live_call import LiveCall, settle
from dialer.engine.trunk_meter import TrunkMeter
from dialer.errors import LinkDown, StorageDown
from dialer.pacing.decision import PacingPolicy, PacingView
from dialer.ports.storage import AttemptStore, ClaimedContact, Settlement, TimelineEntry
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_COALESCE_S = 0.005
_LONGEST_COALESCE_S = 0.05
_LOOK_AGAIN_S = 0.25
_EMPTY_S = 1.0  # how long a list that had nothing due is left alone
_MOST_CLAIMED = 100


@dataclass(slots=True)
class _Running:
    because: str = ""
    empty_until: float = 0.0
    trunk_bound: bool = False  # more would be dialled if the trunk took it


@dataclass(slots=True)
class DialLoop:
    telephony: Telephony
    attempts: AttemptStore
    supervisor: CallSupervisor
    ledger: LedgerWriter
    trunks: Mapping[TrunkName, TrunkMeter]
    policy: PacingPolicy
    runner: RunnerId
    clock: Clock
    tasks: TaskOwner
    may_dial: Callable[[], str | None]  # why not, None when dialling is possible
    campaigns: Mapping[CampaignId, Campaign] = field(default_factory=dict)
    originates_in_flight: int = 0
    _running: dict[CampaignId, _Running] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: int = 0
    _unsure: bool = False  # contacts may be claimed or committed that we know nothing of

    def wake(self) -> None:
        self._wake.set()

    def new_contacts(self) -> None:
        """Lists may have something due again: look at once."""
        for running in self._running.values():
            running.empty_until = 0.0
        self.wake()

    def reason(self, campaign: CampaignId) -> str:
        """Of the last decision, for people."""
        return self._running[campaign].because if campaign in self._running else ""

    async def run(self) -> None:
        pause, took = _LOOK_AGAIN_S, 0.0
        while True:
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
                # under load the rounds become larger instead of more
                await asyncio.sleep(min(max(_COALESCE_S, 2 * took), _LONGEST_COALESCE_S))
            except TimeoutError:
                pass
            self._wake.clear()
            begun = self.clock.monotonic()
            pause = await self._round()
            took = self.clock.monotonic() - begun

    async def _round(self) -> float:
        """One decision for each running campaign; every round another one is first. Returns seconds to the next look."""
        running = [each for each in self.campaigns.values() if each.state is CampaignState.RUNNING]
        self._turn += 1
        first = self._turn % len(running) if running else 0
        try:
            await self._put_back_unsent()
            for campaign in running[first:] + running[:first]:
                await self._dial(campaign)
        except StorageDown as down:
            log.warning("not dialling", extra={"action": "dial.no_database", "why": str(down)})
            self._unsure = True
            return 1.0
        return self._next_look(running)

    async def _put_back_unsent(self) -> None:
        """A claim or a commitment whose answer never came may have been carried out; only this loop sends calls."""
        if not self._unsure:
            return
        known = set(self.supervisor.calls)
        await self.ledger.drained()  # what is not in this set from here on has ended in the store as well
        back = await self.attempts.put_back_unsent(self.runner, known)
        self._unsure = False
        log.info("unsent claims put back", extra={"action": "dial.put_back", "contacts": back})

    def _next_look(self, running: Sequence[Campaign]) -> float:
        """Room by rate comes with time; room by channels comes with the end of a call, which wakes us."""
        now = self.clock.monotonic()
        bound = {each.plan.trunk for each in running if self._running[each.id].trunk_bound}
        waits = [wait for trunk in bound if (wait := self.trunks[trunk].next_room_s(now)) > 0]
        return min([_LOOK_AGAIN_S, *(max(wait, _COALESCE_S) for wait in waits)])

    async def _dial(self, campaign: Campaign) -> None:
        state = self._running.setdefault(campaign.id, _Running())
        meter = self.trunks.get(campaign.plan.trunk)
        if (obstacle := self.may_dial()) is not None or meter is None:
            state.because = obstacle or f"there is no trunk {campaign.plan.trunk} in the settings"
            state.trunk_bound = False
            return
        now = self.clock.monotonic()
        if now < state.empty_until:
            return
        room = meter.room(now)
        decision = self.policy(self._view(campaign, room))
        state.because, state.trunk_bound = decision.because, decision.dial >= room
        if decision.dial <= 0:
            return
        most = min(decision.dial, _MOST_CLAIMED)
        claimed = await self.attempts.claim(campaign.id, self.runner, most, self.clock.now())
        if len(claimed) < most:
            state.empty_until = now + _EMPTY_S
            state.because = f"{len(claimed)} of {most} wanted contacts were due"
        await self._dial_claimed(campaign, meter, claimed)

    def _view(self, campaign: Campaign, room: int) -> PacingView:
        return PacingView(
            ready_agents=self.supervisor.desks.free,
            lines=sum(1 for _ in self.supervisor.lines()),
            waiting=self.supervisor.waiting,
            trunk_room=room,
            most_lines=campaign.plan.most_lines,
            link_up=self.telephony.link_up,
        )

    async def _dial_claimed(
        self, campaign: Campaign, meter: TrunkMeter, claimed: Sequence[ClaimedContact]
    ) -> None:
        now = self.clock.now()
        permits: dict[DialPermit, ClaimedContact] = {}
        caller_id = campaign.plan.caller_id or meter.limits.caller_id
        for contact in claimed:
            verdict = review(_candidate(contact), campaign, caller_id, now)
            if isinstance(verdict, DialPermit):
                permits[verdict] = contact
            else:
                await self._refuse(campaign, contact, verdict, now)
        if permits:
            await self._commit(campaign, meter, permits)

    async def _refuse(
        self, campaign: Campaign, contact: ClaimedContact, refusal: Refusal, now: datetime
    ) -> None:
        if refusal.reason is RefusalReason.CAMPAIGN_NOT_RUNNING:
            await self.attempts.release([contact.attempt])
            return
        disposition = (
            Disposition.DO_NOT_CALL if refusal.reason is RefusalReason.DO_NOT_CALL else Disposition.REFUSED
        )
        ended = CallEnded(contact.attempt, now, HangupCause(), True)
        because = f"{refusal.reason}: {refusal.because}"
        aftermath_of = settle(
            contact, campaign.plan, disposition, because, ended, dialled=False, not_before=refusal.until
        )
        self.ledger.note(TimelineEntry(contact.attempt, now, "refused", because))
        self.ledger.settle(_as_refused(aftermath_of, refusal.because))

    async def _commit(
        self, campaign: Campaign, meter: TrunkMeter, permits: Mapping[DialPermit, ClaimedContact]
    ) -> None:
        now = self.clock.now()
        wanted = [(permit.attempt, permit.trunk, permit.caller_id) for permit in permits]
        granted = await self.attempts.begin_dialling(wanted, self.runner, now)
        if held := [permit.attempt for permit in permits if permit.attempt not in granted]:
            await self.attempts.release(held)
        if self.may_dial() is not None:  # the link went, or came back uncompared, while the store was asked
            self._unsure = True
            self.wake()
            return
        for permit, contact in permits.items():
            if permit.attempt in granted:
                self._start(campaign, meter, permit, contact, now)

    def _start(
        self,
        campaign: Campaign,
        meter: TrunkMeter,
        permit: DialPermit,
        contact: ClaimedContact,
        now: datetime,
    ) -> None:
        call = LiveCall(contact, campaign, permit.trunk, AttemptState.DIALLING, now)
        self.supervisor.calls[call.id] = call
        meter.take(self.clock.monotonic())
        self.ledger.note(TimelineEntry(call.id, now, "dialled", f"trunk {permit.trunk}"))
        self.tasks.spawn(self._originate(call, permit), f"originate-{call.id}")

    async def _originate(self, call: LiveCall, permit: DialPermit) -> None:
        self.originates_in_flight += 1
        try:
            await self.telephony.originate(permit, call.plan.abandoned_message)
        except LinkDown as down:
            if not down.sent:
                self.supervisor.never_sent(call, str(down))
        finally:
            self.originates_in_flight -= 1


def _candidate(contact: ClaimedContact) -> Candidate:
    return Candidate(
        contact.attempt,
        contact.contact,
        contact.number,
        contact.zones,
        contact.attempts,
        contact.on_do_not_call,
    )


def _as_refused(settlement: Settlement, because: str) -> Settlement:
    """Nothing was dialled, whatever the reason does to the contact."""
    return replace(settlement, disposition=Disposition.REFUSED, contact_because=because)
