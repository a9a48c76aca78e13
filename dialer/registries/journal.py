"""How far an import has come, so that the same command goes on after whatever ended it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from dialer.errors import Conflict
from dialer.registries.shelf import replace
from dialer.registries.sources import Source

_FORMAT = 1


@dataclass(slots=True)
class SourceProgress:
    """`identity` is the file's; `offset` counts unpacked bytes."""

    name: str
    identity: list[Any]
    offset: int = 0
    lines: int = 0
    numbers: int = 0
    rejected: int = 0
    done: bool = False


@dataclass(slots=True)
class Journal:
    """`version` is empty until the index is complete. `base` is what a change list is applied to."""

    registry: str
    as_of: date
    region: str
    reading: list[str]  # what the operator said about columns
    delta: bool
    base: str
    created_at: datetime
    sources: list[SourceProgress]
    slots: dict[int, int] = field(default_factory=dict)
    rejected_bytes: int = 0
    version: str = ""
    resumed: bool = False

    def save(self, file: Path) -> None:
        replace(file, orjson.dumps(asdict(self) | {"format": _FORMAT}, option=orjson.OPT_NON_STR_KEYS))

    @classmethod
    def read(cls, file: Path) -> "Journal | None":
        """None when there is none, or none that this program understands: then the import begins anew."""
        try:
            said = orjson.loads(file.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        if said.pop("format", None) != _FORMAT:
            return None
        said["as_of"] = date.fromisoformat(said["as_of"])
        said["created_at"] = datetime.fromisoformat(said["created_at"])
        said["sources"] = [SourceProgress(**each) for each in said["sources"]]
        said["slots"] = {int(block): slot for block, slot in said["slots"].items()}
        return cls(**said)

    def sum(self, what: Literal["numbers", "rejected", "lines"]) -> int:
        """Over all files."""
        return sum(getattr(each, what) for each in self.sources)

    @property
    def untouched(self) -> bool:
        """Nothing was taken from any file yet."""
        return not any(each.offset or each.done for each in self.sources)

    def must_fit(self, wanted: "Journal") -> None:
        """Whether `wanted` is this import once more. Raises `Conflict`, saying what differs."""
        for what, ours, theirs in (
            ("as of", self.as_of, wanted.as_of),
            ("region", self.region, wanted.region),
            ("columns", self.reading, wanted.reading),
            ("change list", self.delta, wanted.delta),
            ("base", self.base, wanted.base),
        ):
            if ours != theirs:
                raise _unfinished(self.registry, f"{what}: {ours} there, {theirs} here")
        if len(self.sources) != len(wanted.sources):
            raise _unfinished(self.registry, f"{len(self.sources)} files there, {len(wanted.sources)} here")
        for before, now in zip(self.sources, wanted.sources, strict=True):
            if before.offset and before.identity != now.identity:
                raise _unfinished(self.registry, f"{before.name} has changed since it was read")

    def take_files_of(self, wanted: "Journal") -> None:
        """Files that were not begun may have been fetched again."""
        for before, now in zip(self.sources, wanted.sources, strict=True):
            before.name, before.identity = now.name, now.identity


def begun(sources: Sequence[Source]) -> list[SourceProgress]:
    return [SourceProgress(each.name, list(each.identity)) for each in sources]


def _unfinished(registry: str, what: str) -> Conflict:
    return Conflict(
        f"an import of {registry} was interrupted and this is another one ({what}): "
        "give the same command to go on, or add --restart to throw it away"
    )
