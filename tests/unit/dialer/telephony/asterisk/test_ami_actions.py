"""Actions over the link: answered whole, refused, or lost, and never sent twice."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialer.errors import LinkDown
from dialer.telephony.asterisk.ami_frames import AmiEvent
from dialer.telephony.asterisk.ami_link import ActionLost, ActionRefused, AmiLink, LinkLost, LinkUp, NotSent
from tests.support.ami_links import WANTED, running, settings, upcoming
from tests.support.fake_ami_server import FakeAmiServer, event

pytestmark = pytest.mark.unit

CALL = {"Action": "Originate", "ActionID": "fd-1", "Channel": "PJSIP/100@carrier", "Async": "true"}


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
