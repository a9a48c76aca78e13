"""What the service needs of the do-not-call registries."""

from collections.abc import Sequence
from typing import Protocol

from dialer.domain.phone_number import PhoneNumber
from dialer.domain.registry import RegistryListing, RegistryVersion


class RegistryBook(Protocol):
    """Every registry that was ever imported, in the order of their names. Answers come from memory, never from the disk's
    good will: nothing here waits, and nothing raises for a registry that has gone bad."""

    def registries(self) -> Sequence[RegistryVersion]:
        """The versions in use, those that cannot be read included."""
        ...

    def listings(self, number: PhoneNumber) -> Sequence[RegistryListing]:
        """What each registry says of the number, one listing for each of `registries()`."""
        ...

    def listed_among(self, registry: str, numbers: Sequence[PhoneNumber]) -> Sequence[bool]:
        """For each number in turn whether this registry lists it; all of them when the registry cannot be read.

        Raises `NotFound` for a registry that was never imported.
        """
        ...
