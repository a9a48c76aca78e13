"""A contact list as people save it: encoding and delimiter found out, physical lines counted, broken quotes survived."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from dialer.domain.contact_rows import RefusedRow
from dialer.errors import BadInput

LONGEST_LINE = 65_536
MOST_LINES = 100  # of one record: beyond that a quote was left open
DELIMITERS = ",;\t|"

_PIECE = 1 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Shape:
    encoding: str
    delimiter: str
    size: int


@dataclass(frozen=True, slots=True)
class Record:
    """A row's cells, and the line on which it begins."""

    line: int
    cells: list[str]


def examine(path: Path) -> Shape:
    """Reads the whole file once. Raises `BadInput` for what is not a text file with a header."""
    with path.open("rb") as file:
        _refuse_binary(file)
        encoding = _encoding(file)
        file.seek(0)
        header = _first_line(file, encoding)
        return Shape(encoding, _delimiter(header), path.stat().st_size)


def _refuse_binary(file: BinaryIO) -> None:
    if file.read(2) in _UTF_16:
        raise BadInput("the file is in UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)")
    file.seek(0)
    offset = 0
    while piece := file.read(_PIECE):
        if (place := piece.find(b"\0")) >= 0:
            raise BadInput(
                f"byte {offset + place} is NUL: this is not a CSV file (in Excel: save as CSV UTF-8)"
            )
        offset += len(piece)
    if offset == 0:
        raise BadInput("the file is empty")


def _encoding(file: BinaryIO) -> str:
    bad = _first_bad_byte(file, "utf-8")
    if bad is None:
        return "utf-8-sig"  # with or without the mark
    if _first_bad_byte(file, "gb18030") is None:
        return "gb18030"
    raise BadInput(f"byte {bad} is not UTF-8, and the file is not GB18030 either: save it as UTF-8")


def _first_bad_byte(file: BinaryIO, encoding: str) -> int | None:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    pending = 0  # bytes of an unfinished character that the decoder carries over
    while True:
        piece = file.read(_PIECE)
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as bad:
            return offset - pending + bad.start
        if not piece:
            return None
        offset += len(piece)
        pending = len(decoder.getstate()[0])


def _first_line(file: BinaryIO, encoding: str) -> str:
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        for line in iter(lambda: text.readline(LONGEST_LINE + 1), ""):
            if len(line) > LONGEST_LINE:
                raise BadInput(
                    f"the header is longer than {LONGEST_LINE} characters: this is not a contact list"
                )
            if line.strip():
                return line
    finally:
        text.detach()
    raise BadInput("the file has blank lines only")


def _delimiter(header: str) -> str:
    outside_quotes = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside_quotes.count)


class ListFile:
    """Yields the records of a file of known shape; what cannot be read comes out as a refused row."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self._shape = shape
        self._file = path.open("rb")
        self._lines = _Lines(io.TextIOWrapper(self._file, shape.encoding, newline=""))
        self._reader = csv.reader(self._lines, delimiter=shape.delimiter, strict=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def bytes_done(self) -> int:
        return min(self._file.tell(), self._shape.size)

    def __iter__(self) -> Iterator[Record | RefusedRow]:
        while True:
            self._lines.begin_record()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as broken:
                line = self._lines.first
                self._lines.take_back()
                yield RefusedRow(line, _explained(broken))
                continue
            if self._lines.too_long:
                yield RefusedRow(self._lines.first, f"the line is longer than {LONGEST_LINE} characters")
            elif any(cell.strip() for cell in cells):
                yield Record(self._lines.first, cells)


def _explained(broken: csv.Error) -> str:
    if "unexpected end" in str(broken) or "limit" in str(broken):
        return "a quote is opened and never closed"
    if "expected after" in str(broken):
        return "a quote inside a quoted cell must be doubled"
    return str(broken)


class _Lines:
    """Physical lines with their numbers. Those of a record that turns out broken can be taken back but for its first."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._read = 0
        self._again: deque[tuple[int, str]] = deque()
        self._record: list[tuple[int, str]] = []
        self.too_long = False

    @property
    def first(self) -> int:
        return self._record[0][0]

    def begin_record(self) -> None:
        self._record.clear()
        self.too_long = False

    def take_back(self) -> None:
        self._again.extendleft(reversed(self._record[1:]))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self._record) >= MOST_LINES:
            raise csv.Error(f"a quote is opened and not closed within {MOST_LINES} lines")
        number, line = self._again.popleft() if self._again else self._fresh()
        if len(line) > LONGEST_LINE:
            self.too_long = True
            line = "\n"
        self._record.append((number, line))
        return line

    def _fresh(self) -> tuple[int, str]:
        line = self._text.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self._read += 1
        if len(line) > LONGEST_LINE and not line.endswith("\n"):
            while (rest := self._text.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                continue
        return self._read, line
