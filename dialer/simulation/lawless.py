"""The gate of a simulated floor: the real one, under a book without any law. What is studied is pacing."""

from collections.abc import Mapping, Sequence
from datetime import date

from dialer.clock import Clock
from dialer.compliance.call import CalledPlace
from dialer.compliance.call_rules import CallRulesBook
from dialer.compliance.holiday_calendars import FixedHolidays
from dialer.compliance.profile import Nature, Profile, Scope
from dialer.compliance.rulebook import PROJECT_DEFAULT, Rulebook
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.registry import RegistryListing, RegistryVersion
from dialer.engine.gatekeeper import Gatekeeper
from dialer.errors import NotFound

_NOWHERE = "US"


class NoRegistries:
    """Of a floor on which no registry was ever imported."""

    def registries(self) -> Sequence[RegistryVersion]:
        return ()

    def listings(self, number: PhoneNumber) -> Sequence[RegistryListing]:
        return ()

    def listed_among(self, registry: str, numbers: Sequence[PhoneNumber]) -> Sequence[bool]:
        raise NotFound(f"there is no registry {registry!r}")


def _everywhere(
    number: PhoneNumber, attributes: Mapping[str, str], zones: Sequence[str], stated: str | None
) -> CalledPlace:
    return CalledPlace(_NOWHERE, (), tuple(zones))


def lawless_gatekeeper(clock: Clock) -> Gatekeeper:
    """Knows the campaign's own limits, our own lists, and the clock."""
    nothing = Profile(
        PROJECT_DEFAULT,
        "nothing",
        Nature.PROJECT_POLICY,
        Scope(frozenset({_NOWHERE})),
        as_of=date(2026, 1, 1),
    )
    book = Rulebook({nothing.id: nothing}, "none")
    return Gatekeeper(CallRulesBook(book), NoRegistries(), FixedHolidays(()), clock, _everywhere)
