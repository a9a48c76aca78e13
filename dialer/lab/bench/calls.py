"""Calls per second through the whole service, beside a bare AMI loop on the same Asterisk, carrier and machine.

The two take turns, so that another program's load falls on both, with equally many lines. Through the service each call
is claimed, permitted, committed, dialled, answered, hung up by the called person and settled in Postgres, fsync on; the
loop does nothing but dial.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.lab.bench import usage
from dialer.lab.bench.accounting import Outcome, agrees, outcomes
from dialer.lab.bench.bare_ami import BareLoop
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
from dialer.telephony.asterisk import dialplan

IN_FLIGHT = 100
_RAMP_S = 2.0
_DRAIN_S = 20.0

_SETTLED = "select count(*) from attempts where state = 'ended'"


@dataclass(frozen=True, slots=True)
class Round:
    calls: int
    seconds: float
    own_cpu_s: float
    asterisk_cpu_s: float
    postgres_cpu_s: float

    @property
    def per_s(self) -> float:
        return self.calls / self.seconds


def run(
    seconds: float = 15.0, rounds: int = 2, contacts: int = 60_000, folder: Path | None = None
) -> dict[str, Any]:
    with loaded_centre("calls", "answers", IN_FLIGHT, 1000.0, folder=folder) as loaded, new_loop() as loop:
        bare, whole, dialled, ended = loop.run(_measure(loaded, seconds, rounds, contacts))
    return figures(bare, whole) | accounts(dialled, ended, loaded.sipp.counts())


def figures(bare: Sequence[Round], whole: Sequence[Round]) -> dict[str, Any]:
    calls = sum(each.calls for each in whole)
    return {
        "bare_per_s": [round(each.per_s) for each in bare],
        "service_per_s": [round(each.per_s) for each in whole],
        "service_of_bare": round(mean(each.per_s for each in whole) / mean(each.per_s for each in bare), 3),
        "lines": IN_FLIGHT,
        "service_cpu_ms_per_call": _ms(sum(each.own_cpu_s for each in whole), calls),
        "postgres_cpu_ms_per_call": _ms(sum(each.postgres_cpu_s for each in whole), calls),
        "asterisk_cpu_ms_per_call": _ms(sum(each.asterisk_cpu_s for each in whole), calls),
        "bare_cpu_ms_per_call": _ms(sum(each.own_cpu_s for each in bare), sum(each.calls for each in bare)),
    }


def _ms(seconds: float, calls: int) -> float:
    return round(1000 * seconds / max(calls, 1), 3)


def accounts(bare_calls: int, ended: Mapping[str, Outcome], sipp: Mapping[str, int]) -> dict[str, Any]:
    """Every attempt settled, each of them hung up after an answer, and SIPp saw neither more nor fewer."""
    calls = sum(each.calls for each in ended.values())
    hung_up = ended.get("hung_up", Outcome())
    return {
        "calls": calls,
        "bare_calls": bare_calls,
        "outcomes": {name: each.calls for name, each in ended.items()},
        "outcomes_right": hung_up.calls == calls == hung_up.answered,
        "carrier_agrees": agrees(sipp, invites=calls + bare_calls, byes=calls + bare_calls, cancels=0),
    }


async def _measure(
    loaded: LoadedCentre, seconds: float, rounds: int, contacts: int
) -> tuple[list[Round], list[Round], int, Mapping[str, Outcome]]:
    bare: list[Round] = []
    whole: list[Round] = []
    dialled = 0
    plan = CampaignPlan(
        "bench", TRUNK, hours=ALWAYS, rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL}))
    )
    async with campaign_of(loaded.settings, plan, contacts, loaded.centre.folder) as store:
        for _ in range(rounds):
            measured, begun = await _bare_round(loaded, seconds)
            bare.append(measured)
            dialled += begun
            whole.append(await _service_round(loaded, store, seconds))
        return bare, whole, dialled, await outcomes(store)


async def _bare_round(loaded: LoadedCentre, seconds: float) -> tuple[Round, int]:
    bare = await BareLoop.connect(loaded.settings.ami, IN_FLIGHT, f"trunk-{TRUNK}", dialplan.CONTEXT_ANSWERED)
    bare.start()
    await asyncio.sleep(_RAMP_S)
    meter = _Meter(loaded, bare.ended)
    await asyncio.sleep(seconds)
    measured = meter.until(bare.ended)
    async with asyncio.timeout(_DRAIN_S):
        await bare.stop()
    bare.close()
    return measured, bare.begun


async def _service_round(loaded: LoadedCentre, store: PostgresStore, seconds: float) -> Round:
    flood = Flood()
    async with service_running(loaded.settings, flood) as service:
        flood.open = True
        await asyncio.sleep(_RAMP_S)
        meter = _Meter(loaded, await store.pool.fetchval(_SETTLED))
        await asyncio.sleep(seconds)
        measured = meter.until(await store.pool.fetchval(_SETTLED))
        flood.open = False
        await quiet(service, _DRAIN_S)
    return measured


class _Meter:
    def __init__(self, loaded: LoadedCentre, calls: int) -> None:
        self._loaded, self._calls = loaded, calls
        self._at, self._used = time.monotonic(), _used(loaded)

    def until(self, calls: int) -> Round:
        used = [now - then for now, then in zip(_used(self._loaded), self._used, strict=True)]
        return Round(calls - self._calls, time.monotonic() - self._at, *used)


def _used(loaded: LoadedCentre) -> Sequence[float]:
    postgres = loaded.centre.postgres
    return (
        time.process_time(),
        usage.cpu_s(loaded.centre.pbx.pid or 0),
        usage.family_cpu_s(postgres.pid or 0) if postgres is not None else 0.0,
    )
