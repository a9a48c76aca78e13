"""On the real exchange: what is said into a conversation costs its recording nobody's voice, however the phone's packets are numbered.

In up to every second conversation Debian's Asterisk loses what is sent to the caller, so several are tried at once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from dialer.domain.events import AnnouncementEnded, CallAnswered, CallJoined, DeskFree, DeskUp, PromptEnded
from dialer.domain.ids import AgentId, AttemptId
from dialer.engine.recording_log import recording_name
from dialer.lab.centre import CallCentre
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.storage import RecordingMarks
from dialer.recordings.local import LocalRecordings
from tests.support.exchange import MESSAGE, Exchange, asterisk_exchange, permit
from tests.support.tones import sides

pytestmark = pytest.mark.asterisk

PROMPT = "fairdial/recorded-en"
SECOND = 16_000  # bytes
AGENTS = [AgentId(n) for n in range(1, 7)]  # four talk, two play a tone; the seventh phone is silent


@pytest.fixture
async def exchange(centre: CallCentre) -> AsyncIterator[Exchange]:
    async with asterisk_exchange(centre) as ready:
        yield ready


async def joined(exchange: Exchange, agent: AgentId, *, recorded: bool) -> AttemptId:
    driver, leave = exchange.driver, permit(number(Behaviour.TONE_UNTIL_HUNG_UP, agent))
    await driver.connect_desk(agent, exchange.phones[agent - 1])
    await driver.originate(leave, MESSAGE)
    await exchange.wait(DeskUp, 30, agent=agent)
    await exchange.wait(CallAnswered, 30, attempt=leave.attempt)
    await driver.join(leave.attempt, agent, recording_name(leave.attempt, 1) if recorded else None)
    await exchange.wait(CallJoined, 30, attempt=leave.attempt)
    await driver.watch_air(leave.attempt)
    return leave.attempt


async def announced(exchange: Exchange, agent: AgentId) -> AttemptId:
    attempt = await joined(exchange, agent, recorded=False)
    await exchange.driver.announce(attempt, PROMPT, recording_name(attempt, 1))
    assert (await exchange.wait(AnnouncementEnded, 30, attempt=attempt)).complete
    return attempt


async def asked(exchange: Exchange, agent: AgentId) -> AttemptId:
    attempt = await joined(exchange, agent, recorded=True)
    await asyncio.sleep(1)
    await exchange.driver.say(attempt, PROMPT)
    assert (await exchange.wait(PromptEnded, 30, attempt=attempt)).complete
    return attempt


def bytes_of(landing: Path, attempt: AttemptId, side: str) -> int:
    return (landing / f"{recording_name(attempt, 1)}-{side}.wav").stat().st_size


def loud(samples: Sequence[int]) -> bool:
    return max(map(abs, samples)) > 300


async def test_after_a_prompt_both_voices_are_in_the_recording(
    exchange: Exchange, centre: CallCentre, tmp_path: Path
) -> None:
    ways = [announced if agent % 2 else asked for agent in AGENTS]
    attempts = await asyncio.gather(*(way(exchange, agent) for way, agent in zip(ways, AGENTS, strict=True)))
    await asyncio.sleep(3)
    for attempt, agent in zip(attempts, AGENTS, strict=True):
        await exchange.driver.hang_up(attempt)
        await exchange.wait(DeskFree, 30, agent=agent)
    landing = centre.settings.recordings.landing
    await asyncio.sleep(1.5)  # what still recorded a phone would be longer by now
    for attempt in attempts:
        caller, phone = (bytes_of(landing, attempt, side) for side in ("caller", "phone"))
        assert abs(phone - caller) < SECOND, "a phone is recorded as long as its conversation"
    store = LocalRecordings(tmp_path, landing, 1)
    try:
        for attempt, name_of_phone in zip(attempts, exchange.phones, strict=False):
            name = f"{recording_name(attempt, 1)}.wav"
            stored, doubts = await store.finish(name, None, RecordingMarks())
            left, right, rate = sides(tmp_path / name[:2] / name)
            last = slice(-round(2.5 * rate), None)
            assert doubts == ""
            assert (loud(left[last]), loud(right[last])) == (True, True), f"{name_of_phone}: the last seconds"
            assert len(right) / rate == pytest.approx(stored.duration.total_seconds(), abs=0.01)
    finally:
        store.close()
