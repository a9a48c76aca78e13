"""A campaign's day in the database, read back and played again."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dialer.cli.main import app
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId
from dialer.ports.storage import AgentChange, Progress
from dialer.simulation.recorded import as_it_happened, recorded_day
from dialer.storage.postgres.replay import PostgresReplay
from tests.integration.storage.rig import NOW, Rig, ended, person

pytestmark = pytest.mark.postgres

ANA = AgentId(1)
CALLS = 12
DAY = (NOW - timedelta(hours=10), NOW + timedelta(hours=10))


def at(second: float) -> timedelta:
    return timedelta(seconds=second)


@pytest.fixture
async def finished(rig: Rig) -> Rig:
    """A dial a minute: every third is talked with for 30 s, one is abandoned; one agent is there all the time."""
    await rig.add(*(person(line) for line in range(1, CALLS + 2)))
    assert await rig.store.agents.add_agent("Ana", "ana", NOW) == ANA
    await states(rig, (AgentState.READY, -3600.0, None))
    for n in range(CALLS):
        begun = 60.0 * n
        (claimed,) = await rig.claim(now=NOW)
        assert await rig.begin(claimed, now=NOW + at(begun))
        result = (Disposition.CONNECTED, Disposition.NO_ANSWER, Disposition.ABANDONED)[
            n % 3 if n < 3 else n % 2
        ]
        answered = NOW + at(begun + 6) if result is not Disposition.NO_ANSWER else None
        talks = result is Disposition.CONNECTED
        last = Progress(
            claimed.attempt,
            AttemptState.TALKING if talks else AttemptState.RINGING,
            rang_at=NOW + at(begun + 1),
            answered_at=answered,
            joined_at=answered if talks else None,
            agent=ANA if talks else None,
        )
        await rig.store.attempts.settle(
            [ended(claimed, result, ended_at=NOW + at(begun + 36), progress=last)], []
        )
        if talks:
            await states(
                rig,
                (AgentState.ON_CALL, begun + 6, claimed.attempt),
                (AgentState.WRAP_UP, begun + 36, claimed.attempt),
                (AgentState.READY, begun + 41, None),
            )
    await rig.claim(now=NOW)  # never dialled: no part of the day
    return rig


async def states(rig: Rig, *changes: tuple[AgentState, float, AttemptId | None]) -> None:
    await rig.store.agents.record_states(
        [AgentChange(ANA, state, "", NOW + at(second), attempt) for state, second, attempt in changes]
    )


async def test_the_day_is_read_back(finished: Rig) -> None:
    reader = PostgresReplay(finished.store.database)
    assert await reader.last_dial(finished.campaign) == NOW + at(60.0 * (CALLS - 1))
    assert await reader.last_dial(CampaignId(999)) is None
    assert not await reader.others_dialled(finished.campaign, *DAY)
    assert await reader.others_dialled(CampaignId(999), *DAY)
    attempts = await reader.attempts(finished.campaign, *DAY)
    assert [each.dialled_at for each in attempts] == [NOW + at(60.0 * n) for n in range(CALLS)]
    assert attempts[0].zones == ("America/New_York",)
    day = recorded_day("spring", attempts, await reader.states(*DAY), timedelta(seconds=2))
    happened = as_it_happened(day)
    assert (happened.dials, happened.answered, happened.abandoned, happened.joined) == (CALLS, 6, 1, 5)
    assert (happened.talk, happened.wrap_up) == (5 * 30, 5 * 5)
    assert happened.paid == day.day_s == 60 * (CALLS - 1) + 36
    later = await reader.attempts(finished.campaign, NOW + at(60), NOW + at(121))
    assert [each.dialled_at for each in later] == [NOW + at(60), NOW + at(120)]
    midway = await reader.states(NOW + at(20), NOW + at(40))
    assert [each.state for each in midway] == [AgentState.ON_CALL, AgentState.WRAP_UP]


async def test_the_command_plays_it_again(
    finished: Rig, store_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAIRDIAL_DATABASE_URL", store_url)
    monkeypatch.setenv("FAIRDIAL_TRUNKS__MAIN__ADDRESS", "sip.example.net")
    monkeypatch.setenv("FAIRDIAL_TRUNKS__MAIN__CALLER_ID", "+12025550100")

    async def run(*words: str) -> tuple[int, str, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["simulate", *words])
        return done.exit_code, done.stdout, done.output

    asked = ("--from-campaign", "spring", "--policy", "progressive,level", "--set", "level.level=4")
    few = ("--seeds", "2", "--workers", "1")
    status, written, output = await run(*asked, *few, "--json", "-")
    assert status == 0, output
    happened, progressive, level = json.loads(written)["rows"]
    assert happened["policy"] == "as it happened"
    assert (happened["answered"], happened["abandoned"], happened["seeds"]) == (6, 1, 1)
    assert (progressive["policy"], progressive["seeds"], progressive["abandoned"]) == ("progressive", 2, 0)
    assert progressive["answered"] == 2 * 6, "the whole list is dialled, and no longer one call a minute"
    assert level["abandoned"] > 0
    for words, says in (
        (("--day", "2025-01-01"), "no finished dials"),
        (("--day", "yesterday"), "no date"),
        (("--agents", "3"), "leave --scenario"),
    ):
        status, _, output = await run(*asked, *few, *words)
        assert status == 1
        assert says in output
