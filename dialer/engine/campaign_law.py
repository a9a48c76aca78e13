"""Which profiles each campaign as a whole is held to, kept for a few minutes: lists grow, rules and plans change."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from dialer.clock import Clock
from dialer.compliance.campaign_profiles import campaign_profiles
from dialer.compliance.place import place_of
from dialer.compliance.profile import Profile
from dialer.compliance.rulebook import Rulebook
from dialer.domain.campaign import Campaign
from dialer.domain.campaign_rules import CampaignRules
from dialer.domain.ids import CampaignId
from dialer.domain.phone_number import PhoneNumber

KEPT_S = 300.0


class Reach(Protocol):
    async def numbers_by_prefix(self, campaign: CampaignId) -> Sequence[PhoneNumber]: ...


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    terms: tuple[date, CampaignRules, Rulebook]
    profiles: Sequence[Profile]


class CampaignLaw:
    """`book` gives the rules that hold now. `zone` is the service's own: it says which day it is."""

    def __init__(self, reach: Reach, book: Callable[[], Rulebook], clock: Clock, zone: ZoneInfo) -> None:
        self._reach, self._book, self._clock, self._zone = reach, book, clock, zone
        self._known: dict[CampaignId, _Known] = {}

    def known(self, campaign: Campaign) -> Sequence[Profile]:
        """As last looked up; () before."""
        known = self._known.get(campaign.id)
        return known.profiles if known is not None else ()

    async def profiles(self, campaign: Campaign) -> Sequence[Profile]:
        """Raises `StorageDown`."""
        now, today = self._clock.monotonic(), self._clock.now().astimezone(self._zone).date()
        terms = today, campaign.plan.rules, self._book()
        known = self._known.get(campaign.id)
        if known is None or known.terms != terms or now - known.at >= KEPT_S:
            numbers = await self._reach.numbers_by_prefix(campaign.id)
            found = campaign_profiles(self._book(), campaign.plan, map(place_of, numbers), today, loosen=True)
            known = self._known[campaign.id] = _Known(now, terms, found)
        return known.profiles

    def forget_all_but(self, campaigns: Sequence[CampaignId]) -> None:
        self._known = {each: self._known[each] for each in campaigns if each in self._known}
