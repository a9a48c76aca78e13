"""One file of profiles becomes profiles, or a refusal that says where and why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from dialer.compliance.holiday_calendars import exists
from dialer.compliance.hours import calendars_of
from dialer.compliance.profile import Nature, Profile, Source
from dialer.rulebook.fields import Key, RuleField, rule
from dialer.rulebook.sections import ADDED, SINGLE, scope

_HEAD = ("title", "nature", "as_of", "applies_to", "in_force", "floor")
_WHOLE = (*_HEAD, *ADDED, *SINGLE, "duties")
_TITLE = {"en": Key("en", RuleField.words, required=True), "zh": Key("zh", RuleField.words, required=True)}
_DUTY = {
    "en": Key("en", lambda field: field.words(400), required=True),
    "zh": Key("zh", lambda field: field.words(400), required=True),
}
_IN_FORCE = {"from": Key("begins", RuleField.day), "until": Key("ends", RuleField.day)}


@dataclass(frozen=True, slots=True)
class _Words:
    en: str
    zh: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class _Dates:
    source: Source
    begins: date | None = None
    ends: date | None = None


def entries(node: yaml.Node) -> dict[str, RuleField]:
    """The entries of a file by id, in its order."""
    found: dict[str, RuleField] = {}
    for which, field in RuleField(node).mapping().items():
        RuleField(field.node, which).mapping()
        if not which.replace("_", "a").isalnum() or not which.islower() or not which.isascii():
            field.wrong("an id is small letters, digits and _, such as us_fl")
        found[which] = field
    return found


def profile(which: str, field: RuleField, file: str) -> Profile:
    """Raises `BadInput` with file, line, column, the profile, the name of the value and what is allowed."""
    given = field.mapping(_WHOLE)
    for needed in ("title", "nature", "as_of", "applies_to"):
        if needed not in given:
            field.wrong(f"{needed} is missing")
    title = rule(given["title"], _Words, _TITLE, sourced=False)
    made = Profile(
        id=which,
        title=title.en,
        title_zh=title.zh,
        nature=given["nature"].choice(Nature),
        scope=scope(given["applies_to"]),
        as_of=given["as_of"].day(),
        file=file,
        floor=given["floor"].yes() if "floor" in given else False,
        **_in_force(given),
        **sections(given),
    )
    _check(made, given)
    return made


def sections(given: Mapping[str, RuleField]) -> dict[str, Any]:
    """The rules among `given`, by the attribute of `Profile`."""
    found: dict[str, Any] = {
        name: read(given[name]) for name, read in {**ADDED, **SINGLE}.items() if name in given
    }
    if "duties" in given:
        duties = [rule(item, _Words, _DUTY) for item in given["duties"].items()]
        found["duties"] = tuple((duty.en, duty.source) for duty in duties)
        found["duties_zh"] = tuple(duty.zh for duty in duties)
    return found


def _in_force(given: Mapping[str, RuleField]) -> dict[str, Any]:
    if "in_force" not in given:
        return {}
    dates = rule(given["in_force"], _Dates, _IN_FORCE)
    if dates.begins is not None and dates.ends is not None and dates.ends < dates.begins:
        given["in_force"].wrong(f"until {dates.ends} is before from {dates.begins}")
    return {"effective_from": dates.begins, "effective_to": dates.ends, "dates_source": dates.source}


def _check(made: Profile, given: Mapping[str, RuleField]) -> None:
    """What single values cannot see."""
    if made.scope.states and len(made.scope.countries) != 1:
        given["applies_to"].wrong("states need the one country that they belong to")
    if made.hours is None or made.hours.holiday is None:
        return
    calendars = calendars_of(made)
    if not calendars or not all(exists(calendar) for calendar in calendars):
        given["hours"].wrong("holiday needs holidays: the calendars in which they are, such as [US-LA]")
