"""Keys pressed during the message: on the list at once, before anything else is dialled, and never lost."""

import asyncio
from dataclasses import replace

import pytest

from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.phone_number import PhoneNumber
from dialer.telephony.fake import BUSY, TALKS, Script
from tests.support.floor_in_virtual_time import VirtualFloor, floor, number
from tests.support.pacers import Flood
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

PRESSES = replace(TALKS, presses_s=1.0)


def presses_then_busy(called: PhoneNumber) -> Script:
    return PRESSES if called.e164 == number(0) else BUSY


def listed(hall: VirtualFloor) -> set[str]:
    return hall.attempts.do_not_call


def test_who_presses_the_key_is_on_the_list_and_still_counts_as_abandoned() -> None:
    async def scene() -> None:
        async with floor(lambda _: PRESSES, contacts=1, agents=0, pacer=Flood()) as hall:
            await asyncio.sleep(6.5)  # rings 3 s, waits 2 s, hears the message for 1 s
            assert listed(hall) == {number(0)}
            assert hall.attempts.ends() == [Disposition.ABANDONED]
            (contact,) = hall.attempts.contacts.values()
            assert (contact.state, contact.due_at) == (ContactState.BLOCKED, None)
            assert await hall.telephony.opt_outs() == []
            assert not hall.engine.opt_outs.pending

    run(scene())


def test_nothing_is_dialled_until_the_number_is_on_the_list() -> None:
    async def scene() -> None:
        async with floor(presses_then_busy, contacts=1, agents=0, pacer=Flood()) as hall:
            await asyncio.sleep(5.5)
            kept = hall.attempts.record_opt_outs
            release = asyncio.Event()

            async def slow(opt_outs):  # type: ignore[no-untyped-def]
                await release.wait()
                return await kept(opt_outs)

            hall.attempts.record_opt_outs = slow  # type: ignore[method-assign]
            await asyncio.sleep(1)
            hall.attempts.add(hall.campaign, number(1), START)
            await asyncio.sleep(5)
            assert len(hall.telephony.calls_placed) == 1
            release.set()
            await asyncio.sleep(5)
            assert [permit.number.e164 for permit in hall.telephony.calls_placed] == [number(0), number(1)]
            assert listed(hall) == {number(0)}

    run(scene())


def test_a_press_that_nobody_heard_is_taken_up_when_the_link_is_back() -> None:
    async def scene() -> None:
        async with floor(lambda _: PRESSES, contacts=1, agents=0, pacer=Flood()) as hall:
            await asyncio.sleep(5.5)
            hall.telephony.drop_link()
            await asyncio.sleep(5)
            assert listed(hall) == set()
            hall.telephony.raise_link()
            await asyncio.sleep(1)
            assert listed(hall) == {number(0)}
            assert await hall.telephony.opt_outs() == []

    run(scene())


def test_a_press_is_told_again_while_the_database_is_away() -> None:
    async def scene() -> None:
        async with floor(lambda _: PRESSES, contacts=1, agents=0, pacer=Flood()) as hall:
            await asyncio.sleep(5.5)
            hall.attempts.away = True
            await asyncio.sleep(10)
            assert hall.engine.opt_outs.pending
            assert len(await hall.telephony.opt_outs()) == 1
            hall.attempts.away = False
            await asyncio.sleep(10)
            assert listed(hall) == {number(0)}
            assert await hall.telephony.opt_outs() == []

    run(scene())
