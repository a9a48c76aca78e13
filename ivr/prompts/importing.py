"""Takes recordings in, each after it has been read and treated once; those that cannot be are told and left out."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ivr.errors import PromptsRefused
from ivr.flow.model import Flow
from ivr.prompts.catalogue import catalogue
from ivr.prompts.recordings import Match, matches, take
from ivr.prompts.sound import MOST_BYTES, Shape, decoded, treated


@dataclass(frozen=True, slots=True)
class Taken:
    prompt: str
    language: str
    variant: str
    part: int
    file: Path
    seconds: float


def take_in(flow: Flow, source: Path, folder: Path) -> tuple[list[Taken], list[str]]:
    """Recordings from a folder (`<prompt>.<language>[.<variant>][.<part>].<ending>`) or a CSV map, and what is wrong with
    the others. `build` makes sounds of them. Raises `PromptsRefused`; blocks."""
    lines = [line for line in catalogue(flow).lines if line.text and not line.value]
    found, wrong = matches(source, lines)
    taken: list[Taken] = []
    for match, result in zip(found, _measured(found), strict=True):
        line = match.line
        if isinstance(result, str):
            which = line.prompt + (f" ({line.variant})" if line.variant else "")
            wrong.append(f"{match.file}: prompt {which} in {line.language}: {result}")
        else:
            file = take(folder, match)
            taken.append(Taken(line.prompt, line.language, line.variant, line.part, file, round(result, 3)))
    return taken, wrong


def _measured(found: Sequence[Match]) -> list[float | str]:
    if not found:
        return []
    with ProcessPoolExecutor(
        min(len(found), os.cpu_count() or 1), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        return list(pool.map(measured, [match.file for match in found]))


def measured(file: Path) -> float | str:
    """Seconds of what would be heard of it, or why it cannot be taken."""
    try:
        if file.stat().st_size > MOST_BYTES:  # before it is read
            return f"is larger than {MOST_BYTES // 1_000_000} MB"
        samples, rate = decoded(file.read_bytes(), file.suffix.lower())
        return len(treated(samples, rate, 8_000, Shape())) / 8_000
    except PromptsRefused as refused:
        return str(refused)
    except OSError as unreadable:
        return unreadable.strerror or "cannot be read"
