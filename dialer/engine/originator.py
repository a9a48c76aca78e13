"""From a pacing decision to calls on the trunk: claim, ask the gate, ask the pacer who of these, commit, dial."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dialer.clock import Clock
from dialer.compliance.gate import Candidate, DialPermit, Refusal, RefusalReason, review
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import CallEnded
from dialer.domain.ids import AgentId, AttemptId, RunnerId
from dialer.engine.call_supervisor import CallSupervisor
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.ledger_writer import LedgerWriter
from dialer.engine.live_call import LiveCall, settle
from dialer.engine.trunk_meter import TrunkMeter
from dialer.errors import LinkDown
from dialer.pacing.pacer import ContactFeatures
from dialer.ports.storage import AttemptStore, ClaimedContact, Settlement, TimelineEntry
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Dialable:
    """A claimed contact that may be dialled."""

    permit: DialPermit
    contact: ClaimedContact
    features: ContactFeatures


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one claim: contacts handed out, contacts the pacer was asked about, calls begun."""

    claimed: int
    offered: int = 0
    dialled: int = 0


@dataclass(slots=True)
class Originator:
    """Every method raises `StorageDown`; then `put_back_unsent` is owed before the next claim."""

    telephony: Telephony
    attempts: AttemptStore
    supervisor: CallSupervisor
    ledger: LedgerWriter
    floor: FloorReporter
    runner: RunnerId
    clock: Clock
    tasks: TaskOwner
    obstacle: Callable[[Campaign], str | None]  # why nothing may be dialled, None when dialling is possible
    in_flight: int = 0
    held: set[AttemptId] = field(default_factory=set)  # claimed, and somebody decides whether to dial
    unsure: bool = False  # contacts may be claimed or committed that we know nothing of

    async def put_back_unsent(self) -> None:
        """A claim or a commitment whose answer never came may have been carried out; only we send calls."""
        if not self.unsure:
            return
        known = self.held | self.supervisor.calls.keys()
        await self.ledger.drained()  # what is not in this set from here on has ended in the store as well
        back = await self.attempts.put_back_unsent(self.runner, known)
        self.unsure = False
        log.info("unsent claims put back", extra={"action": "dial.put_back", "contacts": back})

    async def dial(self, campaign: Campaign, meter: TrunkMeter, most: int) -> Round:
        claimed, dialable = await self.claim(campaign, meter, most)
        if not dialable:
            return Round(claimed)
        admitted = self.floor.admit(campaign.id, [each.features for each in dialable])
        if declined := [each.contact.attempt for each in dialable[admitted:]]:
            await self.attempts.release(declined)
        dialled = await self.commit(campaign, meter, dialable[:admitted]) if admitted else 0
        return Round(claimed, len(dialable), dialled)

    async def claim(self, campaign: Campaign, meter: TrunkMeter, most: int) -> tuple[int, list[Dialable]]:
        """How many contacts were handed out, and those of them that the gate lets through."""
        claimed = await self.attempts.claim(campaign.id, self.runner, most, self.clock.now())
        return len(claimed), await self.reviewed(campaign, meter, claimed)

    async def has_due(self, campaign: Campaign) -> bool:
        """Whether a claim would find anybody; nothing is kept of it."""
        claimed = await self.attempts.claim(campaign.id, self.runner, 1, self.clock.now())
        if claimed:
            await self.attempts.release([each.attempt for each in claimed])
        return bool(claimed)

    async def reviewed(
        self, campaign: Campaign, meter: TrunkMeter, claimed: Sequence[ClaimedContact]
    ) -> list[Dialable]:
        """Those the gate lets through, in their order; the others are settled or given back."""
        now = self.clock.now()
        dialable = []
        for contact in claimed:
            verdict = self.verdict(campaign, meter, contact, now)
            if isinstance(verdict, Dialable):
                dialable.append(verdict)
            else:
                await self.refuse(campaign, contact, verdict, now)
        return dialable

    def verdict(
        self, campaign: Campaign, meter: TrunkMeter, contact: ClaimedContact, now: datetime
    ) -> Dialable | Refusal:
        caller_id = campaign.plan.caller_id or meter.limits.caller_id
        verdict = review(_candidate(contact), campaign, caller_id, now)
        if isinstance(verdict, Refusal):
            return verdict
        return Dialable(verdict, contact, self.floor.features(contact, verdict.trunk, now))

    async def refuse(
        self, campaign: Campaign, contact: ClaimedContact, refusal: Refusal, now: datetime
    ) -> None:
        """Put back a contact that the gate does not let through, for as long as its refusal says."""
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

    async def commit(
        self,
        campaign: Campaign,
        meter: TrunkMeter,
        dialable: Sequence[Dialable],
        agent: AgentId | None = None,
    ) -> int:
        """How many calls were begun. `agent` is held for them, and gets whoever answers."""
        now = self.clock.now()
        permits = [each.permit for each in dialable]
        wanted = [(permit.attempt, permit.trunk, permit.caller_id) for permit in permits]
        granted = await self.attempts.begin_dialling(wanted, self.runner, now)
        if held := [permit.attempt for permit in permits if permit.attempt not in granted]:
            await self.attempts.release(held)
        if (
            self.obstacle(campaign) is not None
        ):  # the link went, or came back uncompared, while the store was asked
            self.unsure = True
            return 0
        for each in dialable:
            if each.permit.attempt in granted:
                self._start(campaign, meter, each, now, agent)
        return len(granted)

    def _start(
        self, campaign: Campaign, meter: TrunkMeter, dialable: Dialable, now: datetime, agent: AgentId | None
    ) -> None:
        permit = dialable.permit
        call = LiveCall(dialable.contact, campaign, permit.trunk, AttemptState.DIALLING, now, agent=agent)
        self.supervisor.calls[call.id] = call
        meter.take(self.clock.monotonic())
        self.floor.dialled(call, dialable.features)
        if agent is not None:
            self.ledger.progress(call.progress())
        self.ledger.note(TimelineEntry(call.id, now, "dialled", f"trunk {permit.trunk}"))
        self.tasks.spawn(self._originate(call, permit), f"originate-{call.id}")

    async def _originate(self, call: LiveCall, permit: DialPermit) -> None:
        self.in_flight += 1
        try:
            await self.telephony.originate(permit, call.message)
        except LinkDown as down:
            if not down.sent:
                self.supervisor.never_sent(call, str(down))
        finally:
            self.in_flight -= 1


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
