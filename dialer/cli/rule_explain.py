"""What the rules come to for one number: which profiles, why, the strictest figures, open or not."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import typer

from dialer.cli import console
from dialer.cli.rule_words import RuleWords, percent
from dialer.cli.session import Session, with_session
from dialer.compliance.call import CalledPlace
from dialer.compliance.combine import Combined, combine
from dialer.compliance.holiday_calendars import PublicHolidays
from dialer.compliance.hours import hours_refusal
from dialer.compliance.overrides import loosened
from dialer.compliance.place import place_of
from dialer.compliance.profile import Profile, Voice
from dialer.compliance.refusal import Refusal
from dialer.compliance.rulebook import PROJECT_DEFAULT, Rulebook
from dialer.compliance.selection import left_out, matching, rules_known
from dialer.compliance.zones import zone_of
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.phone_number import BadNumber, PhoneNumber, parse_number
from dialer.errors import BadInput
from dialer.words import name_of

_ZONES_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Question:
    number: str
    purposes: frozenset[CallPurpose]
    voice: Voice
    campaign: str | None
    at: datetime
    state: str | None
    consent: bool


@dataclass(frozen=True, slots=True)
class Answer:
    number: PhoneNumber
    place: CalledPlace
    rules: CampaignRules
    profiles: tuple[Profile, ...]
    left_out: tuple[Profile, ...]
    combined: Combined
    refusal: Refusal | None
    known: bool
    version: str

    def as_json(self) -> dict[str, Any]:
        words = RuleWords("en")
        return {
            "number": self.number,
            "place": self.place,
            "rules_known": self.known,
            "profiles": [
                {"id": profile.id, "title": profile.title, "why": _why(profile, self.rules, words)}
                for profile in self.profiles
            ],
            "left_out": [profile.id for profile in self.left_out],
            "combined": self.combined,
            "overrides": self.rules.overrides,
            "open": self.refusal is None,
            "refusal": self.refusal,
            "version": self.version,
        }


def answer(book: Rulebook, asked: Question) -> Answer:
    """Raises `BadInput`, `NotFound`; with a campaign also what opening the store raises."""
    number = _number(asked.number)
    rules = CampaignRules() if asked.campaign is None else with_session(lambda it: _rules(it, asked.campaign))
    if asked.purposes:
        rules = replace(rules, purposes=asked.purposes)
    place = place_of(number, asked.state)
    zone = zone_of(place.zones[0]) if place.zones else None
    on = asked.at.astimezone(zone).date()
    profiles = loosened(matching(book, place, rules.purposes, asked.voice, rules.home, on), rules.overrides)
    refusal = hours_refusal(
        profiles, place.zones, asked.at, PublicHolidays(), consent=asked.consent, guard=rules.closing_guard
    )
    return Answer(
        number,
        place,
        rules,
        profiles,
        left_out(book, place, rules.home, on),
        combine(profiles),
        refusal,
        rules_known(book, place) or bool(rules.home),
        book.fingerprint,
    )


async def _rules(session: Session, campaign: str | None) -> CampaignRules:
    return (await session.campaign(campaign or "")).plan.rules


def _number(written: str) -> PhoneNumber:
    try:
        return parse_number(written, console.settings().default_region)
    except BadNumber as wrong:
        raise BadInput(f"{written}: {wrong}", "number") from None


def show(found: Answer) -> None:
    words = RuleWords(console.language())
    typer.echo(_place(found))
    if not found.known:
        console.tell("rules.unknown_place")
    rows = [
        (
            profile.id,
            words.title(profile),
            _why(profile, found.rules, words),
            name_of("nature", profile.nature, words.language),
        )
        for profile in found.profiles
    ]
    console.show(("profile", "title", "why", "nature"), rows)
    if found.left_out:
        console.tell("rules.left_out", profiles=", ".join(profile.id for profile in found.left_out))
    for each in found.rules.overrides:
        console.tell(
            "rules.loosened",
            profile=each.profile,
            field=each.field,
            value=each.value,
            by=each.by,
            why=each.why,
        )
    console.show(("rule", "figure", "came_from"), _figures(found, words))
    _now(found.refusal)
    console.tell("rules.no_advice")


def _place(found: Answer) -> str:
    place = found.place
    states = f" ({', '.join(place.states)})" if place.states else ""
    if place.country == "US" and not place.states:
        states = console.words("rules.all_states")
    return console.words(
        "rules.place",
        number=found.number.e164,
        country=place.country or console.words("rules.unknown_country"),
        states=states,
        zones=_zones(place.zones),
    )


def _zones(zones: Sequence[str]) -> str:
    if not zones:
        return console.words("rules.no_zones")
    first = ", ".join(zones[:_ZONES_SHOWN])
    more = len(zones) - _ZONES_SHOWN
    return console.words("rules.more_zones", zones=first, number=more) if more > 0 else first


def _why(profile: Profile, rules: CampaignRules, words: RuleWords) -> str:
    if profile.id in rules.home:
        return console.words("rules.named")
    if profile.id == PROJECT_DEFAULT:
        return console.words("rules.always")
    scope = profile.scope
    parts = [
        ", ".join(sorted(scope.countries)),
        ", ".join(sorted(scope.states)),
        ", ".join(name_of("purpose", each, words.language) for each in sorted(scope.purposes)),
        ", ".join(name_of("voice", each, words.language) for each in sorted(scope.voices)),
    ]
    return " · ".join(part for part in parts if part)


def _figures(found: Answer, words: RuleWords) -> Iterator[tuple[str, str, str]]:
    """(rule, figure, the profiles it comes from), the strictest of all profiles together."""
    rows: dict[tuple[str, str], list[str]] = {}
    for rule, figure, came_from in (*_of_the_call(found, words), *_of_the_rest(found, words)):
        rows.setdefault((rule, figure), []).extend(came_from)
    for (rule, figure), ids in rows.items():
        yield name_of("rule", rule, words.language), figure, ", ".join(dict.fromkeys(ids))


Row = tuple[str, str, Sequence[str]]


def _of_the_call(found: Answer, words: RuleWords) -> Iterator[Row]:
    combined, origin = found.combined, found.combined.came_from
    if combined.max_abandon_bp is not None:
        yield "abandonment", percent(combined.max_abandon_bp), origin.get("max_abandon_bp", ())
    for rule in combined.connect:
        yield "connect", words.connect(rule), _holders(found, lambda each: (each.connect,), rule)
    if combined.ring_least_ms is not None:
        ring = words.ring_for(combined.ring_least_ms, combined.ring_or_rings)
        yield "ring", ring, origin.get("ring_least_ms", ())
    foreign = name_of("ringback", combined.on_foreign_ringback, words.language)
    yield "foreign_ringback", foreign, origin.get("on_foreign_ringback", ())
    for day in ("weekdays", "saturday", "sunday", "holiday"):
        hours = getattr(combined, f"hours_{day}")
        if hours is not None or day == "weekdays":
            yield f"hours_{day}", words.hours(hours), origin.get(f"hours_{day}", ())


def _of_the_rest(found: Answer, words: RuleWords) -> Iterator[Row]:
    combined, origin = found.combined, found.combined.came_from
    for cap in combined.attempts:
        yield "attempts", words.attempts(cap), _holders(found, lambda each: each.attempts, cap)
    for rest in combined.cooling:
        yield "cooling", words.cooling(rest), _holders(found, lambda each: each.cooling, rest)
    if combined.scrub_age_days is not None:
        names = ", ".join(sorted(combined.registries))
        figure = console.words("rules.registry", registries=names, days=combined.scrub_age_days)
        yield "registry", figure, origin.get("scrub_age_days", ())
    least = name_of("consent_least", combined.consent, words.language)
    yield "consent", least, origin.get("consent", ())
    parts = ", ".join(name_of("part", part, words.language) for part in sorted(combined.message_parts))
    if parts:
        yield "message", parts, origin.get("message_parts", ())
    duties = words.caller_id_duties(
        combined.caller_id_allow_list, combined.caller_id_may_withhold, combined.caller_id_proof
    )
    yield "caller_id", duties, origin.get("caller_id_allow_list", ())
    for kept in combined.retention.values():
        yield "retention", words.retention(kept), _holders(found, lambda each: each.retention, kept)


def _holders(found: Answer, rules: Callable[[Profile], Iterable[object]], rule: object) -> list[str]:
    return [profile.id for profile in found.profiles if rule in rules(profile)]


def _now(refusal: Refusal | None) -> None:
    if refusal is None:
        console.tell("rules.open_now")
        return
    reason = name_of("refusal", refusal.reason, console.language())
    if refusal.profile:
        console.tell("rules.shut_by", reason=reason, profile=refusal.profile, citation=refusal.citation)
    else:
        console.tell("rules.shut", reason=reason)
    if refusal.until is None:
        console.tell("rules.no_next")
    else:
        console.tell("rules.next", moment=console.moment(refusal.until))
