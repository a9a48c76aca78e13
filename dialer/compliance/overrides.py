"""A rule loosened on purpose: what may be loosened, how it is written, and the profile that is left.

An override changes one field of one profile for one campaign. It never removes a whole profile, and the do-not-call lists of
our own, revocations and the campaign's own limits cannot be loosened at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time

from dialer.compliance.profile import ForeignRingback, HoursRule, OpenHours, Profile
from dialer.domain.campaign_rules import RuleOverride
from dialer.errors import BadInput

OFF = "off"


@dataclass(frozen=True, slots=True)
class Loosening:
    """`takes` says for people what the value may be; `apply` raises ValueError for any other."""

    takes: str
    apply: Callable[[Profile, str], Profile]


def loosened(profiles: Iterable[Profile], overrides: Sequence[RuleOverride]) -> tuple[Profile, ...]:
    """The profiles as the campaign's overrides leave them. An override that cannot be read is passed over: the rule binds."""
    if not overrides:
        return tuple(profiles)
    return tuple(_loosened(profile, overrides) for profile in profiles)


def check_override(field: str, value: str, profile: Profile) -> None:
    """Raises `BadInput` for a field that cannot be loosened, a value it does not take, or where there is nothing to loosen."""
    known = LOOSENINGS.get(field)
    if known is None:
        raise BadInput(f"field: {field!r} cannot be loosened; there are {', '.join(LOOSENINGS)}", "field")
    try:
        changed = known.apply(profile, value)
    except ValueError:
        raise BadInput(f"value: {field} takes {known.takes}, not {value!r}", "value") from None
    if changed == profile:
        raise BadInput(
            f"field: {profile.id} says nothing else on {field}: there is nothing to loosen", "field"
        )


def _loosened(profile: Profile, overrides: Sequence[RuleOverride]) -> Profile:
    for each in overrides:
        if each.profile == profile.id and each.field in LOOSENINGS:
            try:
                profile = LOOSENINGS[each.field].apply(profile, each.value)
            except ValueError:
                continue
    return profile


def _hours(profile: Profile, value: str) -> Profile:
    if value == OFF or profile.hours is None:
        return replace(profile, hours=None)
    opens, closes = (time.fromisoformat(each) for each in value.split("-", 1))
    if opens >= closes:
        raise ValueError(value)
    every: OpenHours = ((opens, closes),)
    return replace(profile, hours=HoursRule(every, profile.hours.source))


def _attempts(profile: Profile, value: str) -> Profile:
    if value == OFF:
        return replace(profile, attempts=())
    if (most := int(value)) < 1:
        raise ValueError(value)
    return replace(profile, attempts=tuple(replace(cap, most=most) for cap in profile.attempts))


def _cooling(profile: Profile, value: str) -> Profile:
    _only_off(value)
    return replace(profile, cooling=())


def _registry(profile: Profile, value: str) -> Profile:
    if value == OFF or profile.registry is None:
        return replace(profile, registry=None)
    if (days := int(value)) < 1:
        raise ValueError(value)
    return replace(profile, registry=replace(profile.registry, oldest_days=days))


def _consent(profile: Profile, value: str) -> Profile:
    _only_off(value)
    return replace(profile, consent=None)


def _caller_id(profile: Profile, value: str) -> Profile:
    if value == "no_proof":
        rule = profile.caller_id
        return profile if rule is None else replace(profile, caller_id=replace(rule, proof_of_right=False))
    _only_off(value)
    return replace(profile, caller_id=None)


def _foreign_ringback(profile: Profile, value: str) -> Profile:
    return replace(profile, on_foreign_ringback=ForeignRingback(value))


def _only_off(value: str) -> None:
    if value != OFF:
        raise ValueError(value)


LOOSENINGS: Mapping[str, Loosening] = {
    "hours": Loosening("off, or hours of every day such as 08:00-21:00", _hours),
    "attempts": Loosening("off, or a number of attempts", _attempts),
    "cooling": Loosening(OFF, _cooling),
    "registry": Loosening("off, or the greatest age of a copy in days", _registry),
    "consent": Loosening(OFF, _consent),
    "caller_id": Loosening("off, or no_proof", _caller_id),
    "on_foreign_ringback": Loosening(", ".join(ForeignRingback), _foreign_ringback),
}
