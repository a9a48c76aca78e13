"""Do-not-call registries: a state's or an industry's list of which we hold a dated copy."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class RegistryVersion:
    """A copy as the registry was on `as_of`. `problem` is set when it is missing or cannot be read: it then clears nobody."""

    registry: str
    version: str
    as_of: date | None
    numbers: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RegistryListing:
    """What one copy says of one number."""

    registry: str
    version: str
    as_of: date | None
    listed: bool
    problem: str = ""
