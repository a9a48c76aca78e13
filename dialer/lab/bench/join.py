"""From the answer to the agent: how long a called person waits when somebody is free.

50 agents on real phones, 20 answers a second, two seconds of talk, no wrap-up, every conversation recorded. Dialled by
the service's own progressive pacing.
"""

import asyncio
import math
import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dialer.bootstrap import Service
from dialer.clock import SystemClock
from dialer.domain.agent import AgentState
from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.lab.bench.accounting import Outcome, agrees, outcomes
from dialer.lab.bench.loaded import (
    ALWAYS,
    TRUNK,
    LoadedCentre,
    campaign_of,
    loaded_centre,
    new_loop,
    quiet,
    service_running,
)
from dialer.pacing.counts import CountedPacer
from dialer.pacing.decision import PacingDecision
from dialer.pacing.pacer import Room
from dialer.storage.postgres.store import PostgresStore

AGENTS = 50
ANSWERS_PER_S = 20.0
_LINES = 100
_LOGIN_S = 30.0
_DRAIN_S = 15.0

_WAITS = """
select extract(epoch from joined_at - answered_at)::float * 1000 as waited_ms from attempts where joined_at is not null
order by 1
"""


class _Progressive(CountedPacer):
    def __init__(self) -> None:
        super().__init__()
        self.open = False

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        return super().decide(campaign, room, now, wall) if self.open else PacingDecision(0, "not yet")


def run(seconds: float = 20.0, folder: Path | None = None) -> dict[str, Any]:
    with (
        loaded_centre("join", "stays", _LINES, ANSWERS_PER_S, agents=AGENTS, folder=folder) as loaded,
        new_loop() as loop,
    ):
        waits, ended, used = loop.run(_measure(loaded, seconds))
    return figures(waits) | used | accounts(ended, loaded.sipp.counts())


def figures(waits_ms: Sequence[float]) -> dict[str, Any]:
    """`waits_ms` in rising order."""
    return {"agents": AGENTS, "joined": len(waits_ms)} | {
        f"answer_to_join_{name}_ms": round(percentile(waits_ms, share), 1)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }


def percentile(rising: Sequence[float], share: float) -> float:
    """The least value that at least this share does not exceed."""
    return rising[max(math.ceil(share * len(rising)) - 1, 0)] if rising else math.nan


def accounts(ended: Mapping[str, Outcome], sipp: Mapping[str, int]) -> dict[str, Any]:
    """Everybody answered, and everybody got an agent."""
    calls = sum(each.calls for each in ended.values())
    connected = ended.get("connected", Outcome()).calls
    return {
        "calls": calls,
        "outcomes": {name: each.calls for name, each in ended.items()},
        "outcomes_right": connected == calls,
        "carrier_agrees": agrees(sipp, invites=calls, byes=calls, cancels=0),
    }


async def _measure(
    loaded: LoadedCentre, seconds: float
) -> tuple[list[float], Mapping[str, Outcome], dict[str, Any]]:
    progressive = PacingPlan(PacingMode.PROGRESSIVE)
    plan = CampaignPlan(
        "bench",
        TRUNK,
        hours=ALWAYS,
        wrap_up=timedelta(0),
        pacing=progressive,
        rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL})),
    )
    contacts = int(ANSWERS_PER_S * (seconds + 10))
    async with campaign_of(loaded.settings, plan, contacts, loaded.centre.folder) as store:
        pacer = _Progressive()
        async with service_running(loaded.settings, pacer) as service:
            await _log_in(loaded, store, service)
            used = await _dial(service, pacer, seconds)
            await quiet(service, _DRAIN_S)
        waits = [row["waited_ms"] for row in await store.pool.fetch(_WAITS)]
        return waits, await outcomes(store), used


async def _log_in(loaded: LoadedCentre, store: PostgresStore, service: Service) -> None:
    clock = SystemClock()
    for phone in loaded.centre.phone_names:
        agent = await store.agents.add_agent(phone, phone, clock.now())
        await store.agents.wish(agent, AgentState.READY, "", clock.now())
    async with asyncio.timeout(_LOGIN_S):
        while service.engine.desks.free < AGENTS:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _dial(service: Service, pacer: _Progressive, seconds: float) -> dict[str, Any]:
    before, begun = time.process_time(), time.monotonic()
    pacer.open = True
    await asyncio.sleep(seconds)
    pacer.open = False
    took = time.monotonic() - begun
    answered = len(service.engine.supervisor.answer_to_join_s)
    return {
        "answers_per_s": round(answered / took, 1),
        "service_cpu_cores": round((time.process_time() - before) / took, 3),
        "machine_load": round(os.getloadavg()[0], 1),
    }
