"""`index.json`: which file says which words. Written whole or not at all; the files it names never change."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ivr.errors import PromptsRefused
from ivr.prompts.catalogue import Line

FILE: Final = "index.json"
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """`file` without ending, in the folder of the prompts. `source`: espeak:en-us, recording:hotline/welcome.zh.wav."""

    file: str
    seconds: float
    source: str


Table = dict[str, Entry]


@dataclass(slots=True)
class Index:
    """`words` by `language/rate`, for all flows; `recorded` by `flow/language`: recordings of a flow's own words;
    `files`: recordings that flows name; `vocabulary` by `language/rate`; `strict`: ids of a flow's prompts of which nothing may be left out. `dropped`: files no longer named, and since when
    (seconds of the epoch). `version` counts what was written."""

    words: dict[str, Table] = field(default_factory=dict)
    recorded: dict[str, Table] = field(default_factory=dict)
    files: Table = field(default_factory=dict)
    vocabulary: dict[str, Table] = field(default_factory=dict)
    strict: dict[str, list[str]] = field(default_factory=dict)
    dropped: dict[str, float] = field(default_factory=dict)
    version: int = 0

    def of(self, line: Line) -> Entry | None:
        """What is played for a line of the catalogue, as a call looks for it."""
        if line.file is not None and (found := self.files.get(line.file)) is not None:
            return found
        if not line.text:
            return None
        recorded = self.recorded.get(f"{line.flow}/{line.language}", {}).get(line.text)
        return recorded or self._words(line)

    def _words(self, line: Line) -> Entry | None:
        for rate in (line.rate, "normal"):
            if (found := self.words.get(f"{line.language}/{rate}", {}).get(line.text)) is not None:
                return found
        return None

    def entries(self) -> Iterator[Entry]:
        yield from self.files.values()
        for tables in (self.words, self.recorded, self.vocabulary):
            for table in tables.values():
                yield from table.values()

    def as_json(self) -> dict[str, Any]:
        return {"form": _FORM, **asdict(self)}


def read_index(folder: Path) -> Index:
    """An empty one when there is none. Raises `PromptsRefused`."""
    file = folder / FILE
    try:
        written = json.loads(file.read_bytes())
        if written.pop("form") != _FORM:
            raise PromptsRefused(
                f"{file} was written by another version of this program: build the prompts again"
            )
        return Index(
            words=_tables(written["words"]),
            recorded=_tables(written["recorded"]),
            files=_table(written["files"]),
            vocabulary=_tables(written["vocabulary"]),
            strict=written["strict"],
            dropped=written["dropped"],
            version=written["version"],
        )
    except FileNotFoundError:
        return Index()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise PromptsRefused(
            f"{file} cannot be read ({broken}): remove it and build the prompts again"
        ) from None


def _tables(written: Mapping[str, Any]) -> dict[str, Table]:
    return {name: _table(table) for name, table in written.items()}


def _table(written: Mapping[str, Any]) -> Table:
    return {text: Entry(**entry) for text, entry in written.items()}


def change_index(folder: Path, change: Callable[[Index], None], now: float) -> Index:
    """Reads, changes, writes, with no other builder in between. What `change` no longer names is dropped as of `now`,
    seconds of the epoch."""
    with locked(folder):
        index = read_index(folder)
        before = {entry.file for entry in index.entries()}
        change(index)
        named = {entry.file for entry in index.entries()}
        dropped = {file: index.dropped.get(file, now) for file in (before | index.dropped.keys()) - named}
        index.dropped = dropped
        index.version += 1
        write_whole(folder / FILE, json.dumps(index.as_json(), ensure_ascii=False, indent=1).encode())
        return index


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_whole(file: Path, data: bytes, *, safe: bool = True) -> None:
    """Into its place as the last act; `safe` also from a crash of the machine, which costs some milliseconds."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("wb") as out:
        out.write(data)
        if safe:
            out.flush()
            os.fsync(out.fileno())
    draft.replace(file)
