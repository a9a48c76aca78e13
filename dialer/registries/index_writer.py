"""Writes the index file of one version."""

import hashlib
import os
from datetime import date, datetime
from pathlib import Path

from numpy.typing import NDArray

from dialer.registries.arrays import Bytes, np
from dialer.registries.index import ENTRY, HEADER_BYTES, LEAST_DENSE, PIECE, IndexHeader


class IndexWriter:
    """Writes the blocks it is given in ascending order; the same blocks make the same bytes.

    The file is whole only after `finish`: until then its header is empty.
    """

    def __init__(self, path: Path, blocks: int) -> None:
        self._file = path.open("wb")
        self._table = np.zeros(blocks, ENTRY)
        self._next = HEADER_BYTES + self._table.nbytes
        self._done = 0
        self._file.seek(self._next)

    def add(self, block: int, bits: Bytes) -> None:
        """Without a number in it a block must not be given."""
        count = int(np.bitwise_count(bits).sum())
        dense = count >= LEAST_DENSE
        content = bits.tobytes() if dense else _sparse(bits).tobytes()
        content += b"\0" * (-len(content) % 8)
        self._table[self._done] = (block, self._next, count, dense)
        self._file.write(content)
        self._next += len(content)
        self._done += 1

    def finish(
        self, registry: str, as_of: date, country: int, created_at: datetime, base: str = ""
    ) -> IndexHeader:
        """The version is the date and the beginning of the checksum: the same numbers are the same version."""
        self._file.seek(HEADER_BYTES)
        self._file.write(self._table.tobytes())
        self._file.flush()
        digest = self._digest()
        header = IndexHeader(
            registry=registry,
            version=f"{as_of.isoformat()}-{digest[:12]}",
            as_of=as_of,
            country=country,
            created_at=created_at,
            numbers=int(self._table["count"].sum()),
            blocks=len(self._table),
            payload_bytes=self._next - HEADER_BYTES,
            payload_sha256=digest,
            base=base,
        )
        self._file.seek(0)
        self._file.write(header.page())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return header

    def close(self) -> None:
        self._file.close()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        with Path(self._file.name).open("rb") as written:
            written.seek(HEADER_BYTES)
            while piece := written.read(PIECE):
                digest.update(piece)
        return digest.hexdigest()


def _sparse(bits: Bytes) -> NDArray[np.uint32]:
    """The offsets of the numbers, ascending; most bytes are empty."""
    places = np.flatnonzero(bits)
    flags = np.unpackbits(bits[places], bitorder="little").reshape(-1, 8)
    rows, shifts = np.nonzero(flags)
    return (8 * places[rows] + shifts).astype("<u4")
