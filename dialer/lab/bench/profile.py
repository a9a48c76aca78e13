"""A dialler's day in a minute: 120 dials a second of which most ring out, and every outcome is checked.

A number that ends in 0, 1 or 2 is answered after 3 to 15 s; all others ring until we give up after 18 s. So about 1,800
lines ring at once, and the number alone says how each call has to end.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from dialer.bootstrap import Service
from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.lab.bench import usage
from dialer.lab.bench.accounting import agrees
from dialer.lab.bench.loaded import (
    ALWAYS,
    TRUNK,
    Flood,
    LoadedCentre,
    campaign_of,
    loaded_centre,
    new_loop,
    quiet,
    service_running,
)
from dialer.storage.postgres.store import PostgresStore

DIALS_PER_S = 120.0
RING_S = 18
_LINES = 2500
_DRAIN_S = RING_S + 15.0
_SAMPLE_S = 0.25

_CHECKED = """
select count(*) as calls,
       count(*) filter (where answers) as answering,
       count(*) filter (where answers and disposition = 'hung_up' and answered_at is not null) as answered,
       count(*) filter (where not answers and disposition = 'no_answer' and answered_at is null) as rung_out,
       count(*) filter (where not answers and ended_at - rang_at < $1) as cut_short,
       coalesce(extract(epoch from min(ended_at - rang_at) filter (where not answers)), 0)::float as least_ringing_s
from (select *, right(e164, 1) in ('0', '1', '2') as answers from attempts) calls
"""


@dataclass(slots=True)
class _Observed:
    """`memory` is that of our process."""

    dialled_s: float = 0.0
    own_cpu_s: float = 0.0
    asterisk_cpu_s: float = 0.0
    lines: list[int] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    asterisk_mib: float = 0.0


def run(seconds: float = 60.0, folder: Path | None = None) -> dict[str, Any]:
    with (
        loaded_centre("profile", "rings", _LINES, DIALS_PER_S, folder=folder) as loaded,
        new_loop() as loop,
    ):
        observed, ended = loop.run(_measure(loaded, seconds))
    return figures(observed) | accounts(ended, loaded.sipp.counts())


def figures(observed: _Observed) -> dict[str, Any]:
    memory = observed.memory_mib
    return {
        "dialled_for_s": round(observed.dialled_s, 1),
        "ringing_at_peak": max(observed.lines),
        "service_cpu_cores": round(observed.own_cpu_s / observed.dialled_s, 3),
        "asterisk_cpu_cores": round(observed.asterisk_cpu_s / observed.dialled_s, 3),
        "service_memory_mib": round(memory[-1], 1),
        # the first lines cost memory that is kept for the next ones; what comes after the peak would be a leak
        "service_memory_growth_mib": round(memory[-1] - memory[0], 1),
        "service_memory_growth_second_half_mib": round(memory[-1] - memory[len(memory) // 2], 1),
        "asterisk_memory_mib": round(observed.asterisk_mib),
    }


def accounts(ended: Mapping[str, Any], sipp: Mapping[str, int]) -> dict[str, Any]:
    """Exactly those whose number answers were answered, all others rang for the whole time, and nothing is open."""
    calls, answering = ended["calls"], ended["answering"]
    right = ended["answered"] + ended["rung_out"]
    return {
        **ended,
        "dials_wrong": calls - right,
        "outcomes_right": right == calls and ended["cut_short"] == 0 and ended["answered"] == answering,
        "carrier_agrees": agrees(sipp, invites=calls, byes=answering, cancels=calls - answering),
    }


async def _measure(loaded: LoadedCentre, seconds: float) -> tuple[_Observed, dict[str, Any]]:
    plan = CampaignPlan(
        "bench",
        TRUNK,
        hours=ALWAYS,
        ring_for=timedelta(seconds=RING_S),
        rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL})),
    )
    contacts = int(DIALS_PER_S * (seconds + 5))
    async with campaign_of(loaded.settings, plan, contacts, loaded.centre.folder) as store:
        flood = Flood()
        async with service_running(loaded.settings, flood) as service:
            observed = await _dial(loaded, service, flood, seconds)
            await quiet(service, _DRAIN_S)
        return observed, await _ended(store)


async def _ended(store: PostgresStore) -> dict[str, Any]:
    row = await store.pool.fetchrow(_CHECKED, timedelta(seconds=RING_S))
    return dict(row)


async def _dial(loaded: LoadedCentre, service: Service, flood: Flood, seconds: float) -> _Observed:
    asterisk, own = loaded.centre.pbx.pid or 0, os.getpid()
    observed = _Observed(own_cpu_s=-time.process_time(), asterisk_cpu_s=-usage.cpu_s(asterisk))
    begun = time.monotonic()
    flood.open = True
    while time.monotonic() - begun < seconds:
        await asyncio.sleep(_SAMPLE_S)
        observed.lines.append(sum(1 for _ in service.engine.supervisor.lines()))
        observed.memory_mib.append(usage.memory_mib(own))
    flood.open = False
    observed.dialled_s = time.monotonic() - begun
    observed.own_cpu_s += time.process_time()
    observed.asterisk_cpu_s += usage.cpu_s(asterisk)
    observed.asterisk_mib = usage.memory_mib(asterisk)
    return observed
