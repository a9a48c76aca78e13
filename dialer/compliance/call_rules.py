"""The rules of one call: every profile that matches it, as the campaign's overrides leave them, and what they come to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from dialer.compliance.call import CalledPlace
from dialer.compliance.combine import Combined, combine
from dialer.compliance.holiday_calendars import HolidayBook
from dialer.compliance.hours import hours_refusal
from dialer.compliance.overrides import loosened
from dialer.compliance.profile import WINDOW_DAYS, Profile, Voice
from dialer.compliance.refusal import Refusal
from dialer.compliance.rulebook import Rulebook
from dialer.compliance.selection import matching, rules_known
from dialer.domain.campaign_rules import CampaignRules, RuleOverride

_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True, eq=False)
class CallRules:
    """`known`: the book speaks of the country called, or the campaign names rules of its own that apply everywhere.

    `rulebook` is the fingerprint of the book. `loosened` are the overrides that changed one of `profiles`. `missing`: named by the
    campaign, and not in the book.
    """

    profiles: tuple[Profile, ...]
    combined: Combined
    rulebook: str
    known: bool
    loosened: tuple[RuleOverride, ...] = ()
    ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    _moment: list[datetime] = field(default_factory=list)
    _hours: dict[tuple[object, ...], Refusal | None] = field(default_factory=dict)

    def hours_at(
        self, zones: tuple[str, ...], at: datetime, holidays: HolidayBook, *, consent: bool, guard: timedelta
    ) -> Refusal | None:
        """`hours_refusal` of these profiles: of many calls at one moment, once for each set of zones."""
        if not self._moment or self._moment[0] != at:
            self._moment[:] = [at]
            self._hours.clear()
        key = (zones, consent, guard, holidays)
        if key not in self._hours:
            self._hours[key] = hours_refusal(self.profiles, zones, at, holidays, consent=consent, guard=guard)
        return self._hours[key]


class CallRulesBook:
    """The rules of calls, out of a rulebook: matched and combined once for all calls of the same kind on the same day."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.lookback = longest_memory(book.profiles.values())
        self.counting = tuple(each for each in book.profiles.values() if each.short_calls is not None)
        self._kept: dict[tuple[object, ...], CallRules] = {}

    def of(self, place: CalledPlace, rules: CampaignRules, voice: Voice, on: date) -> CallRules:
        key = (place.country, place.states, rules.purposes, rules.home, voice, on, rules.overrides)
        if (known := self._kept.get(key)) is not None:
            return known
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        found = self._kept[key] = self._found(place, rules, voice, on)
        return found

    def _found(self, place: CalledPlace, rules: CampaignRules, voice: Voice, on: date) -> CallRules:
        matched = matching(self.book, place, rules.purposes, voice, rules.home, on)
        profiles = loosened(matched, rules.overrides)
        changed = {before.id for before, after in zip(matched, profiles, strict=True) if before is not after}
        return CallRules(
            profiles,
            combine(profiles),
            self.book.fingerprint,
            rules_known(self.book, place) or bool(rules.home),
            tuple(each for each in rules.overrides if each.profile in changed),
            tuple(profile.id for profile in profiles),
            tuple(sorted(rules.home - self.book.profiles.keys())),
        )


def longest_memory(profiles: Iterable[Profile]) -> timedelta:
    """How far back earlier calls can matter to any of these rules, with a day on top for the zones of the world."""
    days = [1]
    for profile in profiles:
        days += [WINDOW_DAYS[cap.window] for cap in profile.attempts]
        days += [
            (rule.hours or 0) // 24 + (rule.days or 0) + 31 * (rule.months or 0) + 1
            for rule in profile.cooling
        ]
    return timedelta(days=max(days) + 1)
