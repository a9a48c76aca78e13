"""All profiles that were read, and which version of them: what every decision and every attempt refers to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from dialer.compliance.profile import Profile
from dialer.errors import NotFound

PROJECT_DEFAULT = "project_default"
"""The profile that takes part in every call."""


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """`fingerprint` is the SHA-256 of all that was read, in hexadecimal: the version kept with every attempt.

    Two books are equal only if they are the same object: results are kept by it.
    """

    profiles: Mapping[str, Profile]
    fingerprint: str

    def profile(self, which: str) -> Profile:
        """Raises `NotFound`."""
        if (found := self.profiles.get(which)) is None:
            raise NotFound(f"there is no profile {which!r}; `fairdial rules list` shows all")
        return found

    def in_force(self, on: date, among: Iterable[str] | None = None) -> tuple[Profile, ...]:
        """Those whose dates include `on`, in the order of the book, or of `among`."""
        chosen = self.profiles.values() if among is None else map(self.profile, among)
        return tuple(profile for profile in chosen if profile.in_force(on))
