"""The exchange, the link to it, the database and an agent's phone fail in the middle of a campaign."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.disposition import Disposition
from dialer.lab.centre import CallCentre
from dialer.lab.world.numbers import Behaviour, number
from tests.integration.service.test_crash_safety import mixture
from tests.support.relay import Relay, relay
from tests.support.service import Hall, hall

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def link(prepared_centre: CallCentre) -> AsyncIterator[Relay]:
    """The way from the service to the exchange."""
    ami = prepared_centre.settings.ami
    async with relay(ami.host, ami.port) as made:
        yield made


@pytest.fixture
async def linked_floor(prepared_centre: CallCentre, link: Relay, tmp_path: Path) -> AsyncIterator[Hall]:
    ami = prepared_centre.settings.ami.model_copy(update={"port": link.port})
    async with hall(prepared_centre, tmp_path, ami=ami) as made:
        yield made


async def begin(floor: Hall, *numbers: str) -> None:
    await floor.log_in("agent-101", "agent-102", "agent-103", "agent-104")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(*numbers)


async def finished(floor: Hall) -> None:
    await floor.wait_campaign("finished")
    await floor.assert_accounted()
    assert {each.state for each in await floor.wait_stored()} == {"stored"}


async def test_a_cut_link_costs_no_call(linked_floor: Hall, link: Relay) -> None:
    floor, talks = linked_floor, number(Behaviour.MACHINE, 41)
    await begin(floor, talks, *mixture(16, 400))
    await floor.wait_state(talks, AttemptState.TALKING)
    for _ in range(3):
        link.cut()
        await floor.wait_part("telephony", False)
        await floor.wait_ready()
        await asyncio.sleep(1)
    assert (await floor.wait_ended(talks)).disposition is Disposition.CONNECTED
    await finished(floor)


async def test_a_frozen_exchange_is_noticed_and_its_calls_are_taken_up_again(floor: Hall) -> None:
    talks = number(Behaviour.MACHINE, 42)
    await begin(floor, talks, *mixture(12, 500))
    await floor.wait_state(talks, AttemptState.TALKING)
    floor.centre.pbx.freeze()
    try:
        await floor.wait_part("telephony", False)
    finally:
        floor.centre.pbx.thaw()
    await floor.wait_ready()
    assert (await floor.wait_ended(talks)).disposition is Disposition.CONNECTED
    await finished(floor)


async def test_an_exchange_that_died_settles_its_calls_and_the_campaign_goes_on(floor: Hall) -> None:
    talks, rings = number(Behaviour.SPEECH), number(Behaviour.RINGS_OUT, 600)
    await begin(floor, talks, rings, *mixture(12, 600))
    await floor.wait_state(talks, AttemptState.TALKING)
    await floor.wait_state(rings, AttemptState.RINGING)
    floor.centre.pbx.kill()
    # its calls lie dead on the carrier's side, which would wait minutes for their audio
    await asyncio.to_thread(floor.centre.carrier.cli, "channel request hangup all")
    await floor.wait_part("telephony", False)
    floor.centre.pbx.start()
    await asyncio.to_thread(floor.centre.pbx.wait_booted)
    await asyncio.to_thread(floor.centre.wait_reachable)
    assert (await floor.wait_ended(talks)).disposition is Disposition.CONNECTED
    assert (await floor.wait_ended(rings)).disposition is Disposition.LOST
    await floor.wait_campaign("finished")
    await floor.wait_agents()
    await floor.assert_accounted()
    assert {each.state for each in await floor.wait_stored()} <= {"stored", "failed"}


@pytest.mark.parametrize("how", ["restarted", "killed"])
async def test_without_a_database_calls_go_on_and_nothing_is_lost(floor: Hall, how: str) -> None:
    postgres = floor.centre.postgres
    assert postgres is not None
    first = 700 if how == "restarted" else 720
    talks = number(Behaviour.MACHINE, first - 1)
    await begin(floor, talks, *mixture(16, first))
    await floor.wait_state(talks, AttemptState.TALKING)
    if how == "killed":
        await asyncio.to_thread(postgres.kill)
        await floor.wait_part("database", False)
    await asyncio.to_thread(postgres.restart)
    assert (await floor.wait_ended(talks)).disposition is Disposition.CONNECTED
    await finished(floor)


async def test_a_caller_whose_agent_is_cut_off_goes_to_another_agent(floor: Hall) -> None:
    talks = number(Behaviour.SPEECH)
    first, second = await floor.log_in("agent-101", "agent-102")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(talks)
    met = (await floor.wait_state(talks, AttemptState.TALKING)).agent
    phone, other = ("agent-101", second) if met == first else ("agent-102", first)
    assert await asyncio.to_thread(floor.centre.drop_phone, phone)

    async def with_the_other() -> bool:
        call = await floor.of(talks)
        return call is not None and call.state is AttemptState.TALKING and call.agent == other

    await floor.wait_for(with_the_other, "the caller talks to the other agent")
    assert met is not None

    async def back_again() -> bool:
        states = [state for state, _ in await floor.agent_log(met)]
        return states[-3:] == [AgentState.LOGGED_OUT, AgentState.CONNECTING, AgentState.READY]

    await floor.wait_for(back_again, "the phone is connected again")
    assert ("logged_out", "phone: Normal Clearing") in await floor.agent_log(met)
    assert (await floor.wait_ended(talks)).disposition is Disposition.CONNECTED
    assert [(each.part, each.state) for each in await floor.wait_stored()] == [(2, "stored"), (1, "stored")]


async def test_a_caller_whose_only_agent_is_cut_off_hears_the_message(floor: Hall) -> None:
    talks = number(Behaviour.SPEECH)
    (agent,) = await floor.log_in("agent-103")
    await floor.start()
    await floor.wait_agents()
    await floor.dial(talks)
    await floor.wait_state(talks, AttemptState.TALKING)
    await floor.wish(agent, AgentState.LOGGED_OUT)  # after this call: the phone is not called again too soon
    assert await asyncio.to_thread(floor.centre.drop_phone, "agent-103")
    await floor.wait_state(talks, AttemptState.MESSAGE, AttemptState.ENDED)
    end = await floor.wait_ended(talks)
    assert (end.disposition, end.message_at is not None) == (Disposition.DROPPED, True)
    await floor.wait_agents(AgentState.LOGGED_OUT)
    await floor.assert_accounted()
