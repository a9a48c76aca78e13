"""How often a person may be called, and how long not after what happened. Consent lifts neither."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dialer.compliance.call import NextCall, PastCall
from dialer.compliance.profile import (
    AttemptCap,
    CapKey,
    CapWindow,
    CoolingAfter,
    CoolingRule,
    Counted,
    Profile,
)
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.retention import later
from dialer.compliance.zones import midnight, zone_of

_ROLLING = timedelta(hours=24)


def attempt_refusal(
    profiles: Sequence[Profile],
    history: Sequence[PastCall],
    next_call: NextCall,
    zones: Sequence[str],
) -> Refusal | None:
    """The attempt cap that forbids `next_call`; None: none does. Of several the one that forbids it longest.

    Rolling hours are elapsed time; days are those of the called party's calendar, in the strictest of `zones`. A past call
    that lies in the future, as it does after a clock was set back, counts. Only a call agreed to beforehand
    (`NextCall.consented`) is free of the caps that do not count such calls.
    """
    caps = [(profile, cap) for profile in profiles for cap in profile.attempts]
    if not caps:
        return None
    if (unclear := _unclear(history, next_call, zones)) is not None:
        return unclear
    places = _places(zones)
    found = [
        Refusal(RefusalReason.ATTEMPT_CAP, until, _spent(cap), profile.id, cap.source.citation)
        for profile, cap in caps
        if not (cap.consented_free and next_call.consented)
        and (until := _free_again(cap, history, next_call, places)) is not None
    ]
    return _longest(found)


def cooling_refusal(
    profiles: Sequence[Profile],
    history: Sequence[PastCall],
    next_call: NextCall,
    zones: Sequence[str],
) -> Refusal | None:
    """The rest after an abandoned call, a machine verdict, a conversation or a refusal that `next_call` would break.

    None: none. Of several the longest. Otherwise as `attempt_refusal`.
    """
    rules = [(profile, rule) for profile in profiles for rule in profile.cooling if _binds(rule, next_call)]
    if not rules:
        return None
    if (unclear := _unclear(history, next_call, zones)) is not None:
        return unclear
    places = _places(zones)
    found = [
        Refusal(RefusalReason(rule.reason), until, _rests(rule), profile.id, rule.source.citation)
        for profile, rule in rules
        for call in history
        if _HAPPENED[rule.after](call)
        and not (rule.consented_free and call.consented)
        and _of_key(rule.key, call, next_call)
        and (until := max(_rested(rule, call.at, place) for place in places)) > next_call.at
    ]
    return _longest(found)


def _unclear(history: Iterable[PastCall], next_call: NextCall, zones: Sequence[str]) -> Refusal | None:
    """On the safe side: what cannot be counted is refused."""
    if next_call.at.tzinfo is None or any(call.at.tzinfo is None for call in history):
        because = "a time of this or an earlier call does not say of which zone"
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, because)
    if not zones:
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, "no time zone is known for the number")
    if strange := [zone for zone in zones if zone_of(zone) is None]:
        return Refusal(RefusalReason.UNKNOWN_TIME_ZONE, None, f"there is no time zone {strange[0]!r}")
    return None


def _places(zones: Iterable[str]) -> list[ZoneInfo]:
    return [zone for name in zones if (zone := zone_of(name)) is not None]


def _longest(found: Iterable[Refusal]) -> Refusal | None:
    return max(found, key=lambda refusal: refusal.until or datetime.max.replace(tzinfo=UTC), default=None)


# --- caps -------------------------------------------------------------------------------------------------------------


def _free_again(
    cap: AttemptCap, history: Iterable[PastCall], next_call: NextCall, places: Iterable[ZoneInfo]
) -> datetime | None:
    """When one more call is allowed again; None when it is now. The latest over all zones."""
    counted = [
        call
        for call in history
        if _of_key(cap.key, call, next_call)
        and _COUNTS[cap.counted](call)
        and not (cap.consented_free and call.consented)
    ]
    if len(counted) < cap.most:
        return None
    ends = [until for place in places if (until := _room(cap, counted, next_call.at, place)) > next_call.at]
    return max(ends, default=None)


def _room(cap: AttemptCap, counted: Iterable[PastCall], at: datetime, place: ZoneInfo) -> datetime:
    """The moment from which fewer than `most` of the calls are inside the window; past when it is so already."""
    leaving = sorted(_leaves(cap.window, call.at, place) for call in counted)
    # a cap of none is never free: the window would have to be empty of the call that is asked for as well
    return leaving[-cap.most] if cap.most else at + _ROLLING


_TRAILING_DAYS = {CapWindow.CALENDAR_DAY: 1, CapWindow.DAYS_7: 7, CapWindow.DAYS_30: 30}


def _leaves(window: CapWindow, at: datetime, place: ZoneInfo) -> datetime:
    """The moment at which a call made at `at` counts no longer."""
    if window is CapWindow.ROLLING_24H:
        return at.astimezone(UTC) + _ROLLING
    day = at.astimezone(place).date()
    days = 7 - day.weekday() if window is CapWindow.CALENDAR_WEEK else _TRAILING_DAYS[window]
    return midnight(day + timedelta(days=days), place)


_COUNTS: Mapping[Counted, Callable[[PastCall], bool]] = {
    Counted.ALL: lambda _call: True,
    Counted.CONNECTED: lambda call: call.connected,
    Counted.EFFECTIVE: lambda call: call.effective,
}


def _of_key(key: CapKey, call: PastCall, next_call: NextCall) -> bool:
    """Whether a past call counts together with the next one. What is not known of either is taken to be the same."""
    match key:
        case CapKey.NUMBER:
            return call.same_number
        case CapKey.PERSON_SUBJECT:
            return _same(call.subject, next_call.subject)
        case CapKey.PERSON_DEBT:
            return _same(call.debt, next_call.debt)
        case CapKey.CONSUMER_PROFESSIONAL:
            return _same(call.seller, next_call.seller)
        case CapKey.PERSON | CapKey.DEBTOR:
            return True


def _same(one: str, other: str) -> bool:
    one, other = one.strip().casefold(), other.strip().casefold()
    return not one or not other or one == other


_WINDOWS = {
    CapWindow.ROLLING_24H: "24 hours",
    CapWindow.DAYS_7: "7 days in a row",
    CapWindow.DAYS_30: "30 days in a row",
    CapWindow.CALENDAR_DAY: "one day",
    CapWindow.CALENDAR_WEEK: "one week",
}


def _spent(cap: AttemptCap) -> str:
    return f"{cap.most} calls in {_WINDOWS[cap.window]} are the most, and they were made"


# --- cooling ----------------------------------------------------------------------------------------------------------

_HAPPENED: Mapping[CoolingAfter, Callable[[PastCall], bool]] = {
    CoolingAfter.ABANDONED: lambda call: call.abandoned,
    CoolingAfter.MACHINE_VERDICT: lambda call: call.machine_verdict,
    CoolingAfter.CONVERSATION: lambda call: call.conversation,
    CoolingAfter.REFUSAL: lambda call: call.refused,
}


def _binds(rule: CoolingRule, next_call: NextCall) -> bool:
    if rule.unless_operator and next_call.operator_reserved:
        return False
    if rule.consented_free and next_call.consented:
        return False
    return next_call.detector or not rule.detector_only


def _rested(rule: CoolingRule, at: datetime, place: ZoneInfo) -> datetime:
    """The first moment at which the rule is over."""
    return max(_ends(rule, at, at.astimezone(place).date(), place))


def _ends(rule: CoolingRule, at: datetime, day: date, place: ZoneInfo) -> Iterator[datetime]:
    if rule.hours is not None:
        yield at.astimezone(UTC) + timedelta(hours=rule.hours)
    if rule.days is not None:
        yield midnight(day + timedelta(days=rule.days - rule.first_day + 1), place)
    if rule.months is not None:
        yield midnight(later(day, months=rule.months) + timedelta(days=1), place)
    if rule.same_day:
        yield midnight(day + timedelta(days=1), place)


_EVENTS = {
    CoolingAfter.ABANDONED: "an abandoned call",
    CoolingAfter.MACHINE_VERDICT: "a verdict of answering machine",
    CoolingAfter.CONVERSATION: "a conversation",
    CoolingAfter.REFUSAL: "the person refused",
}


def _rests(rule: CoolingRule) -> str:
    units = (("h", rule.hours), ("days", rule.days), ("months", rule.months))
    spans = [f"{number} {unit}" for unit, number in units if number is not None]
    return f"no call for {spans[0] if spans else 'the rest of the day'} after {_EVENTS[rule.after]}"
