"""Files of consents, and of people who took theirs back, into the store: bad rows are told, the rest goes in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Self, TypeVar

from dialer.domain.consent import Consent, Revocation
from dialer.domain.consent_rows import (
    RowRules,
    consent_columns,
    read_consent,
    read_revocation,
    revocation_columns,
)
from dialer.domain.contact_rows import RefusedRow
from dialer.engine.list_file import Record
from dialer.engine.list_walk import Progress, walk
from dialer.ports.consent import ConsentStore

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
        self._columns_of, self._rules = columns, rules
        self._columns: Mapping[str, int] = {}
        self._read: Callable[[int, Sequence[str], Mapping[str, int], RowRules], Kept | RefusedRow] = read
        self._keep: Callable[[Sequence[Kept]], Awaitable[int]] = keep
        self._report = ConsentListReport()
        self._batch: list[Kept] = []

    async def run(self, file: Path, progress: Progress | None) -> ConsentListReport:
        await walk(file, self._begin, progress)
        return self._report

    async def _begin(self, header: Sequence[str]) -> Self:
        self._columns = self._columns_of(header)
        return self

    @property
    def taken(self) -> int:
        return self._report.taken

    @property
    def refused(self) -> int:
        return self._report.refused

    @property
    def waiting(self) -> int:
        return len(self._batch)

    def read_row(self, record: Record | RefusedRow) -> None:
        self._report.read += 1
        if isinstance(record, RefusedRow):
            row: Kept | RefusedRow = record
        else:
            row = self._read(record.line, record.cells, self._columns, self._rules)
        if isinstance(row, RefusedRow):
            self._report.refused += 1
            self._report.rows.append(row)
        else:
            self._batch.append(row)

    async def store(self) -> None:
        if self._batch:
            self._report.new += await self._keep(self._batch)
            self._report.taken += len(self._batch)
            self._batch.clear()
