"""Many strokes, one ring."""

import asyncio

import pytest

from dialer.engine.bell import Bell
from tests.support.virtual_time import run

pytestmark = pytest.mark.unit


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_strokes_within_the_gathering_are_one_ring_after_the_first() -> None:
    async def scene() -> None:
        bell = Bell()
        for at in (10.0, 10.003, 10.005, 20.0):
            asyncio.get_running_loop().call_at(at, bell.strike)
        heard = [(await bell.heard(None, 0.005), _now()) for _ in range(2)]
        assert [was for was, _ in heard] == [True, True]
        assert [at for _, at in heard] == pytest.approx([10.005, 20.005])

    run(scene())


def test_without_a_stroke_it_returns_in_time_and_says_so() -> None:
    async def scene() -> None:
        bell = Bell()
        assert (await bell.heard(0.25, 5.0), _now()) == (False, 0.25)

    run(scene())


def test_a_stroke_while_nobody_listens_is_heard_by_the_next_who_does() -> None:
    async def scene() -> None:
        bell = Bell()
        bell.strike()
        await asyncio.sleep(1)
        assert await bell.heard(60.0, 0.005)
        assert _now() == pytest.approx(1.005)
        assert not await bell.heard(60.0, 0.005)
        assert _now() == pytest.approx(61.005)

    run(scene())


def test_a_listener_who_is_called_away_leaves_nothing_behind() -> None:
    async def scene() -> None:
        bell = Bell()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await bell.heard(None, 0.005)
        bell.strike()
        assert await bell.heard(None, 0.005)
        assert _now() == pytest.approx(1.005)

    run(scene())
