"""What an import is asked to do, and what it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from dialer.registries.layout import Wish

MOST_SHOWN = 100
KEEP = 3


@dataclass(frozen=True, slots=True)
class Progress:
    phase: Literal["reading", "writing"]
    done: int  # bytes
    size: int
    file: str
    numbers: int
    rejected: int


Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """`files` are the whole list, or with `delta` changes to the version in use; `deletes` only holds numbers to be
    taken off it. `accept` takes a copy that is older, or has lost more than half of the numbers."""

    registry: str
    as_of: date
    files: tuple[Path, ...] = ()
    deletes: tuple[Path, ...] = ()
    delta: bool = False
    region: str = "US"
    wish: Wish = field(default_factory=Wish)
    accept: bool = False
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    file: str
    line: int
    because: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`numbers` are those in the new version, `read` the lines that were numbers. `first_rejected` are at most 100."""

    registry: str
    version: str
    as_of: date
    numbers: int
    lines: int
    read: int
    rejected: int
    first_rejected: tuple[Rejected, ...]
    rejected_file: Path | None
    previous: str
    previous_numbers: int
    bytes: int
    resumed: bool
