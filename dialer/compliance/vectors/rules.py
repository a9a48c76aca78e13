"""Cases on profiles, hours, attempts, lists, caller ID and ringing, answered by the code that decides on calls."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dialer.compliance.attempts import attempt_refusal, cooling_refusal
from dialer.compliance.business_days import honour_by
from dialer.compliance.call import CallerId, ConsentStanding, ListStanding, NextCall, PastCall
from dialer.compliance.caller_id import caller_id_refusal
from dialer.compliance.combine import combine
from dialer.compliance.holiday_calendars import FixedHolidays, HolidayBook, PublicHolidays
from dialer.compliance.hours import hours_refusal
from dialer.compliance.in_call import ends_call
from dialer.compliance.lists import list_refusal
from dialer.compliance.profile import ConsentKind, ForeignRingback, OptOutRule, Profile, RecordKind, Source
from dialer.compliance.refusal import Refusal, RefusalReason
from dialer.compliance.retention import minimum
from dialer.compliance.ringing import ForeignAction, Ringing, cut_short, on_foreign_ringback
from dialer.compliance.short_calls import is_short, quota_spent
from dialer.domain.registry import RegistryListing
from dialer.errors import BadInput

Given = Mapping[str, Any]
Result = dict[str, Any]

_A_DAY = date(2026, 7, 15)  # for cases that say how old something is, and not on which day they are asked
_HOLIDAYS = PublicHolidays()


def _day(written: str | date) -> date:
    return written if isinstance(written, date) else date.fromisoformat(written)


def _moment(written: str | datetime) -> datetime:
    return written if isinstance(written, datetime) else datetime.fromisoformat(written)


def _allowed(refusal: Refusal | None) -> Result:
    return {"allowed": refusal is None, "reason": None if refusal is None else refusal.reason.value}


# --- hours, attempts, cooling -----------------------------------------------------------------------------------------


def hours_check(profiles: Sequence[Profile], given: Given) -> Result:
    """Without dates of its own a case is asked of the real calendars."""
    stated = given.get("holiday_dates")
    holidays: HolidayBook = _HOLIDAYS if stated is None else FixedHolidays(map(_day, stated))

    def asked(at: str) -> Refusal | None:
        return hours_refusal(
            profiles,
            given["zones"],
            _moment(at),
            holidays,
            consent=bool(given.get("consent")),
            guard=timedelta(seconds=given.get("guard_s") or 0),
        )

    found = _allowed(asked(given["at"]))
    if given.get("enqueue_at") is not None:
        found["enqueue_allowed"] = asked(given["enqueue_at"]) is None
    return found


def attempt_check(profiles: Sequence[Profile], given: Given) -> Result:
    history = [_past(call) for call in given.get("history") or ()]
    wanted = given["next"]
    next_call = NextCall(
        at=_moment(wanted["at"]),
        subject=wanted.get("subject") or "",
        debt=wanted.get("debt") or "",
        consented=bool(wanted.get("consent")),
    )
    case = profiles, history, next_call, [given["zone"]]
    return _allowed(attempt_refusal(*case) or cooling_refusal(*case))


def _past(call: Given) -> PastCall:
    return PastCall(
        at=_moment(call["at"]),
        subject=call.get("subject") or "",
        debt=call.get("debt") or "",
        caller_id=call.get("caller_id") or "",
        connected=call.get("connected") is not False,
        effective=bool(call.get("effective")),
        conversation=bool(call.get("conversation")),
        refused=bool(call.get("refused")),
        consented=bool(call.get("consent")),
    )


def cooling_check(profiles: Sequence[Profile], given: Given) -> Result:
    last, wanted = given["last"], given["next"]
    past = PastCall(
        at=_moment(last["at"]),
        abandoned=last["event"] == "abandoned",
        machine_verdict=last["event"] == "machine_verdict",
    )
    next_call = NextCall(
        at=_moment(wanted["at"]),
        detector=bool(wanted.get("amd")),
        operator_reserved=bool(wanted.get("live_operator_guaranteed")),
    )
    return _allowed(cooling_refusal(profiles, [past], next_call, [given["zone"]]))


# --- lists ------------------------------------------------------------------------------------------------------------


def dnc_check(profiles: Sequence[Profile], given: Given) -> Result:
    copy = given["registry"]
    age = copy.get("copy_age_days")
    lists = ListStanding(
        internal_dnc="" if given.get("internal_dnc") else None,
        registries=_listings(profiles, bool(copy.get("listed")), age),
        relationship=bool(given.get("ebr")),
        reassigned=given.get("rnd_answer"),
    )
    consent = ConsentStanding(ConsentKind.WRITTEN if given.get("consent") else ConsentKind.NONE)
    next_call = NextCall(datetime.combine(_A_DAY, time(12), UTC))
    return _allowed(list_refusal(profiles, lists, consent, next_call, _A_DAY, revoke_all=True))


def _listings(
    profiles: Sequence[Profile], listed: bool, age: int | None, on: date = _A_DAY
) -> list[RegistryListing]:
    """The same answer from every registry that any of the profiles asks."""
    names = sorted(combine(profiles).registries)
    as_of = None if age is None else on - timedelta(days=age)
    return [RegistryListing(name, "case", as_of, listed) for name in names]


def revocation_check(profiles: Sequence[Profile], given: Given) -> Result:
    on = _day(given["date"])
    at = datetime.combine(on, time(12), UTC)
    consent = ConsentStanding(revoked=((given["revoked_topic"], at),))
    lists = ListStanding(registries=_listings(profiles, listed=False, age=0, on=on))
    next_call = NextCall(at, subject=given["call_topic"])
    revoke_all = given.get("setting_revoke_all") is not False
    return _allowed(list_refusal(profiles, lists, consent, next_call, on, revoke_all=revoke_all))


def optout_deadline(_profiles: Sequence[Profile], given: Given) -> Result:
    rule = OptOutRule(
        Source("the case", "P"),
        business_days=given.get("business_days"),
        days=given.get("calendar_days"),
    )
    holidays = FixedHolidays(map(_day, given.get("holidays") or ()))
    return {"honour_by": honour_by(rule, _day(given["received"]), "US", holidays).isoformat()}


def dnc_entry(profiles: Sequence[Profile], given: Given) -> Result:
    """An entry is in force from the day of the request, and for ever; the law's own minimum is shown besides."""
    added = _day(given["added"])
    lists, at = ListStanding(internal_dnc=""), datetime.combine(added, time(12), UTC)
    at += timedelta(days=given.get("at_day") or 0)
    refusal = list_refusal(profiles, lists, ConsentStanding(), NextCall(at), at.date(), revoke_all=True)
    least = minimum(profiles, {RecordKind.DNC_ENTRY}, [added])
    until = None if least is None or least.until is None else least.until.isoformat()
    blocked = refusal is not None and refusal.reason is RefusalReason.INTERNAL_DNC
    return {"blocked": blocked, "keep_until": until}


def caller_id_check(profiles: Sequence[Profile], given: Given) -> Result:
    caller = CallerId(
        given.get("caller_id"),
        allow_listed=bool(given.get("allow_listed")),
        withheld=bool(given.get("withheld")),
        proof=bool(given.get("right_proof")),
    )
    return _allowed(caller_id_refusal(profiles, caller))


# --- profiles ---------------------------------------------------------------------------------------------------------


def merge_profiles(profiles: Sequence[Profile], _given: Given) -> Result:
    combined = combine(profiles)
    tightest = combined.attempts[0] if combined.attempts else None
    hours = combined.hours_weekdays
    return {
        "max_abandon_bp": combined.max_abandon_bp,
        "min_ring_ms": combined.ring_least_ms,
        "ring_alternative_rings": combined.ring_or_rings,
        "hours_mon_fri": None if hours is None else [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in hours],
        "scrub_age_days": combined.scrub_age_days,
        "on_foreign_ringback": combined.on_foreign_ringback.value,
        "attempts": tightest
        and {"max": tightest.most, "window": tightest.window.value, "key": tightest.key.value},
    }


def effective_profiles(candidates: Sequence[Profile], given: Given) -> Result:
    on = _day(given["date"])
    return {"in_force": [profile.id for profile in candidates if profile.in_force(on)]}


# --- ringing, the call ------------------------------------------------------------------------------------------------


def ring_check(profiles: Sequence[Profile], given: Given) -> Result:
    leg = Ringing(
        ended_ms=given["cancel_at_ms"],
        by_dialler=given.get("ended_by") != "network",
        ringing_ms=[sign["at_ms"] for sign in given.get("ringing") or () if sign.get("code") in (180, 183)],
        invite_ms=given.get("invite_at_ms"),
        delay_ms=given.get("pdd_estimate_ms"),
        rings=given.get("rings"),
    )
    broken = cut_short(profiles, leg)
    return {
        "ring_ms": leg.rang_ms,
        "violations": _min_ring(bool(broken)),
        "by_profile": {
            profile.id: {"ring_ms": leg.rang_ms, "violations": _min_ring(profile.id in broken)}
            for profile in profiles
        },
    }


def _min_ring(violated: bool) -> list[str]:
    return ["min_ring"] if violated else []


def foreign_ringback(profiles: Sequence[Profile], given: Given) -> Result:
    if given.get("identified", "foreign") != "foreign":
        return {"action": "none", "flag": False, "audit": False, "violations": []}
    override = given.get("override")
    if override is not None and not (override.get("by") and override.get("reason")):
        raise BadInput("an override needs by and reason", "override")
    made = on_foreign_ringback(
        profiles,
        given["ring_at_ms"],
        given["identified_at_ms"],
        given.get("answered_at_ms"),
        None if override is None else ForeignRingback(override["value"]),
    )
    found: Result = {
        "policy": made.policy.value,
        "action": made.action.value,
        "cancel_at_ms": made.cancel_at_ms,
        "flag": made.flagged,
        "audit": True,
        "violations": _min_ring(made.min_ring_violated),
    }
    if given.get("answered_at_ms") is None:
        # not answered: no person was abandoned, and nobody was called less often for it
        found |= {"in_A": False, "in_H": False, "counts_as_attempt": True}
    if made.action is ForeignAction.CANCEL:
        found["disposition"] = "foreign_ringback"
    return found


def in_call_rule(profiles: Sequence[Profile], given: Given) -> Result:
    ends = ends_call(profiles, given["event"])
    return {"end_call": ends is not None, "flag": None if ends is None else ends[1]}


def short_call(profiles: Sequence[Profile], given: Given) -> Result:
    lasted = timedelta(seconds=given["duration_s"])
    voicemail = bool(given.get("to_voicemail"))
    rules = [profile.short_calls for profile in profiles if profile.short_calls is not None]
    return {
        "short": any(is_short(rule, _day(given["date"]), lasted, to_voicemail=voicemail) for rule in rules)
    }


def short_call_quota(profiles: Sequence[Profile], given: Given) -> Result:
    rules = [profile.short_calls for profile in profiles if profile.short_calls is not None]
    return {"stop": any(quota_spent(rule, given["calls_per_day"], given["short_calls"]) for rule in rules)}


KINDS: Mapping[str, Callable[[Sequence[Profile], Given], Result]] = {
    "hours_check": hours_check,
    "attempt_check": attempt_check,
    "cooling_check": cooling_check,
    "dnc_check": dnc_check,
    "revocation_check": revocation_check,
    "optout_deadline": optout_deadline,
    "dnc_entry": dnc_entry,
    "caller_id_check": caller_id_check,
    "merge_profiles": merge_profiles,
    "effective_profiles": effective_profiles,
    "ring_check": ring_check,
    "foreign_ringback": foreign_ringback,
    "in_call_rule": in_call_rule,
    "short_call": short_call,
    "short_call_quota": short_call_quota,
}
