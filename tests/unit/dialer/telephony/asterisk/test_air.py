"""What is ordered to hear who speaks and to count packets, and what becomes of an exchange that cannot."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from uuid import UUID

import pytest

from dialer.clock import SystemClock
from dialer.domain.air import Direction
from dialer.domain.events import Spoke, TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId
from dialer.errors import Refused
from dialer.ports.telephony import Packets
from dialer.telephony.asterisk.air import Air
from dialer.telephony.asterisk.ami_frames import AmiMessage
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import Switchboard
from dialer.telephony.asterisk.channel_facts import Gone, Voiced
from dialer.telephony.asterisk.wiring import Wiring

pytestmark = pytest.mark.unit


class Rig:
    """Conversations of so many calls with as many agents."""

    def __init__(self, conversations: int = 1, answer: str = "Success") -> None:
        self.board = Switchboard()
        self.attempts = [AttemptId(UUID(int=n + 1)) for n in range(conversations)]
        for n, attempt in enumerate(self.attempts):
            agent = AgentId(n + 1)
            self.board.add_call(attempt).agent = agent
            self.board.add_desk(agent, f"fairdial-d-{agent}-{n:012x}")
        self.orders: list[Headers] = []
        self.answer = answer
        self.values: Iterator[str] = iter(())
        self.heard: list[TelephonyEvent] = []
        self.air = Air(Wiring(self.board, self.send, self.heard.append, SystemClock()))

    async def send(self, order: Headers) -> AmiMessage:
        self.orders.append(order)
        return AmiMessage(f"Response: {self.answer}\r\nValue: {next(self.values, '')}".encode())

    def set(self, what: str) -> list[object]:
        return [order["Channel"] for order in self.orders if order["Variable"] == f"TALK_DETECT({what})"]


async def test_both_channels_are_listened_to_and_each_is_its_own_direction() -> None:
    rig = Rig()
    call, desk = rig.board.call(rig.attempts[0]), rig.board.desk(AgentId(1))
    assert call is not None
    assert desk is not None
    await rig.air.watch(rig.attempts[0])
    assert rig.set("set") == [call.channel, desk.channel]
    assert rig.set("remove") == [], "Asterisk warns of what was not set"
    assert rig.air.take(Voiced(desk.channel, False, 1230))
    (event,) = rig.heard
    assert isinstance(event, Spoke)
    assert (event.direction, event.speaking, event.lasted) == (
        Direction.AGENT,
        False,
        timedelta(seconds=1.23),
    )
    assert event.at.tzinfo is UTC


async def test_watched_again_it_is_taken_off_first_so_that_it_says_who_speaks_now() -> None:
    rig = Rig()
    await rig.air.watch(rig.attempts[0])
    await rig.air.watch(rig.attempts[0])
    assert (len(rig.set("remove")), len(rig.set("set"))) == (2, 4)


async def test_of_an_adopted_call_something_may_be_left() -> None:
    rig = Rig()
    call = rig.board.call(rig.attempts[0])
    assert call is not None
    call.adopted = True
    await rig.air.watch(rig.attempts[0])
    assert len(rig.set("remove")) == 2


async def test_when_the_call_is_gone_the_phone_is_no_longer_listened_to() -> None:
    rig = Rig()
    call, desk = rig.board.call(rig.attempts[0]), rig.board.desk(AgentId(1))
    assert call is not None
    assert desk is not None
    await rig.air.watch(rig.attempts[0])
    rig.board.drop_call(call.channel)
    await rig.air.unwatch(rig.attempts[0])
    assert rig.set("remove") == [desk.channel]
    assert rig.air.take(Voiced(desk.channel, True))
    assert rig.heard == []


async def test_a_phone_that_has_its_next_call_goes_on_being_listened_to() -> None:
    rig = Rig(2)
    first, second = rig.attempts
    await rig.air.watch(first)
    taker = rig.board.call(second)
    assert taker is not None
    taker.agent = AgentId(1)
    await rig.air.watch(second)
    before = len(rig.set("remove"))
    await rig.air.unwatch(first)
    assert rig.set("remove")[before:] == [f"fairdial-c-{first}"]
    rig.air.take(Voiced("fairdial-d-1-000000000000", True))
    (event,) = rig.heard
    assert isinstance(event, Spoke)
    assert event.attempt == second


async def test_an_exchange_without_the_detector_is_refused() -> None:
    rig = Rig(answer="Error")
    with pytest.raises(Refused, match="TALK_DETECT"):
        await rig.air.watch(rig.attempts[0])
    await rig.air.unwatch(rig.attempts[0])
    assert rig.set("remove") == []


async def test_what_is_gone_is_quiet() -> None:
    rig = Rig(0)
    await rig.air.watch(AttemptId(UUID(int=99)))
    await rig.air.unwatch(AttemptId(UUID(int=99)))
    assert await rig.air.packets([AttemptId(UUID(int=99))]) == {}
    assert rig.orders == []


async def test_packets_are_asked_of_each_channel_itself() -> None:
    rig = Rig(14)
    counts = [str(n) for n in range(28)]
    counts[15] = ""  # gone
    rig.values = iter(counts)
    counted = await rig.air.packets(rig.attempts)
    assert [order["Channel"] for order in rig.orders[:2]] == [
        rig.board.channel(rig.attempts[0]),
        "fairdial-d-1-000000000000",
    ]
    assert {order["Variable"] for order in rig.orders} == {"CHANNEL(rtcp,rxcount)"}
    assert counted == {each: Packets(2 * n, 2 * n + 1) for n, each in enumerate(rig.attempts) if n != 7}


async def test_other_facts_concern_others() -> None:
    assert not Rig().air.take(Gone("channel", None))  # type: ignore[arg-type]
