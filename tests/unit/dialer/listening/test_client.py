"""The process itself: it dies, hangs, is orphaned, and cannot have its port."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from dialer.audio import synth
from dialer.audio.answer_model import Audience
from dialer.audio.home import Home
from dialer.audio.zones import Kind, load
from dialer.clock import SystemClock
from dialer.errors import BadInput
from dialer.listening.client import EarsProcess, EarsSettings
from dialer.listening.packets import UUID_HEAD
from dialer.listening.wire import Broken, Drop, Message, Messages, Ready, written
from dialer.ports.ears import EarEvent, EarsFigures, EarsLost, EarsUp, RingHeard, TapClosed, TapId, TapOpened
from tests.support.listening_room import packet

pytestmark = pytest.mark.unit

Some = TypeVar("Some")


class House:
    """A client whose process runs, and what it said."""

    def __init__(self, settings: EarsSettings) -> None:
        self.said: list[EarEvent] = []
        self.client = EarsProcess(settings, self.said.append, SystemClock())

    def of(self, kind: type[Some]) -> list[Some]:
        return [each for each in self.said if isinstance(each, kind)]

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def connected(self, tap: TapId) -> asyncio.StreamWriter:
        host, _, port = self.client.address.rpartition(":")
        _, line = await asyncio.open_connection(host, int(port))
        line.write(UUID_HEAD + tap.bytes)
        return line


@asynccontextmanager
async def house(**settings: object) -> AsyncIterator[House]:
    held = House(EarsSettings(**settings))  # type: ignore[arg-type]
    running = asyncio.ensure_future(held.client.run())
    try:
        yield held
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_heard_through_the_process() -> None:
    ring = synth.render(load().of("US", Kind.RING)[0], 2.5)
    async with house() as held:
        client = held.client
        client.listen(TapId(uuid4()), Home.of("TH"), Audience.HOMES)  # not up yet: nothing happens
        assert (client.up, client.problem) == (False, "not started yet")
        await held.until(lambda: client.up)
        assert client.problem is None
        tap = TapId(uuid4())
        client.listen(tap, Home.of("TH"), Audience.HOMES)
        line = await held.connected(tap)
        line.write(b"".join(packet(frame) for frame in ring.reshape(-1, 160)))
        await held.until(lambda: any(each.verdict.may_hang_up for each in held.of(RingHeard)))
        line.close()
        await held.until(lambda: held.of(TapClosed))
        assert held.of(TapClosed)[0].frames == 125
        assert [type(each) for each in held.said[:2]] == [EarsUp, TapOpened]
        await held.until(lambda: client.figures().frames == 125)
        pid = client.pid
    assert [type(each) for each in held.said[-1:]] == [EarsLost]
    assert client.figures() == EarsFigures()
    assert pid is not None
    assert not is_alive(pid)


async def test_killed_it_comes_again_where_it_was() -> None:
    async with house() as held:
        client = held.client
        await held.until(lambda: client.up)
        address, first, tap = client.address, client.pid, TapId(uuid4())
        assert first is not None
        client.listen(tap, Home.of("TH"), Audience.HOMES)
        os.kill(first, signal.SIGKILL)
        await held.until(lambda: not client.up)
        assert held.of(EarsLost)[0].because == client.problem == "died"
        client.answered(tap, datetime.now(UTC))
        await held.until(lambda: client.up)
        assert client.address == address
        assert client.pid != first
        assert len(held.of(EarsUp)) == 2
        line = await held.connected(tap)  # of the old life: nobody expects it
        await held.until(lambda: client.figures().refused == 1)
        line.close()
        assert not held.of(TapOpened)


async def test_hung_it_is_killed() -> None:
    async with house(hung_s=1.5) as held:
        client = held.client
        await held.until(lambda: client.up)
        first = client.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        await held.until(lambda: len(held.of(EarsUp)) == 2)
        assert "hung" in held.of(EarsLost)[0].because
        assert not is_alive(first)


async def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with house(port=port) as held:
            await held.until(lambda: "cannot listen" in (held.client.problem or ""))
            assert str(port) in (held.client.problem or "")
            assert not held.said
            taken.close()
            await held.until(lambda: held.client.up)
            assert held.client.address == f"127.0.0.1:{port}"


async def test_a_public_address() -> None:
    async with house(host="127.0.0.1", public_address="ears.example:4574") as held:
        assert held.client.address == "ears.example:4574"


_SERVICE = """
import asyncio
from dialer.clock import SystemClock
from dialer.listening.client import EarsProcess, EarsSettings
from dialer.ports.ears import EarsUp

client = EarsProcess(EarsSettings(), lambda event: print(client.pid, flush=True), SystemClock())
asyncio.run(client.run())
"""


async def test_killed_outright_the_service_takes_the_ears_along(tmp_path: Path) -> None:
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SERVICE, stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    assert service.stdout is not None
    ears = int(await service.stdout.readline())
    assert is_alive(ears)
    service.kill()
    await service.wait()
    async with asyncio.timeout(10):
        while is_alive(ears):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Not gone, and not merely unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_messages_however_they_are_cut() -> None:
    sent: list[Message] = [Drop(TapId(uuid4())), Ready(4574), Broken("因为"), EarsFigures(frames=7)]
    whole, reader = b"".join([written(each) for each in sent]), Messages()
    got = [message for byte in whole for message in reader.take(bytes([byte]))]
    assert got == sent


@pytest.mark.parametrize(
    "wrong",
    [b"\x00\x00\x00\x00\x00", b"\xff\xff\xff\xff\x00", b"\x00\x00\x00\x03\x04no", b"\x00\x00\x00\x02\xee{"],
)
def test_what_is_no_message(wrong: bytes) -> None:
    with pytest.raises(BadInput):
        list(Messages().take(wrong))
