"""Counting packets while callees hang up: the exchange goes on. Asked through another channel, it stopped for ever within seconds."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection
from uuid import UUID

import pytest

from dialer.bootstrap import ami_link
from dialer.clock import SystemClock
from dialer.domain.ids import AgentId, AttemptId
from dialer.lab.bench.tap_lines import link_up
from dialer.lab.centre import OUR_TRUNK, CallCentre
from dialer.lab.world.numbers import Behaviour, number
from dialer.telephony.asterisk.air import Air
from dialer.telephony.asterisk.ami_link import AmiLink
from dialer.telephony.asterisk.calls_in_hand import Switchboard
from dialer.telephony.asterisk.wiring import Wiring

pytestmark = pytest.mark.asterisk

_CONVERSATIONS = 30


@pytest.fixture
async def link(centre: CallCentre) -> AsyncIterator[AmiLink]:
    made = ami_link(centre.settings, random.Random(1))
    async with link_up(made):
        yield made


async def call(link: AmiLink, channel: str, callee: str) -> None:
    """A line that lasts as long as the callee likes."""
    order = {"Action": "Originate", "Channel": f"PJSIP/{callee.lstrip('+')}@{OUR_TRUNK}", "Async": "true"}
    answer = await link.send({**order, "ChannelId": channel, "Application": "Wait", "Data": "60"})
    assert answer.ok, answer.get("Message")


async def there(link: AmiLink, channels: Collection[str]) -> int:
    listed = await link.collect({"Action": "CoreShowChannels"})
    return sum(each.get("Uniqueid") in channels for each in listed)


async def test_callees_hang_up_while_packets_are_counted_and_the_exchange_goes_on(
    centre: CallCentre, link: AmiLink
) -> None:
    board = Switchboard()
    air = Air(Wiring(board, link.send, lambda event: None, SystemClock()))
    attempts = [AttemptId(UUID(int=n + 1)) for n in range(_CONVERSATIONS)]
    for n, attempt in enumerate(attempts):
        board.add_call(attempt).agent = AgentId(n + 1)
        board.add_desk(AgentId(n + 1), f"fairdial-d-{n + 1}-{n:012x}")
    channels = [*board.calls, *board.desks]
    for n, channel in enumerate(channels):
        await call(link, channel, number(Behaviour.ANSWERS, n))

    most = 0
    async with asyncio.timeout(60):  # a callee stays for five seconds at most
        while await there(link, channels):
            counted = await air.packets(attempts)
            most = max([most, *(each.caller for each in counted.values())])
    assert most > 50, "packets of conversations were counted"
