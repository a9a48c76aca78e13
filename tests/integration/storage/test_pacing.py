"""What pacing asks of the ledger and leaves there: windows, lessons, decisions, and the move from the first schema."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from dialer.clock import SystemClock
from dialer.compliance.abandonment_classes import AnsweredBy
from dialer.domain.abandonment import AbandonmentWindow, WindowKind
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignPlan
from dialer.domain.disposition import AGENT_RESULTS, ANSWERED_BY_PERSON, Disposition
from dialer.domain.ids import AgentId, CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.decision import Binding, DecisionInputs, PacingDecision, WindowState
from dialer.pacing.pacer import Lesson
from dialer.ports.ledger import Heard
from dialer.ports.pacing import DecisionSample
from dialer.ports.storage import ClaimedContact, Progress
from dialer.storage.postgres import migrate
from dialer.storage.postgres.store import PostgresStore
from tests.integration.storage.rig import NOW, TRUNK, Rig, ended, person

pytestmark = pytest.mark.postgres

GONE = CampaignId(999)


def window(begins: datetime, ends: datetime | None, kind: WindowKind = WindowKind.DAY) -> AbandonmentWindow:
    return AbandonmentWindow(kind, 0.03, begins, ends, timedelta(minutes=30))


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


async def answered(rig: Rig, at: datetime, state: AttemptState = AttemptState.WAITING) -> ClaimedContact:
    claimed = await rig.dial()
    await rig.store.attempts.record([Progress(claimed.attempt, state, answered_at=at)], [])
    return claimed


async def over(rig: Rig, at: datetime, result: Disposition) -> ClaimedContact:
    """A call that was answered at a moment and has ended; `left` it if an agent had it."""
    claimed = await answered(rig, at)
    agent = rig_agent if result in AGENT_RESULTS else None
    last = Progress(claimed.attempt, AttemptState.TALKING, joined_at=at if agent else None, agent=agent)
    await rig.store.attempts.settle([ended(claimed, result, ended_at=at, progress=last)], [])
    return claimed


rig_agent = AgentId(1)


@pytest.fixture
async def floor(rig: Rig) -> Rig:
    await rig.add(*(person(line) for line in range(1, 80)))
    assert await rig.store.agents.add_agent("Ana", "ana", NOW) == rig_agent
    return rig


async def counts(
    rig: Rig, *windows: AbandonmentWindow, now: datetime = NOW, campaign: CampaignId | None = None
) -> list[tuple[int, int]]:
    """Answered and abandoned of each window."""
    found = await rig.store.pacing.window_counts(campaign or rig.campaign, windows, now)
    assert [(each.window, each.as_of) for each in found] == [(each, now) for each in windows]
    return [(each.answered, each.abandoned) for each in found]


class TestWindows:
    async def test_people_count_and_machines_do_not(self, floor: Rig) -> None:
        for result in Disposition:
            if result in ANSWERED_BY_PERSON:
                await over(floor, ago(20), result)
        for result in (Disposition.MACHINE, Disposition.LOST, Disposition.FAILED):
            await over(floor, ago(20), result)
        assert await counts(floor, window(ago(60), None)) == [(len(ANSWERED_BY_PERSON), 1)]

    async def test_an_open_call_counts_and_one_that_hears_the_message_is_abandoned(self, floor: Rig) -> None:
        await floor.dial()  # rings
        await answered(floor, ago(1))
        await answered(floor, ago(1), AttemptState.MESSAGE)
        assert await counts(floor, window(ago(60), None)) == [(2, 1)]

    async def test_who_hears_the_message_of_an_agentless_campaign_is_not_abandoned(self, floor: Rig) -> None:
        await answered(floor, ago(1), AttemptState.MESSAGE)
        for mode, abandoned in ((PacingMode.AGENTLESS, 0), (PacingMode.PREDICTIVE, 1)):
            plan = CampaignPlan("spring", TRUNK, pacing=PacingPlan(mode))
            await floor.store.campaigns.change_plan(floor.campaign, plan)
            assert await counts(floor, window(ago(60), None)) == [(1, abandoned)]
            found = await floor.store.campaigns.abandonment(floor.campaign, ago(30))
            assert (found.answered, found.abandoned) == (1, abandoned)

    async def test_each_end_of_a_window_is_met_to_the_microsecond(self, floor: Rig) -> None:
        tick = timedelta(microseconds=1)
        begins, ends = ago(100), ago(7)
        for at in (begins - tick, begins, ends - tick, ends):
            await over(floor, at, Disposition.ABANDONED)
        assert await counts(floor, window(begins, ends), window(begins + tick, ends)) == [(2, 2), (1, 1)]
        assert await counts(floor, window(begins, ends), now=ends - tick) == [(1, 1)]

    async def test_nothing_is_in_a_window_that_has_not_begun_nor_in_one_of_nobody(self, floor: Rig) -> None:
        await over(floor, ago(5), Disposition.ABANDONED)
        assert await counts(floor, window(NOW + timedelta(hours=1), NOW + timedelta(hours=2))) == [(0, 0)]
        assert await counts(floor, window(ago(60), None), campaign=GONE) == [(0, 0)]
        assert await counts(floor) == []

    async def test_windows_of_any_shape_agree_with_the_calls_themselves(self, floor: Rig) -> None:
        dice = random.Random(5)
        calls = [
            (ago(dice.uniform(0, 100)), dice.choice((Disposition.CONNECTED, Disposition.ABANDONED)))
            for _ in range(60)
        ]
        for at, result in calls:
            await over(floor, at, result)
        edges = [ago(dice.choice((dice.uniform(0, 100), dice.randrange(0, 105, 15)))) for _ in range(120)]
        windows = [window(min(pair), max(pair)) for pair in zip(edges[::2], edges[1::2], strict=True)]
        inside = [
            [result for at, result in calls if each.begins <= at < (each.ends or NOW)] for each in windows
        ]
        expected = [(len(results), results.count(Disposition.ABANDONED)) for results in inside]
        assert await counts(floor, *windows) == expected

    async def test_what_is_settled_twice_counts_once(self, floor: Rig) -> None:
        claimed = await over(floor, ago(20), Disposition.ABANDONED)
        await floor.store.attempts.settle([ended(claimed, Disposition.ABANDONED)], [])
        assert await counts(floor, window(ago(60), None)) == [(1, 1)]

    async def test_an_agents_word_takes_a_machine_out_and_puts_it_back(self, floor: Rig) -> None:
        claimed = await over(floor, ago(20), Disposition.CONNECTED)
        for result, people in ((Disposition.MACHINE, 0), (Disposition.MACHINE, 0), (Disposition.CALLBACK, 1)):
            await floor.store.history.note_result(
                claimed.attempt, result, "", NOW if people else None, None, None, "", NOW
            )
            assert await counts(floor, window(ago(60), None)) == [(people, 0)]

    async def test_machines_that_nobody_heard_are_people_in_the_share_of_those_that_somebody_heard(
        self, floor: Rig
    ) -> None:
        async def by_ear(at: datetime, *, joined: bool) -> ClaimedContact:
            claimed = await answered(floor, at)
            agent = rig_agent if joined else None
            last = Progress(
                claimed.attempt, AttemptState.WAITING, joined_at=at if joined else None, agent=agent
            )
            result = Disposition.CONNECTED if joined else Disposition.MACHINE
            await floor.store.attempts.settle([ended(claimed, result, ended_at=at, progress=last)], [])
            await floor.store.ledger.record_heard([Heard(claimed.attempt, verdict=AnsweredBy.MACHINE)])
            return claimed

        async def doubtful() -> list[float]:
            asked = [window(ago(30), None), window(ago(100), None)]
            return [
                each.doubtful for each in await floor.store.pacing.window_counts(floor.campaign, asked, NOW)
            ]

        assert await doubtful() == [0, 0]
        ended_by_ear = [await by_ear(ago(minutes), joined=False) for minutes in (10, 20, 60)]
        assert await doubtful() == [pytest.approx(2 * 1 / 100), pytest.approx(3 * 1 / 100)]
        store = floor.store
        await store.ledger.review(ended_by_ear[0].attempt, AnsweredBy.PERSON, "me", "", NOW)
        had_agent = await by_ear(ago(15), joined=True)
        assert await doubtful() == [pytest.approx(1 * 2 / 101), pytest.approx(2 * 2 / 101)]
        # the agent who had it says that it was one
        await store.history.note_result(had_agent.attempt, Disposition.MACHINE, "", None, None, None, "", NOW)
        assert await doubtful() == [pytest.approx(1 * 2 / 102), pytest.approx(2 * 2 / 102)]

    async def test_the_counts_of_the_live_page_are_the_same(self, floor: Rig) -> None:
        await over(floor, ago(20), Disposition.ABANDONED)
        await over(floor, ago(50), Disposition.CONNECTED)
        found = await floor.store.campaigns.abandonment(floor.campaign, ago(30))
        assert (found.answered, found.abandoned) == (1, 1)


class TestLessons:
    async def test_the_last_one_of_each_campaign_comes_back(self, rig: Rig) -> None:
        other = (await Rig.set_up(rig.store, "other")).campaign
        store = rig.store.pacing
        await store.keep_lessons([Lesson(rig.campaign, 1, {"a": [1.5]}), Lesson(other, 1, {})], NOW)
        await store.keep_lessons(
            [Lesson(rig.campaign, 1, {"b": 1}), Lesson(rig.campaign, 2, {"c": "z"})], NOW
        )
        assert list(await store.lessons()) == [Lesson(rig.campaign, 2, {"c": "z"}), Lesson(other, 1, {})]
        assert await store.lesson(rig.campaign) == Lesson(rig.campaign, 2, {"c": "z"})
        assert await store.lesson(GONE) is None

    async def test_none_is_kept_of_a_campaign_that_is_gone(self, rig: Rig) -> None:
        await rig.store.pacing.keep_lessons([Lesson(GONE, 1), Lesson(rig.campaign, 1)], NOW)
        assert [lesson.campaign for lesson in await rig.store.pacing.lessons()] == [rig.campaign]


INPUTS = DecisionInputs(
    at=12.5,
    ready=2,
    on_call=8,
    wrap_up=1,
    ringing=9,
    waiting=0,
    answer_probability=0.25,
    expected_answers=2.25,
    risk=0.125,
    accepted_risk=0.0625,
    promised=0.5,
    windows=(
        WindowState(WindowKind.DAY, 0.03, 100, 2, 50.0, 0.0625),
        WindowState(WindowKind.HALF_HOUR, 0.05, 0, 0, 0.0, float("inf")),
    ),
)


def sample(rig: Rig, at: datetime, dial: int = 1, inputs: DecisionInputs | None = INPUTS) -> DecisionSample:
    decision = PacingDecision(dial, "one more line would be too much", Binding.RISK, inputs)
    return DecisionSample(rig.campaign, at, decision, 7)


class TestDecisions:
    async def test_they_come_back_whole(self, rig: Rig) -> None:
        kept = [sample(rig, ago(2)), sample(rig, ago(1), inputs=None)]
        await rig.store.pacing.keep_decisions(kept)
        assert list(await rig.store.pacing.decisions(rig.campaign, ago(5), NOW, 10)) == kept

    async def test_the_latest_of_a_stretch_of_time_oldest_first(self, rig: Rig) -> None:
        await rig.store.pacing.keep_decisions([sample(rig, ago(9 - dial // 2), dial) for dial in range(10)])
        found = await rig.store.pacing.decisions(rig.campaign, ago(8), ago(5), 5)
        assert [each.decision.dial for each in found] == [3, 4, 5, 6, 7]
        assert await rig.store.pacing.decisions(GONE, ago(8), NOW, 5) == []

    async def test_those_of_a_campaign_that_is_gone_are_passed_over(self, rig: Rig) -> None:
        stray = DecisionSample(GONE, NOW, PacingDecision(0, "gone"), 1)
        await rig.store.pacing.keep_decisions([stray, sample(rig, ago(1))])
        assert len(await rig.all("select from pacing_decisions")) == 1

    async def test_they_are_forgotten_after_thirty_days_in_every_campaign(self, rig: Rig) -> None:
        other = await Rig.set_up(rig.store, "other")
        days = [timedelta(days=days) for days in (40, 31, 29)]
        await rig.store.pacing.keep_decisions(
            [sample(each, NOW - age) for each in (rig, other) for age in days]
        )
        await rig.store.pacing.keep_decisions([sample(rig, NOW)])
        kept = await rig.all("select campaign_id, at from pacing_decisions order by id")
        assert kept == [(rig.campaign, ago(29 * 1440)), (other.campaign, ago(29 * 1440)), (rig.campaign, NOW)]

    async def test_a_decision_of_another_version_is_told_without_what_ours_does_not_know(
        self, rig: Rig
    ) -> None:
        await rig.store.pacing.keep_decisions([sample(rig, ago(1))])
        await rig.all("update pacing_decisions set binding = 'moon', inputs = inputs || '{\"moon\": 1}'")
        (found,) = await rig.store.pacing.decisions(rig.campaign, ago(5), NOW, 1)
        assert (found.decision.binding, found.decision.inputs) == (Binding.POLICY, INPUTS)
        await rig.all("update pacing_decisions set inputs = inputs - 'risk'")
        (found,) = await rig.store.pacing.decisions(rig.campaign, ago(5), NOW, 1)
        assert found.decision.inputs is None


class TestTheFirstSchema:
    async def test_its_campaigns_stay_progressive_and_its_calls_are_counted(
        self, empty_url: str, tmp_path: Path
    ) -> None:
        first = tmp_path / "0001_initial.sql"
        first.write_bytes((migrate.default_folder() / first.name).read_bytes())
        await migrate.up(empty_url, tmp_path, NOW)
        connection = await asyncpg.connect(empty_url)
        await connection.execute(_OF_THE_FIRST_SCHEMA)
        await connection.close()
        await migrate.up(empty_url, migrate.default_folder(), NOW)
        store = await PostgresStore.open(empty_url, 2, SystemClock())
        try:
            old, chosen = await store.campaigns.campaigns()
            assert (old.plan.pacing.mode, old.started_at) == (PacingMode.PROGRESSIVE, ago(600))
            assert (chosen.plan.pacing.mode, chosen.started_at) == (PacingMode.POWER, None)
            found = await store.pacing.window_counts(old.id, [window(ago(600), NOW)], NOW)
            assert [(each.answered, each.abandoned) for each in found] == [(2, 1)]
        finally:
            await store.close()


_OF_THE_FIRST_SCHEMA = """
insert into campaigns (name, state, plan, created_at, started_at) values
    ('old', 'running', '{"name": "old", "trunk": "main"}', '2026-01-05', '2026-01-05 05:00+00'),
    ('new', 'draft', '{"name": "new", "trunk": "main", "pacing": {"mode": "power"}}', '2026-01-05', null);
insert into contacts (campaign_id, state) select 1, 'done' from generate_series(1, 4);
insert into attempts (contact_id, number_id, campaign_id, e164, runner_id, state, disposition, claimed_at, due_at,
                      dialled_at, answered_at, ended_at)
select nth, nth, 1, '+12025550100', gen_random_uuid(), 'ended',
       (array['abandoned', 'hung_up', 'machine', 'busy'])[nth], at, at, at, case when nth < 4 then at end, at
from generate_series(1, 4) nth, (select timestamptz '2026-01-05 14:00+00' as at) then_;
"""
