"""Where in a line of a registry's file the number is, found out from the file's first lines.

Publishers ship one number to a line (ten digits, E.164), area code and number apart (the flat text file of the US
registry: `202,5550100`), CSV with named columns, or fixed width; change lists have a column that says A or D.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialer.errors import BadInput

DELIMITERS = ",;\t|"
NO_DELIMITER = "\x1f"  # ASCII's unit separator: in no line of digits
ADDED, DELETED = "A", "D"

_NUMBER = re.compile(r"(tele)?phone([_ ]?(number|no))?|number|tel|mobile|cell|msisdn|电话|手机|号码")
_AREA = re.compile(r"area([_ ]?code)?|npa|ac|区号")
_CHANGE = re.compile(r"action|change([_ ]?type)?|type|operation|status|add[_ /]?del(ete)?|变更")
_DIGIT = re.compile(r"\d")
_NAMED_LINES = 5


@dataclass(frozen=True, slots=True)
class Span:
    """Of a fixed width: from the first byte to before the second, counted from 0."""

    first: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "Span":
        """`1-10`: places counted from 1, the last one included. Raises `BadInput`."""
        found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", text.strip())
        if not found or not 1 <= int(found[1]) <= int(found[2] or found[1]):
            raise BadInput(f"{text!r}: places are written FIRST-LAST, counted from 1, such as 1-10")
        return cls(int(found[1]) - 1, int(found[2] or found[1]))


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator said about the layout; empty: find out."""

    number: str = ""  # heading, column counted from 1, or places of a fixed width
    change: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """`area` and `change` are None when there are none. With spans, columns do not count."""

    delimiter: str
    columns: int
    number: int
    area: int | None = None
    change: int | None = None
    header: bool = False
    number_span: Span | None = None
    change_span: Span | None = None


def layout_of(lines: Sequence[str], wish: Wish) -> Layout:
    """From the first lines that are not blank. Raises `BadInput` when the number cannot be found."""
    if wish.fixed:
        change = Span.parse(wish.change) if wish.change else None
        return Layout(NO_DELIMITER, 1, 0, number_span=Span.parse(wish.number or "1-10"), change_span=change)
    if not lines:
        return Layout(NO_DELIMITER, 1, 0)
    delimiter = _delimiter(lines)
    first = _cells(lines[0], delimiter)
    if _is_header(first) or wish.number.lower() in {cell.lower() for cell in first if cell.isalpha()}:
        return _named(first, delimiter, wish)
    return _unnamed([_cells(line, delimiter) for line in lines[:_NAMED_LINES]], delimiter, wish)


def _delimiter(lines: Sequence[str]) -> str:
    """What stands in most of the lines, outside of quotes."""
    outside = ["".join(line.split('"')[::2]) for line in lines]
    found = {each: sum(each in line for line in outside) for each in DELIMITERS}
    best = max(DELIMITERS, key=lambda each: found[each])
    return best if 2 * found[best] >= len(lines) else NO_DELIMITER


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _is_header(cells: Sequence[str]) -> bool:
    return any(_titled(cell) for cell in cells) and not any(_digits(cell) >= 7 for cell in cells)


def _titled(cell: str) -> bool:
    plain = cell.lower()
    return any(pattern.fullmatch(plain) for pattern in (_NUMBER, _AREA, _CHANGE)) or (
        len(cell) > 2 and cell.replace("_", "").replace(" ", "").isalpha()
    )


def _digits(cell: str) -> int:
    return len(_DIGIT.findall(cell))


def _named(titles: Sequence[str], delimiter: str, wish: Wish) -> Layout:
    number = _column(titles, wish.number) if wish.number else _first(titles, _NUMBER)
    if number is None:
        raise BadInput(
            f"no column of numbers among {', '.join(titles)}: say which one with --column NAME", "column"
        )
    change = _column(titles, wish.change) if wish.change else _first(titles, _CHANGE)
    return Layout(delimiter, len(titles), number, _first(titles, _AREA), change, header=True)


def _unnamed(rows: Sequence[Sequence[str]], delimiter: str, wish: Wish) -> Layout:
    first = next((row for row in rows if any(_digits(cell) >= 7 for cell in row)), rows[0])
    width = len(first)
    change = _column_number(wish.change, width) if wish.change else _change_in(first)
    if wish.number:
        return Layout(delimiter, width, _column_number(wish.number, width), change=change)
    if width > 1 and _digits(first[0]) == len(first[0]) == 3 and _digits(first[1]) == 7:
        return Layout(delimiter, width, 1, 0, change)
    number = next((place for place, cell in enumerate(first) if _digits(cell) >= 7), 0)
    return Layout(delimiter, width, number, change=change)


def _change_in(cells: Sequence[str]) -> int | None:
    return next(
        (place for place, cell in enumerate(cells) if cell.upper() in (ADDED, DELETED, "ADD", "DELETE")), None
    )


def _first(titles: Sequence[str], pattern: re.Pattern[str]) -> int | None:
    return next((place for place, title in enumerate(titles) if pattern.fullmatch(title.lower())), None)


def _column(titles: Sequence[str], wanted: str) -> int:
    lowered = [title.lower() for title in titles]
    if wanted.lower() in lowered:
        return lowered.index(wanted.lower())
    if wanted.isdecimal():
        return _column_number(wanted, len(titles))
    raise BadInput(f"there is no column {wanted!r} among {', '.join(titles)}", "column")


def _column_number(wanted: str, width: int) -> int:
    if not wanted.isdecimal() or not 1 <= int(wanted) <= width:
        raise BadInput(
            f"column {wanted!r}: the file has no header, so it is a number from 1 to {width}", "column"
        )
    return int(wanted) - 1
