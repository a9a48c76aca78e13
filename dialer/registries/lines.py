"""Numbers from pieces of a registry's file: whole columns of digits at once, and one by one what does not fit.

What this quick way cannot take for certain is given to the `ExactReader`, so both say the same of every line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialer.domain.phone_number import BadNumber
from dialer.registries.arrays import Bytes, Counts, Flags, Keys, np
from dialer.registries.exact import (
    AREA_DIGITS,
    PUNCTUATION,
    QUOTE,
    REST_DIGITS,
    WIDEST,
    ZERO,
    BadLine,
    ExactReader,
)
from dialer.registries.layout import NO_DELIMITER, Layout
from dialer.registries.numbering import Numbering

_AT_ONCE = 16_384  # lines whose temporaries stay in the processor's cache
_NEWLINE, _RETURN, _PLUS = 10, 13, 43


@dataclass(frozen=True, slots=True)
class Piece:
    """`keys` are in the order of the lines. `deleted` is None when nothing is."""

    lines: int
    keys: Keys
    deleted: Flags | None
    bad: list[BadLine]


class LineReader:
    def __init__(self, layout: Layout, numbering: Numbering) -> None:
        self._layout, self._numbering = layout, numbering
        self._exact = ExactReader(layout, numbering)
        self._allowed = np.zeros(256, bool)
        self._allowed[list(PUNCTUATION)] = True
        self._delimiter = ord(layout.delimiter)
        self._changes = layout.change is not None or layout.change_span is not None

    def read(self, text: bytes) -> Piece:
        """Whole lines: `text` ends with a newline, or with the file."""
        if not text:
            return Piece(0, np.zeros(0, np.int64), None, [])
        quick = self._equal_lines(text)
        if quick is not None:
            return quick
        content = np.frombuffer(text, np.uint8)
        newlines = np.flatnonzero(content == _NEWLINE)
        if text[-1] != _NEWLINE:
            newlines = np.append(newlines, len(content))
        work = _Work(text, content, newlines)
        for first in range(0, work.lines, _AT_ONCE):
            here = slice(first, first + _AT_ONCE)
            self._read_lines(work, here)
        self._read_odd(work)
        return work.piece()

    def _equal_lines(self, text: bytes) -> Piece | None:
        """All lines of the same length with digits at the same places: as a publisher's program writes them."""
        width = text.find(b"\n") + 1
        if self._changes or width < 2 or len(text) % width:
            return None
        table = np.frombuffer(text, np.uint8).reshape(-1, width)
        model = text[: width - 1].rstrip(b"\r")
        places = self._places(model)
        if places is None:
            return None
        others = set(range(width)) - set(places)
        if not all((table[:, place] == text[place]).all() for place in others):
            return None
        return self._digits_at(table, places)

    def _places(self, model: bytes) -> list[int] | None:
        """Where the number's digits are in lines like this one; None when lines may mean something else."""
        layout = self._layout
        if layout.number_span is not None or not 0 < len(model) <= WIDEST or QUOTE in model or b"+" in model:
            return None
        plain = model.isdigit() and layout.columns == 1
        apart = re.fullmatch(rb"\d{3}\D\d{7}", model) and model[3] == self._delimiter
        if not plain and not (apart and (layout.area, layout.number, layout.columns) == (0, 1, 2)):
            return None
        return [place for place, byte in enumerate(model) if ZERO <= byte <= ZERO + 9]

    def _digits_at(self, table: Bytes, places: list[int]) -> Piece | None:
        keys = np.empty(len(table), np.int64)
        for first in range(0, len(table), _AT_ONCE):
            part = table[first : first + _AT_ONCE]
            value = np.zeros(len(part), np.int64)
            for place in places:
                digit = part[:, place] - np.uint8(ZERO)
                if digit.max() > 9:
                    return None
                value *= 10
                value += digit
            counts = np.full(len(part), len(places), np.int64)
            found, good = self._numbering.keys(value, counts, np.zeros(len(part), bool))
            if not good.all():
                return None
            keys[first : first + _AT_ONCE] = found
        return Piece(len(table), keys, None, [])

    def _read_lines(self, work: "_Work", here: slice) -> None:
        starts, ends = work.starts[here], work.ends[here]
        blank = ends == starts
        fields = self._fields(work, starts, ends, here)
        keys, good = self._keys(work.content, fields)
        if self._changes:
            deleted, told = _letters(work.content, fields.change)
            work.deleted[here], good = deleted, good & told
        work.keys[here], work.good[here] = keys, good & fields.certain & ~blank
        work.odd[here] = ~(good & fields.certain) & ~blank

    def _fields(self, work: "_Work", starts: Counts, ends: Counts, here: slice) -> "_Fields":
        layout = self._layout
        if layout.number_span is not None:
            number = _Field(
                np.minimum(starts + layout.number_span.first, ends),
                np.minimum(starts + layout.number_span.end, ends),
            )
            change = number
            if layout.change_span is not None:
                change = _Field(
                    np.minimum(starts + layout.change_span.first, ends),
                    np.minimum(starts + layout.change_span.end, ends),
                )
            return _Fields(number, None, change, np.ones(len(starts), bool))
        if layout.delimiter == NO_DELIMITER:
            whole = _unquoted(work.content, _Field(starts, ends))
            return _Fields(whole, None, whole, np.ones(len(starts), bool))
        return self._columns(work, starts, ends, here)

    def _columns(self, work: "_Work", starts: Counts, ends: Counts, here: slice) -> "_Fields":
        layout = self._layout
        marks, before = work.delimiters(self._delimiter)
        first = before[here.start : here.start + len(starts)]
        count = before[here.start + 1 : here.start + 1 + len(starts)] - first

        def column(wanted: int) -> _Field:
            start = starts if wanted == 0 else marks[np.minimum(first + wanted - 1, len(marks) - 1)] + 1
            end = np.where(count == wanted, ends, marks[np.minimum(first + wanted, len(marks) - 1)])
            return _unquoted(work.content, _Field(start, end))

        wanted = [each for each in (layout.number, layout.area, layout.change) if each is not None]
        # with every column in quotes, and as many columns as the first line has, no delimiter stands within quotes
        quotes = work.quotes(here)
        all_quoted = (count == layout.columns - 1) & (quotes == 2 * layout.columns)
        certain = (count >= max(wanted)) & ((quotes == 0) | all_quoted)
        number = column(layout.number)
        area = column(layout.area) if layout.area is not None else None
        return _Fields(number, area, column(layout.change) if layout.change is not None else number, certain)

    def _keys(self, content: Bytes, fields: "_Fields") -> tuple[Keys, Flags]:
        if fields.area is None:
            return self._written(content, fields.number)
        area, area_digits, _, area_fine = self._digits(content, fields.area)
        number, digits, _, fine = self._digits(content, fields.number)
        fine &= area_fine & (area_digits == AREA_DIGITS) & (fields.area.length == AREA_DIGITS)
        fine &= (digits == REST_DIGITS) & (fields.number.length == REST_DIGITS)
        counts = np.full(len(digits), AREA_DIGITS + REST_DIGITS, np.int64)
        keys, good = self._numbering.keys(
            area * 10**REST_DIGITS + number, counts, np.zeros(len(counts), bool)
        )
        return keys, good & fine

    def _written(self, content: Bytes, field: "_Field") -> tuple[Keys, Flags]:
        values, counts, plus, fine = self._digits(content, field)
        keys, good = self._numbering.keys(values, counts, plus)
        return keys, good & fine

    def _digits(self, content: Bytes, field: "_Field") -> tuple[Keys, Counts, Flags, Flags]:
        """The digits as an integer, how many, whether a plus came first, and whether nothing else was there."""
        length = field.length
        values, counts = np.zeros(len(length), np.int64), np.zeros(len(length), np.int64)
        fine = (length > 0) & (length <= WIDEST)
        plus: Flags = np.zeros(len(length), bool)
        last = len(content) - 1
        for place in range(min(int(length.max(initial=0)), WIDEST)):
            char = content[np.minimum(field.start + place, last)]
            within = length > place
            digit = char - np.uint8(ZERO)
            is_digit = (digit <= 9) & within
            np.copyto(values, values * 10 + digit, where=is_digit)
            counts += is_digit
            other = within & ~is_digit
            if other.any():
                if place == 0:
                    plus = other & (char == _PLUS)
                    other &= ~plus
                fine &= ~other | self._allowed[char]
        # 18 digits fit the integer; a number has 15
        return values, np.where(counts > 18, 0, counts), plus, fine & (counts <= 18)

    def _read_odd(self, work: "_Work") -> None:
        for line in np.flatnonzero(work.odd).tolist():
            text = work.text[int(work.starts[line]) : int(work.ends[line])]
            try:
                found = self._exact.read(text)
            except BadNumber as wrong:
                shown = text[:80].decode("utf-8", errors="replace")
                work.bad.append(BadLine(line, str(wrong), shown))
                continue
            if found is not None:
                work.keys[line], work.deleted[line] = found
                work.good[line] = True


@dataclass(frozen=True, slots=True)
class _Field:
    """Of every line: from the first byte to before the last."""

    start: Counts
    end: Counts

    @property
    def length(self) -> Counts:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class _Fields:
    number: _Field
    area: _Field | None
    change: _Field
    certain: Flags


class _Work:
    """The lines of one piece and what has become of each."""

    def __init__(self, text: bytes, content: Bytes, newlines: Counts) -> None:
        self.text, self.content = text, content
        self.lines = len(newlines)
        self.starts: Counts = np.concatenate((np.zeros(1, np.int64), newlines[:-1] + 1))
        ends = newlines - ((newlines > self.starts) & (content[newlines - 1] == _RETURN))
        self.ends: Counts = ends
        self.keys: Keys = np.zeros(self.lines, np.int64)
        self.good: Flags = np.zeros(self.lines, bool)
        self.odd: Flags = np.zeros(self.lines, bool)
        self.deleted: Flags = np.zeros(self.lines, bool)
        self.bad: list[BadLine] = []
        self._newlines = newlines
        self._marks: tuple[Counts, Counts] | None = None
        self._quotes: Counts | None = None

    def delimiters(self, delimiter: int) -> tuple[Counts, Counts]:
        """Where they are, and how many there are before each line."""
        if self._marks is None:
            marks = np.flatnonzero(self.content == delimiter)
            before = np.searchsorted(marks, np.append(self.starts, len(self.content)))
            self._marks = marks if len(marks) else np.zeros(1, np.int64), before
        return self._marks

    def quotes(self, here: slice) -> Counts:
        """How many there are in each line."""
        if self._quotes is None:
            marks = np.flatnonzero(self.content == QUOTE)
            self._quotes = np.bincount(np.searchsorted(self._newlines, marks), minlength=self.lines)
        return self._quotes[here]

    def piece(self) -> Piece:
        everything = bool(self.good.all())
        keys = self.keys if everything else self.keys[self.good]
        deleted = self.deleted if everything else self.deleted[self.good]
        return Piece(self.lines, keys, deleted if deleted.any() else None, self.bad)


def _unquoted(content: Bytes, field: _Field) -> _Field:
    """Without the quotes around it; one inside is found later."""
    last = len(content) - 1
    longer = field.length >= 2
    around = longer & (content[np.minimum(field.start, last)] == QUOTE)
    if not around.any():
        return field
    around &= content[np.clip(field.end - 1, 0, last)] == QUOTE
    return _Field(field.start + around, field.end - around)


def _letters(content: Bytes, field: _Field) -> tuple[Flags, Flags]:
    """Whether the letter is D, and whether it is A or D and nothing else is there."""
    letter = content[np.minimum(field.start, len(content) - 1)] & 0xDF
    deleted = letter == ord("D")
    return deleted, (field.length == 1) & (deleted | (letter == ord("A")))


def first_lines(head: bytes, most: int = 20) -> Iterator[str]:
    """The first lines that are not blank, for `layout_of`."""
    for line in head.splitlines()[: most * 5]:
        if line.strip() and most > 0:
            most -= 1
            yield line.decode("utf-8", errors="replace")
