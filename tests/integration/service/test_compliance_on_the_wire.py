"""The rules, judged by what reached the carrier."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignSignal
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.phone_number import PhoneNumber
from dialer.lab.centre import CallCentre
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.storage import DoNotCallEntry
from tests.support.service import Hall, hall

pytestmark = pytest.mark.asterisk

CHANNELS, CALLS_PER_SECOND = 3, 2.0


async def forbid(floor: Hall, called: str, *, everywhere: bool = True) -> None:
    only = None if everywhere else floor.campaign
    entry = DoNotCallEntry(PhoneNumber(called), only, "test", "asked", SystemClock().now())
    await floor.store.do_not_call.add_do_not_call([entry])


async def test_numbers_on_the_list_never_reach_the_carrier_not_even_those_added_while_it_dials(
    floor: Hall,
) -> None:
    talks = number(Behaviour.TONE, 2)
    before, here, meanwhile = (number(Behaviour.BUSY, n) for n in (10, 11, 12))
    allowed = number(Behaviour.BUSY, 13)
    await floor.log_in("agent-101")
    await forbid(floor, before)
    await floor.start()
    await floor.wait_agents()
    await floor.dial(talks)
    await floor.wait_state(talks, AttemptState.TALKING)  # the only agent is busy: nothing else is claimed
    await forbid(floor, here, everywhere=False)
    await floor.add(before, here, meanwhile, allowed)
    await forbid(floor, meanwhile)
    await floor.wait_campaign("finished")
    await floor.assert_accounted()
    assert {record.number for record in floor.records()} == {talks, allowed}
    for contact in await floor.contacts():
        if contact.numbers[0].e164 in (before, here, meanwhile):
            (refusal,) = await floor.store.gate.refusals(contact.id, 10)
            assert (refusal.reason, refusal.times) == ("internal_dnc", 1)
            assert await floor.of(refusal.number.e164) is None
    blocked = {c.numbers[0].e164 for c in await floor.contacts() if c.state == "blocked"}
    assert blocked == {before, here, meanwhile}


@pytest.mark.parametrize("signal", [CampaignSignal.PAUSE, CampaignSignal.STOP])
async def test_a_campaign_taken_back_dials_nothing_more_and_lets_the_phones_ring_their_time(
    floor: Hall, signal: CampaignSignal
) -> None:
    first = 400 if signal is CampaignSignal.PAUSE else 420
    rings = [number(Behaviour.RINGS_OUT, first + n) for n in range(2)]
    later = [number(Behaviour.BUSY, first + n) for n in range(3)]
    await floor.log_in("agent-101", "agent-102")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(*rings, *later)
    for each in rings:
        await floor.wait_state(each, AttemptState.RINGING)
    await floor.move_campaign(signal)
    for each in rings:
        assert (await floor.wait_ended(each)).disposition is Disposition.NO_ANSWER
    if signal is CampaignSignal.STOP:
        await floor.wait_campaign("stopped")
    await floor.wait_quiet()
    assert sorted(record.number for record in floor.records()) == sorted(rings)
    for record in floor.records():
        assert record.ended - record.started >= timedelta(seconds=15)
    assert [contact.state for contact in await floor.contacts()].count(ContactState.READY) == len(later)

    again = CampaignSignal.RESUME if signal is CampaignSignal.PAUSE else CampaignSignal.START
    await floor.move_campaign(again)
    await floor.wait_campaign("finished")
    await floor.assert_accounted()


async def test_more_answers_than_agents_hear_the_message_and_count_as_abandoned(floor: Hall) -> None:
    answered = [number(Behaviour.MACHINE, 20 + n) for n in range(2)]
    agents = await floor.log_in("agent-101", "agent-102")
    await floor.start()
    await floor.wait_agents()
    begun = SystemClock().now()
    await floor.dial(*answered)
    await floor.wait_state(answered[1], AttemptState.DIALLING, AttemptState.RINGING)
    for agent in agents:
        await floor.wish(agent, AgentState.PAUSED)
    await floor.wait_campaign("finished")
    for each in answered:
        end = await floor.of(each)
        assert end is not None
        assert (end.disposition, end.message_at is not None) == (Disposition.ABANDONED, True)
    counted = await floor.store.campaigns.abandonment(floor.campaign, begun)
    assert (counted.answered, counted.abandoned) == (2, 2)
    await floor.assert_accounted()


@pytest.fixture
async def narrow_floor(prepared_centre: CallCentre, tmp_path: Path) -> AsyncIterator[Hall]:
    """Behind a trunk of few channels and few calls per second."""
    limits = {"channels": CHANNELS, "calls_per_second": CALLS_PER_SECOND}
    trunk = prepared_centre.settings.trunks["carrier"].model_copy(update=limits)
    async with hall(prepared_centre, tmp_path, trunks={"carrier": trunk}) as made:
        yield made


async def test_the_trunk_never_carries_more_than_it_may(narrow_floor: Hall) -> None:
    floor = narrow_floor
    await floor.log_in("agent-101", "agent-102", "agent-103", "agent-104")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(
        *(number(Behaviour.ANSWERS, 600 + n) for n in range(8)),
        *(number(Behaviour.BUSY, 600 + n) for n in range(10)),
    )
    await floor.wait_campaign("finished")
    await floor.assert_accounted()
    assert _most_at_once(floor.records()) == CHANNELS, "used in full, and no more"
    _assert_rate(sorted(record.started for record in floor.records()))


def _most_at_once(records: Sequence[CallRecord]) -> int:
    """The carrier writes the end of a call a moment after it has told us."""
    end = timedelta(seconds=0.2)
    return max(
        sum(other.started <= record.started < other.ended - end or other is record for other in records)
        for record in records
    )


def _assert_rate(starts: Sequence[datetime]) -> None:
    """In any stretch of time: the rate, one call of burst, and half a second for the way to the carrier."""
    for (n, first), (m, last) in combinations(enumerate(starts), 2):
        assert m - n <= CALLS_PER_SECOND * ((last - first).total_seconds() + 0.5) + 1
