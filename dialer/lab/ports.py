"""Ports for a lab, chosen so that several labs can run at once on one machine.

Each lab owns a run of blocks of 500 ports. A block is owned by whoever listens on its first port, so the kernel gives
it back when the owner dies. All lie below the range from which the kernel picks ports by itself.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from dialer.errors import Misconfigured

HOST = "127.0.0.1"
BLOCK = 500
BLOCKS = tuple(range(10_000, 32_000, BLOCK))


class Ports:
    """A reserved run of ports; `close` gives it back."""

    def __init__(self, count: int) -> None:
        needed = -(-count // (BLOCK - 1))
        self._guards = _own_blocks(needed)
        self._free = self._numbers()

    def _numbers(self) -> Iterator[int]:
        first = int(self._guards[0].getsockname()[1])
        guarded = {int(guard.getsockname()[1]) for guard in self._guards}
        yield from (port for port in range(first, first + BLOCK * len(self._guards)) if port not in guarded)

    def one(self) -> int:
        """The next port on which nobody listens."""
        for port in self._free:
            if is_free(port):
                return port
        raise Misconfigured("the lab ran out of ports: it reserved fewer than it uses")

    def span(self, count: int) -> tuple[int, int]:
        """First and last of `count` ports in a row for RTP; Asterisk itself steps over the few that are taken."""
        first = self.one()
        first += first % 2
        last = first
        for port in self._free:
            last = port
            if last - first + 1 >= count:
                return first, last
        raise Misconfigured("the lab ran out of ports: it reserved fewer than it uses")

    def close(self) -> None:
        for guard in self._guards:
            guard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _own_blocks(needed: int) -> list[socket.socket]:
    """Listens on the first ports of `needed` blocks in a row."""
    owned: list[socket.socket] = []
    for first in BLOCKS:
        guard = _listener(first)
        if guard is None:
            _close_all(owned)
            owned = []
            continue
        owned.append(guard)
        if len(owned) == needed:
            return owned
    _close_all(owned)
    raise Misconfigured(
        f"no {needed * BLOCK} free ports in a row between {BLOCKS[0]} and {BLOCKS[-1] + BLOCK} on {HOST}: "
        "stop another lab, or ask for fewer agents and channels"
    )


def _listener(port: int) -> socket.socket | None:
    guard = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        guard.bind((HOST, port))
        guard.listen(1)
    except OSError:
        guard.close()
        return None
    return guard


def _close_all(sockets: list[socket.socket]) -> None:
    for each in sockets:
        with suppress(OSError):
            each.close()


def is_free(port: int) -> bool:
    """Whether both TCP and UDP can be bound."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as trial:
            if kind == socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, port))
            except OSError:
                return False
    return True
