"""A registry that is being built: one bitmap for each block of ten million numbers, in a sparse file.

Marking the same numbers again changes nothing, so an interrupted import may repeat what it did since its last checkpoint.
"""

import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dialer.registries.arrays import Bytes, Counts, Flags, Keys, np
from dialer.registries.index import BLOCK, DENSE_BYTES

_SLOTS_AT_ONCE = 512


class NumberBits:
    """`slots`: where in the file each block lies, as an earlier run left it."""

    def __init__(self, path: Path, slots: Mapping[int, int] | None = None) -> None:
        self.slots: dict[int, int] = dict(slots or {})
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._map: mmap.mmap | None = None
        self._bits: Bytes = np.zeros(0, np.uint8)
        self._make_room(len(self.slots))

    def _make_room(self, slots: int) -> None:
        if slots * DENSE_BYTES <= len(self._bits) and self._map is not None:
            return
        size = (slots // _SLOTS_AT_ONCE + 1) * _SLOTS_AT_ONCE * DENSE_BYTES
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
        self._bits = np.zeros(0, np.uint8)
        self._map = mmap.mmap(self._file, size)
        self._bits = np.frombuffer(self._map, np.uint8)

    def load(self, block: int, bits: Bytes) -> None:
        start = self._slot(block) * DENSE_BYTES
        self._bits[start : start + DENSE_BYTES] = bits

    def apply(self, keys: Keys, deleted: Flags | None) -> None:
        """Put numbers on the list or take them off, in their order: of one that comes twice the last mention counts."""
        if deleted is None:
            self.add(keys)
            return
        order = np.argsort(keys, kind="stable")
        ordered, gone = keys[order], deleted[order]
        last = np.append(ordered[1:] != ordered[:-1], True) if len(ordered) else gone
        self.add(ordered[last & ~gone])
        self.remove(ordered[last & gone])

    def add(self, keys: Keys) -> None:
        places, masks = self._masks(keys)
        self._bits[places] |= masks

    def remove(self, keys: Keys) -> None:
        places, masks = self._masks(keys)
        self._bits[places] &= ~masks

    def _masks(self, keys: Keys) -> tuple[Counts, Bytes]:
        """The bytes in which the numbers are, each once, and their bits there."""
        if not len(keys):
            return np.zeros(0, np.int64), np.zeros(0, np.uint8)
        if not (keys[1:] >= keys[:-1]).all():
            keys = np.sort(keys)
        positions = self._positions(keys)
        places = positions >> 3
        bits = np.left_shift(np.uint8(1), (positions & 7).astype(np.uint8), dtype=np.uint8)
        firsts = np.append(0, np.flatnonzero(places[1:] != places[:-1]) + 1)
        return places[firsts], np.bitwise_or.reduceat(bits, firsts)

    def _positions(self, keys: Keys) -> Counts:
        """Of sorted keys: the bit in the file."""
        blocks = keys // BLOCK
        firsts = np.append(0, np.flatnonzero(blocks[1:] != blocks[:-1]) + 1)
        shifts = [(self._slot(block) - block) * BLOCK for block in blocks[firsts].tolist()]
        return keys + np.repeat(np.array(shifts, np.int64), np.diff(np.append(firsts, len(keys))))

    def _slot(self, block: int) -> int:
        slot = self.slots.get(block)
        if slot is None:
            slot = len(self.slots)
            self._make_room(slot + 1)
            # a full disk is an error here; found out while writing through the mapping, it would end the process
            os.posix_fallocate(self._file, slot * DENSE_BYTES, DENSE_BYTES)
            self.slots[block] = slot
        return slot

    def blocks(self) -> Iterator[tuple[int, Bytes]]:
        """Those with a number in them, ascending."""
        for block in sorted(self.slots):
            bits = self._bits[self.slots[block] * DENSE_BYTES :][:DENSE_BYTES]
            if bits.any():
                yield block, bits

    def sync(self) -> None:
        """To the disk."""
        if self._map is not None:
            self._map.flush()

    def close(self) -> None:
        self._bits = np.zeros(0, np.uint8)
        self._map = None
        os.close(self._file)
