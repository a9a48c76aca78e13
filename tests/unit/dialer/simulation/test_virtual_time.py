"""The loop in virtual time."""

import asyncio
from datetime import timedelta

import pytest

from dialer.simulation.virtual_time import START, NothingLeftToDo, VirtualClock, VirtualLoop, run

pytestmark = pytest.mark.unit


def test_a_day_passes_without_waiting_and_the_clocks_agree() -> None:
    async def day() -> VirtualClock:
        clock = VirtualClock()
        await asyncio.sleep(86_400)
        assert clock.monotonic() == asyncio.get_running_loop().time() == 86_400
        return clock

    assert run(day()).now() == START + timedelta(days=1)


def test_timers_of_one_moment_run_in_the_order_they_were_set_and_cancelled_ones_never() -> None:
    async def scene() -> list[str]:
        loop, ran = asyncio.get_running_loop(), list[str]()
        loop.call_later(2.0, ran.append, "later")
        timers = [loop.call_at(1.0, ran.append, name) for name in "abc"]
        timers[1].cancel()
        loop.call_soon(ran.append, "soon")
        await asyncio.sleep(3)
        return ran

    assert run(scene()) == ["soon", "a", "c", "later"]


def test_a_timeout_ends_what_takes_longer_and_nothing_else() -> None:
    async def scene() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.Event().wait()
        async with asyncio.timeout(5):
            await asyncio.sleep(4)
        return asyncio.get_running_loop().time()

    assert run(scene()) == 9


def test_a_failing_callback_is_reported_and_the_others_still_run() -> None:
    async def scene() -> list[str]:
        loop, heard = asyncio.get_running_loop(), list[str]()
        loop.set_exception_handler(lambda _loop, context: heard.append(repr(context["exception"])))
        loop.call_soon(lambda: 1 // 0)
        loop.call_soon(heard.append, "next")
        await asyncio.sleep(1)
        return heard

    assert run(scene()) == ["ZeroDivisionError('integer division or modulo by zero')", "next"]


def test_waiting_for_what_cannot_happen_is_an_error_instead_of_a_hang() -> None:
    loop = VirtualLoop()
    with pytest.raises(NothingLeftToDo):
        loop.run_until_complete(asyncio.Event().wait())
    loop.close()


async def test_a_virtual_clock_needs_a_virtual_loop() -> None:
    with pytest.raises(TypeError):
        VirtualClock()
