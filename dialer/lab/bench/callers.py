"""Callers' telephones: they speak, press keys and note when the prompt changes. SIPp makes their calls.

All of them share one UDP port; Asterisk's port tells them apart. What arrives has the kernel's time on it, so that a busy
Python process does not lengthen what it measures; what is sent is timed in the moment before.
"""

import random
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Final, Self

from dialer.lab.ports import HOST

_AUDIO, _KEYS = 0, 101
"""Payload types of RTP: PCMU, and telephone-event as the scenario offers it."""
_FRAME: Final = 160
_SILENCE: Final = b"\xff" * _FRAME
_RTP: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")
_TIME: Final = struct.Struct("@qq")
_MARKER: Final = 0x80
_END: Final = 0x80
_STAMP: Final = 35  # SO_TIMESTAMPNS of Linux
_ROOM: Final = 4 << 20
_FRAME_S: Final = 0.02
_SLOTS: Final = 10  # of a frame: callers do not all speak at the same moment
_KEY_FRAMES: Final = 5  # 100 ms
_LOUDNESS: Final = 10  # -10 dBm0
_NO_GAP: Final = 1000  # packets: a new count, or one that came out of order
_GIVEN_UP_NS: Final = 3_000_000_000


@dataclass(slots=True)
class Caller:
    """`hears` is the mark of the prompt; `due` the frame in which the next key begins, 0 for none."""

    address: tuple[str, int]
    slot: int
    ssrc: int
    hears: int = -1
    before: int = -1
    pressed_ns: int = 0
    due: int = 0
    pressing: int = 0
    began: int = 0
    sequence: int = 0
    frame: int = 0
    last_seen: int = -1


@dataclass(slots=True)
class Heard:
    """`waits_ms` from the end of a key (the first packet that says so) to the first packet of the next prompt. `unanswered`
    keys brought no other prompt within 3 s. `lost` packets are gaps in what came from the exchange."""

    waits_ms: list[float] = field(default_factory=list)
    unanswered: int = 0
    lost: int = 0


class Callers:
    """A context manager, with two threads: one listens, one speaks. `marks` are the first bytes of the prompts' packets, the
    same in all packets of one. Keys are pressed from `open` to `close`, `between_s` (least, most) after a new prompt."""

    def __init__(self, port: int, marks: frozenset[int], key: int = 1, seed: int = 1) -> None:
        self._marks, self._key = marks, key
        self._chance = random.Random(seed)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        self._socket.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
        self._socket.settimeout(0.2)
        self._socket.bind((HOST, port))
        self._callers: dict[tuple[str, int], Caller] = {}
        self._slots: list[list[Caller]] = [[] for _ in range(_SLOTS)]
        self._heard = Heard()
        self._between = (1.0, 1.0)
        self._pressing = False
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._listen, self._speak)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    # --- for whoever measures ---------------------------------------------------------------------------------------------

    @property
    def hearing(self) -> int:
        """Callers who have heard a prompt."""
        return sum(each.hears >= 0 for each in tuple(self._callers.values()))

    def open(self, between_s: tuple[float, float]) -> None:
        self._between, self._heard, self._pressing = between_s, Heard(), True
        for caller in tuple(self._callers.values()):
            caller.due = self._next(caller)

    def close(self) -> Heard:
        """No more keys; those that were pressed still have a second to be answered."""
        self._pressing = False
        time.sleep(1.0)
        return self._heard

    def forget(self) -> None:
        """After their calls: the exchange may use its ports for others."""
        self._slots = [[] for _ in range(_SLOTS)]
        self._callers = {}

    # --- what is heard ----------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                data, about, _, address = self._socket.recvmsg(512, 64)
            except TimeoutError:
                continue
            caller = self._callers.get(address) or self._arrived(address)
            if len(data) > 12 and data[1] & 0x7F == _AUDIO:
                self._packet(caller, data, _moment(about))

    def _arrived(self, address: tuple[str, int]) -> Caller:
        slot = self._chance.randrange(_SLOTS)
        caller = Caller(address, slot, self._chance.getrandbits(32))
        self._callers = {**self._callers, address: caller}
        self._slots[slot] = [*self._slots[slot], caller]
        return caller

    def _packet(self, caller: Caller, data: bytes, at_ns: int) -> None:
        number = data[2] << 8 | data[3]
        gap = (number - caller.last_seen - 1) & 0xFFFF
        if caller.last_seen >= 0 and gap < _NO_GAP:
            self._heard.lost += gap
        caller.last_seen = number
        mark = data[12]
        if mark in self._marks:
            self._prompt(caller, mark, at_ns)
        if caller.pressed_ns and at_ns - caller.pressed_ns > _GIVEN_UP_NS:
            self._heard.unanswered += 1
            caller.pressed_ns, caller.due = 0, self._next(caller)

    def _prompt(self, caller: Caller, mark: int, at_ns: int) -> None:
        new = mark != caller.hears
        caller.hears = mark
        if new and caller.pressed_ns and mark != caller.before:
            self._heard.waits_ms.append((at_ns - caller.pressed_ns) / 1e6)
            caller.pressed_ns, caller.due = 0, self._next(caller)
        elif new and not caller.due and not caller.pressing and not caller.pressed_ns:
            caller.due = self._next(caller)

    def _next(self, caller: Caller) -> int:
        return caller.frame + 1 + round(self._chance.uniform(*self._between) / _FRAME_S)

    # --- what is said -----------------------------------------------------------------------------------------------------

    def _speak(self) -> None:
        slot_s = _FRAME_S / _SLOTS
        begun, tick = time.monotonic(), 0
        while not self._over.is_set():
            for caller in self._slots[tick % _SLOTS]:
                self._frame(caller)
            tick += 1
            ahead = begun + tick * slot_s - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def _frame(self, caller: Caller) -> None:
        caller.frame += 1
        if caller.pressing:
            self._press(caller)
        elif self._pressing and caller.due and caller.frame >= caller.due:
            caller.due, caller.pressing, caller.began = 0, 1, caller.frame
            self._send(caller, _KEYS | _MARKER, _EVENT.pack(self._key, _LOUDNESS, _FRAME), caller.began)
        else:
            self._send(caller, _AUDIO, _SILENCE, caller.frame)

    def _press(self, caller: Caller) -> None:
        caller.pressing += 1
        length = caller.pressing * _FRAME
        if caller.pressing < _KEY_FRAMES:
            self._send(caller, _KEYS, _EVENT.pack(self._key, _LOUDNESS, length), caller.began)
            return
        caller.pressing, caller.before = 0, caller.hears
        caller.pressed_ns = time.time_ns()
        for _ in range(3):  # RFC 4733, 2.5.1.4: the end is said three times
            self._send(caller, _KEYS, _EVENT.pack(self._key, _END | _LOUDNESS, length), caller.began)

    def _send(self, caller: Caller, kind: int, payload: bytes, frame: int) -> None:
        caller.sequence = (caller.sequence + 1) & 0xFFFF
        stamp = frame * _FRAME & 0xFFFFFFFF
        head = _RTP.pack(0x80, kind, caller.sequence, stamp, caller.ssrc)
        self._socket.sendto(head + payload, caller.address)


def _moment(about: list[tuple[int, int, bytes]]) -> int:
    """Nanoseconds since 1970, as the kernel noted them."""
    for level, kind, value in about:
        if level == socket.SOL_SOCKET and kind == _STAMP:
            seconds, nanoseconds = _TIME.unpack(value[: _TIME.size])
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()
