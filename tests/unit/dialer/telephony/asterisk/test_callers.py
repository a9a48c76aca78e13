"""Callers from outside: what the dialplan tells of them, whatever the network wrote into their numbers."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.domain.disposition import HangupCause
from dialer.domain.events import CallerLeft, CallerWaiting, TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId
from dialer.errors import Refused
from dialer.ports.telephony import Census, LiveCall
from dialer.telephony.asterisk.ami_frames import AmiEvent, AmiMessage
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.callers import Callers, waits_for
from dialer.telephony.asterisk.calls_in_hand import Switchboard
from dialer.telephony.asterisk.channel_facts import EnteredBridge, Gone, Said
from dialer.telephony.asterisk.dialplan import call_channel
from dialer.telephony.asterisk.wiring import Wiring
from tests.support.virtual_time import START, VirtualClock, run

pytestmark = pytest.mark.unit

CHANNEL = "pbx-1700000000.7"
TOLD = {
    "queue": "service",
    "session": "pbx-1700000000.7",
    "since": "1700000000",
    "priority": "2",
    "within": "60",
    "number": "+12025550143",
    "shown": "allowed_not_screened",
    "called": "12025550100",
}


class Desk:
    """`variables`: what channels hold on the exchange."""

    def __init__(self) -> None:
        self.board, self.events = Switchboard(), list[TelephonyEvent]()
        self.variables: dict[str, str] = {}
        self.asked: list[Headers] = []
        self.callers = Callers(Wiring(self.board, self._send, self.events.append, VirtualClock()))

    async def _send(self, action: Headers) -> AmiMessage:
        self.asked.append(action)
        value = self.variables.get(str(action["Channel"]))
        how = "Success" if value is not None else "Error"
        return AmiMessage(f"Response: {how}\r\nValue: {value or ''}".encode())

    def wants(self, channel: str = CHANNEL, **changes: str) -> bool:
        said = Said(channel, "FairdialCall", "wants-agent", caller=urlencode({**TOLD, **changes}))
        return self.callers.take(said)


def told_of(**changes: str) -> CallerWaiting:
    async def ask() -> CallerWaiting:
        desk = Desk()
        assert desk.wants(**changes)
        (event,) = desk.events
        assert isinstance(event, CallerWaiting)
        return event

    return run(ask())


def test_who_waits_is_told_with_all_that_the_dialplan_knows() -> None:
    assert told_of() == CallerWaiting(
        CHANNEL, START, "service", CHANNEL, "+12025550143", "12025550100", 2, timedelta(seconds=60)
    )


@pytest.mark.parametrize(
    ("written", "agent"), [("17", 17), ("", None), ("Ana", None), ("٣", None), ("1" * 30, None)]
)
def test_for_whom_alone_somebody_waits(written: str, agent: int | None) -> None:
    assert told_of(agent=written).agent == agent
    assert waits_for(urlencode({**TOLD, "agent": written})) == ("service", agent)


@pytest.mark.parametrize(
    "hidden",
    [{"shown": "prohib_passed_screen"}, {"number": "anonymous"}, {"number": "Unknown"}, {"number": ""}],
)
def test_a_number_that_is_not_to_be_shown_is_none(hidden: dict[str, str]) -> None:
    assert told_of(**hidden).number == ""


def test_a_number_with_line_ends_and_separators_stays_a_number() -> None:
    hostile = "1\r\nAction: Originate\r\n&queue=other,State: left"
    found = told_of(number=hostile)
    assert (found.number, found.queue) == (hostile, "service")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(TOLD)), st.text(max_size=40)))
def test_whatever_stands_there_is_read(changes: dict[str, str]) -> None:
    found = told_of(**changes)
    assert found.within >= timedelta(0)
    assert -1000 <= found.priority <= 1000


def test_one_of_our_own_calls_is_no_caller() -> None:
    async def scene() -> None:
        desk, ours = Desk(), AttemptId(uuid4())
        assert not desk.wants(call_channel(ours)), "in hand or not"
        desk.board.add_caller(ours, CHANNEL)
        assert not desk.wants()
        assert desk.events == []

    run(scene())


@pytest.mark.parametrize(
    "end", [Gone(CHANNEL, HangupCause(16)), Said(CHANNEL, "FairdialCall", "flow-started")]
)
def test_who_leaves_before_being_taken_is_told_of_and_cannot_be_taken(end: Gone | Said) -> None:
    async def scene() -> None:
        desk = Desk()
        desk.wants()
        assert desk.callers.take(end)
        assert desk.events[-1] == CallerLeft(CHANNEL, START)
        with pytest.raises(Refused):
            desk.callers.hand_over(AttemptId(uuid4()), CHANNEL)

    run(scene())


@pytest.mark.parametrize("entered", [True, False])
def test_who_is_taken_is_parked_once_in_the_waiting_bridge(entered: bool) -> None:
    async def scene() -> None:
        desk, attempt = Desk(), AttemptId(uuid4())
        desk.wants()
        if entered:
            assert desk.callers.take(EnteredBridge(CHANNEL, "b-1", "fairdial-transfers"))
        desk.callers.hand_over(attempt, CHANNEL)
        call = desk.board.call(attempt)
        assert call is not None
        assert (call.channel, call.answered, call.parked.is_set()) == (CHANNEL, True, entered)
        assert not desk.callers.take(Gone(CHANNEL, HangupCause(16))), "from now on it is a call like any"
        desk.board.drop_call(CHANNEL)
        assert desk.board.call(attempt) is None

    run(scene())


def channel(name: str, application: str = "BridgeWait") -> AmiEvent:
    lines = (
        "Event: CoreShowChannel",
        f"Uniqueid: {name}",
        "Context: fairdial-transfer",
        f"Application: {application}",
        "BridgeId: b-1",
    )
    return AmiEvent("CoreShowChannel", "\r\n".join(lines).encode())


def test_the_census_finds_who_came_and_who_left_unseen() -> None:
    async def scene() -> Sequence[TelephonyEvent]:
        desk = Desk()
        desk.wants("left.1")
        desk.wants("stays.2")
        desk.events.clear()
        desk.variables = {"stays.2": urlencode(TOLD), "came.3": urlencode(TOLD)}
        found = [channel("stays.2"), channel("came.3"), channel("dials.4", "Dial"), channel("gone.5")]
        await desk.callers.take_census(found)
        desk.callers.hand_over(AttemptId(uuid4()), "came.3")
        await asyncio.sleep(0)
        return desk.events

    left, stays, came = run(scene())
    assert left == CallerLeft("left.1", START)
    assert isinstance(stays, CallerWaiting)
    assert isinstance(came, CallerWaiting)
    assert (stays.channel, stays.at) == ("stays.2", START)
    assert (came.channel, came.at) == ("came.3", datetime.fromtimestamp(1700000000, UTC))


def test_the_census_knows_whom_alone_a_call_in_hand_waits_for() -> None:
    async def scene() -> tuple[Census, list[str]]:
        desk, ids = Desk(), [AttemptId(uuid4()) for _ in range(4)]
        desk.board.add_caller(ids[0], CHANNEL)
        desk.variables = {
            CHANNEL: urlencode({**TOLD, "agent": "17"}),
            call_channel(ids[1]): urlencode(TOLD),
        }
        calls = [LiveCall(each, True, None, in_flow=True, wants_agent=each != ids[3]) for each in ids]
        return await desk.callers.who_is_wanted(Census(calls, [AgentId(3)])), [
            str(each["Channel"]) for each in desk.asked
        ]

    census, asked = run(scene())
    assert [call.wanted for call in census.calls] == [17, None, None, None]
    assert census.desks == [3]
    assert len(asked) == 3, "nobody is asked about who waits for nobody"
