"""Importing a contact list: good rows go in, every other row comes back with its line and the reason.

Each batch is a transaction of its own. After a failure the same file can simply be imported again: what is in already
is refused as a duplicate.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dialer.clock import Clock
from dialer.domain.contact_rows import NewContact, RefusedRow, RowReader, columns_of
from dialer.domain.ids import CampaignId
from dialer.engine.list_file import Record, Shape
from dialer.engine.list_walk import Progress, walk
from dialer.ports.storage import ContactStore

MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`rows` are the refused ones and `remarks` what was left out of taken ones, at most 10,000 of each."""

    read: int
    taken: int
    refused: int
    rows: tuple[RefusedRow, ...]
    remarks: tuple[RefusedRow, ...]
    encoding: str
    delimiter: str


async def import_file(
    contacts: ContactStore,
    campaign: CampaignId,
    file: Path,
    region: str,
    clock: Clock,
    *,
    source: str | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    taken: Callable[[Sequence[NewContact]], None] | None = None,
) -> ImportReport:
    """`mapping` is {column: field}; `taken` is shown the rows that are in, batch by batch. Raises `BadInput` when the file cannot be read at all, `NotFound`, `StorageDown`."""

    async def begin(header: Sequence[str]) -> _Import:
        reader = RowReader(columns_of(header, mapping), region)
        list_id = await contacts.begin_list(campaign, source or file.name, clock.now())
        return _Import(contacts, campaign, list_id, reader, clock, taken)

    work, shape = await walk(file, begin, progress)
    await work.finish()
    return work.report(shape)


class _Import:
    def __init__(
        self,
        contacts: ContactStore,
        campaign: CampaignId,
        list_id: int,
        reader: RowReader,
        clock: Clock,
        show_taken: Callable[[Sequence[NewContact]], None] | None,
    ) -> None:
        self._contacts = contacts
        self._campaign = campaign
        self._list_id = list_id
        self._reader = reader
        self._clock = clock
        self._show_taken = show_taken
        self._rows: list[RefusedRow] = []
        self.batch: list[NewContact] = []
        self.read = self.taken = self.refused = 0

    @property
    def waiting(self) -> int:
        return len(self.batch)

    def read_row(self, record: Record | RefusedRow) -> None:
        self.read += 1
        row = self._reader.read(record.line, record.cells) if isinstance(record, Record) else record
        if isinstance(row, NewContact):
            self.batch.append(row)
        else:
            self._refuse(row)

    async def store(self) -> None:
        if not self.batch:
            return
        duplicates = await self._contacts.add_contacts(
            self._campaign, self._list_id, self.batch, self._clock.now()
        )
        self.taken += len(self.batch) - len(duplicates)
        if self._show_taken is not None:
            refused = {row.line for row in duplicates}
            self._show_taken([row for row in self.batch if row.line not in refused])
        self.batch = []
        for row in duplicates:
            self._refuse(row)

    async def finish(self) -> None:
        await self._contacts.finish_list(self._list_id, self.read, self.taken, self.refused)

    def report(self, shape: Shape) -> ImportReport:
        return ImportReport(
            read=self.read,
            taken=self.taken,
            refused=self.refused,
            rows=tuple(sorted(self._rows, key=lambda row: row.line)),
            remarks=tuple(self._reader.remarks[:MOST_KEPT]),
            encoding=shape.encoding.removesuffix("-sig"),
            delimiter=shape.delimiter,
        )

    def _refuse(self, row: RefusedRow) -> None:
        self.refused += 1
        if len(self._rows) < MOST_KEPT:
            self._rows.append(row)
