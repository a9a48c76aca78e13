"""What an import of a list says: how far it is, and which rows could not be taken."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dialer.cli import console
from dialer.domain.contact_rows import RefusedRow
from dialer.errors import BadInput

_SHOWN_REFUSED = 20


class Report(Protocol):
    """Of any import: rows read, taken and refused, and the refused ones."""

    @property
    def read(self) -> int: ...
    @property
    def taken(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def rows(self) -> Sequence[RefusedRow]: ...


@contextmanager
def bar(name: str) -> Iterator[Callable[[int, int, int, int], None] | None]:
    """On stderr, so that stdout stays clean; nothing without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(console.words("cli.importing", name=name), total=None)

        def advance(done: int, size: int, taken: int, refused: int) -> None:
            progress.update(task, completed=done, total=size)

        yield advance


def show(done: Report, report: Path | None) -> None:
    console.tell("cli.imported", read=done.read, taken=done.taken, refused=done.refused)
    if done.rows:
        console.show(("line", "because"), [(row.line, row.because) for row in done.rows[:_SHOWN_REFUSED]])
    if report is not None:
        console.tell("cli.report_written", file=report)
    elif len(done.rows) > _SHOWN_REFUSED:
        console.tell("cli.refused_more", count=done.refused - _SHOWN_REFUSED)


def write(file: Path, rows: Sequence[RefusedRow]) -> None:
    """With a byte order mark: spreadsheets then read Chinese rightly."""
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(("line", "because"))
            writer.writerows((row.line, _harmless(row.because)) for row in rows)
    except OSError as unwritable:
        raise BadInput(f"cannot write {file}: {unwritable.strerror}") from None


def _harmless(text: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
