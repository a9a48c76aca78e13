"""Preview: a claimed contact is shown to a free agent, who decides whether it is dialled.

Until then the claim is ours and the agent gets nothing else. Nothing of it is kept: after a crash the next engine puts the
claims back, as it does with every contact that was claimed and not dialled.
"""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from dialer.acd.desks import Desks
from dialer.domain.agent import AgentState
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.events import CallEnded
from dialer.domain.ids import AgentId, AttemptId, CampaignId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.engine.live_call import settle
from dialer.engine.originator import Dialable, Originator, Round
from dialer.engine.trunk_meter import TrunkMeter
from dialer.errors import Conflict, NotFound, StorageDown
from dialer.ports.floor import Offer
from dialer.ports.storage import TimelineEntry

log = logging.getLogger(__name__)

PUT_OFF = timedelta(minutes=5)  # before a contact that was skipped is offered again, to whomever
_REMEMBERED = 1000  # offers that are over, to tell who answers too late


@dataclass(slots=True, eq=False)
class _Standing:
    offer: Offer
    dialable: Dialable
    expiry: asyncio.TimerHandle
    accepting: bool = False  # its agent has decided, and it is on its way to the exchange


class Preview:
    """`campaigns` are those of now: a plan may change while an offer stands. `on_change`: contacts may be claimed again."""

    def __init__(
        self,
        originator: Originator,
        desks: Desks,
        trunks: Mapping[TrunkName, TrunkMeter],
        campaigns: Callable[[], Mapping[CampaignId, Campaign]],
        on_change: Callable[[], None],
    ) -> None:
        self._originator, self._desks, self._trunks = originator, desks, trunks
        self._campaigns, self._on_change = campaigns, on_change
        self._standing: dict[AttemptId, _Standing] = {}
        self._over: OrderedDict[AttemptId, tuple[AgentId, str]] = OrderedDict()
        self._releases: set[asyncio.Task[None]] = set()
        self.standing: Counter[CampaignId] = Counter()  # offers of each campaign

    # --- what is offered ------------------------------------------------------------------------------------------------

    def offers(self) -> Mapping[AgentId, Offer]:
        """Those that wait for their agent's decision."""
        return {each.offer.agent: each.offer for each in self._standing.values() if not each.accepting}

    def offer_to(self, agent: AgentId) -> Offer:
        """Raises `NotFound`."""
        if (offer := self.offers().get(agent)) is None:
            raise NotFound(f"no contact is offered to agent {agent} now")
        return offer

    async def offer(self, campaign: Campaign, meter: TrunkMeter, most: int) -> Round:
        """Claim contacts and show each to a free agent. Raises `StorageDown`; then the claims are put back later."""
        claimed, dialable = await self._originator.claim(campaign, meter, most)
        dialling = self._originator.obstacle(campaign) is None
        left = [each.contact.attempt for each in dialable if not (dialling and self._show(campaign, each))]
        if left:
            await self._originator.attempts.release(left)
        return Round(claimed, len(dialable), len(dialable) - len(left))

    def _show(self, campaign: Campaign, dialable: Dialable) -> bool:
        """False when no agent is free any more."""
        contact = dialable.contact
        agent = self._desks.offer_to_longest_idle(contact.attempt)
        if agent is None:
            return False
        now, for_s = self._originator.clock.now(), campaign.plan.pacing.preview_for_s
        expires_at = now + timedelta(seconds=for_s)
        offer = Offer(contact.attempt, campaign.id, contact.contact, contact.number, agent, now, expires_at)
        expiry = asyncio.get_running_loop().call_later(for_s, self._expire, contact.attempt)
        self._standing[offer.attempt] = _Standing(offer, dialable, expiry)
        self._originator.held.add(offer.attempt)
        self.standing[campaign.id] += 1
        self._note(offer, "offered", f"agent {agent}")
        return True

    # --- the agent's word -----------------------------------------------------------------------------------------------

    async def accept(self, attempt: AttemptId, agent: AgentId) -> None:
        """Dial it, if the gate still lets it through; whoever answers is this agent's.

        Raises `NotFound`, `Conflict` with the reason, or `StorageDown`. Without room on the trunk the offer stands.
        """
        standing = self._of(attempt, agent)
        campaign, meter = self._way_out(standing.offer)
        standing.accepting = True
        standing.expiry.cancel()
        try:
            refused = await self._dial(standing, campaign, meter)
        except (StorageDown, asyncio.CancelledError):
            self._originator.unsure = (
                True  # whether it is committed is not known: it is put back before the next claim
            )
            self._end(standing, "could not be stored")
            self._on_change()
            raise
        if refused is not None:
            self._end(standing, refused)
            raise Conflict(f"this contact {refused}")
        self._drop(standing, "has been accepted")

    async def _dial(self, standing: _Standing, campaign: Campaign, meter: TrunkMeter) -> str | None:
        """Why it was not dialled."""
        originator, offer = self._originator, standing.offer
        self._note(offer, "accepted", f"agent {offer.agent}")
        committed = await originator.commit(campaign, meter, [standing.dialable], offer.agent)
        if committed.dialled:
            return None
        if (refusal := committed.refusals.get(offer.attempt)) is not None:
            return f"may not be dialled: {refusal.because}"
        if originator.unsure:
            self._on_change()
        why = originator.obstacle(campaign) or "it was moved meanwhile"
        return f"is not dialled: {why}"

    def skip(self, attempt: AttemptId, agent: AgentId) -> None:
        """Raises `NotFound`, `Conflict`."""
        self._put_off(self._of(attempt, agent), f"skipped by agent {agent}")

    def _expire(self, attempt: AttemptId) -> None:
        if (standing := self._standing.get(attempt)) is not None and not standing.accepting:
            self._put_off(standing, f"agent {standing.offer.agent} did not decide in time")

    def _of(self, attempt: AttemptId, agent: AgentId) -> _Standing:
        self.sweep()
        standing = self._standing.get(attempt)
        if standing is not None and standing.offer.agent == agent:
            if standing.accepting:
                raise Conflict("this contact is being dialled already")
            return standing
        whose, why = self._over.get(attempt, (None, ""))
        if whose == agent:
            raise Conflict(f"this contact {why}")
        raise NotFound(f"contact of attempt {attempt} is not offered to agent {agent}")

    def _way_out(self, offer: Offer) -> tuple[Campaign, TrunkMeter]:
        """Raises `Conflict` when it cannot be dialled now, but perhaps in a moment."""
        campaign = self._campaigns()[offer.campaign]
        meter, most = self._trunks.get(campaign.plan.trunk), campaign.plan.most_lines
        if meter is None or meter.room(self._originator.clock.monotonic()) < 1:
            raise Conflict("the trunk has no room at the moment: try again")
        if most is not None and self._originator.floor.calls.ringing[campaign.id] >= most:
            raise Conflict("the campaign's limit of lines is reached at the moment: try again")
        return campaign, meter

    # --- the end of an offer --------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Take back what its agent can no longer decide on, or nobody may: the contacts are ready as before."""
        for standing, why in [(each, self._obsolete(each)) for each in self._undecided()]:
            if why is not None:
                self._end(standing, f"was taken back: {why}")
                release = self._release(standing)
                task = self._originator.tasks.spawn(release, f"release-{standing.offer.attempt}")
                self._releases.add(task)
                task.add_done_callback(self._releases.discard)

    async def taken_back(self) -> None:
        """What was swept is in the store."""
        await asyncio.gather(*self._releases, return_exceptions=True)

    def _undecided(self) -> Iterator[_Standing]:
        return (each for each in list(self._standing.values()) if not each.accepting)

    def _obsolete(self, standing: _Standing) -> str | None:
        offer = standing.offer
        campaign, desk = self._campaigns().get(offer.campaign), self._desks.desk(offer.agent)
        if campaign is None or campaign.state is not CampaignState.RUNNING:
            return "the campaign is not running"
        if campaign.plan.pacing.mode is not PacingMode.PREVIEW:
            return f"the campaign is {campaign.plan.pacing.mode} now"
        if desk is None or desk.attempt != offer.attempt:
            return "the agent's phone is gone"
        if desk.wish is not AgentState.READY:
            return f"the agent asked to be {desk.wish}"
        return self._originator.obstacle(campaign)

    async def _release(self, standing: _Standing) -> None:
        try:
            await self._originator.attempts.release([standing.offer.attempt])
        except StorageDown:
            self._originator.unsure = True
        self._on_change()

    def _put_off(self, standing: _Standing, because: str) -> None:
        """Kept as an attempt that was not dialled, so that it is seen who skipped whom."""
        campaign = self._campaigns()[standing.offer.campaign]
        contact, now = standing.dialable.contact, self._originator.clock.now()
        ended = CallEnded(contact.attempt, now, HangupCause(), True)
        end = settle(contact, campaign.plan, Disposition.REFUSED, because, ended, dialled=False)
        self._note(standing.offer, "skipped", because)
        self._originator.ledger.settle(
            replace(end, contact_state=ContactState.READY, due_at=now + PUT_OFF, contact_because=because)
        )
        self._end(standing, f"is no longer offered: {because}")

    def _end(self, standing: _Standing, why: str) -> None:
        self._drop(standing, why)
        self._desks.release(standing.offer.agent, standing.offer.attempt)

    def _drop(self, standing: _Standing, why: str) -> None:
        offer = standing.offer
        standing.expiry.cancel()
        del self._standing[offer.attempt]
        self._originator.held.discard(offer.attempt)
        self.standing[offer.campaign] -= 1
        self._over[offer.attempt] = offer.agent, why
        while len(self._over) > _REMEMBERED:
            self._over.popitem(last=False)

    def _note(self, offer: Offer, kind: str, detail: str) -> None:
        self._originator.ledger.note(TimelineEntry(offer.attempt, self._originator.clock.now(), kind, detail))
        log.info(
            "preview",
            extra={
                "action": f"preview.{kind}",
                "attempt_id": str(offer.attempt),
                "agent_id": offer.agent,
                "number": offer.number.masked,
                "detail": detail,
            },
        )
