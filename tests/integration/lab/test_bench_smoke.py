"""The benchmark of calls keeps its books: what it counts is what was dialled. Nothing here is timed."""

import asyncio
from pathlib import Path

import pytest

from dialer.domain.campaign import CampaignPlan
from dialer.domain.campaign_rules import CallPurpose, CampaignRules
from dialer.lab.bench import calls
from dialer.lab.bench.accounting import Outcome, outcomes
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

pytestmark = pytest.mark.asterisk

CALLS = 50


def test_fifty_calls_are_settled_once_each_and_sipp_agrees(tmp_path: Path) -> None:
    with (
        loaded_centre("smoke", "answers", 10, 100.0, folder=tmp_path / "centre") as loaded,
        new_loop() as loop,
    ):
        ended = loop.run(_dial_all(loaded))
    accounts = calls.accounts(0, ended, loaded.sipp.counts())
    assert accounts["outcomes"] == {"hung_up": CALLS}
    assert accounts["outcomes_right"]
    assert accounts["carrier_agrees"]


async def _dial_all(loaded: LoadedCentre) -> dict[str, Outcome]:
    plan = CampaignPlan(
        "smoke", TRUNK, hours=ALWAYS, rules=CampaignRules(purposes=frozenset({CallPurpose.INFORMATIONAL}))
    )
    flood = Flood()
    flood.open = True
    async with campaign_of(loaded.settings, plan, CALLS, loaded.centre.folder) as store:
        async with service_running(loaded.settings, flood) as service:
            async with asyncio.timeout(30):
                while sum(service.engine.supervisor.totals.values()) < CALLS:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await quiet(service, 10)
        return await outcomes(store)
