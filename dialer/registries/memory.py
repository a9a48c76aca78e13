"""Registries in memory: for simulated floors and tests."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from dialer.domain.phone_number import PhoneNumber
from dialer.domain.registry import RegistryListing, RegistryVersion
from dialer.errors import NotFound


class MemoryRegistries:
    """Implements `dialer.ports.registries.RegistryBook`."""

    def __init__(self) -> None:
        self._numbers: dict[str, frozenset[str]] = {}
        self._about: dict[str, RegistryVersion] = {}

    def put(self, registry: str, as_of: date, numbers: Iterable[str], version: str = "") -> None:
        """Exchange a registry's numbers, given in E.164."""
        listed = frozenset(numbers)
        self._numbers[registry] = listed
        self._about[registry] = RegistryVersion(registry, version or as_of.isoformat(), as_of, len(listed))

    def spoil(self, registry: str, problem: str) -> None:
        """From now on it cannot be read."""
        self._about[registry] = replace(self._about[registry], problem=problem)

    def registries(self) -> Sequence[RegistryVersion]:
        return [self._about[name] for name in sorted(self._about)]

    def listings(self, number: PhoneNumber) -> Sequence[RegistryListing]:
        return [self._listing(about, number) for about in self.registries()]

    def listed_among(self, registry: str, numbers: Sequence[PhoneNumber]) -> Sequence[bool]:
        if registry not in self._about:
            raise NotFound(f"there is no registry {registry!r}")
        return [self._listing(self._about[registry], number).listed for number in numbers]

    def _listing(self, about: RegistryVersion, number: PhoneNumber) -> RegistryListing:
        listed = not about.readable or number.e164 in self._numbers[about.registry]
        return RegistryListing(about.registry, about.version, about.as_of, listed, about.readable)
