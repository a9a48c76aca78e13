"""Do-not-call registries: copies of a whole country's list, each of a date. Our own entries live in the database."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RegistryState(StrEnum):
    GOOD = "good"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class RegistryListing:
    """What one registry says of one number, and the evidence for it.

    `as_of` is the day on which the publisher's copy was obtained; how old it may be depends on the rules that apply (31
    days under 16 CFR 310.4(b)(3)(iv)). A registry that cannot be read says `listed` for every number, with
    `readable` False: who cannot know does not call.
    """

    registry: str
    version: str
    as_of: date | None
    listed: bool
    readable: bool = True


@dataclass(frozen=True, slots=True)
class RegistryVersion:
    """The copy of a registry in use. Without one that can be read, `problem` says why and `as_of` may be None."""

    registry: str
    version: str
    as_of: date | None
    state: RegistryState
    problem: str = ""
    numbers: int = 0
    bytes: int = 0
    country: int = 0  # calling code
    imported_at: datetime | None = None

    def age_days(self, today: date) -> int | None:
        """Of the publisher's data, not of the file."""
        return None if self.as_of is None else (today - self.as_of).days
