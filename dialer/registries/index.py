"""The immutable index file of one version of a registry.

A key is the E.164 number's digits as an integer. Ten million successive keys are a block: in the North American plan an
area code. A block is

    dense    a bitmap of 10^7 bits, bit n % 8 of byte n // 8 for the n-th number    1,250,000 bytes
    sparse   the offsets of its numbers, ascending, 32 bits each                     4 bytes a number

Below 65,536 numbers sparse is a fifth of the size or less; above, a bit is found five times as fast as an offset.

File: one page of header (magic, length, JSON, SHA-256 of the JSON), the table of blocks, the blocks in ascending order, each
on a border of 8 bytes. All integers are little-endian. The header carries the SHA-256 of all that follows it.
"""

import hashlib
import mmap
import os
import struct
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from dialer.errors import FairdialError

BLOCK = 10_000_000
DENSE_BYTES = BLOCK // 8
LEAST_DENSE = 65_536
MAGIC = b"FDLREGX\x01"
HEADER_BYTES = 4096

_LENGTH = struct.Struct("<8sI")
_DIGEST = 32
# block number, byte offset in the file, numbers in it, 1 for dense
ENTRY = np.dtype([("block", "<u8"), ("offset", "<u8"), ("count", "<u4"), ("dense", "<u4")])
_AT_ONCE = 32_768  # keys of a batch whose temporaries stay in the processor's cache
_WIDEST_TABLE = 1 << 20
PIECE = 1 << 22

Keys = NDArray[np.int64]
Flags = NDArray[np.bool_]


class DamagedIndex(FairdialError):
    """The file is not what was written; the message says what is wrong."""

    error_id = "damaged-index"


@dataclass(frozen=True, slots=True)
class IndexHeader:
    registry: str
    version: str
    as_of: date
    country: int
    created_at: datetime
    numbers: int
    blocks: int
    payload_bytes: int
    payload_sha256: str
    base: str = ""  # the version to which a change list was applied

    @property
    def file_bytes(self) -> int:
        return HEADER_BYTES + self.payload_bytes

    def page(self) -> bytes:
        said = orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)
        page = _LENGTH.pack(MAGIC, len(said)) + said + hashlib.sha256(said).digest()
        return page.ljust(HEADER_BYTES, b"\0")


def read_header(page: bytes) -> IndexHeader:
    """Raises `DamagedIndex`."""
    if len(page) < HEADER_BYTES:
        raise DamagedIndex(f"the file ends after {len(page)} bytes, within its header")
    magic, length = _LENGTH.unpack_from(page)
    if magic[:7] != MAGIC[:7]:
        raise DamagedIndex("this is no index of a registry")
    if magic != MAGIC:
        raise DamagedIndex(
            f"format {magic[7]}, this program reads format {MAGIC[7]}: import the registry anew"
        )
    said = page[_LENGTH.size : _LENGTH.size + length]
    digest = page[_LENGTH.size + length : _LENGTH.size + length + _DIGEST]
    if hashlib.sha256(said).digest() != digest:
        raise DamagedIndex("the header's checksum is wrong")
    fields: dict[str, Any] = orjson.loads(said)
    fields["as_of"] = date.fromisoformat(fields["as_of"])
    fields["created_at"] = datetime.fromisoformat(fields["created_at"])
    return IndexHeader(**fields)


class RegistryIndex:
    """One open index: a read-only shared mapping, so that all processes on a machine hold it once.

    It stays valid while it is referenced, whatever happens to the file's name. Raises `DamagedIndex`, `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.header = read_header(file.read(HEADER_BYTES))
            size = os.fstat(file.fileno()).st_size
            if size != self.header.file_bytes:
                raise DamagedIndex(f"{size:,} bytes instead of {self.header.file_bytes:,}")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if hasattr(mmap, "MADV_RANDOM"):
            self._map.madvise(mmap.MADV_RANDOM)
        view = memoryview(self._map)
        self._bytes: NDArray[np.uint8] = np.frombuffer(view, np.uint8)
        self._table = np.frombuffer(view, ENTRY, self.header.blocks, HEADER_BYTES)
        self._dense: dict[str, memoryview] = {}
        self._sparse: dict[str, memoryview] = {}
        for block, offset, count, dense in self._entries():
            if dense:
                self._dense[_prefix(block)] = view[offset : offset + DENSE_BYTES]
            else:
                self._sparse[_prefix(block)] = view[offset : offset + 4 * count].cast("I")
        self._blocks = self._table["block"].astype(np.int64)
        self._starts = self._table["offset"].astype(np.int64)
        self._is_dense = self._table["dense"] != 0
        self._first, self._slots = _slots(self._blocks)

    def _entries(self) -> Iterator[tuple[int, int, int, int]]:
        """The table, which must stay within the file."""
        for block, offset, count, dense in self._table.tolist():
            length = DENSE_BYTES if dense else 4 * count
            if offset + length > self.header.file_bytes or offset < HEADER_BYTES:
                raise DamagedIndex(f"block {block} lies outside of the file")
            yield block, offset, count, dense

    def __len__(self) -> int:
        return self.header.numbers

    def lists(self, e164: str) -> bool:
        """Of a number in E.164 with its plus. A block is known by all but the last seven digits, as text."""
        bits = self._dense.get(e164[:-7])
        if bits is None:
            return self._in_sparse(e164)
        offset = int(e164[-7:])
        return bits[offset >> 3] >> (offset & 7) & 1 == 1

    def _in_sparse(self, e164: str) -> bool:
        offsets = self._sparse.get(e164[:-7])
        if offsets is None:
            return False
        offset = int(e164[-7:])
        place = bisect_left(offsets, offset)
        return place < len(offsets) and offsets[place] == offset

    def contains(self, keys: Keys) -> Flags:
        """The same for many keys (E.164 digits as integers) at once, in their order."""
        found: Flags = np.zeros(len(keys), bool)
        if self.header.blocks:
            for start in range(0, len(keys), _AT_ONCE):
                self._look_up(keys[start : start + _AT_ONCE], found[start : start + _AT_ONCE])
        return found

    def _look_up(self, keys: Keys, found: Flags) -> None:
        blocks = keys // BLOCK
        slots = self._slot_of(blocks)
        known = slots >= 0
        dense = known & self._is_dense[slots]
        offsets = keys - blocks * BLOCK
        if dense.all():
            found[:] = self._bits(slots, offsets)
            return
        found[dense] = self._bits(slots[dense], offsets[dense])
        sparse = np.flatnonzero(known & ~dense)
        for slot in np.unique(slots[sparse]).tolist():
            here = sparse[slots[sparse] == slot]
            found[here] = self._among(slot, offsets[here])

    def _slot_of(self, blocks: Keys) -> NDArray[np.int32]:
        """The line of the table for each block, -1 for none."""
        if self._slots is None:
            place = np.minimum(np.searchsorted(self._blocks, blocks), len(self._blocks) - 1).astype(np.int32)
            return np.where(self._blocks[place] == blocks, place, np.int32(-1))
        return self._slots[np.clip(blocks - self._first, 0, len(self._slots) - 1)]

    def _bits(self, slots: NDArray[np.int32], offsets: Keys) -> Flags:
        found = self._bytes[self._starts[slots] + (offsets >> 3)] >> (offsets & 7).astype(np.uint8) & 1
        return cast("Flags", found.astype(bool))

    def _among(self, slot: int, offsets: Keys) -> Flags:
        entry = self._table[slot]
        listed = np.frombuffer(self._map, "<u4", int(entry["count"]), int(entry["offset"]))
        place = np.minimum(np.searchsorted(listed, offsets), len(listed) - 1)
        return cast("Flags", listed[place] == offsets)

    def blocks(self) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Every block as a bitmap of its own, ascending."""
        for block, offset, count, dense in self._entries():
            if dense:
                yield block, self._bytes[offset : offset + DENSE_BYTES].copy()
            else:
                yield block, bitmap(np.frombuffer(self._map, "<u4", count, offset))

    def verify(self) -> None:
        """Read the whole file and compare its checksum. Raises `DamagedIndex`, `OSError`. Takes about a second."""
        digest = hashlib.sha256()
        with self.path.open("rb", buffering=0) as file:
            if read_header(file.read(HEADER_BYTES)) != self.header:
                raise DamagedIndex("the file was replaced since it was opened")
            while piece := file.read(PIECE):
                digest.update(piece)
        if digest.hexdigest() != self.header.payload_sha256:
            raise DamagedIndex("the checksum is wrong: the content has changed since the import")


def _prefix(block: int) -> str:
    """What stands before the last seven digits of its numbers."""
    return f"+{block}" if block else "+"


def bitmap(offsets: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Of one block."""
    flags = np.zeros(BLOCK, bool)
    flags[offsets] = True
    return np.packbits(flags, bitorder="little")


def _slots(blocks: Keys) -> tuple[int, NDArray[np.int32] | None]:
    """A table from block to line, with an empty line at either end, when the blocks lie near enough to each other."""
    if not len(blocks):
        return 0, None
    first, last = int(blocks[0]) - 1, int(blocks[-1]) + 1
    if last - first >= _WIDEST_TABLE:
        return 0, None
    slots = np.full(last - first + 1, -1, np.int32)
    slots[blocks - first] = np.arange(len(blocks), dtype=np.int32)
    return first, slots
