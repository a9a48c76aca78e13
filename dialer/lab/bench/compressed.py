"""A predictive campaign in small time on the real exchange, beside what the simulator says of the same contacts.

The pacer begins with what a simulated day taught it, on the exchange as on the simulated floor. The service runs in this
process, so both are paced by the same program.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dialer.bootstrap import Service
from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.campaign import RING_MINIMUM, CampaignSignal
from dialer.domain.ids import CampaignId
from dialer.lab.bench.loaded import empty_database, new_loop, quiet, service_running
from dialer.lab.centre import PROJECT, CallCentre
from dialer.lab.compressed import (
    AGENTS,
    CALLS_PER_SECOND,
    CHANNELS,
    LONG,
    SHORT,
    Figures,
    Length,
    Prediction,
    measured,
    predicted,
    prepared,
    schooled,
)
from dialer.lab.world.call_records import CallRecord
from dialer.lab.world.drawn import drawn_numbers
from dialer.pacing.floor_pacer import FairPacer
from dialer.pacing.pacer import Lesson
from dialer.ports.storage import AttemptView
from dialer.settings import Settings
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore

_SEED, _SCHOOL_SEED = 2026, 1
_DRAIN_S = 60.0
_MOST = 1_000_000


def run(quick: bool = False, folder: Path | None = None) -> dict[str, Any]:
    length, days = (SHORT, 12) if quick else (LONG, 12)
    numbers = drawn_numbers(length.contacts, _SEED)
    lesson = schooled(drawn_numbers(LONG.contacts, _SCHOOL_SEED), LONG)
    with (
        CallCentre(
            folder or PROJECT / ".run/bench/compressed",
            agents=AGENTS,
            channels=CHANNELS,
            calls_per_second=CALLS_PER_SECOND,
        ) as centre,
        new_loop() as loop,
    ):
        settings = loop.run(empty_database(centre.settings))
        played = loop.run(_Play(settings, numbers, length, lesson).play())
        records = centre.call_records()
    real, attempts = played
    return _figures(real, predicted(numbers, length, days, lesson), attempts, records)


class _Play:
    def __init__(self, settings: Settings, numbers: list[str], length: Length, lesson: Lesson) -> None:
        self._settings, self._numbers, self._length, self._lesson = settings, numbers, length, lesson
        self._clock = SystemClock()

    async def play(self) -> tuple[Figures, list[AttemptView]]:
        url = self._settings.database_url.get_secret_value()
        await migrate.up(url, migrate.default_folder(), self._clock.now())
        store = await PostgresStore.open(url, 2, self._clock)
        try:
            campaign = await prepared(store, self._numbers, self._lesson, self._clock.now())
            for phone in self._settings.phones:
                agent = await store.agents.add_agent(phone, phone, self._clock.now())
                await store.agents.wish(agent, AgentState.READY, "", self._clock.now())
            async with service_running(self._settings, FairPacer()) as service:
                await _all_ready(store)
                began = await self._campaign(store, service, campaign)
            warm_up, ends = (timedelta(seconds=s) for s in (self._length.warm_up_s, self._length.ends_s))
            figures = await measured(store, campaign, began + warm_up, began + ends)
            return figures, list(await store.history.attempts(campaign, None, _MOST))
        finally:
            await store.close()

    async def _campaign(self, store: PostgresStore, service: Service, campaign: CampaignId) -> datetime:
        began = self._clock.now()
        await store.campaigns.move_campaign(campaign, CampaignSignal.START, began)
        await asyncio.sleep(self._length.ends_s)
        await store.campaigns.move_campaign(campaign, CampaignSignal.STOP, self._clock.now())
        await quiet(service, _DRAIN_S)
        return began


async def _all_ready(store: PostgresStore) -> None:
    async with asyncio.timeout(30):
        while {agent.state for agent in await store.agents.agents()} != {AgentState.READY}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def _figures(
    real: Figures, said: Prediction, attempts: list[AttemptView], records: list[CallRecord]
) -> dict[str, Any]:
    ours = Counter(each.number.e164 for each in attempts if each.dialled_at is not None)
    theirs = Counter(record.number for record in records)
    return {
        "calls": ours.total(),
        "dialled": real.dialled,
        "answered": real.answered,
        "abandoned": real.abandoned,
        "occupancy": real.occupancy,
        "abandonment": real.abandonment,
        "simulated_occupancy": said.occupancy,
        "simulated_occupancy_sd": said.occupancy_sd,
        "simulated_abandonment": said.abandonment,
        "simulated_abandonment_sd": said.abandonment_sd,
        "simulated_answered": said.answered,
        "simulated_days": len(said.days),
        "outcomes": dict(Counter(each.disposition for each in attempts if each.disposition)),
        "cut_before_15_s": sum(_cut_short(each) for each in attempts),
        "outcomes_right": all(times == 1 for times in ours.values()),
        "carrier_agrees": ours == theirs,
    }


def _cut_short(attempt: AttemptView) -> bool:
    if not attempt.ended_by_us or attempt.answered_at is not None or attempt.ended_at is None:
        return False
    return attempt.rang_at is None or attempt.ended_at - attempt.rang_at < RING_MINIMUM
