"""Makes the sound files of flows: what is there is kept, the rest is made on all cores. Can be broken off at any time."""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from ivr.errors import PromptsRefused
from ivr.flow.model import Flow
from ivr.prompts.catalogue import Line, catalogue
from ivr.prompts.index import Entry, Index, change_index, write_whole
from ivr.prompts.pieces import PAUSE
from ivr.prompts.recordings import Recordings, digest, recordings
from ivr.prompts.settings import Settings
from ivr.prompts.sound import ENDINGS, RATES, Samples, Shape, decoded, encoded, seconds, treated
from ivr.prompts.synthesis import NoSynthesiser, synthesiser, voices
from ivr.spoken import vocabulary

_TREATMENT: Final = 1
"""Counts changes of what is done to sound: with another number everything is made again."""
_PAUSE_S: Final = 0.2
_BETWEEN_VOICES_S: Final = 0.06
_WORD_KEEPS_S: Final = 0.015  # single words of a number stand close together

_FEW: Final = 8  # made here: processes take a second to begin

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One sound file to be: from `recording`, or `text` spoken in `parts` of language and text. `what` is for messages."""

    name: str
    text: str
    parts: tuple[tuple[str, str], ...]
    rate: str
    recording: Path | None
    keep_s: float
    source: str
    what: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the index is to name it: `table` is words, recorded, files or vocabulary."""

    job: Job
    table: str
    group: str
    text: str


@dataclass(slots=True)
class Built:
    """`made` and `kept` count sound files; `failed` says of each that could not be made why. `seconds` of sound."""

    made: int = 0
    kept: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)
    index: Index = field(default_factory=Index)


def build(
    flows: Iterable[Flow],
    folder: Path,
    settings: Settings,
    now: float,
    *,
    names: Iterable[str] = (),
    workers: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Built:
    """`names` are texts that values may have (of contacts, say), made in every language of the flows. `now`: seconds of
    the epoch. Blocks. Raises `PromptsRefused` when nothing can be made at all; what fails for one file is in `failed`."""
    flows = list(flows)
    wanted = list(plan(flows, folder, settings, names))
    strict = {flow.name: sorted(catalogue(flow).strict) for flow in flows}
    jobs = {one.job.name: one.job for one in wanted}
    lacking = [job for job in jobs.values() if not _there(folder, job, settings)]
    built = Built(made=len(lacking), kept=len(jobs) - len(lacking))
    wrong = _run(lacking, folder, settings, workers or os.cpu_count() or 1, progress)
    built.made -= len(wrong)
    built.failed = sorted(wrong.values())

    def change(index: Index) -> None:
        for name, ids in strict.items():
            index.strict[name] = sorted({*index.strict.get(name, ()), *ids})
        for one in wanted:
            if one.job.name not in wrong:
                _enter(index, one, folder, settings)

    built.index = change_index(folder, change, now)
    built.seconds = sum(_length(folder, job, settings) for name, job in jobs.items() if name not in wrong)
    return built


def _enter(index: Index, one: Wanted, folder: Path, settings: Settings) -> None:
    entry = Entry(one.job.name, _length(folder, one.job, settings), one.job.source)
    if one.table == "files":
        index.files[one.text] = entry
    else:
        getattr(index, one.table).setdefault(one.group, {})[one.text] = entry


def _there(folder: Path, job: Job, settings: Settings) -> bool:
    return all(heard(file) for file in files_of(folder, job.name, settings))


def heard(file: Path) -> bool:
    """There, and not one that lost its content when the machine went down."""
    try:
        return file.stat().st_size > 44
    except FileNotFoundError:
        return False


def files_of(folder: Path, name: str, settings: Settings) -> list[Path]:
    return [folder / f"{name}.{ENDINGS[form]}" for form in settings.formats]


def _length(folder: Path, job: Job, settings: Settings) -> float:
    return seconds(files_of(folder, job.name, settings)[0])


# --- what is to be made -----------------------------------------------------------------------------------------------


def plan(
    flows: Iterable[Flow], folder: Path, settings: Settings, names: Iterable[str] = ()
) -> Iterator[Wanted]:
    """Every sound file that calls of these flows may need."""
    there, values = recordings(folder), list(dict.fromkeys(map(str.strip, names)))
    vocabularies: set[tuple[str, str]] = set()
    for flow in flows:
        made = catalogue(flow)
        for line in made.lines:
            yield from of_line(line, there, settings)
        for language, rate in made.vocabularies:
            yield from (_spoken("words", language, rate, name, settings, name) for name in values if name)
        vocabularies |= made.vocabularies
    for language, rate in sorted(vocabularies):
        yield from vocabulary_of(language, rate, settings)


def vocabulary_of(language: str, rate: str, settings: Settings) -> Iterator[Wanted]:
    for word in (PAUSE, *sorted(vocabulary(language))):
        yield _spoken("vocabulary", language, rate, word, settings, f"vocabulary {word!r}", _WORD_KEEPS_S)


def of_line(line: Line, there: Recordings, settings: Settings) -> Iterator[Wanted]:
    if line.file is not None and (named := there.named(line.file)) is not None:
        yield _recorded(line, named, "files", there, settings)
    elif line.text and not line.value and (own := there.of(line)) is not None:
        yield _recorded(line, own, "recorded", there, settings)
    elif line.text:
        what = f"prompt {line.prompt}" + (f" ({line.variant})" if line.variant else "")
        yield _spoken("words", line.language, line.rate, line.text, settings, what)


def _spoken(
    table: str,
    language: str,
    rate: str,
    text: str,
    settings: Settings,
    what: str,
    keep_s: float = Shape().keep_s,
) -> Wanted:
    parts = voices(text, language, settings)
    speakers = [synthesiser(settings, voice) for voice, _ in parts]
    name = _name(language, settings, keep_s, parts=parts, rate=rate, speakers=[repr(one) for one in speakers])
    source = "+".join(dict.fromkeys(one.source() for one in speakers)) if text != PAUSE else "silence"
    job = Job(name, text, parts, rate, None, keep_s, source, f"{what} in {language}")
    return Wanted(job, table, f"{language}/{rate}", text)


def _recorded(line: Line, file: Path, table: str, there: Recordings, settings: Settings) -> Wanted:
    keep_s = Shape().keep_s
    name = _name(line.language, settings, keep_s, recording=digest(file), ending=file.suffix)
    source = f"recording:{file.relative_to(there.folder).as_posix()}"
    what = f"{file}: prompt {line.prompt} in {line.language}"
    text = (line.file or "") if table == "files" else line.text
    job = Job(name, line.text, (), line.rate, file, keep_s, source, what)
    return Wanted(job, table, f"{line.flow}/{line.language}", text)


def _name(language: str, settings: Settings, keep_s: float, **content: Any) -> str:
    """`<language>/<hash>`, over everything that decides what is heard."""
    decides = {
        "treatment": _TREATMENT, "loudness": settings.loudness, "peak": settings.peak, "keep": keep_s, **content,
    }  # fmt: skip
    written = json.dumps(decides, ensure_ascii=False, sort_keys=True).encode()
    return f"{language}/{hashlib.sha256(written).hexdigest()[:16]}"


# --- making -----------------------------------------------------------------------------------------------------------


def _run(
    jobs: list[Job], folder: Path, settings: Settings, workers: int, progress: Progress
) -> dict[str, str]:
    """Why it failed, by name. One without synthesiser stops everything: it would fail for every text."""
    wrong: dict[str, str] = {}
    if not jobs:
        return wrong
    if len(jobs) <= _FEW:
        for done, job in enumerate(jobs, start=1):
            if (reason := make(job, folder, settings)) is not None:
                wrong[job.name] = f"{job.what}: {reason}"
            progress(done, len(jobs))
        return wrong
    # fresh processes: a fork of a program with threads may hang
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=fresh) as pool:
        running = {pool.submit(make, job, folder, settings): job for job in jobs}
        try:
            for done, future in enumerate(as_completed(running), start=1):
                job = running[future]
                if (reason := future.result()) is not None:
                    wrong[job.name] = f"{job.what}: {reason}"
                progress(done, len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return wrong


def make(job: Job, folder: Path, settings: Settings) -> str | None:
    """None, or why it cannot be made. Raises `NoSynthesiser`."""
    try:
        if job.text == PAUSE:
            _write_silence(job, folder, settings)
            return None
        if job.recording is not None:
            samples, rate = decoded(job.recording.read_bytes(), job.recording.suffix.lower())
        else:
            samples, rate = _voiced(job, settings)
        shape = Shape(-settings.loudness, -settings.peak, job.keep_s)
        made = {wanted: treated(samples, rate, wanted, shape) for wanted in _rates(settings)}
        for form, file in zip(settings.formats, files_of(folder, job.name, settings), strict=True):
            write_whole(file, encoded(made[RATES.get(form, 8_000)], form), safe=False)
    except NoSynthesiser:
        raise
    except PromptsRefused as refused:
        return str(refused)
    except OSError as wrong:
        return f"{wrong.filename}: {wrong.strerror}"
    return None


def _voiced(job: Job, settings: Settings) -> tuple[Samples, int]:
    """Parts of several voices at the same loudness, one after the other."""
    spoken = [decoded(synthesiser(settings, voice).speak(text, job.rate)) for voice, text in job.parts]
    if len(spoken) == 1:
        return spoken[0]
    wanted = max(rate for _, rate in spoken)
    even = [treated(samples, rate, wanted, Shape(keep_s=_BETWEEN_VOICES_S)) for samples, rate in spoken]
    return np.concatenate(even), wanted


def _write_silence(job: Job, folder: Path, settings: Settings) -> None:
    for form, file in zip(settings.formats, files_of(folder, job.name, settings), strict=True):
        write_whole(file, encoded(np.zeros(int(_PAUSE_S * RATES.get(form, 8_000))), form), safe=False)


def _rates(settings: Settings) -> set[int]:
    return {RATES.get(form, 8_000) for form in settings.formats}
