"""One at a time, in the order of asking; whoever gives up asking holds up nobody. And what the wire keeps for the next reader."""

import asyncio

import pytest

from ivr.agi.turn import Turn
from ivr.agi.wire import LONGEST_LINE, Wire
from ivr.errors import NoReply, ProtocolViolation

pytestmark = pytest.mark.unit


async def speak(turn: Turn, name: str, said: list[str]) -> None:
    async with turn:
        said.append(name)
        await asyncio.sleep(0)
        said.append(name)


async def test_whoever_asks_first_speaks_first_and_to_the_end() -> None:
    turn, said = Turn(), list[str]()
    await asyncio.gather(*(speak(turn, name, said) for name in "abcd"))
    assert "".join(said) == "aabbccdd"
    assert not turn.taken


@pytest.mark.parametrize("handed_over", [False, True])
async def test_who_gives_up_asking_holds_up_nobody(handed_over: bool) -> None:
    turn, said = Turn(), list[str]()
    await turn.mine()
    waiting = [asyncio.ensure_future(speak(turn, name, said)) for name in "ab"]
    await asyncio.sleep(0)
    if handed_over:
        turn.over()  # it is the first one's, who has not heard of it yet
    waiting[0].cancel()
    if not handed_over:
        turn.over()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert "".join(said) == "bb"
    assert not turn.taken


@pytest.mark.parametrize("came", [False, True])
async def test_a_line_that_comes_as_its_reader_gives_up_is_the_next_readers(came: bool) -> None:
    wire = Wire()
    reader = asyncio.ensure_future(wire.line())
    await asyncio.sleep(0)
    if came:
        wire.data_received(b"200 result=49\n")
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert reader.cancelled()
    if not came:
        wire.data_received(b"200 result=49\n")
    wire.data_received(b"200 result=0\n")
    assert [await wire.line(), await wire.line()] == [b"200 result=49", b"200 result=0"]


async def test_lines_that_come_before_anybody_asks_wait_in_order() -> None:
    wire = Wire()
    wire.data_received(b"a: 1\n\nfirst\nsec")
    assert await wire.answer(b"\n\n") == b"a: 1"
    assert await wire.answer() == b"first"
    second = asyncio.ensure_future(wire.line())
    await asyncio.sleep(0)
    wire.data_received(b"ond\n")
    assert await second == b"second"


async def test_a_line_without_an_end_is_refused_at_its_limit() -> None:
    wire = Wire()
    reading = wire.answer()
    wire.data_received(b"x" * LONGEST_LINE)
    assert not reading.done()
    wire.data_received(b"x")
    with pytest.raises(ProtocolViolation):
        await reading


async def test_a_shorter_limit_counts_although_a_longer_one_was_set_before() -> None:
    wire = Wire()
    wire.limit(60)
    reading = wire.answer()
    wire.limit(0.001)
    with pytest.raises(NoReply):
        await asyncio.wait_for(reading, 10)
