"""Short calls: Anatel counts them against whoever makes very many calls (Brazil)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers

from dialer.compliance.call import CallsToday
from dialer.compliance.profile import Profile, ShortCallRule
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.zones import midnight, zone_of

_UTC = ZoneInfo("UTC")


def is_short(rule: ShortCallRule, on: date, lasted: timedelta, *, to_voicemail: bool) -> bool:
    """An answered call that ended, by either side, within the limit of the day, or went to voicemail however long it was."""
    return to_voicemail or lasted <= timedelta(seconds=longest_s(rule, on))


def longest_s(rule: ShortCallRule, on: date) -> int:
    """The limit in force on `on`; the oldest there is for the days before all of them."""
    limits = sorted(rule.longest_s, key=lambda limit: limit[0] or date.min)
    reached = [seconds for since, seconds in limits if since is None or since <= on]
    return reached[-1] if reached else limits[0][1]


def quota_spent(rule: ShortCallRule, calls: int, short: int) -> bool:
    """Whether dialling must stop: more calls in the day than the rule tolerates, and too many of them short."""
    return calls > rule.from_calls and 100 * short > rule.most_percent * calls


def short_call_refusal(
    profiles: Iterable[Profile], made: Iterable[CallsToday], at: datetime
) -> Refusal | None:
    """None: dialling may go on. Refused until the day is over; what was counted of a day that is over at `at` counts no more."""
    counted = {each.profile: each for each in made if at < each.ends}
    for profile in profiles:
        rule, today = profile.short_calls, counted.get(profile.id)
        if rule is not None and today is not None and quota_spent(rule, today.calls, today.short):
            because = (
                f"{today.short} of {today.calls} calls today were short; {rule.most_percent} % are allowed"
            )
            return Refusal(RefusalReason.SHORT_CALLS, today.ends, because, profile.id, rule.source.citation)
    return None


@dataclass(frozen=True, slots=True)
class CountedDay:
    """Calls that one profile wants counted: those to numbers that begin like one of `prefixes`, dialled from `begins` on.

    An answered one is short when it lasted no longer than `longest`, or was taken by a machine.
    """

    profile: str
    prefixes: tuple[str, ...]
    begins: datetime
    ends: datetime
    longest: timedelta


def counted_days(profiles: Iterable[Profile], now: datetime) -> tuple[CountedDay, ...]:
    """What has to be counted for the short-call rules among `profiles`."""
    return tuple(
        _counted(profile, profile.short_calls, now) for profile in profiles if profile.short_calls is not None
    )


def _counted(profile: Profile, rule: ShortCallRule, now: datetime) -> CountedDay:
    zone = zone_of(rule.zone) or _UTC
    today = now.astimezone(zone).date()
    codes = sorted(phonenumbers.country_code_for_region(country) for country in profile.scope.countries)
    return CountedDay(
        profile.id,
        tuple(f"+{code}" for code in codes) or ("+",),
        midnight(today, zone),
        midnight(today + timedelta(days=1), zone),
        timedelta(seconds=longest_s(rule, today)),
    )
