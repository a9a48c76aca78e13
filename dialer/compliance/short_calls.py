"""Short calls: Anatel counts them against whoever makes very many calls (Brazil)."""

from collections.abc import Iterable
from datetime import date, timedelta

from dialer.compliance.profile import Profile, ShortCallRule
from dialer.compliance.refusal import Refusal, RefusalReason


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


def short_call_refusal(profiles: Iterable[Profile], calls: int, short: int) -> Refusal | None:
    """`calls` made today in the profile's country and how many of them were `short`; None: dialling may go on."""
    for profile in profiles:
        rule = profile.short_calls
        if rule is not None and quota_spent(rule, calls, short):
            because = f"{short} of {calls} calls today were short; {rule.most_percent} % are allowed"
            return Refusal(RefusalReason.SHORT_CALLS, None, because, profile.id, rule.source.citation)
    return None
