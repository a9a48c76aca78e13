"""The sockets of all streams: read without waiting, a tick's worth at a time, and given on as frames.

Nothing is registered with an event loop: with fifty packets a second on each of thousands of sockets, being told of every
one costs several times as much as hearing it.
"""

import socket
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dialer.errors import BadInput
from dialer.listening.pace import Counts, Indices
from dialer.listening.packets import FRAME_HEAD, HEAD, PACKET, Packets

_AT_ONCE = 12
"""Packets of one stream that are read in one go: a quarter of a second."""
_SLOTS = _AT_ONCE + 8  # what was left over may be completed
_NOTHING = -1
_HEAD = np.frombuffer(FRAME_HEAD, np.uint8)


class Intake:
    """Rows are given out and taken back; a row has a connection and the packets last read from it."""

    def __init__(self, capacity: int) -> None:
        self._packets = np.zeros((capacity, _SLOTS, PACKET), np.uint8)  # pages are taken when they are used
        self._free = list(range(capacity))[::-1]
        self._connections: dict[int, socket.socket] = {}
        self._split: dict[int, Packets] = {}
        self._receive: list[Callable[[memoryview], int]] = [_closed] * capacity
        self._into: list[memoryview] = [memoryview(b"")] * capacity

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def full(self) -> bool:
        return not self._free

    @property
    def rows(self) -> list[int]:
        return list(self._connections)

    def open(self, connection: socket.socket) -> int:
        row = self._free.pop()
        self._connections[row] = connection
        self._receive[row] = connection.recv_into
        self._into[row] = memoryview(self._packets[row].reshape(-1)[: _AT_ONCE * PACKET])
        return row

    def close(self, row: int) -> None:
        self._connections.pop(row).close()
        self._split.pop(row, None)
        self._receive[row] = _closed
        self._free.append(row)

    def read(self, rows: Sequence[int]) -> "Read":
        """What has come for these."""
        got = np.fromiter(self._lengths(rows), np.int64, len(rows))
        which = np.asarray(rows, np.intp)
        counts = np.maximum(got, 0) // PACKET
        odd = (got > 0) & ~self._regular(which, got, counts)
        if self._split:
            odd |= (got > 0) & np.isin(which, list(self._split))
        ended = [(row, "") for row in which[got == 0].tolist()]
        for place in np.flatnonzero(odd).tolist():
            row = int(which[place])
            counts[place], why = self._unpack(row, int(got[place]))
            if why is not None:
                ended.append((row, why))
        return Read(which, counts, got < _AT_ONCE * PACKET, ended)

    def _lengths(self, rows: Sequence[int]) -> list[int]:
        receive, into, lengths = self._receive, self._into, []
        for row in rows:
            try:
                lengths.append(receive[row](into[row]))
            except BlockingIOError:
                lengths.append(_NOTHING)
            except OSError:
                lengths.append(0)
        return lengths

    def _regular(self, rows: Indices, got: Counts, counts: Counts) -> NDArray[np.bool_]:
        """Whole packets of 20 ms and nothing else."""
        most = int(counts.max(initial=0))
        heads = self._packets[rows, :most, :HEAD]
        right = (heads == _HEAD).all(axis=2) | (np.arange(most) >= counts[:, None])
        return np.asarray((got == counts * PACKET) & right.all(axis=1))

    def _unpack(self, row: int, length: int) -> tuple[int, str | None]:
        """How many frames, now in the row's slots; and why there will be no more, None when there may be."""
        packets = self._split.setdefault(row, Packets())
        slots = self._packets[row]
        try:
            frames = packets.take(slots.reshape(-1)[:length].tobytes())
        except BadInput as broken:
            return 0, str(broken)
        for slot, frame in enumerate(frames):
            slots[slot, HEAD:] = np.frombuffer(frame, np.uint8)
        if packets.idle:
            del self._split[row]
        return len(frames), "" if packets.ended else None

    def frames(self, rows: Indices, slots: Indices) -> NDArray[np.int16]:
        """[n, k, 160] for slots [n, k]; silence for those below 0."""
        frames = self._packets[rows[:, None], np.maximum(slots, 0), HEAD:].view("<i2")
        frames[slots < 0] = 0
        return frames


def _closed(_into: memoryview) -> int:
    return 0


class Read:
    """What one reading brought: frames for each row, whether that was all, and which have ended and why ("": as it should)."""

    __slots__ = ("counts", "drained", "ended", "rows")

    def __init__(
        self, rows: Indices, counts: Counts, drained: NDArray[np.bool_], ended: list[tuple[int, str]]
    ) -> None:
        self.rows, self.counts, self.drained, self.ended = rows, counts, drained, ended
