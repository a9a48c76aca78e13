"""Recordings people have made: in `recordings/` of the folder of the prompts, by the name a flow gives them
(`recordings/zh/welcome.wav`), or by flow and prompt (`recordings/hotline/welcome.zh.morning.wav`)."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivr.errors import PromptsRefused
from ivr.prompts.catalogue import Line

FOLDER: Final = "recordings"


@dataclass(frozen=True, slots=True)
class Recordings:
    """Those of a folder, by their path without ending."""

    folder: Path
    found: Mapping[str, Path]

    def named(self, file: str) -> Path | None:
        return self.found.get(file)

    def of(self, line: Line) -> Path | None:
        return self.found.get(f"{line.flow}/{line.stem}")


def recordings(folder: Path) -> Recordings:
    """Of two with the same name and other endings the first by ending is taken."""
    root = folder / FOLDER
    found: dict[str, Path] = {}
    for file in sorted(root.rglob("*")) if root.is_dir() else ():
        if file.is_file() and file.suffix and not file.name.startswith("."):
            found.setdefault(file.relative_to(root).with_suffix("").as_posix(), file)
    return Recordings(root, found)


def digest(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Match:
    file: Path
    line: Line


def matches(source: Path, lines: Iterable[Line]) -> tuple[list[Match], list[str]]:
    """Recordings of a folder or a CSV map for lines of the catalogue, and what is wrong with the others."""
    by_stem = {line.stem: line for line in lines}
    if source.is_dir():
        named = _of_folder(source)
    elif source.suffix.lower() == ".csv":
        named = _of_csv(source)
    else:
        raise PromptsRefused(f"{source} is neither a folder nor a .csv file")
    found, wrong, seen = [], [], set[str]()
    for file, stem, place in named:
        line = by_stem.get(stem)
        if line is None:
            wrong.append(f"{place}: {stem!r} is no prompt of the flow: `prompts list` has their names")
        elif stem in seen:
            wrong.append(f"{place}: there is another recording of {stem}")
        elif not file.is_file():
            wrong.append(f"{place}: {file} is not there")
        else:
            seen.add(stem)
            found.append(Match(file, line))
    return found, wrong


def _of_folder(source: Path) -> Iterator[tuple[Path, str, str]]:
    for file in sorted(source.rglob("*")):
        if file.is_file() and not file.name.startswith("."):
            yield file, file.relative_to(source).with_suffix("").as_posix(), str(file)


def _of_csv(source: Path) -> Iterator[tuple[Path, str, str]]:
    """Columns file, prompt, language, and variant, part where needed; paths from the folder of the CSV file."""
    try:
        with source.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened)
            lacking = {"file", "prompt", "language"} - set(rows.fieldnames or ())
            if lacking:
                raise PromptsRefused(f"{source}: no column {', '.join(sorted(lacking))}")
            for row in rows:
                given = [(row.get(name) or "").strip() for name in ("prompt", "language", "variant", "part")]
                stem = ".".join(part for part in given if part and part != "0")
                yield source.parent / (row["file"] or "").strip(), stem, f"{source}:{rows.line_num}"
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise PromptsRefused(f"{source} cannot be read: {wrong}") from None


def take(folder: Path, match: Match) -> Path:
    """Copies a recording to its place, which takes that of one that is there. Raises `PromptsRefused`."""
    root = (folder / FOLDER).resolve()
    stem = root / match.line.flow / match.line.stem
    target = stem.with_name(stem.name + match.file.suffix.lower())
    if not target.resolve().is_relative_to(root):
        raise PromptsRefused(f"{match.line.stem} leads out of {root}")
    target.parent.mkdir(parents=True, exist_ok=True)
    for other in target.parent.glob(f"{stem.name}.*"):
        if other.with_suffix("") == stem and other != target:
            other.unlink()
    draft = target.with_name(f".{target.name}.new")
    draft.write_bytes(match.file.read_bytes())
    draft.replace(target)
    return target
