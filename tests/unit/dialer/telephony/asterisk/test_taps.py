"""The order that opens a tap, and what becomes of an ear that nobody wants."""

from uuid import UUID, uuid4

import pytest

from dialer.domain.disposition import HangupCause
from dialer.domain.ids import AgentId, AttemptId
from dialer.errors import BadInput, LinkDown, Refused
from dialer.ports.ears import TapId
from dialer.telephony.asterisk import dialplan
from dialer.telephony.asterisk.ami_frames import AmiEvent, AmiMessage
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import Switchboard, attempt_id
from dialer.telephony.asterisk.channel_facts import Gone, NeverBegan, Up
from dialer.telephony.asterisk.taps import Taps

pytestmark = pytest.mark.unit

ATTEMPT = AttemptId(UUID(int=7))
TAP = TapId(UUID(int=9))
ADDRESS = "127.0.0.1:5000"
GONE = HangupCause(16)


class Rig:
    def __init__(self, answer: str = "Success") -> None:
        self.board = Switchboard()
        self.call = self.board.add_call(ATTEMPT)
        self.orders: list[Headers] = []
        self.ended: list[str] = []
        self.answer: str | Exception = answer
        self.taps = Taps(self.board, self.send, self.ended.append, lambda: f"{len(self.orders)}")

    async def send(self, order: Headers) -> AmiMessage:
        self.orders.append(order)
        if isinstance(self.answer, Exception):
            raise self.answer
        return AmiMessage(f"Response: {self.answer}\r\nMessage: so".encode())

    async def opened(self) -> str:
        await self.taps.open(ATTEMPT, TAP, ADDRESS)
        return self.call.ear


async def test_the_line_is_named_by_its_id_and_the_receiver_by_its_address() -> None:
    rig = Rig()
    ear = await rig.opened()
    (order,) = rig.orders
    assert order["Channel"] == f"AudioSocket/{ADDRESS}/{TAP}"
    assert order["Data"] == f"{rig.call.channel},uqoES"
    assert (order["ChannelId"], order["ActionID"]) == (ear, ear)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "here",
        "here:",
        ":5000",
        "here:5000/x",
        "here:5000,x",
        "he\rre:5000",
        "here:5000\n",
        "a b:1",
        "[::1:5000",
    ],
)
async def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    rig = Rig()
    with pytest.raises(BadInput):
        await rig.taps.open(ATTEMPT, TAP, address)
    assert rig.orders == []


@pytest.mark.parametrize("address", ["ears.example:5000", "10.0.0.1:1", "[::1]:65535"])
async def test_names_and_both_kinds_of_ip_are_addresses(address: str) -> None:
    rig = Rig()
    await rig.taps.open(ATTEMPT, TAP, address)
    assert len(rig.orders) == 1


async def test_an_ear_that_is_up_is_ended_once() -> None:
    rig = Rig()
    ear = await rig.opened()
    assert rig.taps.take(Up(ear))
    rig.taps.close(ATTEMPT)
    rig.taps.close(ATTEMPT)
    assert rig.ended == [ear]


async def test_an_ear_given_up_before_it_was_up_is_ended_then() -> None:
    rig = Rig()
    ear = await rig.opened()
    rig.taps.close(ATTEMPT)
    assert rig.ended == []
    rig.taps.take(Up(ear))
    assert rig.ended == [ear]


async def test_a_second_order_takes_the_place_of_the_first() -> None:
    rig = Rig()
    first = await rig.opened()
    rig.taps.take(Up(first))
    second = await rig.opened()
    assert (rig.ended, rig.call.ear) == ([first], second)
    rig.taps.take(Gone(first, GONE))
    assert rig.call.ear == second


@pytest.mark.parametrize("end", ["gone", "never began"])
async def test_an_ear_that_ended_by_itself_is_not_ended_again(end: str) -> None:
    rig = Rig()
    ear = await rig.opened()
    if end == "gone":
        rig.taps.take(Up(ear))
        rig.taps.take(Gone(ear, GONE))
    else:
        rig.taps.take(NeverBegan(ear))
    rig.taps.close(ATTEMPT)
    assert rig.ended == []


@pytest.mark.parametrize("answer", ["Error", LinkDown("away")])
async def test_an_order_that_was_not_taken_leaves_no_ear(answer: str | Exception) -> None:
    rig = Rig()
    rig.answer = answer
    with pytest.raises(Refused if isinstance(answer, str) else LinkDown):
        await rig.opened()
    assert rig.call.ear == ""


async def test_the_census_ends_the_ears_nobody_wants_and_forgets_those_that_are_gone() -> None:
    rig = Rig()
    ear = await rig.opened()
    stranger = dialplan.ear_channel(AttemptId(uuid4()), "1")
    rig.taps.take_census([channel(ear), channel(stranger), channel(rig.call.channel)])
    assert (rig.ended, rig.call.ear) == ([stranger], ear)
    rig.taps.take_census([channel(rig.call.channel)])
    rig.taps.close(ATTEMPT)
    assert rig.ended == [stranger]


async def test_an_ear_is_taken_for_nothing_else() -> None:
    rig = Rig()
    ear = await rig.opened()
    assert attempt_id(ear) is None
    assert dialplan.agent_of(ear) is None
    for other in (rig.call.channel, dialplan.desk_channel(AgentId(3), "x"), "1763802002.7"):
        assert not rig.taps.take(Up(other))
    assert not rig.taps.take(NeverBegan(str(ATTEMPT)))


def channel(name: str) -> AmiEvent:
    return AmiEvent("CoreShowChannel", f"Event: CoreShowChannel\r\nUniqueid: {name}".encode())
