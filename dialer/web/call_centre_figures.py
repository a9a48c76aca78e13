"""Abandonment of the whole call centre, where a regulator takes the figure across campaigns as well as that of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dialer.compliance.abandonment_report import LedgerCount, WindowFigure
from dialer.compliance.abandonment_windows import Window
from dialer.compliance.campaign_profiles import campaign_profiles
from dialer.compliance.place import place_of
from dialer.compliance.profile import AbandonmentRule, Profile, RateUnit
from dialer.compliance.rulebook import Rulebook
from dialer.domain.campaign import Campaign
from dialer.web.deps import Store

Key = tuple[str, AbandonmentRule, Window]


def key_of(figure: WindowFigure) -> Key:
    return figure.profile.id, figure.rule, figure.window


@dataclass(frozen=True, slots=True)
class Stretch:
    """Of a report: from when until when, in which zone, and on which day's law."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    on: date


async def call_centre_figures(
    store: Store, book: Rulebook, campaign: Campaign, profiles: Sequence[Profile], stretch: Stretch
) -> Mapping[Key, WindowFigure]:
    """Every window of the rules that count per call centre: all campaigns that are held to the rule's profile, and `campaign`."""
    counts = {
        profile.id: LedgerCount(
            [profile],
            stretch.zone,
            campaign.started_at or stretch.since,
            stretch.since,
            stretch.until,
        )
        for profile in map(_of_call_centre, profiles)
        if profile.abandonment
    }
    if not counts:
        return {}
    for each in await store.campaigns.campaigns():
        held = counts.keys() if each.id == campaign.id else await _held_to(store, book, each, stretch.on)
        concerned = [count for which, count in counts.items() if which in held]
        if concerned:
            await _count(store, each, concerned, stretch.until)
    return {key_of(figure): figure for count in counts.values() for figure in count.figures()}


def _of_call_centre(profile: Profile) -> Profile:
    rules = tuple(rule for rule in profile.abandonment if rule.unit is RateUnit.PER_CALL_CENTRE)
    return replace(profile, abandonment=rules)


async def _held_to(store: Store, book: Rulebook, campaign: Campaign, on: date) -> frozenset[str]:
    numbers = await store.ledger.numbers_by_prefix(campaign.id)
    return frozenset(each.id for each in campaign_profiles(book, campaign.plan, map(place_of, numbers), on))


async def _count(store: Store, campaign: Campaign, counts: Sequence[LedgerCount], until: datetime) -> None:
    begins = min(count.reads_from for count in counts)
    async for entry in store.ledger.live_answers(campaign.id, begins, until):
        for count in counts:
            count.add(entry.answer)
