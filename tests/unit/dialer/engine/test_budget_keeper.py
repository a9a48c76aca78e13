"""The ledger's word on abandonment reaches the pacer, and a predictive campaign waits for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

import pytest

from dialer.domain.abandonment import WindowCount, WindowKind
from dialer.domain.campaign import CallingHours, CampaignSignal
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.engine.budget_keeper import UNREAD
from dialer.errors import StorageDown
from dialer.pacing.pacer import Lesson
from dialer.telephony.fake import TALKS
from tests.support.floor_in_virtual_time import PLAN, floor
from tests.support.memory_ledger import MemoryPacing
from tests.support.pacers import Flood, Witness
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

BEFORE = Lesson(CampaignId(1), 7, {"learned": "before"})
PREDICTIVE = replace(PLAN, pacing=PacingPlan(PacingMode.PREDICTIVE))


class Counting(Witness):
    def __init__(self) -> None:
        super().__init__()
        self.counts: list[tuple[CampaignId, Sequence[WindowCount]]] = []
        self.taken_up: list[Lesson] = []
        self.learned = 0

    def counted(self, campaign: CampaignId, counts: Sequence[WindowCount]) -> None:
        self.counts.append((campaign, counts))

    def learnt(self, lesson: Lesson) -> None:
        self.taken_up.append(lesson)

    def lessons(self) -> Sequence[Lesson]:
        self.learned += 1
        return [Lesson(CampaignId(1), 7, {"learned": self.learned})]


class FloodedCounting(Counting):
    decide = Flood.decide

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []


def test_windows_are_read_at_the_start_and_every_minute_with_what_happened_before() -> None:
    async def scene() -> None:
        pacer = FloodedCounting()
        async with floor(lambda _: TALKS, contacts=5, agents=2, pacer=pacer, plan=PREDICTIVE):
            await asyncio.sleep(1)
            ((campaign, first),) = pacer.counts
            assert campaign == 1
            assert [count.window.kind for count in first] == [
                WindowKind.DAY,
                WindowKind.PERIOD,
                WindowKind.HALF_HOUR,
            ]
            assert {(count.answered, count.abandoned) for count in first} == {(0, 0)}
            await asyncio.sleep(62)
            assert len(pacer.counts) == 2
            assert {(count.answered, count.abandoned) for count in pacer.counts[1][1]} == {(5, 3)}
            assert (
                START + timedelta(seconds=60) <= pacer.counts[1][1][0].as_of < START + timedelta(seconds=62)
            )

    run(scene())


def test_what_happened_before_a_reading_is_in_it_even_when_it_was_not_written_yet() -> None:
    async def scene() -> None:
        pacer = FloodedCounting()
        async with floor(lambda _: TALKS, contacts=5, agents=0, pacer=pacer, plan=PREDICTIVE) as hall:
            await asyncio.sleep(3.02)  # answered ten milliseconds ago
            assert not any(row.progress and row.progress.answered_at for row in hall.attempts.rows.values())
            hall.engine.budget.mark_stale()
            await asyncio.sleep(0.2)
            assert {count.answered for count in pacer.counts[-1][1]} == {5}

    run(scene())


def test_a_predictive_campaign_waits_for_the_ledger_and_a_progressive_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object) -> Sequence[WindowCount]:
        await asyncio.sleep(1e9)
        return ()

    monkeypatch.setattr(MemoryPacing, "window_counts", never)

    async def scene() -> None:
        async with floor(lambda _: TALKS, contacts=1, agents=1, plan=PREDICTIVE) as hall:
            await asyncio.sleep(10)
            assert hall.telephony.calls_placed == []
            assert hall.engine.loop.reason(hall.campaign) == UNREAD
        async with floor(lambda _: TALKS, contacts=1, agents=1) as hall:
            await asyncio.sleep(10)
            assert len(hall.telephony.calls_placed) == 1

    run(scene())


def test_the_ledger_is_read_again_when_it_was_away() -> None:
    async def scene() -> None:
        pacer = Counting()
        async with floor(lambda _: TALKS, contacts=0, agents=0, pacer=pacer, plan=PREDICTIVE) as hall:
            await asyncio.sleep(5)
            hall.attempts.away = True
            await asyncio.sleep(5)
            assert len(pacer.counts) == 1
            hall.attempts.away = False
            await asyncio.sleep(5)
            assert len(pacer.counts) == 2

    run(scene())


def test_a_ledger_that_was_away_for_long_is_not_read_as_it_was_before() -> None:
    async def scene() -> None:
        pacer = FloodedCounting()
        async with floor(lambda _: TALKS, contacts=1, agents=0, pacer=pacer, plan=PREDICTIVE) as hall:
            await asyncio.sleep(2)
            hall.attempts.away = True
            await asyncio.sleep(100)
            hall.attempts.away = False
            await asyncio.sleep(20)
            (day, *_) = pacer.counts[-1][1]
            assert day.as_of > START + timedelta(seconds=100)
            assert (day.answered, day.abandoned) == (1, 1)

    run(scene())


def test_a_new_window_a_new_plan_and_a_new_start_are_read_at_once() -> None:
    async def scene() -> None:
        pacer = Counting()
        until_three = replace(PREDICTIVE, hours=CallingHours(time(9), time(15, 0, 20)))
        async with floor(lambda _: TALKS, contacts=0, agents=0, pacer=pacer, plan=until_three) as hall:
            await asyncio.sleep(18)
            assert pacer.counts[-1][1][0].window.ends == START + timedelta(seconds=20)
            await asyncio.sleep(4)
            assert pacer.counts[-1][1][0].window.ends == START + timedelta(hours=9), "midnight in UTC"
            known = hall.campaigns.known[hall.campaign]
            plan = replace(PREDICTIVE, pacing=PacingPlan(day_cap=0.01))
            hall.campaigns.known[hall.campaign] = replace(known, plan=plan)
            await asyncio.sleep(2)
            assert pacer.counts[-1][1][0].window.cap == 0.01
            before = len(pacer.counts)
            for signal in (CampaignSignal.PAUSE, CampaignSignal.RESUME):
                await hall.campaigns.move_campaign(hall.campaign, signal, START)
                await asyncio.sleep(2)
            assert len(pacer.counts) == before + 1

    run(scene())


def test_lessons_are_taken_up_at_the_start_and_kept_every_minute_and_at_the_end() -> None:
    async def scene() -> None:
        pacer = Counting()
        async with floor(lambda _: TALKS, contacts=0, agents=0, pacer=pacer, lessons=[BEFORE]) as hall:
            await asyncio.sleep(59)
            assert pacer.taken_up == [BEFORE]
            assert hall.pacing.kept_lessons[CampaignId(1)] == BEFORE
            await asyncio.sleep(2)
            assert hall.pacing.kept_lessons[CampaignId(1)].document == {"learned": 1}
            await hall.engine.end()
            assert hall.pacing.kept_lessons[CampaignId(1)].document == {"learned": 2}

    run(scene())


def test_a_beginner_s_lessons_never_replace_those_that_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures, read = [StorageDown("away")], MemoryPacing.lessons

    async def away_at_first(store: MemoryPacing) -> Sequence[Lesson]:
        if failures:
            raise failures.pop()
        return await read(store)

    monkeypatch.setattr(MemoryPacing, "lessons", away_at_first)

    async def scene() -> None:
        pacer = Counting()
        async with floor(lambda _: TALKS, contacts=0, agents=0, pacer=pacer, lessons=[BEFORE]) as hall:
            await asyncio.sleep(61)
            assert pacer.taken_up == [BEFORE]
            assert hall.pacing.kept_lessons[CampaignId(1)] == BEFORE
            await asyncio.sleep(60)
            assert hall.pacing.kept_lessons[CampaignId(1)].document == {"learned": 1}

    run(scene())


def test_while_the_store_is_away_lessons_cost_nothing() -> None:
    async def scene() -> None:
        async with floor(lambda _: TALKS, contacts=0, agents=0, pacer=Counting()) as hall:
            await asyncio.sleep(1)
            hall.attempts.away = True
            await asyncio.sleep(130)
            await hall.engine.end()
            hall.attempts.away = False
            await asyncio.sleep(61)
            assert hall.pacing.kept_lessons

    run(scene())
