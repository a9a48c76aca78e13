"""Abandonment of a campaign as each regulator counts it: worked out from the ledger whenever somebody asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from dialer.compliance.abandonment_classes import CallClass, Classified
from dialer.compliance.abandonment_rates import (
    Action,
    FalsePositives,
    RateVerdict,
    Tally,
    display,
    worst,
)
from dialer.compliance.abandonment_report import (
    OWN_CAPS,
    LedgerCount,
    Method,
    WindowFigure,
    own_caps,
    pinned,
)
from dialer.compliance.abandonment_windows import Window
from dialer.compliance.campaign_profiles import campaign_profiles
from dialer.compliance.place import place_of
from dialer.compliance.profile import Profile, RateUnit, WindowRule
from dialer.compliance.rulebook import Rulebook
from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind
from dialer.domain.campaign import Campaign
from dialer.errors import BadInput
from dialer.ports.ledger import LedgerEntry
from dialer.web.call_centre_figures import Stretch, call_centre_figures, key_of
from dialer.web.deps import Store
from dialer.web.models import In, Out, Time


class AbandonmentQuery(In):
    since: Time | None = Field(default=None, description="default: the campaign's first start")
    until: Time | None = Field(default=None, description="default: now")
    profile: str | None = Field(
        default=None,
        max_length=2000,
        description="ids with commas between them; default: those of the places that the list reaches and those at home",
    )
    rules_as_of: date | None = Field(
        default=None,
        description="judge all of it by the law of this day; default: each window by that of its own",
    )


class SampleOut(Out):
    """Machine verdicts of a detector that somebody heard, and how many of them were people."""

    reviewed: int
    people: int
    rate: float | None = Field(description="null while nothing was reviewed")
    low: float = Field(description="of the interval that holds the rate with 95 % (Wilson)")
    high: float


class AbandonmentWindowOut(Out):
    """One window of one rule. `rate` is in percent with two decimals, rounded up, or "no data"."""

    profile: str
    title: str
    citation: str
    evidence: str = Field(
        description="how well the figures are known: V verified, S one source, K unverified, P policy"
    )
    guard: bool = Field(description="an early warning, no test of law")
    rule: WindowRule
    unit: RateUnit = Field(
        description="per_call_centre: of all campaigns held to the profile together; it changes no verdict of this campaign"
    )
    window: str
    begins: datetime
    ends: datetime
    open: bool = Field(description="answers still fall into it")
    abandoned: int
    answered: int
    method: Method = Field(description="how the judged counts came about")
    estimated_false_positives: float
    judged_abandoned: float
    judged_answered: float
    rate: str
    limit: str
    verdict: RateVerdict
    action: Action
    left: int = Field(description="how many more may be lost, were nobody else to answer")
    classes: dict[CallClass, int]
    violations: dict[str, int]
    stored_answered: int | None = Field(
        description="pacing's own count of the same window; null where it keeps none"
    )
    stored_abandoned: int | None


class AbandonmentReport(Out):
    campaign: int
    name: str
    since: datetime
    until: datetime
    zone: str
    rulebook: str = Field(description="the version of the rules: SHA-256 of all profiles")
    rules_as_of: date | None
    profiles: list[str]
    verdict: RateVerdict = Field(description="one failure of a law fails all; guards are not among them")
    live_answers: int
    false_positives: SampleOut
    windows: list[AbandonmentWindowOut]


@dataclass(frozen=True, slots=True)
class Asked:
    """`profiles`: ids; () for those the campaign is held to."""

    since: datetime | None = None
    until: datetime | None = None
    profiles: tuple[str, ...] = ()
    rules_as_of: date | None = None


Witness = Callable[[LedgerEntry, Sequence[Classified]], None]


async def report(
    store: Store,
    book: Rulebook,
    campaign: Campaign,
    zone: ZoneInfo,
    now: datetime,
    asked: Asked,
    witness: Callable[[Sequence[str]], Witness] | None = None,
) -> AbandonmentReport:
    """`witness`, made for the ids of the profiles, is given every live answer with its classes under them, in their order.

    Raises `BadInput` for times that are the wrong way round, `NotFound` for a profile that is not there.
    """
    until = min(asked.until or now, now)
    since = asked.since or campaign.started_at or until
    if since > until:
        raise BadInput("since must come before until", "since")
    profiles = await _profiles(store, book, campaign, asked, until, zone)
    count = LedgerCount(profiles, zone, campaign.started_at or since, since, until)
    answers, tell = 0, witness([profile.id for profile in profiles]) if witness is not None else None
    async for entry in store.ledger.live_answers(campaign.id, count.reads_from, until):
        found = count.add(entry.answer)
        if entry.answer.answered_at >= since:
            answers += 1
            if tell is not None:
                tell(entry, found)
    figures = [figure for figure in count.figures() if figure.open or figure.classes]
    stored = await _stored(store, campaign, [each.window for each in figures if _is_own(each)], until)
    on = _law_of(asked, until, zone)
    centre = await call_centre_figures(store, book, campaign, profiles, Stretch(since, until, zone, on))
    windows = []
    for figure in figures:
        kept = stored.get(figure.window) if _is_own(figure) else None
        windows.append(_window(figure, RateUnit.PER_CAMPAIGN, kept))
        if (across := centre.get(key_of(figure))) is not None:
            windows.append(_window(across, RateUnit.PER_CALL_CENTRE, None))
    return AbandonmentReport(
        campaign=campaign.id,
        name=campaign.plan.name,
        since=since,
        until=until,
        zone=zone.key,
        rulebook=book.fingerprint,
        rules_as_of=asked.rules_as_of,
        profiles=[profile.id for profile in profiles],
        verdict=worst(
            each.verdict for each in windows if not each.guard and each.unit is RateUnit.PER_CAMPAIGN
        ),
        live_answers=answers,
        false_positives=_sample(count.sample),
        windows=windows,
    )


async def held_to(
    store: Store, book: Rulebook, campaign: Campaign, on: date, *, loosen: bool = False
) -> Sequence[Profile]:
    """`loosen`: as the campaign's overrides leave them, which is what it is dialled by."""
    numbers = await store.ledger.numbers_by_prefix(campaign.id)
    return campaign_profiles(book, campaign.plan, map(place_of, numbers), on, loosen=loosen)


async def _profiles(
    store: Store, book: Rulebook, campaign: Campaign, asked: Asked, until: datetime, zone: ZoneInfo
) -> list[Profile]:
    """Those asked for, or those the campaign is held to, and its own caps before them."""
    on = _law_of(asked, until, zone)
    chosen: list[Profile]
    if asked.profiles:
        chosen = [book.profile(which) for which in asked.profiles]
    else:
        law = await held_to(store, book, campaign, on)
        chosen = [profile for profile in law if profile.abandonment or profile.connect or profile.message]
    if asked.rules_as_of is not None:
        chosen = pinned(chosen, asked.rules_as_of)
    return [own_caps(campaign.plan, until), *chosen]


def _law_of(asked: Asked, until: datetime, zone: ZoneInfo) -> date:
    return asked.rules_as_of or until.astimezone(zone).date()


def _is_own(figure: WindowFigure) -> bool:
    return figure.profile.id == OWN_CAPS


def _window(figure: WindowFigure, unit: RateUnit, stored: WindowCount | None) -> AbandonmentWindowOut:
    rule, judged, tally = figure.rule, figure.judged, figure.judged.tally
    return AbandonmentWindowOut(
        profile=figure.profile.id,
        title=figure.profile.title,
        citation=rule.source.citation,
        evidence=rule.source.evidence,
        guard=rule.guard,
        rule=rule.window,
        unit=unit,
        window=figure.window.id,
        begins=figure.window.begins,
        ends=figure.window.ends,
        open=figure.open,
        abandoned=int(figure.counted.abandoned),
        answered=int(figure.counted.answered),
        method=figure.method,
        estimated_false_positives=float(figure.estimated_false_positives),
        judged_abandoned=float(tally.abandoned),
        judged_answered=float(tally.answered),
        rate=judged.display,
        limit=display(Tally(rule.limit_bp, 10_000)),
        verdict=judged.verdict,
        action=judged.action,
        left=figure.left,
        classes=figure.classes,
        violations=figure.violations,
        stored_answered=None if stored is None else stored.answered,
        stored_abandoned=None if stored is None else stored.abandoned,
    )


async def _stored(
    store: Store, campaign: Campaign, windows: Sequence[Window], until: datetime
) -> dict[Window, WindowCount]:
    """Pacing's quick view of the same times: it counts dispositions, the ledger counts events."""
    asked = [
        AbandonmentWindow(WindowKind.DAY, 1.0, each.begins, each.ends, each.ends - each.begins)
        for each in windows
    ]
    counts = await store.pacing.window_counts(campaign.id, asked, until) if asked else ()
    return dict(zip(windows, counts, strict=True))


def _sample(sample: FalsePositives) -> SampleOut:
    low, high = sample.interval()
    rate = float(sample.rate) if sample.reviewed else None
    return SampleOut(reviewed=sample.reviewed, people=sample.people, rate=rate, low=low, high=high)
