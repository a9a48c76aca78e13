"""Whether a flow's transfer lets the caller wait: queues that are there and open, and nobody else's."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dialer.domain.campaign import CampaignPlan, CampaignSignal
from dialer.domain.flow_session import flow_session
from dialer.domain.ids import AttemptId, TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.flow_room import AgentTransfers
from tests.support.fake_store import FakeCampaigns

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)
QUEUE = CampaignPlan("service", TrunkName("main"), pacing=PacingPlan(PacingMode.INBOUND))
FROM_OUTSIDE = "pbx-1700000000.7"


class Floor:
    """Nobody is at a desk."""

    def heard_flow(self, attempt: AttemptId) -> None: ...

    def agent_may_come(self, attempt: AttemptId) -> bool:
        return False


async def transfers(*started: CampaignPlan, drafts: tuple[CampaignPlan, ...] = ()) -> AgentTransfers:
    campaigns = FakeCampaigns()
    for plan in (*started, *drafts):
        made = await campaigns.create_campaign(plan, NOW)
        if plan in started:
            await campaigns.move_campaign(made, CampaignSignal.START, NOW)
    return AgentTransfers(Floor(), campaigns)


async def test_a_caller_waits_in_an_open_queue_though_nobody_is_there_yet() -> None:
    desk = await transfers(QUEUE)
    assert await desk.transfer(FROM_OUTSIDE, "queue", "service", {}) == ""


async def test_a_call_of_ours_waits_for_nobody_who_is_not_there() -> None:
    desk = await transfers(QUEUE)
    session = flow_session(AttemptId(uuid4()), "spring")
    assert await desk.transfer(session, "queue", "anything", {}) == "no_answer"


@pytest.mark.parametrize(
    ("queue", "why"),
    [
        ("servcie", "there is no such campaign"),
        ("spring", "the mode of this campaign is not inbound"),
        ("closed", "it is draft"),
    ],
)
async def test_what_is_no_open_queue_fails_with_the_reason(
    queue: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    plain = CampaignPlan("spring", TrunkName("main"))
    desk = await transfers(QUEUE, plain, drafts=(replace(QUEUE, name="closed"),))
    assert await desk.transfer(FROM_OUTSIDE, "queue", queue, {}) == "failed"
    assert why in caplog.text


async def test_a_named_agent_cannot_be_reached(caplog: pytest.LogCaptureFixture) -> None:
    desk = await transfers(QUEUE)
    assert await desk.transfer(FROM_OUTSIDE, "agent", "ana", {}) == "failed"
    assert "name a queue" in caplog.text
