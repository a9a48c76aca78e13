"""Files of consents, and of people who took theirs back, into the store: bad rows are told, the rest goes in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from dialer.domain.consent import Consent, Revocation
from dialer.domain.consent_rows import (
    RowRules,
    consent_columns,
    read_consent,
    read_revocation,
    revocation_columns,
)
from dialer.domain.contact_rows import RefusedRow
from dialer.engine.list_file import ListFile, Record, examine
from dialer.errors import BadInput
from dialer.ports.consent import ConsentStore

BATCH = 2000
_BREATH = 200  # rows that are read before others get a turn
Progress = Callable[[int, int, int, int], None]
"""(bytes done, bytes in all, rows taken, rows refused)"""
Kept = TypeVar("Kept", Consent, Revocation)


@dataclass(slots=True)
class ConsentListReport:
    """`taken` rows could be read; `new` of them were not known yet."""

    read: int = 0
    taken: int = 0
    new: int = 0
    refused: int = 0
    rows: list[RefusedRow] = field(default_factory=list)


async def import_consents(
    store: ConsentStore, file: Path, rules: RowRules, by: str, progress: Progress | None = None
) -> ConsentListReport:
    """Raises `BadInput` when the file cannot be read at all, `StorageDown`; what was stored before stays, and once more is
    harmless.
    """

    async def keep(batch: Sequence[Consent]) -> int:
        return await store.add_consents(batch, by, rules.now)

    return await _Import(consent_columns, read_consent, keep, rules).run(file, progress)


async def import_revocations(
    store: ConsentStore, file: Path, rules: RowRules, by: str, progress: Progress | None = None
) -> ConsentListReport:
    """As `import_consents`."""

    async def keep(batch: Sequence[Revocation]) -> int:
        return await store.record_revocations(batch, by, rules.now)

    return await _Import(revocation_columns, read_revocation, keep, rules).run(file, progress)


class _Import(Generic[Kept]):
    def __init__(
        self,
        columns: Callable[[Sequence[str]], Mapping[str, int]],
        read: Callable[[int, Sequence[str], Mapping[str, int], RowRules], Kept | RefusedRow],
        keep: Callable[[Sequence[Kept]], Awaitable[int]],
        rules: RowRules,
    ) -> None:
        self._columns, self._rules = columns, rules
        self._read: Callable[[int, Sequence[str], Mapping[str, int], RowRules], Kept | RefusedRow] = read
        self._keep: Callable[[Sequence[Kept]], Awaitable[int]] = keep
        self._report = ConsentListReport()
        self._batch: list[Kept] = []

    async def run(self, file: Path, progress: Progress | None) -> ConsentListReport:
        shape = await asyncio.to_thread(examine, file)
        with ListFile(file, shape) as rows:
            records = iter(rows)
            header = next(records, None)
            if not isinstance(header, Record):
                raise BadInput("the header cannot be read: its quotes are wrong")
            columns = self._columns(header.cells)
            for nth, record in enumerate(records, 1):
                self._take(record, columns)
                if len(self._batch) >= BATCH:
                    await self._store()
                    self._tell(progress, rows.bytes_done, shape.size)
                elif nth % _BREATH == 0:
                    await asyncio.sleep(0)
            await self._store()
            self._tell(progress, shape.size, shape.size)
        return self._report

    def _take(self, record: Record | RefusedRow, columns: Mapping[str, int]) -> None:
        self._report.read += 1
        if isinstance(record, RefusedRow):
            self._refuse(record)
            return
        row = self._read(record.line, record.cells, columns, self._rules)
        if isinstance(row, RefusedRow):
            self._refuse(row)
        else:
            self._batch.append(row)

    def _refuse(self, row: RefusedRow) -> None:
        self._report.refused += 1
        self._report.rows.append(row)

    async def _store(self) -> None:
        if self._batch:
            self._report.new += await self._keep(self._batch)
            self._report.taken += len(self._batch)
            self._batch.clear()

    def _tell(self, progress: Progress | None, done: int, size: int) -> None:
        if progress is not None:
            progress(done, size, self._report.taken, self._report.refused)
