"""The sections of a profile in a file, and what each becomes."""

from collections.abc import Callable, Mapping
from typing import Any

from dialer.compliance.holiday_calendars import exists
from dialer.compliance.profile import (
    AbandonmentRule,
    AttemptCap,
    CallerIdRule,
    CapKey,
    CapWindow,
    ClockStart,
    ConnectRule,
    ConsentKind,
    ConsentRule,
    CoolingAfter,
    CoolingRule,
    Counted,
    ForeignRingback,
    Formula,
    HolidayShift,
    HoursRule,
    MessagePart,
    MessageRule,
    OptOutRule,
    RateUnit,
    RecordKind,
    RegistryRule,
    RetentionRule,
    RingRule,
    Scope,
    ShortCallRule,
    Voice,
    WindowRule,
)
from dialer.compliance.refusal import RefusalReason
from dialer.compliance.zones import zone_of
from dialer.domain.campaign_rules import CallPurpose
from dialer.rulebook.fields import Key, RuleField, rule

_COOLING_REASONS = (
    RefusalReason.COOLING_72H,
    RefusalReason.AMD_SAME_DAY,
    RefusalReason.CONVERSATION_COOLDOWN,
    RefusalReason.REFUSAL_COOLING,
)


def _choice(kind: Any) -> Callable[[RuleField], Any]:
    return lambda field: field.choice(kind)


def _choices(kind: Any) -> Callable[[RuleField], Any]:
    return lambda field: field.choices(kind)


def _whole(least: int, most: int) -> Callable[[RuleField], int]:
    return lambda field: field.whole(least, most)


_yes = RuleField.yes
_days = RuleField.days
_milliseconds = RuleField.milliseconds


def _zone(field: RuleField) -> str:
    if zone_of(field.text) is None:
        field.wrong(f"{field.text!r} is no time zone: say an IANA name such as America/New_York")
    return field.text


def _codes(pattern_says: str, width: tuple[int, int]) -> Callable[[RuleField], frozenset[str]]:
    def read(field: RuleField) -> frozenset[str]:
        for item in field.items():
            text = item.text
            if not (
                text.isascii() and text.isalpha() and text.isupper() and width[0] <= len(text) <= width[1]
            ):
                item.wrong(f"{text!r} is no {pattern_says}")
        return frozenset(item.text for item in field.items())

    return read


def _calendars(field: RuleField) -> tuple[str, ...]:
    for item in field.items():
        if not exists(item.text):
            item.wrong(
                f"no holidays are known for {item.text!r}: say a country, or country and region, such as US-LA"
            )
    return tuple(item.text for item in field.items())


def _dates(field: RuleField) -> tuple[Any, ...]:
    return tuple(item.day() for item in field.items())


def _digits(field: RuleField) -> tuple[str, ...]:
    for item in field.items():
        if not (item.text.isascii() and item.text.isdigit()):
            item.wrong(f"{item.text!r} must be digits only; in quotes where it begins with 0")
    return tuple(item.text for item in field.items())


def _names(field: RuleField) -> tuple[str, ...]:
    return tuple(item.name() for item in field.items())


# --- rules ------------------------------------------------------------------------------------------------------------

_ABANDONMENT = {
    "limit": Key("limit_bp", RuleField.basis_points, required=True),
    "window": Key("window", _choice(WindowRule), required=True),
    "unit": Key("unit", _choice(RateUnit)),
    "formula": Key("formula", _choice(Formula)),
    "zone": Key("zone", _zone),
    "target": Key("target_bp", RuleField.basis_points),
    "alarm_above": Key("alarm_bp", RuleField.basis_points),
    "guard": Key("guard", _yes),
}
_CONNECT = {
    "within": Key("threshold_ms", _milliseconds, required=True),
    "after": Key("clock", _choice(ClockStart), required=True),
}
_RING = {
    "at_least": Key("least_ms", _milliseconds, required=True),
    "or_rings": Key("or_rings", _whole(1, 30)),
}
_MESSAGE = {
    "parts": Key("parts", _choices(MessagePart), required=True),
    "within": Key("within_ms", _milliseconds),
    "after": Key("clock", _choice(ClockStart)),
    "violation": Key("violation", RuleField.name),
    "number_prefixes": Key("number_prefixes", _digits),
    "barred_prefixes": Key("barred_prefixes", _digits),
}
_HOURS = {
    "weekdays": Key("weekdays", RuleField.open_hours, required=True),
    "saturday": Key("saturday", RuleField.open_hours),
    "sunday": Key("sunday", RuleField.open_hours),
    "holiday": Key("holiday", RuleField.open_hours),
    "holidays": Key("holidays", _calendars),
    "shift": Key("shift", _choice(HolidayShift)),
    "consent_lifts": Key("consent_lifts", _yes),
    "makeup_workdays": Key("makeup_workdays", _yes),
    "extra_holidays": Key("extra_holidays", _dates),
}
_ATTEMPTS = {
    "most": Key("most", _whole(1, 1000), required=True),
    "within": Key("window", _choice(CapWindow), required=True),
    "per": Key("key", _choice(CapKey), required=True),
    "counted": Key("counted", _choice(Counted)),
    "consented_free": Key("consented_free", _yes),
}
_COOLING = {
    "after": Key("after", _choice(CoolingAfter), required=True),
    "for": Key("span", lambda field: _cooling_span(field), required=True),
    "reason": Key("reason", lambda field: field.one_of(_COOLING_REASONS), required=True),
    "per": Key("key", _choice(CapKey)),
    "first_day": Key("first_day", _whole(0, 1)),
    "unless_operator": Key("unless_operator", _yes),
    "detector_only": Key("detector_only", _yes),
    "consented_free": Key("consented_free", _yes),
}
_REGISTRY = {
    "oldest": Key("oldest_days", _days, required=True),
    "registries": Key("registries", _names, required=True),
    "consent_overrides": Key("consent_overrides", _yes),
    "relationship_overrides": Key("relationship_overrides", _yes),
    "reassigned_check": Key("reassigned_check", _yes),
}
_CONSENT = {
    "least": Key("least", _choice(ConsentKind), required=True),
    "from": Key("from_day", RuleField.day),
    "relationship_suffices": Key("relationship_suffices", _yes),
    "purposes": Key("purposes", _choices(CallPurpose)),
}
_OPT_OUT = {
    "business_days": Key("business_days", _whole(1, 100)),
    "days": Key("days", _whole(0, 365)),
    "all_topics_from": Key("all_topics_from", RuleField.day),
}
_CALLER_ID = {
    "allow_list": Key("allow_list", _yes),
    "may_withhold": Key("may_withhold", _yes),
    "proof_of_right": Key("proof_of_right", _yes),
}
_RETENTION = {
    "record": Key("record", _choice(RecordKind), required=True),
    "for": Key("span", lambda field: _kept_span(field), required=True),
    "since": Key("since", RuleField.name),
}
_LONGEST = {
    "from": Key("since", RuleField.day),
    "at_most": Key("seconds", RuleField.seconds, required=True),
}
_SHORT_CALLS = {
    "short": Key("longest_s", lambda field: _limits(field), required=True),
    "most": Key("most_percent", RuleField.percent, required=True),
    "above_calls": Key("from_calls", _whole(0, 10**9), required=True),
    "zone": Key("zone", _zone),
}
_SCOPE = {
    "countries": Key("countries", _codes("country: two capital letters, ISO 3166-1", (2, 2))),
    "states": Key("states", _codes("state: its letters, such as FL", (2, 3))),
    "purposes": Key("purposes", _choices(CallPurpose)),
    "not_purposes": Key("not_purposes", _choices(CallPurpose)),
    "voices": Key("voices", _choices(Voice)),
    "named_only": Key("named_only", _yes),
}


def scope(field: RuleField) -> Scope:
    return rule(field, Scope, _SCOPE, sourced=False)


def _cooling_span(field: RuleField) -> dict[str, int]:
    if field.text == "same day":
        return {"same_day": 1}
    span = field.span(("month", "day", "h"))
    if len(span) > 1:
        field.wrong("must be of one unit: 72 h, 7 days, 6 months or same day")
    return span


def _cooling(**values: Any) -> CoolingRule:
    span = values.pop("span")
    return CoolingRule(**values, **{**span, **({"same_day": True} if "same_day" in span else {})})


def _kept_span(field: RuleField) -> dict[str, int]:
    return {"for_ever": 1} if field.text == "ever" else field.span(("year", "month", "day"))


def _retention(**values: Any) -> RetentionRule:
    span = values.pop("span")
    return RetentionRule(**values, **({"for_ever": True} if "for_ever" in span else span))


def _limits(field: RuleField) -> tuple[tuple[Any, int], ...]:
    def limit(seconds: int, since: Any = None) -> tuple[Any, int]:
        return since, seconds

    found = tuple(rule(item, limit, _LONGEST, sourced=False) for item in field.items())
    if not found:
        field.wrong("needs at least one limit, such as {at_most: 6 s}")
    return found


def _one(make: Callable[..., Any], keys: Mapping[str, Key]) -> Callable[[RuleField], Any]:
    return lambda field: rule(field, make, keys)


def _many(make: Callable[..., Any], keys: Mapping[str, Key]) -> Callable[[RuleField], tuple[Any, ...]]:
    return lambda field: tuple(rule(item, make, keys) for item in field.items())


def _in_call(field: RuleField) -> dict[str, str]:
    return {event: flag.name() for event, flag in field.mapping().items()}


ADDED: Mapping[str, Callable[[RuleField], tuple[Any, ...]]] = {
    "abandonment": _many(AbandonmentRule, _ABANDONMENT),
    "attempts": _many(AttemptCap, _ATTEMPTS),
    "cooling": _many(_cooling, _COOLING),
    "retention": _many(_retention, _RETENTION),
}
"""Lists: each entry binds by itself, so that one more can only make it stricter."""

SINGLE: Mapping[str, Callable[[RuleField], Any]] = {
    "connect": _one(ConnectRule, _CONNECT),
    "ring": _one(RingRule, _RING),
    "message": _one(MessageRule, _MESSAGE),
    "hours": _one(HoursRule, _HOURS),
    "registry": _one(RegistryRule, _REGISTRY),
    "consent": _one(ConsentRule, _CONSENT),
    "opt_out": _one(OptOutRule, _OPT_OUT),
    "caller_id": _one(CallerIdRule, _CALLER_ID),
    "on_foreign_ringback": _choice(ForeignRingback),
    "short_calls": _one(ShortCallRule, _SHORT_CALLS),
    "in_call": _in_call,
}
