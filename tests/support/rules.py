"""Profiles by hand, for tests: only what a test is about is given."""

from datetime import date
from functools import cache
from typing import Any

from dialer.compliance.profile import Nature, Profile, Scope, Source
from dialer.compliance.rulebook import Rulebook
from dialer.rulebook.load import load_rules

SOURCE = Source("a statute", "V")


def profile(which: str = "p", **rules: Any) -> Profile:
    scope = rules.pop("scope", Scope())
    return Profile(which, which, rules.pop("nature", Nature.LAW), scope, date(2026, 1, 1), **rules)


@cache
def shipped() -> Rulebook:
    return load_rules().book
