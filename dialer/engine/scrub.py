"""Scrubbing a contact list before it is used: what is on a do-not-call list comes out, with where and why.

A row stays while one number of it may be called; the others of its numbers are blanked. What cannot be read cannot be
looked up, so it comes out as well.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

from dialer.domain.contact_rows import Columns, RefusedRow, columns_of
from dialer.domain.ids import CampaignId
from dialer.domain.number_reader import NumberReader
from dialer.domain.phone_number import BadNumber, PhoneNumber
from dialer.domain.registry import RegistryVersion
from dialer.engine.list_file import ListFile, Record, Shape, examine
from dialer.errors import BadInput
from dialer.ports.registries import RegistryBook
from dialer.ports.storage import DoNotCallEntry, DoNotCallStore

OWN_LIST = "own_list"
UNREADABLE = "unreadable"
BATCH = 5000

_DIGIT = re.compile(r"\d")
_HEADINGS = ("line", "number", "list", "version", "as_of", "because")
_BOM = b"\xef\xbb\xbf"

Progress = Callable[[int, int, int, int], None]
"""(bytes done, bytes in all, rows that stay, rows removed)"""


@dataclass(frozen=True, slots=True)
class ScrubOrder:
    """`campaign`: entries of our own list that hold for it count as well."""

    file: Path
    clean: Path
    removed: Path
    registries: tuple[str, ...]
    region: str
    now: datetime
    campaign: CampaignId | None = None
    mapping: Mapping[str, str] | None = None

    def for_campaign(self, campaign: CampaignId | None) -> "ScrubOrder":
        return replace(self, campaign=campaign)


@dataclass(frozen=True, slots=True)
class ScrubReport:
    """Rows, and by list the numbers found on it; a number on two lists counts on both."""

    rows: int
    clean: int
    removed: int
    blanked: int  # numbers taken out of rows that stay
    listed: Mapping[str, int]
    registries: Sequence[RegistryVersion]
    clean_file: Path
    removed_file: Path


@dataclass(frozen=True, slots=True)
class _Finding:
    """Why a number, or a whole row, comes out."""

    where: str
    because: str
    number: str = ""
    version: str = ""
    as_of: str = ""


@dataclass(slots=True)
class _Row:
    """A row with the numbers in its cells, by the cell's place."""

    line: int
    cells: list[str]
    numbers: dict[int, PhoneNumber] = field(default_factory=dict)
    findings: list[_Finding] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    @property
    def stays(self) -> bool:
        return any(place not in self.blank for place in self.numbers)


async def scrub_file(
    order: ScrubOrder, book: RegistryBook, own: DoNotCallStore | None, progress: Progress | None = None
) -> ScrubReport:
    """Raises `BadInput` when the file cannot be read at all or a registry cannot be looked up, `NotFound`, `StorageDown`.

    The two files appear together, when everything is in them.
    """
    versions = _usable(order, book)
    shape = examine(order.file)
    with ListFile(order.file, shape) as rows, _written(order, shape) as (clean, removed):
        records = iter(rows)
        header = next(records, None)
        if not isinstance(header, Record):
            raise BadInput("the header cannot be read: its quotes are wrong")
        work = _Scrub(order, versions, book, own, columns_of(header.cells, order.mapping))
        clean.writerow(header.cells)
        removed.writerow((*_HEADINGS, *header.cells))
        while batch := list(islice(records, BATCH)):
            for row in await work.judged(batch):
                if row.stays:
                    clean.writerow([cell if at not in row.blank else "" for at, cell in enumerate(row.cells)])
                removed.writerows(_told(row))
            if progress is not None:
                progress(rows.bytes_done, shape.size, work.clean, work.rows - work.clean)
    return work.report()


def _usable(order: ScrubOrder, book: RegistryBook) -> Sequence[RegistryVersion]:
    known = {each.registry: each for each in book.registries()}
    for name in order.registries:
        if name not in known:
            have = ", ".join(known) or "none"
            raise BadInput(f"there is no registry {name!r}; there are: {have}", "registry")
    wanted = [known[name] for name in order.registries or known]
    for each in wanted:
        if not each.readable:
            raise BadInput(f"the registry {each.registry} cannot be read ({each.problem}): import it anew")
    return wanted


class _Scrub:
    def __init__(
        self,
        order: ScrubOrder,
        versions: Sequence[RegistryVersion],
        book: RegistryBook,
        own: DoNotCallStore | None,
        columns: Columns,
    ) -> None:
        self._order, self._versions, self._book, self._own = order, versions, book, own
        self._columns, self._reader = columns, NumberReader(order.region)
        self._listed: Counter[str] = Counter({each.registry: 0 for each in versions})
        if own is not None:
            self._listed[OWN_LIST] = 0
        self._blanked = 0
        self.rows = self.clean = 0

    async def judged(self, batch: Sequence[Record | RefusedRow]) -> list[_Row]:
        rows = [self._row(each) for each in batch]
        places = [(row, place, number) for row in rows for place, number in row.numbers.items()]
        numbers = [number for _, _, number in places]
        for version in self._versions:
            flags = self._book.listed_among(version.registry, numbers)
            for (row, place, number), listed in zip(places, flags, strict=True):
                if listed:
                    self._take_out(row, place, _on_registry(version, number))
        await self._look_at_own_list(places, numbers)
        self.rows += len(rows)
        self.clean += sum(row.stays for row in rows)
        self._blanked += sum(len(set(row.blank)) for row in rows if row.stays)
        return rows

    def _row(self, record: Record | RefusedRow) -> _Row:
        if isinstance(record, RefusedRow):
            return _Row(record.line, [], findings=[_Finding(UNREADABLE, record.because)])
        row = _Row(record.line, record.cells)
        for place in self._columns.phones:
            written = record.cells[place] if place < len(record.cells) else ""
            if not _DIGIT.search(written):
                continue
            try:
                row.numbers[place] = self._reader.read(written).number
            except BadNumber as wrong:
                row.blank.append(place)
                row.findings.append(_Finding(UNREADABLE, str(wrong), written))
        if not row.numbers and not row.findings:
            row.findings.append(_Finding(UNREADABLE, "has no phone number"))
        return row

    async def _look_at_own_list(
        self, places: Sequence[tuple[_Row, int, PhoneNumber]], numbers: Sequence[PhoneNumber]
    ) -> None:
        if self._own is None or not numbers:
            return
        entries = await self._own.do_not_call_among(numbers)
        for row, place, number in places:
            for entry in entries.get(number.e164, ()):
                if self._holds(entry):
                    self._take_out(row, place, _on_own_list(entry))
                    break

    def _holds(self, entry: DoNotCallEntry) -> bool:
        valid = entry.expires_at is None or entry.expires_at > self._order.now
        return valid and entry.campaign in (None, self._order.campaign)

    def _take_out(self, row: _Row, place: int, finding: _Finding) -> None:
        row.blank.append(place)
        row.findings.append(finding)
        self._listed[finding.where] += 1

    def report(self) -> ScrubReport:
        return ScrubReport(
            self.rows,
            self.clean,
            self.rows - self.clean,
            self._blanked,
            dict(self._listed),
            self._versions,
            self._order.clean,
            self._order.removed,
        )


def _on_registry(version: RegistryVersion, number: PhoneNumber) -> _Finding:
    as_of = version.as_of.isoformat() if version.as_of is not None else ""
    return _Finding(version.registry, f"listed on {version.registry}", number.e164, version.version, as_of)


def _on_own_list(entry: DoNotCallEntry) -> _Finding:
    because = ": ".join(filter(None, (entry.source, entry.reason))) or "on our own list"
    return _Finding(OWN_LIST, because, entry.number.e164, "", entry.added_at.date().isoformat())


def _told(row: _Row) -> Iterator[Sequence[object]]:
    for each in row.findings:
        yield (
            row.line,
            _harmless(each.number) if each.where == UNREADABLE else each.number,
            each.where,
            each.version,
            each.as_of,
            _harmless(each.because),
            *row.cells,
        )


def _harmless(text: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


class _Writer(Protocol):
    def writerow(self, row: Iterable[object], /) -> object: ...

    def writerows(self, rows: Iterable[Iterable[object]], /) -> object: ...


@contextmanager
def _written(order: ScrubOrder, shape: Shape) -> Iterator[tuple[_Writer, _Writer]]:
    """Both under other names until they are whole."""
    parts = [file.with_name(f".{file.name}.part") for file in (order.clean, order.removed)]
    try:
        with (
            parts[0].open("w", encoding=_encoding(order.file, shape), newline="") as clean,
            parts[1].open("w", encoding="utf-8-sig", newline="") as removed,
        ):
            yield _writer(clean, shape), csv.writer(removed)
    except OSError as unwritable:
        raise BadInput(f"cannot write {unwritable.filename or order.clean}: {unwritable.strerror}") from None
    else:
        parts[0].replace(order.clean)
        parts[1].replace(order.removed)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _writer(file: IO[str], shape: Shape) -> _Writer:
    return csv.writer(file, delimiter=shape.delimiter, lineterminator="\n")


def _encoding(file: Path, shape: Shape) -> str:
    """That of the list, with its byte order mark or without one."""
    if shape.encoding != "utf-8-sig":
        return shape.encoding
    with file.open("rb") as source:
        return "utf-8-sig" if source.read(len(_BOM)) == _BOM else "utf-8"
