"""The figures of a profile in words, in the operator's language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from dialer.compliance.hours import spelled
from dialer.compliance.profile import (
    AbandonmentRule,
    AttemptCap,
    CallerIdRule,
    ConnectRule,
    ConsentRule,
    CoolingRule,
    HoursRule,
    MessageRule,
    OpenHours,
    OptOutRule,
    Profile,
    RegistryRule,
    RetentionRule,
    RingRule,
    ShortCallRule,
    Source,
)
from dialer.words import Language, name_of, say


@dataclass(frozen=True, slots=True)
class Figure:
    """`rule` is a key of the catalogue under `rule.`; `source` None for a choice of this product."""

    rule: str
    words: str
    source: Source | None


class RuleWords:
    """Rules in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def evidence(self, tags: str) -> str:
        """ "S/K" as "reported / unverified"."""
        return " / ".join(self._name("evidence", tag) for tag in tags.split("/"))

    def title(self, profile: Profile) -> str:
        return profile.title_zh or profile.title if self.language == "zh" else profile.title

    def figures(self, profile: Profile) -> Iterator[Figure]:
        """Everything that a profile says, each with its source."""
        if profile.dates_source is not None:
            yield Figure("dates", self.dates(profile), profile.dates_source)
        for name in ("abandonment", "connect", "ring", "message"):
            yield from self._of(profile, name)
        if profile.on_foreign_ringback is not None:
            yield Figure("foreign_ringback", self._name("ringback", profile.on_foreign_ringback), None)
        if profile.hours is not None:
            yield from self._hours(profile.hours)
        for name in ("attempts", "cooling", "registry", "consent", "opt_out", "caller_id", "retention"):
            yield from self._of(profile, name)
        yield from self._of(profile, "short_calls")
        for event, flag in profile.in_call.items():
            yield Figure("in_call", self._say("in_call", event=f"{event} ({flag})"), None)
        words = profile.duties_zh if self.language == "zh" and profile.duties_zh else None
        for place, (duty, source) in enumerate(profile.duties):
            yield Figure("duty", words[place] if words else duty, source)

    def _of(self, profile: Profile, name: str) -> Iterator[Figure]:
        value = getattr(profile, name)
        for rule in value if isinstance(value, tuple) else () if value is None else (value,):
            yield Figure(name, getattr(self, name)(rule), rule.source)

    def _say(self, key: str, **values: object) -> str:
        return say(f"rules.{key}", self.language, **values)

    def _name(self, group: str, value: str) -> str:
        return name_of(group, value, self.language)

    # --- one rule each ------------------------------------------------------------------------------------------------

    def dates(self, profile: Profile) -> str:
        begins, ends = profile.effective_from, profile.effective_to
        return self._say(
            "dates",
            begins=self._say("unknown_date") if begins is None else begins,
            ends=self._say("open_date") if ends is None else ends,
        )

    def abandonment(self, rule: AbandonmentRule) -> str:
        window = self._name("cut", rule.window)
        words = self._say(
            "guard" if rule.guard else "abandonment", limit=percent(rule.limit_bp), window=window
        )
        return words + ("" if rule.target_bp is None else self._say("target", target=percent(rule.target_bp)))

    def connect(self, rule: ConnectRule) -> str:
        return self._say("connect", seconds=seconds(rule.threshold_ms), clock=self._name("clock", rule.clock))

    def ring(self, rule: RingRule) -> str:
        return self.ring_for(rule.least_ms, rule.or_rings)

    def ring_for(self, least_ms: int, or_rings: int | None) -> str:
        key = "ring" if or_rings is None else "ring_or"
        return self._say(key, seconds=seconds(least_ms), rings=or_rings)

    def message(self, rule: MessageRule) -> str:
        parts = ", ".join(self._name("part", part) for part in sorted(rule.parts))
        if rule.within_ms is None:
            return self._say("message_promptly", parts=parts)
        return self._say("message", parts=parts, seconds=seconds(rule.within_ms))

    def hours(self, hours: OpenHours | None) -> str:
        if hours is None:
            return self._say("any_hours")
        return spelled(hours) if hours else self._say("closed")

    def _hours(self, rule: HoursRule) -> Iterator[Figure]:
        days = (
            ("weekdays", rule.weekdays),
            ("saturday", rule.saturday),
            ("sunday", rule.sunday),
            ("holiday", rule.holiday),
        )
        for day, hours in days:
            if hours is not None:
                yield Figure(f"hours_{day}", self.hours(hours), rule.source)
        if rule.consent_lifts:
            yield Figure("hours_consent", self._say("consent_lifts"), rule.source)

    def attempts(self, cap: AttemptCap) -> str:
        return self._say(
            "attempts",
            most=cap.most,
            counted=self._name("counted", cap.counted),
            window=self._name("span", cap.window),
            per=self._name("per", cap.key),
        )

    def cooling(self, rule: CoolingRule) -> str:
        span = self._say("same_day") if rule.same_day else self._span(rule)
        words = self._say("cooling", span=span, event=self._name("happened", rule.after))
        return words + (self._say("unless_operator") if rule.unless_operator else "")

    def registry(self, rule: RegistryRule) -> str:
        words = self._say("registry", registries=", ".join(rule.registries), days=rule.oldest_days)
        if rule.relationship_overrides:
            words += self._say("registry_relationship")
        return words + (self._say("registry_reassigned") if rule.reassigned_check else "")

    def consent(self, rule: ConsentRule) -> str:
        words = self._name("consent_least", rule.least)
        if rule.from_day is not None:
            words = self._say("consent_from", least=words, day=rule.from_day)
        if rule.purposes:
            words += f" ({', '.join(self._name('purpose', each) for each in sorted(rule.purposes))})"
        return words + (self._say("consent_relationship") if rule.relationship_suffices else "")

    def opt_out(self, rule: OptOutRule) -> str:
        if rule.business_days is not None:
            words = self._say("opt_out_business", days=rule.business_days)
        else:
            words = self._say("opt_out_days", days=rule.days) if rule.days else self._say("opt_out_at_once")
        topics = rule.all_topics_from
        return words + ("" if topics is None else self._say("opt_out_topics", day=topics))

    def caller_id(self, rule: CallerIdRule) -> str:
        return self.caller_id_duties(rule.allow_list, rule.may_withhold, rule.proof_of_right)

    def caller_id_duties(self, listed: bool, may_withhold: bool, proof: bool) -> str:
        duties = (("list", listed), ("shown", not may_withhold), ("proof", proof))
        return ", ".join(self._say(f"caller_id_{duty}") for duty, due in duties if due)

    def retention(self, rule: RetentionRule) -> str:
        span = self._say("for_ever") if rule.for_ever else self._span(rule)
        record, since = self._name("record", rule.record), self._name("since", rule.since)
        return self._say("kept", record=record, span=span, since=since)

    def short_calls(self, rule: ShortCallRule) -> str:
        limits = sorted(rule.longest_s, key=lambda limit: limit[0] or date.min)
        return self._say("short_calls", share=rule.most_percent, seconds=limits[-1][1], calls=rule.from_calls)

    def _span(self, rule: Any) -> str:
        units = ("years", "months", "days", "hours")
        numbers = [(unit, getattr(rule, unit, None)) for unit in units]
        return " ".join(self._say(unit, number=number) for unit, number in numbers if number)


def percent(basis_points: int) -> str:
    """300 as 3 %."""
    return f"{basis_points / 100:g} %"


def seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g}"
