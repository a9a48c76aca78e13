"""What a tap must never do to a call, on a real exchange."""

import asyncio
import random
import wave
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from dialer.bootstrap import ami_link
from dialer.domain.events import CallAnswered, CallEnded, CallJoined, DeskUp, LineEvidence, OptedOut
from dialer.domain.ids import AgentId, AttemptId
from dialer.lab.bench.ear_receiver import EarReceiver
from dialer.lab.centre import CallCentre
from dialer.lab.ports import HOST, Ports
from dialer.lab.world.numbers import Behaviour, number
from dialer.ports.ears import TapId
from dialer.telephony.asterisk.calls_in_hand import Switchboard
from dialer.telephony.asterisk.taps import Taps
from tests.support.exchange import MESSAGE, Exchange, asterisk_exchange, permit
from tests.support.tones import hears

pytestmark = pytest.mark.asterisk

CALLEE_HZ, AGENT_HZ = 697, 440
TONE_PHONE = AgentId(5)
BLOCK = 160  # samples, 20 ms


@pytest.fixture
async def exchange(centre: CallCentre) -> AsyncIterator[Exchange]:
    async with asterisk_exchange(centre) as ready:
        yield ready


async def called(exchange: Exchange, behaviour: Behaviour, nth: int = 0) -> AttemptId:
    leave = permit(number(behaviour, nth))
    await exchange.driver.originate(leave, MESSAGE)
    return leave.attempt


async def answered(exchange: Exchange, behaviour: Behaviour) -> AttemptId:
    attempt = await called(exchange, behaviour)
    await exchange.wait(CallAnswered, attempt=attempt)
    return attempt


async def tapped(exchange: Exchange, attempt: AttemptId) -> TapId:
    tap = TapId(uuid4())
    await exchange.driver.tap(attempt, tap, exchange.ears)
    return tap


def receiver_of(exchange: Exchange) -> EarReceiver:
    assert exchange.receiver is not None
    return exchange.receiver


def complaints(centre: CallCentre) -> list[str]:
    lines = centre.pbx.log.read_text("utf-8").splitlines()
    return [line for line in lines if "WARNING" in line or "ERROR" in line]


async def test_the_key_is_heard_during_the_message_while_the_ears_listen(exchange: Exchange) -> None:
    attempt = await answered(exchange, Behaviour.PRESSES_NINE)
    tap = await tapped(exchange, attempt)
    await receiver_of(exchange).frames(tap, 10)
    await exchange.driver.play_message(attempt, MESSAGE)
    pressed = await exchange.wait(OptedOut, attempt=attempt)
    ended = await exchange.wait(CallEnded, attempt=attempt)
    assert ended.at - pressed.at < timedelta(seconds=1)
    await exchange.until_listening()
    await exchange.driver.forget_opt_outs([attempt])


async def test_a_conversation_is_recorded_without_a_hole_while_the_ears_listen(
    exchange: Exchange, centre: CallCentre
) -> None:
    await exchange.driver.connect_desk(TONE_PHONE, exchange.phones[TONE_PHONE - 1])
    await exchange.wait(DeskUp, agent=TONE_PHONE)
    attempt = await answered(exchange, Behaviour.TONE_UNTIL_HUNG_UP)
    tap = await tapped(exchange, attempt)
    await receiver_of(exchange).frames(tap, 10)
    name = f"{attempt}-1"
    await exchange.driver.join(attempt, TONE_PHONE, name)
    joined = await exchange.wait(CallJoined, attempt=attempt)
    await receiver_of(exchange).frames(tap, 110)
    await exchange.driver.untap(attempt)
    await exchange.until_listening()
    tap = await tapped(exchange, attempt)
    await receiver_of(exchange).frames(tap, 50)
    await exchange.driver.hang_up(attempt)
    ended = await exchange.wait(CallEnded, attempt=attempt)
    await asyncio.sleep(0.5)  # MixMonitor closes its files after the call
    for side, heard, not_heard in (("caller", CALLEE_HZ, AGENT_HZ), ("agent", AGENT_HZ, CALLEE_HZ)):
        samples, rate = mono(centre.settings.recordings.landing / f"{name}-{side}.wav")
        assert (hears(samples.tolist(), rate, heard), hears(samples.tolist(), rate, not_heard)) == (
            True,
            False,
        )
        assert abs(len(samples) / rate - (ended.at - joined.at).total_seconds()) < 0.5
        assert silent_blocks(samples[rate // 5 : -rate // 5]) == 0


def mono(file: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(file)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2"), sound.getframerate()


def silent_blocks(samples: np.ndarray) -> int:
    whole = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    return int((np.abs(whole).max(axis=1) < 100).sum())


async def test_nobody_at_the_address_costs_the_call_nothing_and_few_words(
    exchange: Exchange, centre: CallCentre
) -> None:
    attempt = await answered(exchange, Behaviour.TONE_UNTIL_HUNG_UP)
    before = len(complaints(centre))
    with Ports(1) as ports:
        await exchange.driver.tap(attempt, TapId(uuid4()), f"{HOST}:{ports.one()}")
        await asyncio.sleep(1)
    await exchange.driver.untap(attempt)
    census = await exchange.driver.census()
    assert [(call.attempt, call.answered) for call in census.calls] == [(attempt, True)]
    assert len(complaints(centre)) - before <= 2
    tap = await tapped(exchange, attempt)
    await receiver_of(exchange).frames(tap, 5)


async def test_a_receiver_that_dies_in_the_middle_costs_the_call_nothing_and_few_words(
    exchange: Exchange, centre: CallCentre
) -> None:
    attempt = await answered(exchange, Behaviour.TONE_UNTIL_HUNG_UP)
    taken: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _reader, writer: taken.put_nowait(writer), HOST, 0)
    host, port = server.sockets[0].getsockname()
    before = len(complaints(centre))
    await exchange.driver.tap(attempt, TapId(uuid4()), f"{host}:{port}")
    writer = await taken.get()
    writer.transport.abort()
    server.close()
    await asyncio.sleep(1)
    assert "AudioSocket" not in centre.pbx.cli("core show channels concise")
    assert [call.attempt for call in (await exchange.driver.census()).calls] == [attempt]
    assert len(complaints(centre)) - before <= 3


async def test_only_the_line_that_was_meant_is_heard(exchange: Exchange) -> None:
    loud, silent = (
        await answered(exchange, Behaviour.TONE_UNTIL_HUNG_UP),
        await answered(exchange, Behaviour.SILENT),
    )
    of_loud, of_silent = await tapped(exchange, loud), await tapped(exchange, silent)
    streams = receiver_of(exchange)
    assert (await streams.frames(of_loud, 50)).loudness(last=25) > 1000
    assert (await streams.frames(of_silent, 50)).loudness(last=25) < 50


async def test_the_beginning_of_a_lines_id_is_no_line(exchange: Exchange, centre: CallCentre) -> None:
    attempt = await answered(exchange, Behaviour.TONE_UNTIL_HUNG_UP)
    link = ami_link(centre.settings, random.Random())
    running = asyncio.ensure_future(link.run())
    await link.wait_up()
    board, tap = Switchboard(), TapId(uuid4())
    board.add_call(attempt)
    (call,) = board.calls.values()
    call.channel = call.channel[:-1]
    await Taps(board, link.send, lambda channel: None, lambda: "prefix").open(attempt, tap, exchange.ears)
    await asyncio.sleep(1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    stream = receiver_of(exchange).streams[tap]
    assert (stream.came, stream.open) == ([], False)


async def test_the_census_ends_what_an_earlier_life_listened_to(
    exchange: Exchange, centre: CallCentre
) -> None:
    attempt = await called(exchange, Behaviour.EARLY_MEDIA, 7)
    await exchange.wait(LineEvidence, attempt=attempt)
    tap = await tapped(exchange, attempt)
    await receiver_of(exchange).frames(tap, 5)
    await exchange.driver.census()
    assert exchange.listening() == {tap}
    async with asterisk_exchange(centre, first_life=False) as next_life:
        await next_life.driver.census()
        await exchange.until_listening()
        assert attempt in await next_life.driver.calls_on_exchange()
