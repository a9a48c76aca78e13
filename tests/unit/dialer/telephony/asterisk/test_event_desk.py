"""Facts about calls and phones in an order that happens seldom."""

from typing import cast
from uuid import uuid4

import pytest

from dialer.domain.events import CallJoined, DeskFree, TelephonyEvent
from dialer.domain.ids import AgentId, AttemptId
from dialer.telephony.asterisk.announcer import Announcer
from dialer.telephony.asterisk.calls_in_hand import Desk, Switchboard
from dialer.telephony.asterisk.channel_facts import EnteredBridge, Said
from dialer.telephony.asterisk.event_desk import EventDesk
from tests.support.virtual_time import START, VirtualClock, run

pytestmark = pytest.mark.unit

ANA = AgentId(1)
PHONE, CALLER = "fairdial-d-1-aa", "pbx-1700000000.7"


def test_a_phone_that_comes_back_from_one_call_is_still_joined_to_the_next() -> None:
    async def scene() -> list[TelephonyEvent]:
        board, events = Switchboard(), list[TelephonyEvent]()
        announcer = cast(Announcer, None)
        desk_of = EventDesk(board, events.append, VirtualClock(), lambda _: None, lambda _: announcer)
        phone, call = board.add_desk(ANA, PHONE), board.add_caller(AttemptId(uuid4()), CALLER)
        phone.up = True
        call.agent, phone.call, phone.met = ANA, call, False  # the order to join is out
        desk_of.take(Said(PHONE, "FairdialDesk", "back"))  # from the call before
        desk_of.take(EnteredBridge(CALLER, "b-2", ""))
        desk_of.take(EnteredBridge(PHONE, "b-2", ""))
        assert events == [DeskFree(ANA, START), CallJoined(call.attempt, ANA, START)]
        desk_of.take(Said(PHONE, "FairdialDesk", "back"))
        assert [each.call for each in board.desks.values()] == [None]
        return events

    run(scene())


def _call_of(phone: Desk) -> object:
    return phone.call
