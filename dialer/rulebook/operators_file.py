"""The operator's own rules: new profiles, and those of the product made stricter.

    acme_house:                      # a profile of its own: whatever it says binds on top of the rest
      title: {en: Our house rules, zh: 公司规定}
      …
    acme_tsr:                        # one of the product's, made stricter
      tightens: us_ftc_tsr
      ring: {at_least: 20 s, cite: our own policy, evidence: P}

Looser than the product's is refused, unless the entry says `override: {by: …, why: …, date: …}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import yaml

from dialer.compliance.profile import Profile
from dialer.rulebook.fields import Key, RuleField, rule
from dialer.rulebook.reader import entries, profile, sections
from dialer.rulebook.sections import ADDED, SINGLE
from dialer.rulebook.tightening import looser

_OVERRIDE = {
    "by": Key("by", RuleField.words, required=True),
    "why": Key("why", RuleField.words, required=True),
    "date": Key("on", RuleField.day, required=True),
}


@dataclass(frozen=True, slots=True)
class Loosened:
    """One field of one profile that the operator's file makes looser on purpose."""

    profile: str
    field: str
    by: str
    why: str
    on: date


def applied(found: dict[str, Profile], node: yaml.Node, file: str) -> tuple[Loosened, ...]:
    """Adds to `found` and tightens in it. Returns what was loosened. Raises `BadInput`."""
    loosened: list[Loosened] = []
    for which, field in entries(node).items():
        if "tightens" in field.mapping():
            loosened += _changed(found, field, file)
        elif which in found:
            field.wrong(
                f"is a profile of {found[which].file}: to make it stricter, say `tightens: {which}` in an entry"
            )
        else:
            found[which] = profile(which, field, file)
    return tuple(loosened)


def _changed(found: dict[str, Profile], field: RuleField, file: str) -> list[Loosened]:
    given = field.mapping(("tightens", "override", *ADDED, *SINGLE, "duties"))
    before = found.get(given["tightens"].text)
    if before is None:
        given["tightens"].wrong(
            f"{given['tightens'].text!r} is no profile read before; there are {', '.join(found)}"
        )
    override = rule(given["override"], _Override, _OVERRIDE, sourced=False) if "override" in given else None
    after = _after(before, sections(given), loosen=override is not None)
    loosened: list[Loosened] = []
    for name in given.keys() & {*ADDED, *SINGLE}:
        problem = looser(before, after, name)
        if problem and override is None:
            given[name].wrong(
                f"{problem}: looser than {before.id} ({_citation(before, name)}). The entry may only be stricter, "
                "or say who loosens it and why: override: {by: …, why: …, date: …}"
            )
        if problem and override is not None:
            loosened.append(Loosened(before.id, name, override.by, override.why, override.on))
    found[before.id] = replace(after, file=f"{before.file}, {file}")
    return loosened


def _after(before: Profile, new: Mapping[str, Any], *, loosen: bool) -> Profile:
    """Lists are added to, so that both bind; only who loosens replaces them."""
    values = dict(new)
    for name in ("duties", "duties_zh", *(() if loosen else ADDED)):
        if name in values:
            values[name] = (*getattr(before, name), *values[name])
    if not loosen and "in_call" in values:
        values["in_call"] = {**before.in_call, **values["in_call"]}
    return replace(before, **values)


def _citation(before: Profile, name: str) -> str:
    value = getattr(before, name)
    first = value[0] if isinstance(value, tuple) and value else value
    return first.source.citation if hasattr(first, "source") else "convention of this product"


@dataclass(frozen=True, slots=True)
class _Override:
    by: str
    why: str
    on: date
