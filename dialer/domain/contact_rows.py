"""One row of a contact list: from the cells of a file to a contact, or to the reason why not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from dialer.domain.number_reader import NewNumber, NumberReader
from dialer.domain.phone_number import BadNumber
from dialer.errors import BadInput


@dataclass(frozen=True, slots=True)
class NewContact:
    """One row of a list that could be read. `line` is its line in the file, for reports."""

    line: int
    numbers: tuple[NewNumber, ...]
    name: str = ""
    language: str = ""
    zone: str | None = None
    external_id: str | None = None
    priority: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    line: int
    because: str


FIELDS = ("phone", "name", "language", "zone", "external_id", "priority")

_PHONE = re.compile(r"(phone|mobile|tel|telephone|cell|number|phone_number|电话|手机|号码)_?\d{0,2}")
_NAMES: Mapping[str, str] = {
    "name": "name",
    "full_name": "name",
    "姓名": "name",
    "language": "language",
    "语言": "language",
    "time_zone": "zone",
    "timezone": "zone",
    "zone": "zone",
    "时区": "zone",
    "external_id": "external_id",
    "id": "external_id",
    "priority": "priority",
    "优先级": "priority",
}
_PRIORITIES = range(-1000, 1001)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row each field is. What has no field of its own becomes an attribute."""

    width: int
    phones: tuple[int, ...]
    single: Mapping[str, int]
    attributes: Mapping[int, str]


def columns_of(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    """Recognise the columns. `mapping` ({column: field}) wins. Raises `BadInput`."""
    titles = [title.strip() for title in header]
    _check_titles(titles, mapping or {})
    fields = [_field_of(title, mapping or {}) for title in titles]
    phones = tuple(place for place, name in enumerate(fields) if name == "phone")
    if not phones:
        raise BadInput(_no_phone(titles))
    single = {name: place for place, name in enumerate(fields) if name and name != "phone"}
    doubled = sorted(name for name in single if fields.count(name) > 1)
    if doubled:
        raise BadInput(f"two columns are {doubled[0]}: say in the mapping which one is meant")
    attributes = {place: title for place, title in enumerate(titles) if title and fields[place] is None}
    return Columns(len(titles), phones, single, attributes)


def _check_titles(titles: Sequence[str], mapping: Mapping[str, str]) -> None:
    if not any(titles):
        raise BadInput("the header is empty: the first line must name the columns")
    named = [title for title in titles if title]
    twice = next((title for title in named if named.count(title) > 1), None)
    if twice is not None:
        raise BadInput(f"the column {twice!r} appears twice: give one of them another name")
    for column, name in mapping.items():
        if column not in titles:
            raise BadInput(
                f"the mapping names a column {column!r}; the file has {', '.join(named)}", "mapping"
            )
        if name not in FIELDS:
            raise BadInput(f"the mapping names a field {name!r}; there are {', '.join(FIELDS)}", "mapping")


def _field_of(title: str, mapping: Mapping[str, str]) -> str | None:
    if title in mapping:
        return mapping[title]
    plain = re.sub(r"[\s-]+", "_", title.lower())
    if _PHONE.fullmatch(plain):
        return "phone"
    name = _NAMES.get(plain)
    return None if name in mapping.values() else name


def _no_phone(titles: Sequence[str]) -> str:
    if any(len(_DIGIT.findall(title)) >= 7 for title in titles):
        return "the file has no header: its first line must name the columns, for example phone,name"
    return (
        f"no column of phone numbers among {', '.join(filter(None, titles))}: "
        "name one phone, phone1, mobile, tel, number, 电话, 手机 or 号码, or give a mapping"
    )


class RowReader:
    """Reads the rows of one list. Numbers that cannot be read beside others that can are left out with a remark."""

    def __init__(self, columns: Columns, region: str) -> None:
        self._columns = columns
        self._numbers = NumberReader(region)
        self.remarks: list[RefusedRow] = []

    def read(self, line: int, cells: Sequence[str]) -> NewContact | RefusedRow:
        if len(cells) > self._columns.width and any(cell.strip() for cell in cells[self._columns.width :]):
            return RefusedRow(line, f"has {len(cells)} cells, the header has {self._columns.width}")
        try:
            return self._contact(line, cells)
        except (BadNumber, BadInput) as wrong:
            return RefusedRow(line, str(wrong))

    def _contact(self, line: int, cells: Sequence[str]) -> NewContact:
        single = {
            name: cells[place].strip() for name, place in self._columns.single.items() if place < len(cells)
        }
        return NewContact(
            line=line,
            numbers=self._read_numbers(line, cells),
            name=single.get("name", ""),
            language=single.get("language", "").lower(),
            zone=_zone(single.get("zone", "")),
            external_id=single.get("external_id") or None,
            priority=_priority(single.get("priority", "")),
            attributes={
                title: cells[place].strip()
                for place, title in self._columns.attributes.items()
                if place < len(cells) and cells[place].strip()
            },
        )

    def _read_numbers(self, line: int, cells: Sequence[str]) -> tuple[NewNumber, ...]:
        """In the order of the columns; a cell without a digit is empty, whatever word stands there."""
        found: dict[NewNumber, None] = {}
        wrong: list[str] = []
        written = [cells[place] for place in self._columns.phones if place < len(cells)]
        for nth, cell in enumerate(written, 1):
            if not _DIGIT.search(cell):
                continue
            try:
                found[self._numbers.read(cell)] = None
            except BadNumber as bad:
                wrong.append(f"phone {nth}: {bad}")
        if not found:
            raise BadNumber("; ".join(wrong) or "has no phone number")
        self.remarks += [RefusedRow(line, f"{each}; the row's other numbers were taken") for each in wrong]
        return tuple(found)


def _zone(text: str) -> str | None:
    if text and not _zone_exists(text):
        raise BadInput(f"there is no time zone {text[:40]!r}: it must be one such as America/New_York")
    return text or None


@lru_cache(1000)
def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return False
    return True


def _priority(text: str) -> int:
    try:
        priority = int(text or "0")
    except ValueError:
        priority = _PRIORITIES.stop
    if priority not in _PRIORITIES:
        raise BadInput(
            f"priority {text[:20]!r}: must be a whole number from {_PRIORITIES[0]} to {_PRIORITIES[-1]}"
        )
    return priority
