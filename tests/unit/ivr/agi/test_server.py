"""The FastAGI server against probes, slow clients, hang-ups and its own end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from ivr.agi.protocol import Conversation
from ivr.agi.server import AgiLimits, FastAgiServer, SessionEnd
from tests.support.fake_agi_caller import HANG_UP, SILENCE, FakeAgiCaller
from tests.support.fake_ami_server import eventually

pytestmark = pytest.mark.unit

RESULT = 'SET VARIABLE "IVR_RESULT" "{}"'


async def echo(talk: Conversation) -> str:
    await talk.command("STREAM FILE", "hello", "")
    return str(talk.request.query.get("say", "echoed"))


async def broken(_talk: Conversation) -> str:
    raise RuntimeError("a bug")


class Service:
    def __init__(self, limits: AgiLimits | None = None) -> None:
        self.ends: list[SessionEnd] = []
        quick = AgiLimits(sessions=5, header_s=0.1, command_s=0.1, grace_s=0.1)
        self.server = FastAgiServer(
            "127.0.0.1", 0, {"echo": echo, "broken": broken}, report=self.ends.append, limits=limits or quick
        )

    def caller(self, script: str) -> FakeAgiCaller:
        return FakeAgiCaller(self.server.port, script)

    async def outcomes(self, count: int) -> list[str]:
        await eventually(lambda: len(self.ends) >= count)
        return [end.outcome for end in self.ends]


@contextlib.asynccontextmanager
async def serving(limits: AgiLimits | None = None) -> AsyncIterator[Service]:
    service = Service(limits)
    await service.server.start()
    try:
        yield service
    finally:
        await service.server.close()
        await eventually(lambda: service.server.sessions == 0)


async def test_the_result_variable_is_the_last_act() -> None:
    async with serving() as service:
        commands = await service.caller("echo?say=hi").call()
        assert commands == ['STREAM FILE "hello" ""', RESULT.format("hi")]
        assert await service.outcomes(1) == ["done"]


async def test_a_doctor_gets_its_pong() -> None:
    async with serving() as service:
        assert await service.caller("ping").call() == [RESULT.format("pong")]


async def test_a_hangup_is_reported_and_still_marked_on_the_channel() -> None:
    async with serving() as service:
        caller = service.caller("echo").says("STREAM FILE", b"200 result=-1\n")
        caller.says("CHANNEL STATUS", b"HANGUP\n511 Command Not Permitted on a dead channel\n")
        assert (await caller.call())[-1] == RESULT.format("caller-left")
        assert await service.outcomes(1) == ["caller-left"]


async def test_a_missing_prompt_does_not_end_the_conversation() -> None:
    async with serving() as service:
        caller = service.caller("echo").says("STREAM FILE", b"200 result=-1\n")
        caller.says("CHANNEL STATUS", b"200 result=6\n")
        assert (await caller.call())[-1] == RESULT.format("echoed")


@pytest.mark.parametrize(
    ("reply", "outcome"), [(HANG_UP, "link-broken"), (SILENCE, "link-broken"), (b"garbage\n", "failed")]
)
async def test_a_conversation_that_breaks_leaves_the_result_empty(reply: bytes, outcome: str) -> None:
    async with serving() as service:
        commands = await service.caller("echo").says("STREAM FILE", reply).call()
        assert await service.outcomes(1) == [outcome]
        assert not any("IVR_RESULT" in command for command in commands)


async def test_a_bug_in_a_script_leaves_the_result_empty_and_the_service_up() -> None:
    async with serving() as service:
        assert await service.caller("broken").call() == []
        assert service.ends[0] == SessionEnd("failed", "broken", "RuntimeError")
        assert await service.caller("ping").call() != []


async def test_an_unknown_script_is_closed_at_once() -> None:
    async with serving() as service:
        assert await service.caller("nosuch?x=1").call() == []
        assert service.ends == [SessionEnd("unknown-script", "nosuch")]


async def test_probes_neither_block_nor_pile_up() -> None:
    async with serving(AgiLimits(sessions=500)) as service:
        for _ in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", service.server.port)
            writer.close()
        assert await service.outcomes(200) == ["no-request"] * 200
        assert await service.caller("ping").call() == [RESULT.format("pong")]


@pytest.mark.parametrize("data", [b"", b"agi_network: yes\n", b"x" * 200_000, b"\x00\xff" * 10 + b"\n\n"])
async def test_slow_and_senseless_clients_are_dropped(data: bytes) -> None:
    async with serving() as service:
        async with FakeAgiCaller(service.server.port) as client:
            client.writer.write(data)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(client.reader.read(), 1) == b""
        assert (await service.outcomes(1))[0] in ("no-request", "unknown-script")


async def test_a_slow_client_in_time_is_served() -> None:
    async with serving(AgiLimits()) as service:
        caller = service.caller("ping")
        caller.one_byte_at_a_time = True
        assert await caller.call() == [RESULT.format("pong")]


async def test_more_callers_than_allowed_are_closed_and_told() -> None:
    async with serving(AgiLimits(sessions=1, header_s=1)) as service:
        async with FakeAgiCaller(service.server.port):
            await eventually(lambda: service.server.sessions == 1)
            assert await service.caller("ping").call() == []
        assert await service.outcomes(2) == ["full", "no-request"]


async def test_closing_lets_a_conversation_finish_within_the_grace() -> None:
    async with serving(AgiLimits(grace_s=1)) as service:
        caller = service.caller("echo").says("STREAM FILE", SILENCE)
        async with asyncio.TaskGroup() as tasks:
            call = tasks.create_task(caller.call())
            await eventually(lambda: bool(caller.commands))
            closing = tasks.create_task(service.server.close())
            await asyncio.sleep(0.02)
            caller.writer.write(b"200 result=0\n")
        assert closing.done()
        assert call.result()[-1] == RESULT.format("echoed")


async def test_closing_ends_a_conversation_that_outlasts_the_grace() -> None:
    async with serving(AgiLimits(grace_s=0.02)) as service:
        caller = service.caller("echo").says("STREAM FILE", SILENCE)
        async with asyncio.TaskGroup() as tasks:
            call = tasks.create_task(caller.call())
            await eventually(lambda: bool(caller.commands))
            await asyncio.wait_for(service.server.close(), 1)
        assert [end.outcome for end in service.ends] == ["cut-short"]
        assert "IVR_RESULT" not in call.result()[-1]


async def test_a_reporter_that_fails_costs_no_caller() -> None:
    def fail(_end: SessionEnd) -> None:
        raise RuntimeError("no disk")

    server = FastAgiServer("127.0.0.1", 0, {}, report=fail)
    await server.start()
    assert await FakeAgiCaller(server.port, "ping").call() == [RESULT.format("pong")]
    await eventually(lambda: server.sessions == 0)
    await server.close()
