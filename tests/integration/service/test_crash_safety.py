"""The service killed, replaced and asked to end in the middle of a campaign: nobody is called twice or forgotten."""

import asyncio
import random
from datetime import timedelta
from uuid import uuid4

import pytest

from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import RunnerId
from dialer.lab.ports import Ports
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.storage import ClaimedContact
from tests.support.gate import judge_for, wanted_at
from tests.support.service import Hall

pytestmark = pytest.mark.asterisk

QUICK = (
    Behaviour.ANSWERS,
    Behaviour.BUSY,
    Behaviour.EARLY_MEDIA,
    Behaviour.CONGESTED,
    Behaviour.ANSWERS,
    Behaviour.REJECTS,
    Behaviour.NOT_IN_SERVICE,
)


def mixture(contacts: int, first: int) -> list[str]:
    """Numbers that differ for different `first`, which answer or end within seconds."""
    return [number(QUICK[n % len(QUICK)], first + n) for n in range(contacts)]


async def claim_as_dead_engine(floor: Hall, runner: RunnerId) -> ClaimedContact:
    (claimed,) = await floor.store.attempts.claim(floor.campaign, runner, 1, SystemClock().now())
    return claimed


async def test_a_kill_in_the_middle_of_calls_costs_no_call_and_dials_none_again(floor: Hall) -> None:
    talks, waits = number(Behaviour.MACHINE, 1), number(Behaviour.PATIENT)
    rings, claimed = number(Behaviour.RINGS_OUT, 1), number(Behaviour.BUSY, 1)
    committed = number(Behaviour.BUSY, 2)
    agents = await floor.log_in("agent-101", "agent-102", "agent-103")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(talks, answer_within=timedelta(seconds=30))
    await floor.wait_state(talks, AttemptState.TALKING)
    # dialled for two free agents, who leave before the answer
    await floor.add(waits, rings)
    await floor.wait_state(rings, AttemptState.DIALLING, AttemptState.RINGING)
    for agent in agents:
        await floor.wish(agent, AgentState.PAUSED)
    await floor.wait_state(waits, AttemptState.WAITING)
    assert (await floor.wait_state(rings, AttemptState.RINGING)).rang_at is not None
    floor.service.kill()

    dead = RunnerId(uuid4())
    await floor.add(claimed, committed)
    await claim_as_dead_engine(floor, dead)
    never_sent = await claim_as_dead_engine(floor, dead)
    now = SystemClock().now()
    campaign = await floor.store.campaigns.campaign(never_sent.campaign)
    assert await floor.store.attempts.begin_dialling(
        [never_sent.attempt], dead, wanted_at(now), judge_for(campaign, now)
    )
    for agent in agents:
        await floor.wish(agent, AgentState.READY)
    await floor.start()

    ends = {each: await floor.wait_ended(each) for each in (talks, waits, rings, claimed, committed)}
    await floor.wait_campaign("finished")
    await floor.assert_accounted()
    assert {number: end.disposition for number, end in ends.items()} == {
        talks: Disposition.CONNECTED,
        waits: Disposition.CONNECTED,
        rings: Disposition.NO_ANSWER,
        claimed: Disposition.BUSY,
        committed: Disposition.LOST,
    }
    stored = {each.attempt: each for each in await floor.wait_stored()}
    assert {each.state for each in stored.values()} == {"stored"}
    assert stored.keys() == {ends[talks].id, ends[waits].id}
    assert stored[ends[talks].id].problem.count("lasts") == 0, (
        "the conversation was recorded through the kill"
    )


async def test_kills_at_any_moment_leave_every_contact_with_one_call_and_one_result(floor: Hall) -> None:
    rng = random.Random(7)
    await floor.log_in("agent-101", "agent-102", "agent-103", "agent-104")
    await floor.dial(*mixture(40, 100))
    for _ in range(5):
        await floor.start()
        await asyncio.sleep(rng.uniform(0, 4))
        floor.service.kill()
    await floor.start()
    await floor.wait_campaign("finished")
    await floor.assert_accounted()
    attempts = await floor.attempts()
    assert len(attempts) == 40
    assert max(sum(a.contact == contact.id for a in attempts) for contact in await floor.contacts()) == 1
    assert {each.state for each in await floor.wait_stored()} == {"stored"}


async def test_a_second_service_stands_by_and_takes_over(floor: Hall) -> None:
    await floor.log_in("agent-101", "agent-102")
    await floor.start()
    with Ports(2) as ports:
        second = floor.another_service(ports)
        second.start()

        async def stands_by() -> bool:
            parts = await second.parts()
            return parts.get("telephony") is True and parts["engine"] is False

        await floor.wait_for(stands_by, "the second service stands by")
        await floor.dial(*mixture(12, 200))
        await floor.wait_state(number(QUICK[0], 200), AttemptState.TALKING)
        assert not await second.ready()
        floor.service.kill()
        await floor.wait_for(second.ready, "the second service has taken over")
        await floor.wait_campaign("finished")
    await floor.assert_accounted()


async def test_asked_to_end_it_cuts_no_ringing_short_and_leaves_conversations_to_the_next(
    floor: Hall,
) -> None:
    talks, rings = number(Behaviour.SPEECH), number(Behaviour.RINGS_OUT, 300)
    await floor.log_in("agent-101", "agent-102")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(talks, rings, *mixture(2, 300))
    await floor.wait_state(talks, AttemptState.TALKING)
    await floor.wait_state(rings, AttemptState.RINGING)
    floor.service.terminate()

    async def ended() -> bool:
        return not floor.service.running

    await floor.wait_for(ended, "the service has ended")
    rang = await floor.of(rings)
    assert rang is not None
    assert rang.disposition is Disposition.NO_ANSWER
    talk = await floor.of(talks)
    assert talk is not None
    assert talk.state is AttemptState.TALKING
    assert len(await floor.attempts()) == 2, "nothing was dialled any more"

    await floor.start()
    assert (await floor.wait_ended(talks)).disposition is Disposition.CONNECTED
    await floor.wait_campaign("finished")
    await floor.assert_accounted()
    (record,) = [each for each in floor.records() if each.number == rings]
    assert (record.ended - record.started).total_seconds() >= 15
