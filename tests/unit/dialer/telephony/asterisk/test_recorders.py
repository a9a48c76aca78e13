"""What is ordered to record a conversation, to silence it and to end it."""

from pathlib import PurePosixPath
from uuid import UUID

import pytest

from dialer.domain.ids import AgentId, AttemptId
from dialer.errors import Refused
from dialer.telephony.asterisk.ami_wire import Headers
from dialer.telephony.asterisk.calls_in_hand import CallInHand, Switchboard
from dialer.telephony.asterisk.recorders import Recorders

pytestmark = pytest.mark.unit

ATTEMPT, ANA = AttemptId(UUID(int=1)), AgentId(1)
PHONE = "fairdial-d-1-aa"


class Rig:
    def __init__(self, *, agent: bool = True, refuses: str = "") -> None:
        self.board, self.refuses = Switchboard(), refuses
        self.call: CallInHand = self.board.add_call(ATTEMPT)
        if agent:
            self.call.agent = ANA
            self.board.add_desk(ANA, PHONE)
        self.orders: list[Headers] = []
        self.recorders = Recorders(self.board, PurePosixPath("/landing"), self._command, self.orders.append)

    async def _command(self, order: Headers) -> None:
        self.orders.append(order)
        if order["Channel"] == self.refuses:
            raise Refused("no such recording")

    def sent(self) -> list[tuple[object, object, object]]:
        kinds = ("Action", "Channel", "State" if "State" in self.orders[0] else "Options")
        return [(each[kinds[0]], each[kinds[1]], each.get(kinds[2])) for each in self.orders]


def test_both_directions_of_the_call_are_recorded_and_what_comes_from_the_phone() -> None:
    rig = Rig()
    rig.recorders.begin(rig.call, "x-1")
    assert rig.sent() == [
        ("MixMonitor", rig.call.channel, "r(/landing/x-1-caller.wav)t(/landing/x-1-agent.wav)"),
        ("MixMonitor", PHONE, "r(/landing/x-1-phone.wav)"),
    ]


async def test_a_pause_silences_the_phone_as_well() -> None:
    rig = Rig()
    await rig.recorders.mute(ATTEMPT)
    await rig.recorders.unmute(ATTEMPT)
    assert rig.sent() == [
        ("MixMonitorMute", channel, state) for state in ("1", "0") for channel in (rig.call.channel, PHONE)
    ]


@pytest.mark.parametrize("refuses", ["fairdial-c-00000000-0000-0000-0000-000000000001", PHONE])
async def test_a_pause_that_is_not_acknowledged_by_both_is_none(refuses: str) -> None:
    with pytest.raises(Refused):
        await Rig(refuses=refuses).recorders.mute(ATTEMPT)


async def test_both_are_ended_and_a_phone_that_is_gone_is_not_missed() -> None:
    rig = Rig()
    await rig.recorders.stop(ATTEMPT)
    assert {each["Channel"] for each in rig.orders} == {rig.call.channel, PHONE}
    alone = Rig(agent=False)
    await alone.recorders.stop(ATTEMPT)
    assert [each["Channel"] for each in alone.orders] == [alone.call.channel]
