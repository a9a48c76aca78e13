"""Counts live answers as each regulator counts them: window by window, under every profile by itself.

Nothing is kept of a call but its counts, so any number of calls can be added. What comes out follows from the events of
the calls and from the profiles alone: with other profiles it is another report of the same calls.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from dialer.compliance.abandonment_classes import (
    AnsweredBy,
    CallClass,
    Classified,
    LiveAnswer,
    classify,
)
from dialer.compliance.abandonment_rates import (
    FalsePositives,
    Judgement,
    Tally,
    allowance,
    judge_under,
    ofcom_with_detector,
    ofcom_without_detector,
    with_false_positives,
)
from dialer.compliance.abandonment_windows import Window, windows_between
from dialer.compliance.profile import (
    AbandonmentRule,
    ClockStart,
    ConnectRule,
    Formula,
    Nature,
    Profile,
    Scope,
    Source,
    WindowRule,
)
from dialer.domain.campaign import CampaignPlan

OWN_CAPS = "campaign"
"""The id of the profile made of the operator's own caps."""


def own_caps(plan: CampaignPlan, on: datetime) -> Profile:
    """The operator's caps of day and period as a profile. The clock begins at the answer, as pacing counts."""
    source = Source("", "P")
    day, period = (
        AbandonmentRule(int(Fraction(str(cap)) * 10_000), rule, source)
        for cap, rule in (
            (plan.pacing.day_cap, WindowRule.CALENDAR_DAY),
            (plan.pacing.period_cap, WindowRule.US_30_DAY_BLOCK),
        )
    )
    threshold = int(plan.answer_within.total_seconds() * 1000)
    return Profile(
        OWN_CAPS,
        plan.name,
        Nature.PROJECT_POLICY,
        Scope(),
        on.date(),
        abandonment=(day, period),
        connect=ConnectRule(threshold, ClockStart.ANSWER, source),
    )


class Method(StrEnum):
    """How the judged counts came about."""

    PLAIN = "plain"
    WITH_FALSE_POSITIVES = "with_false_positives"
    OFCOM_AMD = "ofcom_amd"
    OFCOM_NON_AMD = "ofcom_non_amd"


@dataclass(slots=True)
class _Counts:
    abandoned: int = 0
    answered: int = 0
    joined: int = 0
    agent_machines: int = 0
    unheard_machines: int = 0  # verdicts of a detector that nobody reviewed
    classes: Counter[CallClass] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class WindowFigure:
    """One window under one rule. `counted` are calls, `judged` what is compared with the limit, estimates included.

    `open`: answers still fall into it. `left`: how many more may be lost, were nobody else to answer.
    """

    profile: Profile
    rule: AbandonmentRule
    window: Window
    open: bool
    counted: Tally
    judged: Judgement
    method: Method
    estimated_false_positives: Fraction
    left: int
    classes: dict[CallClass, int]
    violations: dict[str, int]


@dataclass(slots=True)
class _Account:
    """The windows of one rule, and the place of its profile among the classes of a call."""

    place: int
    profile: Profile
    rule: AbandonmentRule
    windows: list[Window]
    begins: list[datetime]
    counts: list[_Counts]

    def of(self, at: datetime) -> _Counts | None:
        nth = bisect_right(self.begins, at) - 1
        return self.counts[nth] if nth >= 0 and at < self.windows[nth].ends else None


class LedgerCount:
    """Of one campaign from `since` until `until`; `zone` is the campaign's, `started_at` its first start.

    Every window that a moment of that time falls into is counted in full: calls have to be added from `reads_from` on.
    """

    def __init__(
        self,
        profiles: Sequence[Profile],
        zone: ZoneInfo,
        started_at: datetime,
        since: datetime,
        until: datetime,
        *,
        early_hangup_in_h: bool = True,
    ) -> None:
        self.profiles, self._until, self._early = tuple(profiles), until, early_hangup_in_h
        self._reviewed: Counter[AnsweredBy] = Counter()
        self._accounts = [
            account
            for place, profile in enumerate(self.profiles)
            for rule in profile.abandonment
            if (account := _account(place, profile, rule, zone, started_at, since, until)).windows
        ]
        self.reads_from = min((each.begins[0] for each in self._accounts), default=since)

    @property
    def sample(self) -> FalsePositives:
        """Machine verdicts that somebody heard."""
        return FalsePositives(self._reviewed.total(), self._reviewed[AnsweredBy.PERSON])

    def add(self, answer: LiveAnswer) -> tuple[Classified, ...]:
        """Count one call, once; its classes under the profiles, in their order."""
        found = tuple(classify(answer, profile, early_hangup_in_h=self._early) for profile in self.profiles)
        if answer.verdict is AnsweredBy.MACHINE and answer.reviewed is not None:
            self._reviewed[answer.reviewed] += 1
        for account in self._accounts:
            if (counts := account.of(answer.answered_at)) is not None:
                _enter(counts, answer, found[account.place])
        return found

    def figures(self) -> Iterator[WindowFigure]:
        """By profile and rule, each in the order of its windows."""
        for account in self._accounts:
            for window, counts in zip(account.windows, account.counts, strict=True):
                yield self._figure(account, window, counts)

    def _figure(self, account: _Account, window: Window, counts: _Counts) -> WindowFigure:
        rule, counted = account.rule, Tally(counts.abandoned, counts.answered)
        estimated = self.sample.estimate(counts.unheard_machines)
        tally, method = _judged(rule, counts, estimated, heard=self.sample.reviewed > 0)
        return WindowFigure(
            account.profile,
            rule,
            window,
            window.ends > self._until or _rolls(rule),
            counted,
            judge_under(tally, rule),
            method,
            estimated,
            allowance(tally, rule.limit_bp),
            dict(counts.classes),
            dict(counts.violations),
        )


def _account(
    place: int,
    profile: Profile,
    rule: AbandonmentRule,
    zone: ZoneInfo,
    started_at: datetime,
    since: datetime,
    until: datetime,
) -> _Account:
    """A rule counts only in windows that begin or end while its profile is in force."""
    here = ZoneInfo(rule.zone) if rule.zone else zone
    began = started_at.astimezone(here).date()
    cut = [
        window
        for window in windows_between(rule.window, here, since, until, began)
        if profile.in_force(window.begins.date()) or profile.in_force(min(window.ends, until).date())
    ]
    return _Account(place, profile, rule, cut, [window.begins for window in cut], [_Counts() for _ in cut])


def _rolls(rule: AbandonmentRule) -> bool:
    return rule.window in (WindowRule.ROLLING_DAY, WindowRule.ROLLING_30_DAY)


def _enter(counts: _Counts, answer: LiveAnswer, found: Classified) -> None:
    counts.abandoned += found.in_a
    counts.answered += found.in_h
    counts.joined += found.call_class is CallClass.JOINED
    machine = found.call_class is CallClass.MACHINE
    counts.unheard_machines += machine and answer.reviewed is None
    counts.agent_machines += machine and answer.joined_at is not None and answer.verdict is None
    counts.classes[found.call_class] += 1
    counts.violations.update(found.violations)


def _judged(
    rule: AbandonmentRule, counts: _Counts, estimated: Fraction, *, heard: bool
) -> tuple[Tally, Method]:
    """With a detector the estimate of its false positives belongs to the count; without one Ofcom lets the share of
    machines among the abandoned be taken off."""
    if rule.formula is Formula.OFCOM:
        if counts.unheard_machines or heard:
            return ofcom_with_detector(counts.abandoned, counts.joined, estimated), Method.OFCOM_AMD
        tally = ofcom_without_detector(counts.abandoned, counts.joined, counts.agent_machines)
        return tally, Method.OFCOM_NON_AMD
    tally = Tally(counts.abandoned, counts.answered)
    if not estimated:
        return tally, Method.PLAIN
    return with_false_positives(tally, estimated), Method.WITH_FALSE_POSITIVES


def pinned(profiles: Sequence[Profile], on: date) -> list[Profile]:
    """The law of one day, applied to all of the past: for a report of what was under rules that came later, or before."""
    return [
        replace(profile, effective_from=None, effective_to=None)
        for profile in profiles
        if profile.in_force(on)
    ]
