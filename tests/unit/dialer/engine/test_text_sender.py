"""Text messages out of the outbox: tried again, given up, kept from who is listed, and never in two hands."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from dialer.engine.text_sender import TextRules, TextSender, pause_s
from dialer.ports.texts import Handed, TextState
from tests.support.fake_texts import MemoryTexts, ScriptedGateway
from tests.support.virtual_time import START, VirtualClock, run

pytestmark = pytest.mark.unit

TO = "+12025550143"
BUSY = Handed(False, problem="HTTP 503")
Scene = Callable[[MemoryTexts, ScriptedGateway, TextSender], Awaitable[None]]


def play(scene: Scene, *answers: Handed, gateway: bool = True, **rules: object) -> None:
    async def whole() -> None:
        outbox, there = MemoryTexts(), ScriptedGateway(list(answers))
        sender = TextSender(
            outbox,
            there if gateway else None,
            TextRules(**rules),  # type: ignore[arg-type]
            VirtualClock(),
            lambda: 0.0,
        )
        running = asyncio.ensure_future(sender.run())  # awaited below
        try:
            await scene(outbox, there, sender)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    run(whole())


def trouble(sender: TextSender) -> str | None:
    return sender.problem


def test_a_message_is_handed_over_under_its_reference_and_noted_as_sent() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.add("481203", TO, START, "Your number is 17.")
        await asyncio.sleep(3)
        assert gateway.handed == [(TO, "Your number is 17.", "481203")]
        kept = outbox.of("481203")
        assert (kept.state, kept.tries, kept.gateway_id) == (TextState.SENT, 1, "gw-1")
        assert (sender.figures.sent, sender.figures.waiting, trouble(sender)) == (1, 0, None)

    play(scene)


def test_what_may_pass_is_tried_again_later_and_later_then_it_has_failed() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.add("1", TO, START)
        tried: list[datetime] = []
        for second in range(300):
            await asyncio.sleep(1)
            if len(gateway.handed) > len(tried):
                tried.append(START + timedelta(seconds=second))
        gaps = [(after - before).total_seconds() for before, after in pairwise(tried)]
        assert [round(gap / 10) for gap in gaps] == [1, 3, 9]
        assert (outbox.of("1").state, outbox.of("1").problem) == (TextState.FAILED, "HTTP 503")
        assert (sender.figures.put_off, sender.figures.failed) == (3, 1)

    play(scene, *[BUSY] * 9, tries=4)


def test_the_gateway_says_when_it_wants_to_be_asked_again() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.add("1", TO, START)
        await asyncio.sleep(110)
        assert len(gateway.handed) == 1
        assert trouble(sender) == "the last try failed: HTTP 429"
        await asyncio.sleep(20)
        assert (outbox.of("1").state, trouble(sender)) == (TextState.SENT, None)

    play(scene, Handed(False, problem="HTTP 429", again_after_s=120.0))


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.add("1", TO, START)
        await asyncio.sleep(100)
        assert len(gateway.handed) == 1
        assert outbox.of("1").problem == "HTTP 400: no such number"

    play(scene, Handed(False, problem="HTTP 400: no such number", refused=True))


def test_who_is_on_the_list_at_the_moment_of_sending_gets_nothing() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.add("1", TO, START)
        await asyncio.sleep(5)
        outbox.on_list[TO] = "number"  # between two tries
        await asyncio.sleep(60)
        assert len(gateway.handed) == 1
        kept = outbox.of("1")
        assert (kept.state, kept.problem) == (TextState.FAILED, "on the do-not-call list (number)")

    play(scene, BUSY)


def test_what_is_no_number_or_comes_too_late_fails_unsent() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.add("1", "none", START)
        outbox.add("2", TO, START - timedelta(hours=7))
        outbox.add("3", TO, START - timedelta(hours=7))
        outbox.send_by[3] = START + timedelta(hours=1)  # queued again by hand
        await asyncio.sleep(3)
        assert (outbox.of("1").problem, outbox.of("2").problem) == (
            "not a telephone number",
            "too late: it was not sent in time",
        )
        assert [key for _, _, key in gateway.handed] == [f"3-{outbox.send_by[3].timestamp():.0f}"]

    play(scene)


def test_without_a_gateway_messages_wait_and_it_is_said() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        await asyncio.sleep(10)
        assert trouble(sender) is None
        outbox.add("1", TO, START)
        await asyncio.sleep(10)
        assert trouble(sender) == "1 wait and there is no gateway: set FAIRDIAL_SMS__URL"
        assert (sender.figures.waiting, sender.figures.oldest_s) == (1, 20.0)
        assert outbox.of("1").tries == 0

    play(scene, gateway=False)


def test_when_the_database_is_back_sending_goes_on() -> None:
    async def scene(outbox: MemoryTexts, gateway: ScriptedGateway, sender: TextSender) -> None:
        outbox.away = True
        outbox.add("1", TO, START)
        await asyncio.sleep(10)
        assert gateway.handed == []
        outbox.away = False
        await asyncio.sleep(3)
        assert outbox.of("1").state is TextState.SENT

    play(scene)


def test_pauses_grow_to_an_hour_and_are_spread() -> None:
    assert [pause_s(tries, 0.0) for tries in (1, 2, 3, 20)] == [10.0, 30.0, 90.0, 3600.0]
    assert pause_s(1, 1.0) == 12.5
