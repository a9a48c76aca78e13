"""Going through a list file: batches are stored as they fill, and the calls in progress have their turn meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from dialer.domain.contact_rows import RefusedRow
from dialer.engine.list_file import ListFile, Record, Shape, examine
from dialer.errors import BadInput

BATCH = 2000
BREATH = 50  # rows read at a stretch: calls in progress share the loop with us

Progress = Callable[[int, int, int, int], None]
"""(bytes done, bytes in all, rows taken, rows refused)"""


class Intake(Protocol):
    """What becomes of the rows; `taken` and `refused` so far, and `waiting` to be stored."""

    @property
    def taken(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def waiting(self) -> int: ...

    def read_row(self, record: Record | RefusedRow) -> None: ...

    async def store(self) -> None:
        """All that waits."""
        ...


Taking = TypeVar("Taking", bound=Intake)


async def walk(
    file: Path, begin: Callable[[Sequence[str]], Awaitable[Taking]], progress: Progress | None
) -> tuple[Taking, Shape]:
    """`begin` gets the cells of the header. Raises `BadInput` when the file cannot be read at all."""
    shape = await asyncio.to_thread(examine, file)
    with ListFile(file, shape) as rows:
        records = iter(rows)
        header = next(records, None)
        if not isinstance(header, Record):
            raise BadInput("the header cannot be read: its quotes are wrong")
        intake = await begin(header.cells)
        for nth, record in enumerate(records, 1):
            intake.read_row(record)
            if intake.waiting >= BATCH:
                await intake.store()
                _tell(progress, rows.bytes_done, shape, intake)
            elif nth % BREATH == 0:
                await asyncio.sleep(0)
        await intake.store()
        _tell(progress, shape.size, shape, intake)
    return intake, shape


def _tell(progress: Progress | None, done: int, shape: Shape, intake: Intake) -> None:
    if progress is not None:
        progress(done, shape.size, intake.taken, intake.refused)
