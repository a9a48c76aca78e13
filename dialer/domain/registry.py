"""Do-not-call registries: a country's, state's or industry's list of which we hold a dated copy.

Our own entries, with reason, origin and expiry, are in the database.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class RegistryVersion:
    """A copy as the registry was on `as_of`. `problem` is set when it is missing or cannot be read: it then clears nobody.

    `country` is the calling code its numbers belong to, `bytes` the size of its file.
    """

    registry: str
    version: str
    as_of: date | None
    numbers: int
    problem: str = ""
    bytes: int = 0
    country: int = 0
    imported_at: datetime | None = None

    @property
    def readable(self) -> bool:
        return not self.problem

    def age_days(self, today: date) -> int | None:
        """Of the publisher's data, not of our file. How old it may be is for the rules to say: 31 days under 16 CFR
        310.4(b)(3)(iv), 28 in the United Kingdom."""
        return None if self.as_of is None else (today - self.as_of).days


@dataclass(frozen=True, slots=True)
class RegistryListing:
    """What one copy says of one number. One that is not `readable` says `listed` of every number: who cannot know does not
    call."""

    registry: str
    version: str
    as_of: date | None
    listed: bool
    readable: bool = True
