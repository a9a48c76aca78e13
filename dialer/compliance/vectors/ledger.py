"""Answers test vectors on the abandonment ledger and its message: structured input in, the same functions as in service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from dialer.compliance import abandonment_rates as rates
from dialer.compliance.abandonment_classes import (
    AnsweredBy,
    Classified,
    HangupBy,
    LiveAnswer,
    SentTo,
    classify,
    strictest,
)
from dialer.compliance.abandonment_rates import Action, Count, Judgement, RateVerdict, Tally
from dialer.compliance.abandonment_windows import Window, window_at, window_of_day
from dialer.compliance.message_text import OPT_OUT_KEY, lint
from dialer.compliance.opt_out import Heard, on_key
from dialer.compliance.profile import MessagePart, Profile, WindowRule

Given = Mapping[str, Any]
Result = dict[str, Any]

_ANSWER = datetime(2026, 1, 1, tzinfo=UTC)
_WINDOWS = {
    "us_30_day_block": WindowRule.US_30_DAY_BLOCK,
    "uk_calendar_day": WindowRule.CALENDAR_DAY,
    "ca_calendar_month": WindowRule.CALENDAR_MONTH,
}
_GUARD_DAYS = 30
_GUARD_BP = 300


# --- one call ---------------------------------------------------------------------------------------------------------------


def classify_call(profiles: Sequence[Profile], given: Given) -> Result:
    answer = _answer(given)
    found = [classify(answer, profile) for profile in profiles]
    told = _told(strictest(found))
    return {**told, "by_profile": {one.id: _told(each) for one, each in zip(profiles, found, strict=True)}}


def _answer(given: Given) -> LiveAnswer:
    events = given["events"]

    def at(name: str) -> datetime | None:
        ms = events.get(name)
        return None if ms is None else _ANSWER + timedelta(milliseconds=ms)

    return LiveAnswer(
        answered_at=at("answer_ms") or _ANSWER,
        greeting_start=at("greeting_start_ms"),
        greeting_end=at("greeting_end_ms"),
        joined_at=at("agent_joined_ms"),
        message_at=at("msg_started_ms"),
        optout_at=at("optout_ms"),
        ended_at=at("hangup_ms"),
        ended_by=HangupBy(events["hangup_by"]) if events.get("hangup_by") else None,
        sent_to=SentTo(events["sent_to"]) if events.get("sent_to") else None,
        verdict=_answered_by(given.get("amd_verdict")),
        reviewed=_answered_by(given.get("review")),
        prerecorded=given.get("campaign") == "prerecorded_consented",
    )


def _answered_by(word: str | None) -> AnsweredBy | None:
    return AnsweredBy(word) if word not in (None, "none") else None


def _told(found: Classified) -> Result:
    return {
        "class": found.call_class.value,
        "in_A": found.in_a,
        "in_H": found.in_h,
        "message_ok": found.message_ok,
        "violations": sorted(found.violations),
    }


# --- rates --------------------------------------------------------------------------------------------------------------------


def rate_test(profiles: Sequence[Profile], given: Given) -> Result:
    tally = Tally(given["A"], given["H"])
    if "machine_verdicts" in given:
        tally = rates.with_false_positives(tally, _exact(given["fp_rate"]) * given["machine_verdicts"])
    found = {profile.id: _judgements(tally, profile, given) for profile in profiles}
    every = [judged for judgements in found.values() for judged in judgements]
    told = {name: _overall(tally, judgements) for name, judgements in found.items() if judgements}
    return {**_overall(tally, every), "by_profile": told}


def _judgements(tally: Tally, profile: Profile, given: Given) -> list[Judgement]:
    """Each rule of the profile by its own limit, or by the one given."""
    if not profile.abandonment:
        return [rates.judge(tally, given["limit_bp"])] if "limit_bp" in given else []
    return [
        rates.judge(tally, given.get("limit_bp", rule.limit_bp), rule.alarm_bp)
        for rule in profile.abandonment
    ]


def _overall(tally: Tally, judgements: Sequence[Judgement]) -> Result:
    weight = list(Action)
    return {
        "verdict": rates.worst(each.verdict for each in judgements).value,
        "rate": _ratio(tally),
        "display": rates.display(tally),
        "dial_mode": max((each.dial_mode.value for each in judgements), default="predictive"),
        "action": max((each.action for each in judgements), key=weight.index, default=Action.NONE).value,
    }


def rate_by_campaign(profiles: Sequence[Profile], given: Given) -> Result:
    tallies = {each["id"]: Tally(each["A"], each["H"]) for each in given["campaigns"]}
    if given["unit"] == "per_call_centre":
        tallies = {"": sum(tallies.values(), Tally(0, 0))}
    verdicts = {name: rates.verdict(tally, given["limit_bp"]) for name, tally in tallies.items()}
    failing = [name for name, verdict in verdicts.items() if name and verdict is RateVerdict.FAIL]
    return {"verdict": rates.worst(verdicts.values()).value, "failing": failing}


def ofcom_rate(profiles: Sequence[Profile], given: Given) -> Result:
    if given["method"] == "amd":
        estimated = _exact(given["fp_rate"]) * given["machine_verdicts"]
        tally = rates.ofcom_with_detector(given["abandoned"], given["live"], estimated)
    else:
        tally = rates.ofcom_without_detector(given["abandoned"], given["live"], given["agent_machines"])
    judged = rates.judge(tally, given["limit_bp"])
    x = tally.abandoned
    told = {"verdict": judged.verdict.value, "display": judged.display, "rate": _ratio(tally)}
    return {**told, "x": _number(x), "y": _number(tally.answered - x)}


def fp_budget(profiles: Sequence[Profile], given: Given) -> Result:
    found = rates.false_positive_budget(
        given["machines"], given["people"], _exact(given["amd_accuracy"]), given["limit_bp"]
    )
    return {
        "est_false_positives": _number(found.estimated),
        "allowed_total": _number(found.allowed),
        "true_abandons_left": _number(found.left),
        "pacing_target_bp": _number(found.target_bp),
    }


def overdial_budget(profiles: Sequence[Profile], given: Given) -> Result:
    risk, expected = _exact(given["risk_in_flight"]), _exact(given["expected_in_flight"])
    tally = Tally(given["A"], given["H"])
    return {"may_overdial": rates.may_overdial(tally, risk, expected, given["limit_bp"])}


def _exact(value: int | float | str) -> Fraction:
    return Fraction(Decimal(str(value)))


def _number(value: Count) -> int | str:
    """A whole number, or a decimal as text; a fraction that no decimal hits stays one."""
    exact = Fraction(value)
    if exact.denominator == 1:
        return exact.numerator
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    return str(decimal) if Fraction(decimal) == exact else str(exact)


def _ratio(tally: Tally) -> str | None:
    """Not reduced where both are whole numbers: people recognise the counts."""
    if not tally.answered:
        return None
    a, h = Fraction(tally.abandoned), Fraction(tally.answered)
    return f"{a}/{h}" if a.denominator == h.denominator == 1 else str(a / h)


# --- windows ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Segment:
    first: date
    last: date
    tally: Tally


def window_bounds(profiles: Sequence[Profile], given: Given) -> Result:
    rule, zone = _WINDOWS[given["window"]], ZoneInfo(given["zone"])
    began = _day(given["campaign_start"], zone) if given.get("campaign_start") else None
    if given.get("date"):
        window = window_of_day(rule, zone, date.fromisoformat(given["date"]), began)
    else:
        window = window_at(rule, zone, datetime.fromisoformat(given["at"]), began)
    hours = window.hours
    return {
        "window_id": window.id,
        "start": window.begins.isoformat(),
        "end": window.ends.isoformat(),
        "hours": int(hours) if hours == int(hours) else hours,
    }


def _day(value: str, zone: ZoneInfo) -> date:
    if "T" in value:
        return datetime.fromisoformat(value).astimezone(zone).date()
    return date.fromisoformat(value)


def window_rates(profiles: Sequence[Profile], given: Given) -> Result:
    """Raises ValueError for a segment that lies in two windows: nobody could say how its counts are shared."""
    rule, zone = _WINDOWS[given["window"]], ZoneInfo(given["zone"])
    began = _day(given["campaign_start"], zone) if given.get("campaign_start") else None
    segments = [_segment(each, began) for each in given["segments"]]
    tallies: dict[str, Tally] = {}
    for segment in segments:
        window = _only_window(rule, zone, segment, began)
        tallies[window.id] = tallies.get(window.id, Tally(0, 0)) + segment.tally
    limit = given.get("limit_bp") or _limit(profiles, rule)
    verdicts = {name: rates.verdict(tally, limit) for name, tally in tallies.items()}
    told: Result = {
        "verdict": rates.worst(verdicts.values()).value,
        "windows": [
            {"id": name, "A": tally.abandoned, "H": tally.answered, "verdict": verdicts[name].value}
            for name, tally in tallies.items()
        ],
        "total_display": rates.display(sum(tallies.values(), Tally(0, 0))),
    }
    return {**told, **_guard(segments)} if given.get("guard_window") else told


def _segment(given: Given, began: date | None) -> _Segment:
    if "dates" in given:
        first, last = (date.fromisoformat(day) for day in given["dates"])
    elif began is not None:
        first, last = (began + timedelta(days=day - 1) for day in given["days"])
    else:
        raise ValueError("days of a campaign need its start")
    return _Segment(first, last, Tally(given["A"], given["H"]))


def _only_window(rule: WindowRule, zone: ZoneInfo, segment: _Segment, began: date | None) -> Window:
    window = window_of_day(rule, zone, segment.first, began)
    if window_of_day(rule, zone, segment.last, began) != window:
        raise ValueError(f"{segment.first} to {segment.last} lies in more than one window")
    return window


def _limit(profiles: Sequence[Profile], rule: WindowRule) -> int:
    return min(each.limit_bp for profile in profiles for each in profile.abandonment if each.window is rule)


def _guard(segments: Sequence[_Segment]) -> Result:
    """At the end of each segment, over the whole segments of the last 30 days."""
    looks = []
    for at in segments:
        since = at.last - timedelta(days=_GUARD_DAYS - 1)
        held = [each.tally for each in segments if since <= each.first and each.last <= at.last]
        looks.append(sum(held, Tally(0, 0)))
    highest = max(looks, key=lambda tally: tally.rate or Fraction(0))
    alarm = any(rates.verdict(tally, _GUARD_BP) is RateVerdict.FAIL for tally in looks)
    return {"guard_alarm": alarm, "guard_display": rates.display(highest)}


# --- the message ----------------------------------------------------------------------------------------------------------------


def message_lint(profiles: Sequence[Profile], given: Given) -> Result:
    found = lint(given["text"], given["seller"], given["phone"], profiles)
    problems = [part.value for part in MessagePart if any(each.part is part for each in found)]
    return {"ok": not problems, "problems": problems}


def optout_key(profiles: Sequence[Profile], given: Given) -> Result:
    effect = on_key(given["key"], Heard(given["during"]), OPT_OUT_KEY)
    return {
        "dnc_inserted": effect.opts_out,
        "call_ended": effect.ends_call,
        "next_attempt_allowed": effect.refusal is None,
        "reason": None if effect.refusal is None else effect.refusal.value,
    }


KINDS = {
    "classify_call": classify_call,
    "rate_test": rate_test,
    "rate_by_campaign": rate_by_campaign,
    "window_rates": window_rates,
    "window_bounds": window_bounds,
    "ofcom_rate": ofcom_rate,
    "fp_budget": fp_budget,
    "overdial_budget": overdial_budget,
    "message_lint": message_lint,
    "optout_key": optout_key,
}
