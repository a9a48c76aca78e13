"""The callers of the benchmark of flows: what they send, and what they make of what they hear. Nothing here is timed."""

import socket
import struct
from collections.abc import Iterator

import pytest

from dialer.lab.bench.callers import Caller, Callers, Heard
from dialer.lab.bench.ivr import summary
from dialer.lab.bench.ivr_verdicts import _unheard

pytestmark = pytest.mark.unit

RED, BLUE, QUIET = 0x10, 0x20, 0xFF
MS = 1_000_000


@pytest.fixture
def exchange() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind(("127.0.0.1", 0))
        end.settimeout(10)
        yield end


@pytest.fixture
def callers() -> Iterator[Callers]:
    made = Callers(0, frozenset({RED, BLUE}))
    yield made
    made._socket.close()


def packet(number: int, mark: int) -> bytes:
    return struct.pack("!BBHII", 0x80, 0, number, 0, 7) + bytes([mark]) * 160


def arrived(callers: Callers, exchange: socket.socket) -> Caller:
    """A caller who hears red, and whose next key is due at once."""
    caller = callers._arrived(exchange.getsockname())
    callers._packet(caller, packet(1, RED), 0)
    callers.open((0.0, 0.0))
    return caller


def pressed(callers: Callers, caller: Caller, exchange: socket.socket) -> list[bytes]:
    while not caller.pressed_ns:
        callers._frame(caller)
    sent = []
    exchange.settimeout(0.2)
    try:
        while True:
            sent.append(exchange.recv(400))
    except TimeoutError:
        return sent


def test_a_key_is_an_event_of_rfc_4733_that_ends_three_times(
    callers: Callers, exchange: socket.socket
) -> None:
    sent = pressed(callers, arrived(callers, exchange), exchange)
    heads = [struct.unpack("!BBHII", each[:12]) for each in sent]
    events = [
        (head, struct.unpack("!BBH", each[12:]))
        for head, each in zip(heads, sent, strict=True)
        if head[1] & 127
    ]
    assert [bool(head[1] & 0x80) for head, _ in events] == [True] + [False] * 6, "the first is marked"
    assert len({head[3] for head, _ in events}) == 1, "one event has one time stamp"
    assert [(event[0], event[1] >> 7, event[2]) for _, event in events] == [
        (1, 0, 160), (1, 0, 320), (1, 0, 480), (1, 0, 640), (1, 1, 800), (1, 1, 800), (1, 1, 800),
    ]  # fmt: skip
    assert [head[2] for head in heads] == list(range(1, len(heads) + 1)), "no number is left out"


def test_the_wait_ends_with_the_first_packet_of_another_prompt(
    callers: Callers, exchange: socket.socket
) -> None:
    caller = arrived(callers, exchange)
    pressed(callers, caller, exchange)
    end = caller.pressed_ns
    for number, mark, after_ms in ((2, RED, 3), (3, QUIET, 5), (4, BLUE, 12), (5, BLUE, 32)):
        callers._packet(caller, packet(number, mark), end + after_ms * MS)
    assert callers._heard.waits_ms == [12.0]
    assert (callers._heard.unanswered, callers._heard.lost) == (0, 0)
    assert caller.due, "the next key follows"


def test_a_key_without_another_prompt_and_packets_that_do_not_come_are_counted(
    callers: Callers, exchange: socket.socket
) -> None:
    caller = arrived(callers, exchange)
    pressed(callers, caller, exchange)
    end = caller.pressed_ns
    callers._packet(caller, packet(4, RED), end + 20 * MS)
    callers._packet(caller, packet(5, RED), end + 3_500 * MS)
    assert (callers._heard.waits_ms, callers._heard.unanswered, callers._heard.lost) == ([], 1, 2)


def test_a_phase_without_keys_or_with_keys_in_vain_is_wrong() -> None:
    good = summary(Heard([1.0, 2.0, 9.0]), 2.0, 3, {"service": 0.3})
    assert (good["p50_ms"], good["max_ms"], good["keys_per_s"]) == (2.0, 9.0, 1.5)
    assert good["ms_per_caller_s"] == {"service": 100.0}
    in_vain = summary(Heard([1.0], unanswered=2), 2.0, 3, {})
    nobody = summary(Heard(), 2.0, 3, {})
    assert _unheard(good) == ()
    assert _unheard(good, in_vain) == ("2 keys brought no prompt",)
    assert _unheard(nobody) == ("no key was pressed",)
