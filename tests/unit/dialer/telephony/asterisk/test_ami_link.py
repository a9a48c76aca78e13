"""The link against a scripted server: each test is a promise that panoramisk alone does not keep."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import AmiLink, LinkLost, LinkUp
from tests.support.ami_links import running, settings, upcoming
from tests.support.fake_ami_server import FakeAmiServer, event, eventually

pytestmark = pytest.mark.unit


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FakeAmiServer]:
    async with FakeAmiServer() as fake:
        yield fake


@pytest_asyncio.fixture
async def link(server: FakeAmiServer) -> AsyncIterator[AmiLink]:
    async with running(server) as held:
        await asyncio.wait_for(held.wait_up(), 2)
        assert await upcoming(held) == LinkUp(1)
        yield held


async def until_problem(link: AmiLink, words: str) -> None:
    await eventually(lambda: words in (link.problem or ""))


# --- coming up ---


async def test_up_means_login_accepted_and_asterisk_booted(server: FakeAmiServer) -> None:
    server.withhold_fully_booted = True
    async with running(server, boot_s=5) as link:
        await server.saw("login")
        await asyncio.sleep(0.03)
        assert not link.up.is_set()
        server.push(event("FullyBooted"))
        await asyncio.wait_for(link.wait_up(), 2)
        assert (link.generation, link.problem) == (1, None)


async def test_a_user_without_the_system_class_is_told_so(server: FakeAmiServer) -> None:
    server.withhold_fully_booted = True
    async with running(server, boot_s=0.05) as link:
        await until_problem(link, "read classes")
        assert not link.up.is_set()


async def test_a_rejected_login_waits_long_and_says_why(server: FakeAmiServer) -> None:
    async with running(server, secret="wrong") as link:
        await until_problem(link, "login rejected: Authentication failed")
        await asyncio.sleep(0.3)
        assert server.counted()["login"] == 1
        assert link.generation == 0
        assert link.events.empty()


async def test_a_login_refused_by_a_restart_is_tried_again_soon(server: FakeAmiServer) -> None:
    server.answers["login"] = [{"Response": "Error", "Message": "Asterisk is shutting down"}]
    async with running(server) as link:
        await server.saw("login", 2)
        server.answers.clear()
        await asyncio.wait_for(link.wait_up(), 2)


async def test_a_refused_connection_is_a_problem_not_a_crash(server: FakeAmiServer) -> None:
    async with running(server, port=1) as link:
        await until_problem(link, "Connect call failed")


async def test_the_pause_between_connections_grows(server: FakeAmiServer) -> None:
    server.drop_on = {"login"}
    async with running(server, first_delay_s=0.02, longest_delay_s=10):
        await asyncio.sleep(0.5)
    assert 3 <= server.connections <= 6


async def test_the_secret_is_in_no_repr(server: FakeAmiServer) -> None:
    assert "s3cret" not in repr(settings(server))


async def test_a_cancelled_link_never_logs_in_again(server: FakeAmiServer) -> None:
    async with running(server) as link:
        await link.wait_up()
        server.drop_all()
        await asyncio.sleep(0)
    logins = server.counted()["login"]
    await asyncio.sleep(0.2)
    assert server.counted()["login"] == logins


# --- events ---


async def test_events_arrive_in_order_and_the_unwanted_do_not(server: FakeAmiServer, link: AmiLink) -> None:
    server.push(b"".join(event(("Hangup", "VarSet")[n % 2], Uniqueid=str(n)) for n in range(200)))
    for n in range(0, 200, 2):
        delivered = await upcoming(link)
        assert isinstance(delivered, AmiEvent)
        assert (delivered.name, delivered.get("Uniqueid")) == ("Hangup", str(n))
    assert link.events.empty()


async def test_a_letter_split_between_reads_survives(server: FakeAmiServer, link: AmiLink) -> None:
    await server.push_slowly(event("Hangup", CallerIDName="张伟明"))
    delivered = await upcoming(link)
    assert isinstance(delivered, AmiEvent)
    assert delivered.get("CallerIDName") == "张伟明"


async def test_a_server_that_stutters_bytes_is_understood(server: FakeAmiServer) -> None:
    server.one_byte_at_a_time = True
    async with running(server, answer_s=2, boot_s=2, ping_s=2) as link:
        await asyncio.wait_for(link.wait_up(), 3)
        assert (await link.send({"Action": "Ping"}, 2)).get("Ping") == "Pong"


async def test_no_event_precedes_its_link_up(server: FakeAmiServer) -> None:
    server.withhold_fully_booted = True
    async with running(server, boot_s=2) as link:
        await server.saw("login")
        server.push(
            event("Hangup", Uniqueid="early") + event("FullyBooted") + event("Hangup", Uniqueid="early")
        )
        assert await upcoming(link) == LinkUp(1)
        await server.saw("events")
        server.push(event("Hangup", Uniqueid="late"))
        delivered = await upcoming(link)
        assert isinstance(delivered, AmiEvent)
        assert delivered.get("Uniqueid") == "late"


async def test_events_are_on_before_the_first_action_of_a_consumer(server: FakeAmiServer) -> None:
    async with running(server) as link:
        await upcoming(link)
        await link.send({"Action": "CoreShowChannels"})
    kinds = [action["action"] for action in server.actions]
    assert kinds.index("Events") < kinds.index("CoreShowChannels")


async def test_a_lost_link_is_told_between_the_events_it_separates(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.push(event("Hangup", Uniqueid="before"))
    assert isinstance(await upcoming(link), AmiEvent)
    server.drop_all()
    assert isinstance(await upcoming(link), LinkLost)
    assert await upcoming(link) == LinkUp(2)
    assert link.generation == 2


async def test_a_full_backlog_closes_the_link_rather_than_lose_in_silence(server: FakeAmiServer) -> None:
    async with running(server, backlog=10) as link:
        await link.wait_up()
        await server.saw("events")
        server.push(b"".join(event("Hangup", Uniqueid=str(n)) for n in range(50)))
        await eventually(lambda: not link.up.is_set())
        await asyncio.sleep(0.1)
        assert server.connections == 1, "no new connection while the old events wait"
        delivered = [link.events.get_nowait() for _ in range(link.events.qsize())]
        assert delivered[0] == LinkUp(1)
        assert delivered[-1] == LinkLost("events are not being consumed")
        assert len(delivered) == 11
        assert await upcoming(link) == LinkUp(2)


async def test_a_shutdown_of_asterisk_is_a_lost_link(server: FakeAmiServer, link: AmiLink) -> None:
    server.push(event("Shutdown"))
    assert await upcoming(link) == LinkLost("Asterisk is shutting down")


async def test_a_flood_without_end_of_frame_closes_the_link(server: FakeAmiServer, link: AmiLink) -> None:
    server.push(b"x" * (1024 * 1024 + 1))
    lost = await upcoming(link)
    assert isinstance(lost, LinkLost)
    assert "without an end of frame" in lost.reason


async def test_a_half_open_link_is_noticed(server: FakeAmiServer, link: AmiLink) -> None:
    server.muted.add("ping")
    lost = await upcoming(link)
    assert isinstance(lost, LinkLost)
    assert "Ping: no answer" in lost.reason
    server.muted.clear()
    assert await upcoming(link) == LinkUp(2)


# --- filters ---


async def test_asterisk_is_asked_for_the_wanted_events_only(server: FakeAmiServer, link: AmiLink) -> None:
    names = {"Hangup", "OriginateResponse", "CoreShowChannel", "Shutdown"}
    assert {f["matchcriteria"] for f in server.named("filter")} == {
        f"name({n}),action(include)" for n in names
    }
    kinds = [action["action"] for action in server.actions]
    assert kinds.index("Events") > max(at for at, kind in enumerate(kinds) if kind == "Filter")


async def test_an_older_asterisk_gets_one_regular_expression(server: FakeAmiServer) -> None:
    server.old_filter_only = True
    async with running(server) as link:
        await asyncio.wait_for(link.wait_up(), 2)
    last = server.named("filter")[-1]
    assert last["filter"] == "^Event: (CoreShowChannel|Hangup|OriginateResponse|Shutdown)[[:cntrl:]]"
    assert "matchcriteria" not in last


async def test_a_link_without_filters_works_the_same(server: FakeAmiServer) -> None:
    server.answers["filter"] = [{"Response": "Error", "Message": "Permission denied"}]
    async with running(server) as link:
        await asyncio.wait_for(link.wait_up(), 2)
        await server.saw("events")
        server.push(event("VarSet") + event("Hangup"))
        assert await upcoming(link) == LinkUp(1)
        delivered = await upcoming(link)
        assert isinstance(delivered, AmiEvent)
        assert delivered.name == "Hangup"


async def test_half_a_filter_is_thrown_away_with_its_connection(server: FakeAmiServer) -> None:
    server.refuse_filters_after = 2
    async with running(server) as link:
        await asyncio.wait_for(link.wait_up(), 2)
    assert server.connections == 2
    assert len(server.named("filter")) == 3
