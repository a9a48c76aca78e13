"""Many profiles as one set of figures: field by field the strictest."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from dialer.compliance.hours import common
from dialer.compliance.profile import (
    WINDOW_DAYS,
    AttemptCap,
    CallerIdRule,
    ConnectRule,
    ConsentKind,
    CoolingRule,
    ForeignRingback,
    HoursRule,
    MessagePart,
    Nature,
    OpenHours,
    Profile,
    RecordKind,
    RetentionRule,
    RingRule,
)

FLOOR_RING_MS = 15_000
"""How long an unanswered call rings where nothing else is said: this product's own minimum."""

Rule = TypeVar("Rule")
Piece = TypeVar("Piece")


@dataclass(frozen=True, slots=True)
class Combined:
    """The strictest of a set of profiles, whatever their order. None or empty: no profile of the set says anything.

    `max_abandon_bp` hundredths of a percent, early warnings left out; every profile is judged in its own window besides.
    `ring_or_rings`: so many rings satisfy the minimum as well, where every profile that has one allows it. `connect`: each
    with its own clock, all to be met. `hours_*` local time in every zone the person may be in. `attempts` and `cooling`: every
    one binds, the tightest first. `retention`: the longest of each kind. `came_from` names the profiles a figure comes from.
    """

    max_abandon_bp: int | None = None
    ring_least_ms: int | None = None
    ring_or_rings: int | None = None
    connect: tuple[ConnectRule, ...] = ()
    hours_weekdays: OpenHours | None = None
    hours_saturday: OpenHours | None = None
    hours_sunday: OpenHours | None = None
    hours_holiday: OpenHours | None = None
    attempts: tuple[AttemptCap, ...] = ()
    cooling: tuple[CoolingRule, ...] = ()
    scrub_age_days: int | None = None
    registries: frozenset[str] = frozenset()
    consent: ConsentKind = ConsentKind.NONE
    message_parts: frozenset[MessagePart] = frozenset()
    message_within_ms: int | None = None
    retention: Mapping[RecordKind, RetentionRule] = field(default_factory=dict)
    on_foreign_ringback: ForeignRingback = ForeignRingback.HANG_UP_AFTER_MIN_RING
    caller_id_allow_list: bool = True
    caller_id_may_withhold: bool = False
    caller_id_proof: bool = False
    came_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def combine(profiles: Iterable[Profile]) -> Combined:
    """The strictest of all of them, field by field."""
    return _combined(frozenset(profiles))


@lru_cache(maxsize=2048)
def _combined(profiles: frozenset[Profile]) -> Combined:
    ordered = sorted(profiles, key=lambda profile: profile.id)
    origin: dict[str, tuple[str, ...]] = {}
    figures: dict[str, Any] = {}
    for part in (_abandonment, _ringing, _hours, _earlier_calls, _lists, _message, _records, _caller_id):
        for name, (value, ids) in part(ordered).items():
            figures[name] = value
            if ids:
                origin[name] = tuple(sorted(set(ids)))
    return Combined(**figures, came_from=origin)


_Part = dict[str, tuple[object, list[str]]]


def _speaking(
    profiles: Iterable[Profile], rule: Callable[[Profile], Rule | None]
) -> list[tuple[Profile, Rule]]:
    return [(profile, found) for profile in profiles if (found := rule(profile)) is not None]


def _above_the_floor(found: list[tuple[Profile, Rule]]) -> list[tuple[Profile, Rule]]:
    """A floor counts only where nobody else has a rule."""
    return [each for each in found if not each[0].floor] or found


def _lowest(found: Sequence[tuple[Profile, int]]) -> tuple[int | None, list[str]]:
    if not found:
        return None, []
    least = min(figure for _, figure in found)
    return least, [profile.id for profile, figure in found if figure == least]


def _unique(rules: Iterable[Piece], order: Callable[[Piece], float]) -> tuple[Piece, ...]:
    return tuple(sorted(set(rules), key=lambda rule: (order(rule), repr(rule))))


def _abandonment(profiles: Sequence[Profile]) -> _Part:
    limits = [
        (profile, rule.limit_bp) for profile in profiles for rule in profile.abandonment if not rule.guard
    ]
    return {"max_abandon_bp": _lowest(limits)}


# --- ringing and the connection ---------------------------------------------------------------------------------------


def ring_rules(profiles: Iterable[Profile]) -> list[tuple[Profile, RingRule]]:
    """The ring minima that count, each with its profile."""
    return _above_the_floor(_speaking(profiles, lambda profile: profile.ring))


def _ringing(profiles: Sequence[Profile]) -> _Part:
    rings = ring_rules(profiles)
    longest = max((rule.least_ms for _, rule in rings), default=None)
    counted = [rule.or_rings for _, rule in rings]
    every = [rings_ for rings_ in counted if rings_ is not None]
    by_ring = [profile.id for profile, rule in rings if rule.least_ms == longest]
    connect = _above_the_floor(_speaking(profiles, lambda profile: profile.connect))
    return {
        "ring_least_ms": (longest, by_ring),
        "ring_or_rings": (max(every) if every and len(every) == len(counted) else None, []),
        "connect": (
            _unique((rule for _, rule in connect), lambda rule: rule.threshold_ms),
            [profile.id for profile, _ in connect],
        ),
        "on_foreign_ringback": _foreign(profiles),
    }


_RINGS_LONGEST = (
    ForeignRingback.HANG_UP_NOW,
    ForeignRingback.HANG_UP_AFTER_MIN_RING,
    ForeignRingback.FLAG_ONLY,
)


def _foreign(profiles: Sequence[Profile]) -> tuple[ForeignRingback, list[str]]:
    """The value that rings longest. A law that does not say lets it ring out the minimum; a policy that does not is left out."""
    found = [
        (profile, profile.on_foreign_ringback or ForeignRingback.HANG_UP_AFTER_MIN_RING)
        for profile in profiles
        if profile.on_foreign_ringback is not None or profile.nature is not Nature.PROJECT_POLICY
    ]
    found = _above_the_floor(found)
    if not found:
        return ForeignRingback.HANG_UP_AFTER_MIN_RING, []
    longest = max((value for _, value in found), key=_RINGS_LONGEST.index)
    return longest, [profile.id for profile, value in found if value is longest]


# --- hours ------------------------------------------------------------------------------------------------------------


def _hours(profiles: Sequence[Profile]) -> _Part:
    bound = _speaking(profiles, lambda profile: profile.hours)
    return {
        "hours_weekdays": _open(bound, lambda rule: rule.weekdays),
        "hours_saturday": _open(
            bound, lambda rule: rule.weekdays if rule.saturday is None else rule.saturday
        ),
        "hours_sunday": _open(bound, lambda rule: rule.weekdays if rule.sunday is None else rule.sunday),
        "hours_holiday": _on_holidays(bound),
    }


def _open(
    bound: Sequence[tuple[Profile, HoursRule]], day: Callable[[HoursRule], OpenHours]
) -> tuple[OpenHours | None, list[str]]:
    """The intersection, and the profiles without which it would be longer."""
    if not bound:
        return None, []
    whole = common([day(rule) for _, rule in bound])
    if not whole:
        closed = [profile.id for profile, rule in bound if not day(rule)]
        return whole, closed or [profile.id for profile, _ in bound]
    return whole, [profile.id for profile, rule in bound if _cuts(day(rule), whole)]


def _cuts(own: OpenHours, whole: OpenHours) -> bool:
    """Whether a profile's own hours bound the common ones on at least one side."""
    edges = {edge for stretch in whole for edge in stretch}
    return any(edge in edges for stretch in own for edge in stretch)


def _on_holidays(bound: Sequence[tuple[Profile, HoursRule]]) -> tuple[OpenHours | None, list[str]]:
    """Of the profiles that speak of holidays only; each of them knows its own."""
    special = [(profile, rule.holiday) for profile, rule in bound if rule.holiday is not None]
    if not special:
        return None, []
    return common([hours for _, hours in special]), [profile.id for profile, _ in special]


# --- earlier calls, lists ---------------------------------------------------------------------------------------------


def _earlier_calls(profiles: Sequence[Profile]) -> _Part:
    return {
        "attempts": (
            _unique(
                (cap for profile in profiles for cap in profile.attempts),
                lambda cap: cap.most / WINDOW_DAYS[cap.window],
            ),
            [profile.id for profile in profiles if profile.attempts],
        ),
        "cooling": (
            _unique((rule for profile in profiles for rule in profile.cooling), _minus_length),
            [profile.id for profile in profiles if profile.cooling],
        ),
    }


def _minus_length(rule: CoolingRule) -> float:
    """In hours, roughly: for their order only."""
    return -((rule.hours or 0) + 24 * (rule.days or int(rule.same_day)) + 730 * (rule.months or 0))


_STRENGTH = (ConsentKind.NONE, ConsentKind.EXPRESS, ConsentKind.WRITTEN)


def _lists(profiles: Sequence[Profile]) -> _Part:
    registries = _speaking(profiles, lambda profile: profile.registry)
    consents = _speaking(profiles, lambda profile: profile.consent)
    needed = max((rule.least for _, rule in consents), key=_STRENGTH.index, default=ConsentKind.NONE)
    return {
        "scrub_age_days": _lowest([(profile, rule.oldest_days) for profile, rule in registries]),
        "registries": (
            frozenset(name for _, rule in registries for name in rule.registries),
            [profile.id for profile, _ in registries],
        ),
        "consent": (needed, [profile.id for profile, rule in consents if rule.least is needed]),
    }


# --- the rest ---------------------------------------------------------------------------------------------------------


def _message(profiles: Sequence[Profile]) -> _Part:
    spoken = _speaking(profiles, lambda profile: profile.message)
    within = [(profile, rule.within_ms) for profile, rule in spoken if rule.within_ms is not None]
    return {
        "message_parts": (
            frozenset(part for _, rule in spoken for part in rule.parts),
            [profile.id for profile, _ in spoken],
        ),
        "message_within_ms": _lowest(within),
    }


def _records(profiles: Sequence[Profile]) -> _Part:
    kept: dict[RecordKind, RetentionRule] = {}
    rules = [rule for profile in profiles for rule in profile.retention]
    for rule in sorted(rules, key=_length_kept):
        kept[rule.record] = rule
    ids = [profile.id for profile in profiles if any(rule in kept.values() for rule in profile.retention)]
    return {"retention": (kept, ids)}


def _length_kept(rule: RetentionRule) -> tuple[bool, int, str]:
    return rule.for_ever, rule.years * 366 + rule.months * 31 + rule.days, repr(rule)


def _caller_id(profiles: Sequence[Profile]) -> _Part:
    found = _speaking(profiles, lambda profile: profile.caller_id)
    ids = [profile.id for profile, _ in found]
    rules: list[CallerIdRule] = [rule for _, rule in found]
    return {
        "caller_id_allow_list": (not rules or any(rule.allow_list for rule in rules), ids),
        "caller_id_may_withhold": (bool(rules) and all(rule.may_withhold for rule in rules), ids),
        "caller_id_proof": (
            any(rule.proof_of_right for rule in rules),
            [profile.id for profile, rule in found if rule.proof_of_right],
        ),
    }
