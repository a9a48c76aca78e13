"""The profiles a campaign as a whole is held to: those of every place that its list reaches, and those named at home."""

from collections.abc import Iterable
from datetime import date

from dialer.compliance.call import CalledPlace
from dialer.compliance.overrides import loosened
from dialer.compliance.profile import Profile, Voice
from dialer.compliance.rulebook import Rulebook
from dialer.compliance.selection import matching
from dialer.domain.campaign import CampaignPlan
from dialer.domain.pacing_plan import PacingMode


def campaign_profiles(
    book: Rulebook, plan: CampaignPlan, places: Iterable[CalledPlace], on: date, *, loosen: bool = False
) -> tuple[Profile, ...]:
    """In the order of the book. A campaign that reaches nobody yet is held to what is named at home.

    `loosen`: as the campaign's overrides leave them, which is what it is dialled by; else as the law has them.
    """
    rules = plan.rules
    voice = Voice.PRERECORDED if plan.pacing.mode is PacingMode.AGENTLESS else Voice.LIVE
    found = {profile.id for profile in book.in_force(on) if profile.id in rules.home}
    for place in set(places):
        found |= {each.id for each in matching(book, place, rules.purposes, voice, rules.home, on)}
    law = tuple(profile for profile in book.profiles.values() if profile.id in found)
    return loosened(law, rules.overrides) if loosen else law
