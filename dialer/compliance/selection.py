"""Which profiles govern a call: the union of all that match where it goes, why it is made, and on which day."""

from datetime import date
from functools import lru_cache

from dialer.compliance.call import CalledPlace
from dialer.compliance.profile import Nature, Profile, Scope, Voice
from dialer.compliance.rulebook import PROJECT_DEFAULT, Rulebook
from dialer.domain.campaign_rules import CallPurpose


def matching(
    book: Rulebook,
    place: CalledPlace,
    purposes: frozenset[CallPurpose],
    voice: Voice,
    home: frozenset[str],
    on: date,
) -> tuple[Profile, ...]:
    """Every profile in force on `on` that governs the call, in the order of the book; `project_default` always.

    An unknown country or state matches all of them: the call has to satisfy every law it may be under. Profiles named in
    `home` apply wherever the called party is. A sale of insurance is a sale as well.
    """
    return _matching(book, place.country, place.states, purposes, voice, home, on)


@lru_cache(maxsize=8192)
def _matching(
    book: Rulebook,
    country: str | None,
    states: tuple[str, ...],
    purposes: frozenset[CallPurpose],
    voice: Voice,
    home: frozenset[str],
    on: date,
) -> tuple[Profile, ...]:
    wider = _widened(purposes)
    return tuple(
        profile
        for profile in book.in_force(on)
        if profile.id in home
        or profile.id == PROJECT_DEFAULT
        or (
            not profile.scope.named_only
            and _there(profile.scope, country, states)
            and _such(profile.scope, wider, voice)
        )
    )


def _widened(purposes: frozenset[CallPurpose]) -> frozenset[CallPurpose]:
    return purposes | {CallPurpose.SALES} if CallPurpose.INSURANCE in purposes else purposes


def _there(scope: Scope, country: str | None, states: tuple[str, ...]) -> bool:
    if country is None or not scope.countries:
        return True
    if country not in scope.countries:
        return False
    return not scope.states or not states or not scope.states.isdisjoint(states)


def _such(scope: Scope, purposes: frozenset[CallPurpose], voice: Voice) -> bool:
    if scope.voices and voice not in scope.voices:
        return False
    if not scope.not_purposes.isdisjoint(purposes):
        return False
    return not scope.purposes or not scope.purposes.isdisjoint(purposes)


def rules_known(book: Rulebook, place: CalledPlace) -> bool:
    """Whether the book has any law, or what stands for it, of the country called. Where it has none, nobody knows what applies."""
    return place.country is not None and any(
        place.country in profile.scope.countries and profile.nature is not Nature.DRAFT
        for profile in book.profiles.values()
    )


def left_out(book: Rulebook, place: CalledPlace, home: frozenset[str], on: date) -> tuple[Profile, ...]:
    """Profiles of this place that would apply only if a campaign named them: industry codes and drafts."""
    return tuple(
        profile
        for profile in book.profiles.values()
        if profile.scope.named_only
        and profile.id not in home
        and place.country in profile.scope.countries
        and profile.in_force(on)
    )
