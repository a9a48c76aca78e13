"""On the real exchange: dead air is found, asked about and ended; a conversation is left alone; a network that fails is told."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from dialer.domain.attempt import AttemptState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AttemptId
from dialer.domain.listening_plan import ListeningPlan
from dialer.domain.recycling import default_retry_rules
from dialer.lab.centre import CallCentre
from dialer.lab.world.numbers import Behaviour, number
from tests.support.service import Hall
from tests.support.tones import sides

pytestmark = pytest.mark.asterisk


ASKS = ListeningPlan(
    dead_air=timedelta(seconds=3),
    dead_air_prompt="fairdial/dead-air-en",
    dead_air_goodbye="fairdial/dead-air-goodbye-en",
    dead_air_wait=timedelta(seconds=2),
)
OF_AIR = ("dead_air", "one_way_audio", "no_rtp")


async def talking(floor: Hall, phone: str, behaviour: Behaviour, listening: ListeningPlan) -> AttemptId:
    await floor.log_in(phone)
    await floor.start()
    await floor.wait_agents()
    await floor.dial(number(behaviour), listening=listening, retry=default_retry_rules())
    return (await floor.wait_state(number(behaviour), AttemptState.TALKING)).id


async def told(floor: Hall, attempt: AttemptId) -> list[str]:
    return [e.kind for e in await floor.store.history.timeline(attempt) if e.kind.startswith(OF_AIR)]


async def wait_told(floor: Hall, attempt: AttemptId, kind: str) -> None:
    async def so() -> bool:
        return kind in await told(floor, attempt)

    await floor.wait_for(so, f"the timeline says {kind}")


def bursts(samples: Sequence[int], rate: int) -> list[float]:
    """Seconds of each stretch of sound, where silence of 1 s parts them."""
    step = rate // 10
    loud = [max(map(abs, samples[at : at + step])) > 500 for at in range(0, len(samples) - step, step)]
    found: list[list[int]] = []
    for place, each in enumerate(loud):
        if each and found and place - found[-1][1] < 10:
            found[-1][1] = place
        elif each:
            found.append([place, place])
    return [(last - first + 1) / 10 for first, last in found]


async def stored(floor: Hall) -> Path:
    (recording,) = await floor.wait_stored()
    assert recording.problem == "the caller is silent"
    return floor.settings.recordings.folder / recording.name[:2] / recording.name


async def test_dead_air_is_asked_about_twice_and_ended_politely(floor: Hall) -> None:
    attempt = await talking(floor, "quiet-101", Behaviour.SAYS_NOTHING, ASKS)
    ended = await floor.wait_ended(number(Behaviour.SAYS_NOTHING))
    assert (ended.disposition, ended.id) == (Disposition.DEAD_AIR, attempt)
    assert await told(floor, attempt) == ["dead_air", "dead_air_asked", "dead_air_asked", "dead_air_ended"]
    (contact,) = await floor.contacts()
    assert contact.state.value == "ready", "may be dialled again: it was no refusal"
    left, right, rate = sides(await stored(floor))
    assert not bursts(left, rate), "the callee said nothing"
    question, again, goodbye = bursts(right, rate)
    assert (1 < question < 4, abs(question - again) < 0.3, goodbye > 1.5 * question) == (True, True, True)


async def test_a_conversation_is_left_alone(floor: Hall) -> None:
    attempt = await talking(floor, "agent-101", Behaviour.SPEECH, ASKS)
    ended = await floor.wait_ended(number(Behaviour.SPEECH))
    assert ended.disposition is Disposition.CONNECTED
    assert await told(floor, attempt) == []


async def test_a_callee_of_whom_nothing_comes_is_one_way_audio(floor: Hall) -> None:
    attempt = await talking(floor, "tone-101", Behaviour.SENDS_NOTHING, ASKS)
    await wait_told(floor, attempt, "one_way_audio")
    await asyncio.sleep(5)
    assert await told(floor, attempt) == ["one_way_audio"]


async def test_a_network_that_carries_nothing_is_told_and_nobody_is_asked(
    floor: Hall, prepared_centre: CallCentre
) -> None:
    attempt = await talking(floor, "tone-101", Behaviour.SENDS_NOTHING, ASKS)
    prepared_centre.phones.freeze()
    try:
        await wait_told(floor, attempt, "no_rtp")
        await asyncio.sleep(6)
    finally:
        prepared_centre.phones.thaw()
    await wait_told(floor, attempt, "no_rtp_over")
    assert "dead_air" not in await told(floor, attempt)
    assert "dead_air_asked" not in await told(floor, attempt)
