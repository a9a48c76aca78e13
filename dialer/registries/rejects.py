"""The lines of an import that could not be read: a CSV file with file, line, reason and the line itself."""

import csv
import io
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from dialer.registries.exact import BadLine
from dialer.registries.order import MOST_SHOWN, Rejected

_HEADINGS = ("file", "line", "because", "text")


class RejectFile:
    """Goes on after `length` bytes, as an earlier run left it."""

    def __init__(self, path: Path, length: int = 0) -> None:
        self.path = path
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(length)
        self._file.seek(length)
        if length == 0:
            self._file.write((",".join(_HEADINGS) + "\r\n").encode("utf-8-sig"))

    def add(self, name: str, bad: Sequence[BadLine], before: int) -> None:
        """Of a piece of a file, with so many lines before it."""
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerows((name, before + each.line + 1, each.because, _harmless(each.text)) for each in bad)
        self._file.write(text.getvalue().encode())

    def sync(self) -> int:
        """To the disk; returns the length."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def first(self) -> tuple[Rejected, ...]:
        """At most 100."""
        self._file.flush()
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = islice(csv.DictReader(file), MOST_SHOWN)
            return tuple(Rejected(row["file"], int(row["line"]), row["because"]) for row in rows)

    def close(self) -> None:
        self._file.close()


def _harmless(text: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
