"""Callers walk through every sample in both languages on a real exchange, all at once; what they heard is read from the sound."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from time import time

import pytest

from dialer.lab.centre import CallCentre
from dialer.lab.ports import Ports
from ivr.agi.protocol import Conversation
from ivr.agi.server import FastAgiServer, SessionEnd
from ivr.prompts import build, settings_of
from ivr.samples import sample
from tests.integration.ivr.callers import People
from tests.integration.ivr.hearing import Tones
from tests.integration.ivr.real_prompts import RealWalker
from tests.integration.ivr.walkers import ToneWalker, Walker
from tests.support.walk_table import WALKS

# thirty lines are heard here by one process: beside other tests it comes too late with its keys
pytestmark = [pytest.mark.alone, pytest.mark.asterisk]

_APART_S = 0.3
REAL = ("no-more-offers-zh", "no-calls-at-all-en")
"""Walked once more with the words themselves."""


class Room:
    """Our FastAGI server; the caller's number says who answers."""

    def __init__(self, centre: CallCentre) -> None:
        self.walkers: dict[str, Walker] = {}
        self.failures: list[SessionEnd] = []
        agi = centre.settings.agi
        scripts = {"inbound": self._answer}
        self.server = FastAgiServer(agi.host, agi.port, scripts, report=self._ended)

    def _ended(self, end: SessionEnd) -> None:
        if end.outcome not in ("done", "caller-left"):
            self.failures.append(end)

    async def _answer(self, conversation: Conversation) -> str:
        return await self.walkers[conversation.request.headers["agi_callerid"]].answer(conversation)


@pytest.fixture
async def people(centre: CallCentre) -> AsyncIterator[People]:
    with Ports(1) as ports:
        async with People.on(centre.carrier, ports.one()) as made:
            yield made


@pytest.fixture
async def room(centre: CallCentre) -> AsyncIterator[Room]:
    made = Room(centre)
    await made.server.start()
    yield made
    for exchange in (centre.carrier, centre.pbx):
        exchange.cli("channel request hangup all")
    await made.server.close()


def numbers() -> Iterator[str]:
    return (f"+1202555{n:04}" for n in itertools.count(600))


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Spoken by espeak-ng, as `ivr prompts build` makes them."""
    folder = tmp_path_factory.mktemp("prompts")
    built = build([sample("opt-out")], folder, settings_of(folder), time())
    assert not built.failed
    return folder


async def test_callers_walk_through_every_sample_at_once(
    centre: CallCentre, people: People, room: Room, prompts: Path, tmp_path: Path
) -> None:
    number, clips = numbers(), str(tmp_path)
    tones = Tones.of({walk.sample: walk.flow for walk in WALKS}.values(), centre.pbx.sounds)
    walkers: list[ToneWalker | RealWalker] = [
        ToneWalker(walk, people.line(next(number)), tones, clips) for walk in WALKS
    ]
    walkers += [
        RealWalker(walk, people.line(next(number)), prompts, clips) for walk in WALKS if walk.name in REAL
    ]
    room.walkers.update({walker.line.number: walker for walker in walkers})

    async def one(nth: int, walker: ToneWalker | RealWalker) -> None:
        await asyncio.sleep(nth * _APART_S)  # not all in the same tick
        await walker.walks()

    try:
        async with asyncio.TaskGroup() as all_at_once:
            for nth, walker in enumerate(walkers):
                all_at_once.create_task(one(nth, walker))
    except* AssertionError as wrong:
        raise AssertionError(room.failures) from wrong
    for walker in walkers:
        name, state = walker.walk.name, await walker.state()
        assert not walker.differs(), name
        assert state["ended"] == walker.walk.result, name
        assert walker.world.done == walker.effects(), name
    assert sum(walker.cut_short for walker in walkers if isinstance(walker, ToneWalker)) > 2
