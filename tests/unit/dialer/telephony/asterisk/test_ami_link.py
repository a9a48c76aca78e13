"""The link against a scripted server: each test is a promise that panoramisk alone does not keep."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from dialer.errors import LinkDown
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import (
    ActionLost,
    ActionRefused,
    AmiLink,
    AmiSettings,
    Delivery,
    LinkLost,
    LinkUp,
    NotSent,
)
from tests.support.fake_ami_server import FakeAmiServer, event, eventually

pytestmark = pytest.mark.unit

WANTED = ("Hangup", "OriginateResponse", "CoreShowChannel")
CALL = {"Action": "Originate", "ActionID": "fd-1", "Channel": "PJSIP/100@carrier", "Async": "true"}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FakeAmiServer]:
    async with FakeAmiServer() as fake:
        yield fake


def settings(server: FakeAmiServer, **changes: Any) -> AmiSettings:
    quick = AmiSettings(
        "127.0.0.1", server.port, "fd", "s3cret",
        connect_s=1, boot_s=0.3, answer_s=0.3, ping_every_s=0.05, ping_s=0.1,
        first_delay_s=0.02, longest_delay_s=0.1, rejected_delay_s=5,
    )  # fmt: skip
    return replace(quick, **changes)


@contextlib.asynccontextmanager
async def running(server: FakeAmiServer, **changes: Any) -> AsyncIterator[AmiLink]:
    link = AmiLink(settings(server, **changes), random.Random(1), WANTED)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(link.run())
        try:
            yield link
        finally:
            task.cancel()


@pytest_asyncio.fixture
async def link(server: FakeAmiServer) -> AsyncIterator[AmiLink]:
    async with running(server) as held:
        await asyncio.wait_for(held.wait_up(), 2)
        assert await upcoming(held) == LinkUp(1)
        yield held


async def upcoming(link: AmiLink) -> Delivery:
    return await asyncio.wait_for(link.events.get(), 2)


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


# --- actions ---


async def test_an_answer_is_given_whole(link: AmiLink) -> None:
    answer = await link.send({"Action": "Ping"})
    assert answer.ok
    assert answer.get("ping") == "Pong"


async def test_an_error_is_an_answer_for_its_caller_to_judge(server: FakeAmiServer, link: AmiLink) -> None:
    server.answers["originate"] = [{"Response": "Error", "Message": "Extension does not exist."}]
    answer = await link.send(CALL)
    assert not answer.ok
    assert answer.get("Message") == "Extension does not exist."


async def test_an_originate_does_not_swallow_its_own_response_event(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.answers["originate"] = [
        {"Response": "Success", "Message": "Originate successfully queued"},
        {"Event": "OriginateResponse", "Response": "Failure", "Uniqueid": "fd-1"},
    ]
    assert (await link.send(CALL)).ok
    outcome = await upcoming(link)
    assert isinstance(outcome, AmiEvent)
    assert (outcome.name, outcome.get("ActionID"), outcome.ok) == ("OriginateResponse", "fd-1", False)


async def test_an_originate_always_runs_in_the_background(server: FakeAmiServer, link: AmiLink) -> None:
    await link.send({"Action": "Originate", "Channel": "PJSIP/1"})
    await link.send({"Action": "originate", "Channel": "PJSIP/1", "ASYNC": "false"})
    assert [seen["async"] for seen in server.named("originate")] == ["true", "true"]


async def test_a_queue_add_is_answered(server: FakeAmiServer, link: AmiLink) -> None:
    server.answers["queueadd"] = [{"Response": "Success", "Message": "Added interface to queue"}]
    assert (await link.send({"Action": "QueueAdd", "Queue": "q", "Interface": "PJSIP/1"})).ok


async def test_a_list_comes_back_without_its_start_and_end(server: FakeAmiServer, link: AmiLink) -> None:
    server.answers["coreshowchannels"] = [
        {"Response": "Success", "EventList": "start", "Message": "Channels will follow"},
        {"Event": "CoreShowChannel", "Uniqueid": "fd-1"},
        {"Event": "CoreShowChannel", "Uniqueid": "fd-2"},
        {"Event": "CoreShowChannelsComplete", "EventList": "Complete", "ListItems": "2"},
    ]
    items = await link.collect({"Action": "CoreShowChannels"})
    assert [item.get("Uniqueid") for item in items] == ["fd-1", "fd-2"]
    assert link.events.empty(), "items of a list are no events"


async def test_events_between_the_items_of_a_list_are_delivered(server: FakeAmiServer, link: AmiLink) -> None:
    server.muted.add("coreshowchannels")
    async with asyncio.TaskGroup() as tasks:
        listing = tasks.create_task(link.collect({"Action": "CoreShowChannels", "ActionID": "L"}))
        await server.saw("coreshowchannels")
        server.push(
            b"Response: Success\r\nActionID: L\r\nEventList: start\r\nMessage: Channels will follow\r\n\r\n"
        )
        server.push(event("CoreShowChannel", ActionID="L") + event("Hangup", Uniqueid="other"))
        server.push(event("CoreShowChannelsComplete", ActionID="L", EventList="Complete"))
    assert len(listing.result()) == 1
    delivered = await upcoming(link)
    assert isinstance(delivered, AmiEvent)
    assert delivered.name == "Hangup"


async def test_an_empty_list_answered_as_an_error_is_empty(server: FakeAmiServer, link: AmiLink) -> None:
    server.answers["pjsipshowcontacts"] = [{"Response": "Error", "Message": "No Contacts found"}]
    assert await link.collect({"Action": "PJSIPShowContacts"}) == []


async def test_a_refused_list_raises(server: FakeAmiServer, link: AmiLink) -> None:
    server.answers["queuestatus"] = [
        {"Response": "Error", "Message": "Invalid/unknown command: QueueStatus."}
    ]
    with pytest.raises(ActionRefused, match="Invalid/unknown"):
        await link.collect({"Action": "QueueStatus"})


async def test_a_repeated_header_is_sent_line_by_line(server: FakeAmiServer, link: AmiLink) -> None:
    await link.send({"Action": "Originate", "Variable": ["A=1", "B=2"], "Priority": 1})
    assert b"Variable: A=1\r\nVariable: B=2\r\nPriority: 1\r\n" in server.raw[-1]


async def test_the_action_and_its_id_lead(server: FakeAmiServer, link: AmiLink) -> None:
    await link.send({"Account": "x", "Action": "Originate", "ActionID": "a1"})
    assert server.raw[-1].startswith(b"Action: Originate\r\nActionID: a1\r\nAccount: x\r\n")


async def test_the_mapping_of_the_caller_is_not_touched(link: AmiLink) -> None:
    action = {"Action": "Originate", "Channel": "PJSIP/1"}
    await link.send(action)
    assert action == {"Action": "Originate", "Channel": "PJSIP/1"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CallerID", "x\r\n\r\nAction: Command\r\nCommand: core stop now"),
        ("CallerID", "x\ny"),
        ("CallerID", "x\ry"),
        ("CallerID", "x\x00"),
        ("Caller\r\nID", "x"),
        ("Caller:ID", "x"),
        ("", "x"),
    ],
)
async def test_a_value_cannot_start_an_action_of_its_own(
    server: FakeAmiServer, link: AmiLink, name: str, value: str
) -> None:
    before = server.counted()["originate"]
    with pytest.raises(ValueError, match="AMI header"):
        await link.send({**CALL, name: value})
    with pytest.raises(ValueError, match="AMI header"):
        await link.send({**CALL, "Variable": ["A=1", value], **({name: "x"} if name != "CallerID" else {})})
    await link.send({"Action": "Ping"})
    assert server.counted()["originate"] == before
    assert not left_over(link)


async def test_an_action_id_already_under_way_is_refused(server: FakeAmiServer, link: AmiLink) -> None:
    server.muted.add("originate")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(expect_lost(link))
        await server.saw("originate")
        with pytest.raises(ValueError, match="under way"):
            await link.send(CALL)
    assert first.result().sent


# --- lost actions ---


async def expect_lost(link: AmiLink) -> ActionLost:
    with pytest.raises(ActionLost) as lost:
        await link.send(CALL)
    return lost.value


def left_over(link: AmiLink) -> bool:
    assert link._wire is not None
    return link._wire.awaits("fd-1")


async def test_an_originate_lost_with_the_link_is_never_sent_again(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.drop_on.add("originate")
    assert (await expect_lost(link)).sent
    server.drop_on.clear()
    assert isinstance(await upcoming(link), LinkLost)
    assert await upcoming(link) == LinkUp(2)
    await server.saw("ping", server.counted()["ping"] + 2)
    assert server.counted()["originate"] == 1


async def test_an_originate_during_an_outage_is_refused_and_never_sent(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.withhold_fully_booted = True
    server.drop_all()
    assert isinstance(await upcoming(link), LinkLost)
    with pytest.raises(NotSent) as refused:
        await link.send(CALL)
    assert not refused.value.sent
    server.withhold_fully_booted = False
    assert await upcoming(link) == LinkUp(2)
    assert server.counted()["originate"] == 0


async def test_nothing_is_sent_before_the_first_connection(server: FakeAmiServer) -> None:
    link = AmiLink(settings(server), random.Random(1), WANTED)
    with pytest.raises(LinkDown):
        await link.send(CALL)
    with pytest.raises(LinkDown):
        await link.collect({"Action": "CoreShowChannels"})


async def test_every_action_under_way_fails_when_the_link_closes(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.muted |= {"originate", "coreshowchannels"}
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(expect_lost(link))
        listing = tasks.create_task(expect_lost_list(link))
        await server.saw("originate")
        await server.saw("coreshowchannels")
        server.drop_all()
    assert call.result().sent
    assert listing.result().sent


async def expect_lost_list(link: AmiLink) -> ActionLost:
    with pytest.raises(ActionLost) as lost:
        await link.collect({"Action": "CoreShowChannels"})
    return lost.value


async def test_an_action_without_answer_ends_at_its_deadline_and_leaves_nothing(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.muted.add("originate")
    assert "no answer" in str(await expect_lost(link))
    assert not left_over(link)
    assert link.up.is_set(), "one slow action does not cost the link"


async def test_a_cancelled_action_leaves_nothing(server: FakeAmiServer, link: AmiLink) -> None:
    server.muted.add("originate")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(link.send(CALL), 0.05)
    assert not left_over(link)


async def test_a_late_answer_is_taken_for_nothing_else(server: FakeAmiServer, link: AmiLink) -> None:
    server.muted.add("originate")
    await expect_lost(link)
    server.push(b"Response: Success\r\nActionID: fd-1\r\nMessage: late\r\n\r\n")
    assert (await link.send({"Action": "Ping"})).get("Ping") == "Pong"


async def test_an_answer_panoramisk_trips_over_costs_one_action_only(
    server: FakeAmiServer, link: AmiLink
) -> None:
    server.answers["originate"] = [{"Response": "Success", "Message": "Originate successfully queued"}]
    with pytest.raises(ActionLost):
        await link.collect({"Action": "Originate", "ActionID": "fd-1"})
    assert link.up.is_set()
    assert not left_over(link)


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
