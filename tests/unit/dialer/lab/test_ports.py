import socket

import pytest

from dialer.errors import Misconfigured
from dialer.lab.ports import BLOCK, HOST, Ports, is_free

pytestmark = pytest.mark.unit


def test_ports_are_distinct_and_free() -> None:
    with Ports(50) as ports:
        got = [ports.one() for _ in range(20)]
        assert len(set(got)) == 20
        assert all(is_free(port) for port in got)


def test_two_labs_never_share_a_port() -> None:
    with Ports(BLOCK + 10) as first, Ports(30) as second:
        ours = {first.one() for _ in range(100)}
        theirs = {second.one() for _ in range(30)}
        assert not ours & theirs


def test_a_span_is_as_long_as_asked_and_begins_even() -> None:
    with Ports(BLOCK * 2) as ports:
        before = ports.one()
        first, last = ports.span(600)
        assert first % 2 == 0
        assert last - first + 1 >= 600
        assert before < first
        assert ports.one() > last


def test_a_taken_port_is_passed_over() -> None:
    with Ports(20) as ports, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, ports.one() + 1))
        assert ports.one() != other.getsockname()[1]


def test_closed_blocks_can_be_had_again() -> None:
    with Ports(10) as ports:
        first = ports.one()
    with Ports(10) as ports:
        assert ports.one() == first


def test_running_out_is_said() -> None:
    with Ports(10) as ports, pytest.raises(Misconfigured, match="ran out of ports"):
        ports.span(BLOCK * 2)
    with pytest.raises(Misconfigured, match="free ports in a row"):
        Ports(1_000_000)
