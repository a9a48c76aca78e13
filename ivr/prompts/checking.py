"""What callers would not hear, or not as it stands in the flow; and what is no longer needed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ivr.flow.model import Flow
from ivr.flow.problems import Problem, Weight
from ivr.flow.validation.names import in_head
from ivr.prompts.building import files_of, heard, of_line, plan, vocabulary_of
from ivr.prompts.catalogue import Catalogue, Line, catalogue
from ivr.prompts.index import Entry, Index, change_index, locked, read_index
from ivr.prompts.recordings import Recordings, recordings
from ivr.prompts.settings import Settings

LONGEST_S: Final = 30.0
"""Longer than this without a pause for an answer, callers do not listen."""
_KEEP_S: Final = 3600.0
_HAN_S, _LETTER_S = 0.22, 0.065  # of unhurried speech


@dataclass(frozen=True, slots=True)
class Finding:
    """`code`: missing (nothing is heard), stale (words, voice or recording have changed since), no_recording (the one the
    flow names is not there, a voice speaks in its place), too_long, odd_length (more or less sound than the words take),
    left_out (a value nobody knows beforehand), must_be_made (the same where nothing may be left out)."""

    code: str
    flow: str
    prompt: str
    language: str
    variant: str = ""
    part: int = 0
    words: str = ""
    seconds: float = 0.0

    @property
    def severe(self) -> bool:
        return self.code == "missing"


def findings(flow: Flow, folder: Path, settings: Settings) -> list[Finding]:
    """Raises `PromptsRefused` when the index cannot be read."""
    index, there, made = read_index(folder), recordings(folder), catalogue(flow)
    found = [one for line in made.lines for one in _of_line(line, index, there, folder, settings)]
    found += _of_vocabularies(flow, made, index, folder, settings)
    for free in made.free:
        code = "must_be_made" if free.strict else "left_out"
        found.append(Finding(code, flow.name, free.prompt, free.language, words=f"{{{free.expression}}}"))
    return found


def unheard(flow: Flow) -> list[Problem]:
    """Warnings for whoever writes a flow: values of which no sound can be made when it is published."""
    said: dict[tuple[str, str], list[str]] = {}
    for free in catalogue(flow).free:
        code = "value_must_be_made" if free.strict else "value_left_out"
        prompts = said.setdefault((code, free.expression), [])
        prompts += [free.prompt] if free.prompt not in prompts else []
    problems = []
    for (code, expression), prompts in said.items():
        values = {"value": f"{{{expression}}}", "prompts": ", ".join(prompts)}
        problems.append(replace(in_head(flow, "", code, **values), weight=Weight.WARNING))
    return problems


def _of_line(
    line: Line, index: Index, there: Recordings, folder: Path, settings: Settings
) -> Iterator[Finding]:
    entry = index.of(line)
    if entry is None or not _on_disk(folder, entry, settings):
        yield _finding("missing", line)
        return
    if line.file is not None and there.named(line.file) is None:
        yield _finding("no_recording", line)
    if entry.file not in {one.job.name for one in of_line(line, there, settings)}:
        yield _finding("stale", line, entry.seconds)
    if entry.seconds > LONGEST_S and line.text:
        yield _finding("too_long", line, entry.seconds)
    expected = _expected_s(line.text)
    if line.text and line.file is None and not expected / 4 - 0.2 <= entry.seconds <= expected * 4 + 2:
        yield _finding("odd_length", line, entry.seconds)


def _expected_s(text: str) -> float:
    return sum(_LETTER_S if char.isascii() else _HAN_S for char in text)


def _of_vocabularies(
    flow: Flow, made: Catalogue, index: Index, folder: Path, settings: Settings
) -> Iterator[Finding]:
    for language, rate in sorted(made.vocabularies):
        known = index.vocabulary.get(f"{language}/{rate}", {})
        for one in vocabulary_of(language, rate, settings):
            entry = known.get(one.text)
            if entry is None or not _on_disk(folder, entry, settings):
                yield Finding("missing", flow.name, f"vocabulary/{rate}", language, words=one.text)
            elif entry.file != one.job.name:
                yield Finding("stale", flow.name, f"vocabulary/{rate}", language, words=one.text)


def _finding(code: str, line: Line, seconds: float = 0.0) -> Finding:
    words = line.text or f"[{line.file}]"
    return Finding(code, line.flow, line.prompt, line.language, line.variant, line.part, words, seconds)


def _on_disk(folder: Path, entry: Entry, settings: Settings) -> bool:
    return all(heard(file) for file in files_of(folder, entry.file, settings))


# --- what is no longer needed -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pruned:
    """Sound files no published version needs; `removed` of them, `waiting` those that calls may still be playing."""

    files: tuple[Path, ...]
    bytes: int
    removed: int
    waiting: int


def prune(
    flows: Iterable[Flow],
    folder: Path,
    settings: Settings,
    now: float,
    *,
    names: Iterable[str] = (),
    remove: bool = False,
) -> Pruned:
    """`flows`: every version of every published flow. What they do not need leaves the index, and an hour later the
    disk; so do texts made beforehand that are not among `names`. Without `remove` nothing changes. `now`: seconds of the epoch."""
    needed = [(one.table, one.group, one.text) for one in plan(flows, folder, settings, names)]
    index = read_index(folder)
    if remove:
        index = change_index(folder, lambda index: _forget(index, set(needed)), now)
    else:
        _forget(index, set(needed))
    named = {entry.file for entry in index.entries()}
    with locked(folder):
        spare = [file for file in _sounds(folder) if _name(folder, file) not in named]
        due = [file for file in spare if now - _since(index, folder, file) > _KEEP_S]
        size = sum(file.stat().st_size for file in spare)
        for file in due if remove else ():
            file.unlink(missing_ok=True)
    if remove:
        gone = {_name(folder, file) for file in due}
        change_index(folder, lambda index: _settle(index, gone), now)
    return Pruned(tuple(spare), size, len(due) if remove else 0, len(spare) - len(due))


def _forget(index: Index, needed: set[tuple[str, str, str]]) -> None:
    index.files = {text: entry for text, entry in index.files.items() if ("files", text) in _files(needed)}
    for table in ("words", "recorded", "vocabulary"):
        groups = getattr(index, table)
        for group, entries in groups.items():
            groups[group] = {text: one for text, one in entries.items() if (table, group, text) in needed}


def _files(needed: set[tuple[str, str, str]]) -> set[tuple[str, str]]:
    return {(table, text) for table, _, text in needed if table == "files"}


def _settle(index: Index, gone: set[str]) -> None:
    index.dropped = {file: since for file, since in index.dropped.items() if file not in gone}


def _sounds(folder: Path) -> list[Path]:
    """Only what was made here: `<language>/<sixteen digits>.<ending>`."""
    return sorted(
        file
        for file in folder.glob("*/*.*")
        if len(file.parent.name) <= 3 and len(file.stem) == 16 and file.is_file()
    )


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).with_suffix("").as_posix()


def _since(index: Index, folder: Path, file: Path) -> float:
    """When it was dropped; one that was never named, left by a build that was broken off, since it was made."""
    return index.dropped.get(_name(folder, file), file.stat().st_mtime)
