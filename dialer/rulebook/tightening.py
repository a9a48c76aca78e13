"""When a rule is at least as strict as another: with it in force, the other one changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dialer.compliance.combine import combine
from dialer.compliance.hours import calendars_of
from dialer.compliance.profile import ClockStart, ConsentKind, HolidayShift, Profile
from dialer.compliance.short_calls import longest_s

Checks = list[tuple[str, bool]]
"""What would be looser, and whether it is strict enough."""

_EARLIEST = (ClockStart.ANSWER, ClockStart.GREETING_START, ClockStart.GREETING_END)
_STRENGTH = (ConsentKind.NONE, ConsentKind.EXPRESS, ConsentKind.WRITTEN)
_SHIFTS = tuple(HolidayShift)


def looser(before: Profile, after: Profile, name: str) -> str:
    """What is looser in the section `name` of `after`; "" when it is at least as strict as `before`."""
    old, new = getattr(before, name), getattr(after, name)
    if not old or old == new:
        return ""
    if isinstance(old, tuple):
        return "" if set(old) <= set(new) else f"{name} leaves out a rule"
    return next((words for words, strict in _CHECKS[name](before, after) if not strict), "")


def _adds_nothing(before: Profile, after: Profile, fields: Sequence[str]) -> bool:
    """Whether `before` beside `after` makes no figure stricter than `after` has it alone."""
    both = combine([replace(before, id=f"{before.id}_before"), after])
    alone = combine([after])
    return all(getattr(both, field) == getattr(alone, field) for field in fields)


def _by_figures(words: str, *fields: str) -> Callable[[Profile, Profile], Checks]:
    return lambda before, after: [(words, _adds_nothing(before, after, fields))]


def _of(name: str, compare: Callable[[Any, Any], Checks]) -> Callable[[Profile, Profile], Checks]:
    return lambda before, after: compare(getattr(before, name), getattr(after, name))


def _only_off(old: bool, new: bool) -> bool:
    return old or not new


def _no_later(old: Any, new: Any) -> bool:
    """None is never, or at no stated time."""
    return old is None or (new is not None and new <= old)


def _hours(before: Profile, after: Profile) -> Checks:
    old, new = before.hours, after.hours
    if old is None or new is None:
        return []
    days = ("hours_weekdays", "hours_saturday", "hours_sunday", "hours_holiday")
    kept = old.holiday is None or set(calendars_of(before)) <= set(calendars_of(after))
    return [
        ("longer hours", _adds_nothing(before, after, days)),
        ("fewer holidays", kept and set(old.extra_holidays) <= set(new.extra_holidays)),
        ("holidays shifted to fewer days", _SHIFTS.index(new.shift) >= _SHIFTS.index(old.shift)),
        ("consent lifts the hours", _only_off(old.consent_lifts, new.consent_lifts)),
        ("weekend days that are worked", _only_off(old.makeup_workdays, new.makeup_workdays)),
    ]


def _connect(old: Any, new: Any) -> Checks:
    return [
        ("a longer time", new.threshold_ms <= old.threshold_ms),
        ("a clock that starts later", _EARLIEST.index(new.clock) <= _EARLIEST.index(old.clock)),
    ]


def _message(old: Any, new: Any) -> Checks:
    prefixes = not old.number_prefixes or (
        bool(new.number_prefixes) and set(new.number_prefixes) <= set(old.number_prefixes)
    )
    return [
        ("a part of the message is left out", old.parts <= new.parts),
        ("a later message", _no_later(old.within_ms, new.within_ms)),
        ("a clock that starts later", _EARLIEST.index(new.clock) <= _EARLIEST.index(old.clock)),
        ("more numbers may be named", prefixes and set(old.barred_prefixes) <= set(new.barred_prefixes)),
    ]


def _registry(old: Any, new: Any) -> Checks:
    return [
        ("an older copy", new.oldest_days <= old.oldest_days),
        ("a registry is left out", set(old.registries) <= set(new.registries)),
        ("consent overrides it", _only_off(old.consent_overrides, new.consent_overrides)),
        ("a relationship overrides it", _only_off(old.relationship_overrides, new.relationship_overrides)),
        ("reassigned numbers are not asked about", new.reassigned_check or not old.reassigned_check),
    ]


def _consent(old: Any, new: Any) -> Checks:
    begins = new.from_day is None or (old.from_day is not None and new.from_day <= old.from_day)
    every = not new.purposes or (bool(old.purposes) and old.purposes <= new.purposes)
    return [
        ("a weaker consent", _STRENGTH.index(new.least) >= _STRENGTH.index(old.least)),
        ("a later beginning", begins),
        ("a relationship suffices", _only_off(old.relationship_suffices, new.relationship_suffices)),
        ("fewer calls need it", every),
    ]


def _opt_out(old: Any, new: Any) -> Checks:
    return [
        ("a longer time", _in_days(new) <= _in_days(old)),
        ("revocations reach all topics later", _no_later(old.all_topics_from, new.all_topics_from)),
    ]


def _in_days(rule: Any) -> float:
    """The least that the time can be: business days are at least as long as days."""
    if rule.business_days is not None:
        return float(rule.business_days)
    return float("inf") if rule.days is None else float(rule.days)


def _caller_id(old: Any, new: Any) -> Checks:
    return [
        ("any caller ID", new.allow_list or not old.allow_list),
        ("no caller ID", _only_off(old.may_withhold, new.may_withhold)),
        ("no proof of the right to it", new.proof_of_right or not old.proof_of_right),
    ]


def _short_calls(old: Any, new: Any) -> Checks:
    days = {since for since, _ in (*old.longest_s, *new.longest_s) if since is not None}
    return [
        ("a larger share", new.most_percent <= old.most_percent),
        ("more calls before it binds", new.from_calls <= old.from_calls),
        ("another day is counted", new.zone == old.zone),
        ("fewer calls are short", all(longest_s(new, day) >= longest_s(old, day) for day in days)),
    ]


def _in_call(old: Any, new: Any) -> Checks:
    return [("a call goes on that was ended", set(old) <= set(new))]


_CHECKS: Mapping[str, Callable[[Profile, Profile], Checks]] = {
    "ring": _by_figures("a shorter ring, or fewer rings", "ring_least_ms", "ring_or_rings"),
    "on_foreign_ringback": _by_figures("it rings less long", "on_foreign_ringback"),
    "hours": _hours,
    "connect": _of("connect", _connect),
    "message": _of("message", _message),
    "registry": _of("registry", _registry),
    "consent": _of("consent", _consent),
    "opt_out": _of("opt_out", _opt_out),
    "caller_id": _of("caller_id", _caller_id),
    "short_calls": _of("short_calls", _short_calls),
    "in_call": _of("in_call", _in_call),
}
