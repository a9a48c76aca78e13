"""Call-backs that the fallback IVR took while the service was away: out of its folder, into the database, each once.

One JSON object on each line, as `ivr.agi.fallback` writes it. A file that is read whole goes; one with a line that cannot be
read is set aside as `*.json.rejected`, so that nothing a caller asked for is thrown away and nothing is reported twice.
"""

import asyncio
import json
import logging
import os
import re
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from dialer.errors import BadInput, FairdialError
from dialer.ports.ivr import CallerRequests, SpooledCallback

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
REJECTED = ".rejected"

_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_TEXTS = ("caller", "called", "language", "uniqueid")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class SpoolProblem:
    """`line` 0: the file as a whole."""

    file: Path
    line: int
    why: str


@dataclass(slots=True)
class SpoolReport:
    """`known`: taken by an earlier run that was broken off."""

    taken: int = 0
    known: int = 0
    files: int = 0
    problems: list[SpoolProblem] = field(default_factory=list)


class _Unreadable(ValueError):
    pass


async def import_spool(folder: Path, requests: CallerRequests) -> SpoolReport:
    """Raises `StorageDown`, and what was not taken by then stays; `BadInput` when the folder cannot be read."""
    report = SpoolReport()
    for file in await asyncio.to_thread(_files, folder):
        report.files += 1
        callbacks, problems = await asyncio.to_thread(_read, file)
        for callback in callbacks:
            if await requests.take_spooled(callback):
                report.taken += 1
            else:
                report.known += 1
        report.problems += problems
        problem = await asyncio.to_thread(_put_away, file, bool(problems))
        if problem is not None:
            report.problems.append(problem)
    return report


class SpoolWatch:
    """Looks into the folder now and then, for ever. A folder that is not there is none: the fallback may never have run."""

    def __init__(
        self,
        folder: Path,
        requests: CallerRequests,
        *,
        every_s: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder, self._requests = folder, requests
        self._every_s, self._sleep = every_s, sleep

    async def run(self) -> None:
        while True:
            await self.look()
            await self._sleep(self._every_s)

    async def look(self) -> SpoolReport | None:
        """None when it could not be done now: the files wait."""
        if not await asyncio.to_thread(self._folder.is_dir):
            return None
        try:
            report = await import_spool(self._folder, self._requests)
        except FairdialError as failed:
            log.warning("spool not read", extra={"action": "spool.failed", "why": str(failed)})
            return None
        for problem in report.problems:
            log.warning(
                "call-back not readable",
                extra={
                    "action": "spool.rejected",
                    "file": problem.file.name,
                    "line": problem.line,
                    "why": problem.why,
                },
            )
        if report.taken:
            log.info("call-backs taken", extra={"action": "spool.taken", "count": report.taken})
        return report


def _files(folder: Path) -> list[Path]:
    """What is being written begins with a dot."""
    try:
        return sorted(
            Path(each.path)
            for each in os.scandir(folder)
            if each.name.endswith(".json") and not each.name.startswith(".")
        )
    except OSError as failure:
        raise BadInput(f"cannot read the folder {folder}: {failure.strerror}", "folder") from None


def _read(file: Path) -> tuple[list[SpooledCallback], list[SpoolProblem]]:
    found: list[SpooledCallback] = []
    problems: list[SpoolProblem] = []
    try:
        text = _content(file)
    except (OSError, _Unreadable) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        return [], [SpoolProblem(file, 0, why or type(wrong).__name__)]
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            found.append(_callback(line))
        except _Unreadable as wrong:
            problems.append(SpoolProblem(file, number, str(wrong)))
    if not found and not problems:
        problems.append(SpoolProblem(file, 0, "it is empty"))
    return found, problems


def _content(file: Path) -> bytes:
    """No links: whoever may write into the folder could otherwise have any file read."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as opened:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _Unreadable("it is no regular file")
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _Unreadable(f"it has more than {MOST_BYTES} bytes")
    return content


def _callback(line: bytes) -> SpooledCallback:
    try:
        entry = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _Unreadable("it is no JSON in UTF-8") from None
    if not isinstance(entry, dict):
        raise _Unreadable("it is no object")
    number = _text(entry, "number")
    if not _NUMBER.fullmatch(number):
        raise _Unreadable("number: must be 3 to 20 digits")
    texts = {name: _text(entry, name) for name in _TEXTS}
    return SpooledCallback(id=_id(entry), at=_moment(entry), number=number, **texts)


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise _Unreadable(f"{name}: must be one line of at most {_LONGEST} characters")
    return value


def _id(entry: dict[str, Any]) -> UUID:
    try:
        return UUID(_text(entry, "id"))
    except ValueError:
        raise _Unreadable("id: must be a UUID") from None


def _moment(entry: dict[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(_text(entry, "at"))
    except ValueError:
        raise _Unreadable("at: must be a moment such as 2026-02-17T09:30:00+00:00") from None
    if at.tzinfo is None or not 1970 < at.year < 2200:
        raise _Unreadable("at: must have a zone, and a year from 1971 to 2199")
    return at


def _put_away(file: Path, rejected: bool) -> SpoolProblem | None:
    try:
        if rejected:
            file.rename(file.with_name(file.name + REJECTED))
        else:
            file.unlink(missing_ok=True)
    except OSError as failure:
        return SpoolProblem(file, 0, f"it was read, but stays: {failure.strerror}")
    return None
