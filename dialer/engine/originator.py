"""From a pacing decision to calls on the trunk: claim, ask the gate, ask the pacer who of these, commit, dial."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dialer.clock import Clock
from dialer.compliance.gate import DialPermit, Refusal, RefusalReason, objection, review
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignPlan
from dialer.domain.contact import TRANSITIONS as CONTACT_TRANSITIONS
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, RunnerId
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.recycling import aftermath, default_retry_rules
from dialer.domain.transitions import following
from dialer.engine.call_supervisor import CallSupervisor
from dialer.engine.called_place import address_state
from dialer.engine.floor_reporter import FloorReporter
from dialer.engine.gatekeeper import Gatekeeper
from dialer.engine.ledger_writer import LedgerWriter
from dialer.engine.live_call import LiveCall
from dialer.engine.trunk_meter import TrunkMeter
from dialer.errors import LinkDown
from dialer.pacing.pacer import ContactFeatures
from dialer.ports.dialling import DialFacts, RefusedClaim
from dialer.ports.storage import AttemptStore, ClaimedContact, TimelineEntry
from dialer.ports.telephony import Telephony
from dialer.tasks import TaskOwner

log = logging.getLogger(__name__)

_COMES_AGAIN = default_retry_rules()[Disposition.REFUSED]
# lists change from day to day at most; asking every hour would find the same
_LISTED_FOR = timedelta(days=1)
_LISTED = frozenset(
    {
        RefusalReason.REGISTRY_LISTED,
        RefusalReason.BLOCKED_PREFIX,
        RefusalReason.COMPLAINT,
        RefusalReason.SENSITIVE,
        RefusalReason.REVOKED,
        RefusalReason.CONSENT_MISSING,
        RefusalReason.RND_YES,
        RefusalReason.RND_NO_DATA,
    }
)


@dataclass(frozen=True, slots=True)
class Dialable:
    """A claimed contact against which the gate had nothing. The permit to dial it is made when the dial is committed."""

    contact: ClaimedContact
    features: ContactFeatures


@dataclass(frozen=True, slots=True)
class Committed:
    """How many calls were begun, and what the gate said against the others."""

    dialled: int
    refusals: Mapping[AttemptId, Refusal]


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
    gatekeeper: Gatekeeper
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
        if not admitted:
            return Round(claimed, len(dialable))
        committed = await self.commit(campaign, meter, dialable[:admitted])
        return Round(claimed, len(dialable), committed.dialled)

    async def claim(self, campaign: Campaign, meter: TrunkMeter, most: int) -> tuple[int, list[Dialable]]:
        """How many contacts were handed out, and those of them that the gate would let through now."""
        claimed = await self.attempts.claim(campaign.id, self.runner, most, self.clock.now())
        return len(claimed), await self.reviewed(campaign, meter, claimed) if claimed else []

    async def has_due(self, campaign: Campaign) -> bool:
        """Whether a claim would find anybody; nothing is kept of it."""
        claimed = await self.attempts.claim(campaign.id, self.runner, 1, self.clock.now())
        if claimed:
            await self.attempts.release([each.attempt for each in claimed])
        return bool(claimed)

    async def reviewed(
        self, campaign: Campaign, meter: TrunkMeter, claimed: Sequence[ClaimedContact]
    ) -> list[Dialable]:
        """Those the gate would let through, in their order; the others are put back until its refusal is over."""
        now = self.clock.now()
        wanted = self.gatekeeper.wanted(campaign, meter.limits.caller_id, now)
        facts = {each.contact: each for each in await self.attempts.facts(claimed, wanted)}
        dialable, refused, gone = [], [], []
        for contact in claimed:
            if (known := facts.get(contact.contact)) is None:
                gone.append(contact.attempt)
                continue
            case = self.gatekeeper.case(
                campaign, meter.limits.caller_id, known, now, contact.attempt, reserved=_previewed(campaign)
            )
            refusal = objection(case)
            if refusal is None:
                features = self.floor.features(contact, campaign.plan.trunk, now)
                dialable.append(Dialable(contact, features))
            elif refusal.reason is RefusalReason.CAMPAIGN_NOT_RUNNING:
                gone.append(contact.attempt)
            else:
                refused.append(put_back(contact, campaign.plan, refusal, now))
        if gone:
            await self.attempts.release(gone)
        if refused:
            await self.attempts.refuse(refused, now)
        return dialable

    async def commit(
        self,
        campaign: Campaign,
        meter: TrunkMeter,
        dialable: Sequence[Dialable],
        agent: AgentId | None = None,
    ) -> Committed:
        """Begin those calls that the gate permits at this moment. `agent` is held for them, and gets whoever answers."""
        now = self.clock.now()
        asked = {each.contact.attempt: each for each in dialable}
        wanted = self.gatekeeper.wanted(campaign, meter.limits.caller_id, now)
        refusals: dict[AttemptId, Refusal] = {}
        attributes: dict[AttemptId, Mapping[str, str]] = {}

        def judge(attempt: AttemptId, facts: DialFacts) -> DialPermit | RefusedClaim | None:
            attributes[attempt] = facts.attributes
            case = self.gatekeeper.case(
                campaign, meter.limits.caller_id, facts, now, attempt, reserved=agent is not None
            )
            verdict = review(case)
            if isinstance(verdict, DialPermit):
                return verdict
            refusals[attempt] = verdict
            if verdict.reason is RefusalReason.CAMPAIGN_NOT_RUNNING:
                return None
            return put_back(asked[attempt].contact, campaign.plan, verdict, now)

        permits = await self.attempts.begin_dialling(list(asked), self.runner, wanted, judge)
        granted = {each.attempt for each in permits}
        if held := [attempt for attempt in asked if attempt not in granted]:
            await self.attempts.release(held)
        if (
            self.obstacle(campaign) is not None
        ):  # the link went, or came back uncompared, while the store was asked
            self.unsure = True
            return Committed(0, refusals)
        for permit in permits:
            contact = asked[permit.attempt]
            call = LiveCall(
                contact.contact,
                campaign,
                permit.trunk,
                AttemptState.DIALLING,
                now,
                agent=agent,
                address_state=address_state(attributes[permit.attempt]),
                attributes=attributes[permit.attempt],
                connect=permit.connect,
            )
            self._start(call, contact.features, meter, permit)
        return Committed(len(permits), refusals)

    def _start(
        self, call: LiveCall, features: ContactFeatures, meter: TrunkMeter, permit: DialPermit
    ) -> None:
        self.supervisor.calls[call.id] = call
        meter.take(self.clock.monotonic())
        self.floor.dialled(call, features)
        if call.agent is not None:
            self.ledger.progress(call.progress())
        self.ledger.note(TimelineEntry(call.id, call.dialled_at, "dialled", f"trunk {permit.trunk}"))
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


def _previewed(campaign: Campaign) -> bool:
    """An agent will be held for the call, and has seen who is called."""
    return campaign.plan.pacing.mode is PacingMode.PREVIEW


def put_back(contact: ClaimedContact, plan: CampaignPlan, refusal: Refusal, now: datetime) -> RefusedClaim:
    """What becomes of a contact that may not be called: it comes again when the refusal may be over, or never."""
    never = refusal.reason is RefusalReason.INTERNAL_DNC and refusal.until is None
    retry = plan.retry
    if refusal.until is not None and Disposition.REFUSED not in retry:
        retry = {**retry, Disposition.REFUSED: _COMES_AGAIN}  # no plan gives up on whom it may call later
    after = aftermath(
        Disposition.DO_NOT_CALL if never else Disposition.REFUSED,
        retry,
        ended_at=now,
        times_so=contact.tally.get(Disposition.REFUSED, 0) + 1,
        attempts=contact.attempts,
        most_attempts=plan.most_attempts,
        other_numbers=contact.other_numbers,
        not_before=refusal.until or (now + _LISTED_FOR if refusal.reason in _LISTED else None),
    )
    state = following(CONTACT_TRANSITIONS, ContactState.CLAIMED, after.signal)
    return RefusedClaim(contact.attempt, refusal, state, after.due_at, refusal.because)
