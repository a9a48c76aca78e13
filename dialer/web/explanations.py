"""Why a number was called or not, on the wire: the same document for the API and `fairdial explain … --json`."""

from datetime import datetime
from typing import Any

from pydantic import Field

from dialer.compliance.abandonment_classes import Classified
from dialer.compliance.profile import Profile, Source
from dialer.compliance.refusal import Refusal
from dialer.compliance.rulebook import PROJECT_DEFAULT
from dialer.domain.campaign_rules import CampaignRules
from dialer.engine.explainer import AttemptExplanation, ContactExplanation, Verdict
from dialer.web.models import AttemptOut, Out, TimelineOut


class SourceOut(Out):
    rule: str
    citation: str
    evidence: str = Field(
        description="V verified, S reported, K unverified, P policy of this product, X disputed"
    )


class RuleOut(Out):
    """`why` says what made the profile match: named, always, or the parts of its scope."""

    profile: str
    title: str
    nature: str
    why: str
    loosened: bool
    sources: list[SourceOut]


class RefusalOut(Out):
    reason: str
    because: str
    profile: str
    citation: str
    until: datetime | None


class CheckOut(Out):
    check: str
    figures: str
    refusal: RefusalOut | None


class VerdictOut(Out):
    at: datetime
    country: str | None
    states: list[str]
    zones: list[str]
    rulebook: str
    rules: list[RuleOut]
    checks: list[CheckOut]
    refusal: RefusalOut | None


class StoredRefusalOut(Out):
    number: str
    reason: str
    because: str
    profile: str
    citation: str
    until: datetime | None
    first_at: datetime
    last_at: datetime
    times: int


class ContactExplanationOut(Out):
    """`next_at` null: not before something changes, which `next_because` says."""

    contact: int
    campaign: int
    campaign_name: str
    state: str
    number: str
    due_at: datetime | None
    verdict: VerdictOut | None
    next_at: datetime | None
    next_because: str
    refusals: list[StoredRefusalOut]
    attempts: list[AttemptOut]


class CountedOut(Out):
    profile: str
    citation: str
    call_class: str
    because: str
    in_abandoned: bool
    in_answered: bool
    waited_s: float | None
    limit_s: float
    violations: list[str]


class GroundsOut(Out):
    """`missing` are profiles that the rulebook does not have any more."""

    profiles: list[str]
    missing: list[str]
    rulebook: str
    same_rulebook: bool
    registries: dict[str, str]
    purposes: list[str]
    voice: str
    subject: str
    seller: str
    debt: str
    caller_id: str
    consent: int | None
    rules: list[RuleOut]


class AttemptExplanationOut(Out):
    attempt: AttemptOut
    campaign_name: str
    decided_by: GroundsOut | None
    then: VerdictOut | None = Field(description="time and earlier calls, worked out again for the dial")
    counted: list[CountedOut]
    timeline: list[TimelineOut]
    contact: ContactExplanationOut


def contact_out(found: ContactExplanation) -> ContactExplanationOut:
    rules = found.campaign.plan.rules
    return ContactExplanationOut(
        contact=found.contact.id,
        campaign=found.campaign.id,
        campaign_name=found.campaign.plan.name,
        state=found.contact.state,
        number=found.number,
        due_at=found.contact.due_at,
        verdict=None if found.verdict is None else _verdict(found.verdict, rules),
        next_at=found.next_at,
        next_because=found.because,
        refusals=[
            StoredRefusalOut(
                number=each.number.e164,
                **{name: getattr(each, name) for name in StoredRefusalOut.model_fields if name != "number"},
            )
            for each in found.refusals
        ],
        attempts=[AttemptOut.model_validate(each) for each in found.attempts],
    )


def attempt_out(found: AttemptExplanation) -> AttemptExplanationOut:
    rules = found.campaign.plan.rules
    return AttemptExplanationOut(
        attempt=AttemptOut.model_validate(found.attempt),
        campaign_name=found.campaign.plan.name,
        decided_by=_grounds(found),
        then=None if found.then is None else _verdict(found.then, rules),
        counted=[_counted(each) for each in found.counted],
        timeline=[TimelineOut.model_validate(each) for each in found.timeline],
        contact=contact_out(found.contact),
    )


def why_it_matched(profile: Profile, rules: CampaignRules) -> str:
    """Short words in the form of data, such as "US FL sales live"."""
    if profile.id in rules.home:
        return "named"
    if profile.id == PROJECT_DEFAULT:
        return "always"
    scope = profile.scope
    parts = (*sorted(scope.countries), *sorted(scope.states), *sorted(scope.purposes), *sorted(scope.voices))
    return " ".join(parts)


def sources_of(profile: Profile) -> list[tuple[str, Source]]:
    """Each rule of a profile that the gate asks, with its source."""
    named = [
        (name, rule)
        for name in ("hours", "registry", "consent", "caller_id", "ring", "opt_out")
        if (rule := getattr(profile, name)) is not None
    ]
    named += [("attempts", cap) for cap in profile.attempts]
    named += [("cooling", rest) for rest in profile.cooling]
    return [(name, rule.source) for name, rule in named]


def _rule(profile: Profile, rules: CampaignRules) -> RuleOut:
    return RuleOut(
        profile=profile.id,
        title=profile.title,
        nature=profile.nature,
        why=why_it_matched(profile, rules),
        loosened=any(each.profile == profile.id for each in rules.overrides),
        sources=[
            SourceOut(rule=name, citation=source.citation, evidence=source.evidence)
            for name, source in sources_of(profile)
        ],
    )


def _verdict(verdict: Verdict, rules: CampaignRules) -> VerdictOut:
    return VerdictOut(
        at=verdict.at,
        country=verdict.place.country,
        states=list(verdict.place.states),
        zones=list(verdict.place.zones),
        rulebook=verdict.rules.rulebook,
        rules=[_rule(each, rules) for each in verdict.rules.profiles],
        checks=[
            CheckOut(check=name, figures=figures, refusal=_refusal(refusal))
            for name, refusal, figures in verdict.checks
        ],
        refusal=_refusal(verdict.refusal),
    )


def _refusal(refusal: Refusal | None) -> RefusalOut | None:
    return None if refusal is None else RefusalOut.model_validate(refusal)


def _grounds(found: AttemptExplanation) -> GroundsOut | None:
    if (decided := found.decided_by) is None:
        return None
    grounds = decided.grounds
    kept: dict[str, Any] = {
        name: getattr(grounds, name) for name in ("rulebook", "voice", "subject", "seller")
    }
    return GroundsOut(
        profiles=list(grounds.profiles),
        missing=list(found.missing),
        same_rulebook=found.same_book,
        registries=dict(grounds.registries),
        purposes=list(grounds.purposes),
        debt=decided.debt,
        caller_id=decided.caller_id,
        consent=decided.consent,
        rules=[_rule(each, found.campaign.plan.rules) for each in found.profiles],
        **kept,
    )


def _counted(found: Classified) -> CountedOut:
    return CountedOut(
        profile=found.profile,
        citation=found.citation,
        call_class=found.call_class,
        because=found.because,
        in_abandoned=found.in_a,
        in_answered=found.in_h,
        waited_s=None if found.waited is None else found.waited.total_seconds(),
        limit_s=found.limit.total_seconds(),
        violations=sorted(found.violations),
    )
