"""One line of a registry's file, exactly: the number in it, or what is wrong with it."""

import csv
import re
from dataclasses import dataclass

from dialer.domain.phone_number import BadNumber
from dialer.registries.layout import Layout
from dialer.registries.numbering import Numbering

WIDEST = 24  # characters of a number
PUNCTUATION = b" -.()/"
AREA_DIGITS, REST_DIGITS = 3, 7
QUOTE, ZERO = 34, 48

_WRITTEN = re.compile(rb"\+?[0-9 \-.()/]*")
_CHANGES = {"A": False, "ADD": False, "ADDED": False, "D": True, "DEL": True, "DELETE": True, "DELETED": True}


@dataclass(frozen=True, slots=True)
class BadLine:
    """`line` is counted from the beginning of what was read."""

    line: int
    because: str
    text: str


class ExactReader:
    def __init__(self, layout: Layout, numbering: Numbering) -> None:
        self._layout, self._numbering = layout, numbering
        self._changes = layout.change is not None or layout.change_span is not None

    def read(self, line: bytes) -> tuple[int, bool] | None:
        """Key, and whether it is taken off the list; None for a blank line. Raises `BadNumber`."""
        cells = self._cells(line)
        if not any(cells):
            return None
        return self._number(cells), self._change(cells)

    def _cells(self, line: bytes) -> list[bytes]:
        layout = self._layout
        if layout.number_span is not None:
            spans = [layout.number_span, *([layout.change_span] if layout.change_span else [])]
            return [line[span.first : span.end].strip() for span in spans]
        if QUOTE not in line:
            return [cell.strip() for cell in line.split(layout.delimiter.encode())]
        text = line.decode("latin-1")
        try:
            row = next(csv.reader([text], delimiter=layout.delimiter, strict=True), [])
        except csv.Error:
            raise BadNumber("its quotes are wrong") from None
        return [cell.strip().encode("latin-1") for cell in row]

    def _cell(self, cells: list[bytes], column: int) -> bytes:
        if column >= len(cells):
            raise BadNumber(f"has {len(cells)} columns, the number is in column {self._layout.number + 1}")
        return cells[column]

    def _number(self, cells: list[bytes]) -> int:
        layout = self._layout
        if layout.number_span is not None:
            return self._key(cells[0])
        written = self._cell(cells, layout.number)
        if layout.area is None:
            return self._key(written)
        area = self._cell(cells, layout.area)
        if not area.isdigit() or len(area) != AREA_DIGITS:
            raise BadNumber("the area code is not 3 digits")
        if not written.isdigit() or len(written) != REST_DIGITS:
            raise BadNumber("the number after the area code is not 7 digits")
        return self._numbering.key((area + written).decode(), plus=False)

    def _key(self, written: bytes) -> int:
        if len(written) > WIDEST:
            raise BadNumber(f"longer than {WIDEST} characters")
        if not _WRITTEN.fullmatch(written):
            raise BadNumber("has characters that no number has")
        digits = "".join(chr(byte) for byte in written if ZERO <= byte <= ZERO + 9)
        return self._numbering.key(digits, written.startswith(b"+"))

    def _change(self, cells: list[bytes]) -> bool:
        if not self._changes:
            return False
        column = self._layout.change
        written = cells[1] if column is None else self._cell(cells, column)
        try:
            return _CHANGES[written.decode("latin-1").upper()]
        except KeyError:
            raise BadNumber("the change is neither A nor D") from None
