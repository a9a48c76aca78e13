"""Pacing decisions in memory and in the store."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from dialer.domain.ids import CampaignId
from dialer.engine.decision_log import KEPT, DecisionLog
from dialer.engine.floor_view import FloorView
from dialer.pacing.decision import Binding, PacingDecision
from dialer.ports.pacing import DecisionSample
from dialer.telephony.fake import RINGS_OUT
from tests.support.floor_in_virtual_time import floor
from tests.support.memory_ledger import MemoryAttempts, MemoryPacing
from tests.support.virtual_time import START, run

pytestmark = pytest.mark.unit

ONE, TWO = CampaignId(1), CampaignId(2)


@dataclass
class HandClock:
    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Bench:
    def __init__(self) -> None:
        self.attempts, self.clock = MemoryAttempts(), HandClock()
        self.store = MemoryPacing(self.attempts)
        self.log = DecisionLog(self.store, self.clock)

    def note(self, dial: int, binding: Binding, campaign: CampaignId = ONE, after: float = 0.125) -> None:
        self.clock.seconds += after
        self.log.note(
            campaign, PacingDecision(dial, f"{binding} {self.clock.seconds:.1f}", binding), ringing=3
        )


def kinds(samples: Sequence[DecisionSample]) -> list[tuple[int, str, int]]:
    return [(each.decision.dial, each.decision.binding.value, each.decisions) for each in samples]


def test_runs_of_decisions_not_to_dial_are_one_with_the_latest_word() -> None:
    bench = Bench()
    for dial, binding in [(0, Binding.RISK)] * 3 + [(2, Binding.RISK)] * 2 + [(0, Binding.TRUNK)] * 4:
        bench.note(dial, binding)
        bench.note(0, Binding.NO_AGENTS, TWO)
    assert kinds(bench.log.recent(ONE, 10)) == [
        (0, "risk", 3),
        (2, "risk", 1),
        (2, "risk", 1),
        (0, "trunk", 4),
    ]
    assert kinds(bench.log.recent(TWO, 10)) == [(0, "no_agents", 9)]
    latest = bench.log.latest(ONE)
    assert latest is not None
    assert (latest.decision.because, latest.target_lines) == ("trunk 2.1", 3)
    assert kinds(bench.log.recent(ONE, 2)) == [(2, "risk", 1), (0, "trunk", 4)]


def test_memory_is_bounded_and_a_run_that_fell_out_begins_anew() -> None:
    bench = Bench()
    bench.note(0, Binding.RISK, TWO)
    for _ in range(KEPT + 5):
        bench.note(1, Binding.RISK)
    assert len(bench.log.recent(ONE, 2 * KEPT)) == KEPT
    bench.note(0, Binding.RISK, TWO)
    assert kinds(bench.log.recent(TWO, 10)) == [(0, "risk", 1)]


def test_a_sample_every_ten_seconds_and_at_changes_but_not_at_every_flicker() -> None:
    async def scene() -> None:
        bench = Bench()
        for _ in range(200):  # 25 s
            bench.note(0, Binding.RISK)
        for nth in range(24):  # 3 s
            bench.note(0, Binding.TRUNK if nth % 2 else Binding.RISK)
        await bench.log.write()
        steady = [each for each in bench.store.samples if each.at <= START + timedelta(seconds=25.05)]
        assert [each.decisions for each in steady] == [1, 80, 80]
        flicker = bench.store.samples[3:]
        assert 2 <= len(flicker) <= 4
        assert all(later.at - earlier.at >= timedelta(seconds=1) for earlier, later in pairwise(flicker))

    run(scene())


def test_every_decision_is_stood_for_once() -> None:
    async def scene() -> None:
        bench = Bench()
        for nth in range(1000):
            bench.note(nth % 3, Binding.RISK if nth % 70 else Binding.TRUNK)
        bench.note(0, Binding.RISK, after=10)
        await bench.log.write()
        assert sum(each.decisions for each in bench.store.samples) == 1001

    run(scene())


def test_samples_wait_for_a_store_that_is_away_and_go_in_order() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.attempts.away = True
        bench.note(0, Binding.RISK)
        await bench.log.write()
        bench.note(0, Binding.TRUNK, after=2)
        await bench.log.write()
        assert bench.store.samples == []
        bench.attempts.away = False
        await bench.log.write()
        await bench.log.write()
        assert [each.decision.binding for each in bench.store.samples] == [Binding.RISK, Binding.TRUNK]

    run(scene())


def test_a_store_that_refuses_costs_the_samples_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(store: MemoryPacing, samples: Sequence[DecisionSample]) -> None:
        raise ValueError("odd")

    async def scene() -> None:
        bench = Bench()
        bench.note(0, Binding.RISK)
        with monkeypatch.context() as patched:
            patched.setattr(MemoryPacing, "keep_decisions", refuses)
            await bench.log.write()
        await bench.log.write()
        assert bench.store.samples == []

    run(scene())


def test_the_floor_shows_the_last_decision_of_each_campaign() -> None:
    async def scene() -> None:
        async with floor(lambda _: RINGS_OUT, contacts=9, agents=3) as hall:
            await asyncio.sleep(12)
            view = FloorView(hall.engine, hall.telephony, hall.campaigns, hall.engine._clock, "UTC")
            await view._count()
            (campaign,) = view._take().campaigns
            shown = campaign.decision
            assert shown is not None
            assert (shown.mode, shown.binding, shown.target_lines) == ("progressive", "nobody_free", 3)
            assert shown.because == campaign.pacing
            assert [window.kind for window in shown.windows] == ["day", "period", "half_hour"]
            assert shown.risk is None
            assert sum(each.decision.dial for each in view.decisions(hall.campaign, 99)) == 3
            assert {each.campaign for each in hall.pacing.samples} == {hall.campaign}

    run(scene())
