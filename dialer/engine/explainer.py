"""Why a contact was or was not called: the rules, what the gate says, what it said, what was counted, and when it is next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from dialer.compliance.abandonment_classes import Classified, classify
from dialer.compliance.call import CalledPlace
from dialer.compliance.call_rules import CallRules
from dialer.compliance.gate import Case, findings, objection
from dialer.compliance.profile import Profile
from dialer.compliance.refusal import Refusal
from dialer.domain.campaign import Campaign, CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.ids import AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.engine.gatekeeper import Gatekeeper
from dialer.ports.dialling import AttemptGrounds, DialFacts, GateRecords, RefusalCount, StoredRefusal
from dialer.ports.ledger import LedgerStore
from dialer.ports.storage import (
    AttemptHistory,
    AttemptView,
    CampaignStore,
    ContactStore,
    ContactView,
    TimelineEntry,
)

_MOST = 50
_STEPS = 50  # each rule that says "until" is asked again at that moment
_INSTANT = timedelta(microseconds=1)
_NEVER_AGAIN = frozenset({ContactState.DONE, ContactState.EXHAUSTED, ContactState.BLOCKED})


class Records(Protocol):
    @property
    def campaigns(self) -> CampaignStore: ...
    @property
    def contacts(self) -> ContactStore: ...
    @property
    def history(self) -> AttemptHistory: ...
    @property
    def gate(self) -> GateRecords: ...
    @property
    def ledger(self) -> LedgerStore: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says at `at`. `checks` holds every check in the gate's order; `figures` what it counted."""

    at: datetime
    place: CalledPlace
    rules: CallRules
    checks: Sequence[tuple[str, Refusal | None, str]]

    @property
    def refusal(self) -> Refusal | None:
        return next((refusal for _, refusal, _ in self.checks if refusal is not None), None)


@dataclass(frozen=True, slots=True)
class ContactExplanation:
    """`verdict` None: the contact has no usable number. `next_at` None: not before something changes, which `because` says."""

    contact: ContactView
    campaign: Campaign
    number: str
    verdict: Verdict | None
    next_at: datetime | None
    because: str
    refusals: Sequence[StoredRefusal]
    attempts: Sequence[AttemptView]


@dataclass(frozen=True, slots=True)
class AttemptExplanation:
    """`decided_by` None: dialled before grounds were kept, or not at all. `then`: the gate's checks of time and earlier calls
    worked out again for the moment of the dial. `profiles` are those it was decided by, as the rulebook has them now;
    `same_book` tells whether it is the book it was decided by. `counted` is the call under each of them."""

    attempt: AttemptView
    campaign: Campaign
    decided_by: AttemptGrounds | None
    profiles: Sequence[Profile]
    missing: Sequence[str]
    same_book: bool
    then: Verdict | None
    counted: Sequence[Classified]
    timeline: Sequence[TimelineEntry]
    contact: ContactExplanation


@dataclass(frozen=True, slots=True)
class CampaignExplanation:
    campaign: Campaign
    since: datetime
    refusals: Sequence[RefusalCount]


@dataclass(frozen=True, slots=True)
class Explainer:
    """`caller_ids`: the number each trunk shows by itself."""

    records: Records
    gatekeeper: Gatekeeper
    caller_ids: Mapping[TrunkName, str]

    async def contact(self, which: ContactId, now: datetime) -> ContactExplanation:
        """Raises `NotFound`."""
        view = await self.records.contacts.contact(which)
        campaign = await self.records.campaigns.campaign(view.campaign)
        shown = self.caller_ids.get(campaign.plan.trunk, "")
        wanted = self.gatekeeper.wanted(campaign, shown, now)
        facts = (await self.records.gate.facts_of([which], wanted)).get(which)
        refusals = await self.records.gate.refusals(which, _MOST)
        attempts = await self.records.history.attempts(view.campaign, None, _MOST, which)
        if facts is None:
            because = view.because or "no usable number is left"
            return ContactExplanation(view, campaign, "", None, None, because, refusals, attempts)

        def case_at(at: datetime) -> Case:
            return self._case(campaign, facts, at)

        next_at, because = _next(view, case_at, now)
        verdict = _verdict(self._case(campaign, facts, now))
        return ContactExplanation(
            view, campaign, facts.number.e164, verdict, next_at, because, refusals, attempts
        )

    async def attempt(self, which: AttemptId, now: datetime) -> AttemptExplanation:
        """Raises `NotFound`."""
        view = await self.records.history.attempt(which)
        contact = await self.contact(view.contact, now)
        decided_by = await self.records.gate.grounds(which)
        book = self.gatekeeper.rules.book
        named = decided_by.grounds.profiles if decided_by is not None else ()
        profiles = [book.profiles[each] for each in named if each in book.profiles]
        return AttemptExplanation(
            attempt=view,
            campaign=contact.campaign,
            decided_by=decided_by,
            profiles=profiles,
            missing=[each for each in named if each not in book.profiles],
            same_book=decided_by is not None and decided_by.grounds.rulebook == book.fingerprint,
            then=await self._then(view, contact.campaign),
            counted=await self._counted(view, profiles),
            timeline=list(await self.records.history.timeline(which)),
            contact=contact,
        )

    async def campaign(self, which: CampaignId, since: datetime) -> CampaignExplanation:
        """Raises `NotFound`."""
        campaign = await self.records.campaigns.campaign(which)
        return CampaignExplanation(campaign, since, await self.records.gate.refusal_counts(which, since))

    async def _then(self, view: AttemptView, campaign: Campaign) -> Verdict | None:
        """Lists may have changed since: of them only what was recorded counts, so those checks are left out."""
        if view.dialled_at is None:
            return None
        shown = self.caller_ids.get(campaign.plan.trunk, "")
        wanted = self.gatekeeper.wanted(campaign, shown, view.dialled_at)
        facts = (await self.records.gate.facts_of([view.contact], wanted)).get(view.contact)
        if facts is None:
            return None
        earlier = [each for each in facts.history if each.at < view.dialled_at]
        made = sum(each.same_number for each in earlier)
        known = replace(
            facts,
            number=view.number,
            history=tuple(earlier),
            attempts=made,
            campaign_state=CampaignState.RUNNING,
        )
        verdict = _verdict(self._case(campaign, known, view.dialled_at))
        kept = [each for each in verdict.checks if each[0] in _OF_TIME]
        return replace(verdict, checks=kept)

    async def _counted(self, view: AttemptView, profiles: Sequence[Profile]) -> Sequence[Classified]:
        if view.answered_at is None:
            return ()
        until = view.answered_at + _INSTANT
        async for entry in self.records.ledger.live_answers(view.campaign, view.answered_at, until):
            if entry.attempt == view.id:
                judged = [each for each in profiles if each.connect is not None]
                return [classify(entry.answer, each) for each in judged]
        return ()

    def _case(self, campaign: Campaign, facts: DialFacts, at: datetime) -> Case:
        shown = self.caller_ids.get(campaign.plan.trunk, "")
        reserved = campaign.plan.pacing.mode is PacingMode.PREVIEW
        case = self.gatekeeper.case(campaign, shown, facts, at, reserved=reserved)
        return replace(case, clock_is_off=None)  # that of the engine is meant, not of who asks


_OF_TIME = frozenset(
    {"clock", "place", "hours", "campaign_hours", "campaign_attempts", "attempts", "cooling"}
)


def _verdict(case: Case) -> Verdict:
    checks = [(name, refusal, _figures(name, case)) for name, refusal in findings(case)]
    return Verdict(case.call.at, case.facts.place, case.rules, checks)


def _figures(check: str, case: Case) -> str:
    found = _FIGURES.get(check)
    return found(case) if found is not None else ""


def _earlier(case: Case) -> str:
    """Every earlier call that was looked at, the latest five by their moment."""
    calls = case.facts.history
    last = ", ".join(f"{each.at:%Y-%m-%d %H:%M}" for each in calls[-5:])
    return f"{len(calls)}" + (f" ({last})" if last else "")


_FIGURES: Mapping[str, Callable[[Case], str]] = {
    "clock": lambda case: f"{case.call.at:%Y-%m-%d %H:%M:%S %Z}",
    "campaign": lambda case: case.campaign.state,
    "lists": lambda case: (
        ", ".join(f"{each.registry} {each.version}" for each in case.facts.lists.registries) or "–"
    ),
    "place": lambda case: " ".join(
        filter(None, (case.facts.place.country, "/".join(case.facts.place.states)))
    ),
    "hours": lambda case: ", ".join(case.facts.place.zones),
    "campaign_hours": lambda case: (
        f"{case.campaign.plan.hours.start:%H:%M}-{case.campaign.plan.hours.end:%H:%M}"
    ),
    "campaign_attempts": lambda case: f"{case.candidate.attempts} / {case.campaign.plan.most_attempts}",
    "attempts": _earlier,
    "cooling": _earlier,
    "caller_id": lambda case: case.facts.caller_id.number or "–",
    "short_calls": lambda case: (
        ", ".join(f"{each.short} / {each.calls}" for each in case.facts.calls_today) or "–"
    ),
}


def _next(
    view: ContactView, case_at: Callable[[datetime], Case], now: datetime
) -> tuple[datetime | None, str]:
    """When it can next be dialled, going from refusal to refusal; None with what has to change first."""
    if view.state in _NEVER_AGAIN:
        return None, view.because or f"the contact is {view.state}"
    at, because = max(filter(None, (now, view.due_at))), view.because
    for _ in range(_STEPS):
        refusal = objection(case_at(at))
        if refusal is None:
            return at, because
        if refusal.until is None or refusal.until <= at:
            return None, refusal.because
        at, because = refusal.until, refusal.because
    return None, because
