"""Whether a flow's transfer lets the caller wait: queues that are there and open, and nobody else's."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dialer.acd.desks import Desk
from dialer.domain.agent import AgentState
from dialer.domain.campaign import CampaignPlan, CampaignSignal
from dialer.domain.flow_session import flow_session
from dialer.domain.ids import AgentId, AttemptId, TrunkName
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.flow_room import AgentTransfers
from ivr.ports import Waits
from tests.support.fake_store import FakeCampaigns

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 5, 15, tzinfo=UTC)
QUEUE = CampaignPlan("service", TrunkName("main"), pacing=PacingPlan(PacingMode.INBOUND))
FROM_OUTSIDE = "pbx-1700000000.7"


class Floor:
    """Nobody is at a desk, unless `desks` say otherwise; `calls` are in hand."""

    def __init__(self, *desks: Desk, calls: Collection[AttemptId] = ()) -> None:
        self._desks, self._calls = {desk.name: desk for desk in desks}, calls

    def heard_flow(self, attempt: AttemptId) -> None: ...

    def in_hand(self, attempt: AttemptId) -> bool:
        return attempt in self._calls

    def agent_may_come(self) -> bool:
        return bool(self._desks)

    def desk_named(self, text: str) -> Desk | None:
        return self._desks.get(text)


async def transfers(
    *started: CampaignPlan,
    drafts: tuple[CampaignPlan, ...] = (),
    floor: Floor | None = None,
    direct: str | None = None,
) -> AgentTransfers:
    campaigns = FakeCampaigns()
    for plan in (*started, *drafts):
        made = await campaigns.create_campaign(plan, NOW)
        if plan in started:
            await campaigns.move_campaign(made, CampaignSignal.START, NOW)
    return AgentTransfers(floor or Floor(), campaigns, direct)


async def test_a_caller_waits_in_an_open_queue_though_nobody_is_there_yet() -> None:
    desk = await transfers(QUEUE)
    assert await desk.transfer(FROM_OUTSIDE, "queue", "service", {}) == Waits("service")


async def test_a_call_of_ours_waits_for_nobody_who_is_not_there() -> None:
    attempt = AttemptId(uuid4())
    desk = await transfers(QUEUE, floor=Floor(calls=[attempt]))
    session = flow_session(attempt, "spring")
    assert await desk.transfer(session, "queue", "anything", {}) == "no_answer"
    desk = await transfers(QUEUE, floor=Floor(ana(AgentState.ON_CALL), calls=[attempt]))
    assert await desk.transfer(session, "queue", "anything", {}) == Waits("anything")


async def test_a_caller_whom_an_agent_sent_into_another_flow_waits_in_a_queue_again() -> None:
    """That flow's session has the name of the attempt in the first queue, which is over."""
    desk = await transfers(QUEUE, floor=Floor(ana(AgentState.ON_CALL)))
    session = flow_session(AttemptId(uuid4()), "complaints")
    assert await desk.transfer(session, "queue", "service", {}) == Waits("service")
    assert await desk.transfer(session, "queue", "servcie", {}) == "failed"


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


def ana(state: AgentState, wish: AgentState = AgentState.READY) -> Desk:
    return Desk(AgentId(7), "Ana", "tone-101", NOW, state, wish=wish)


@pytest.mark.parametrize(
    ("state", "in_vain"),
    [
        (AgentState.READY, "no_answer"),
        (AgentState.PAUSED, "no_answer"),
        (AgentState.ON_CALL, "busy"),
        (AgentState.WRAP_UP, "busy"),
    ],
)
async def test_an_agent_is_waited_for_by_the_number_in_the_only_open_queue(
    state: AgentState, in_vain: str
) -> None:
    desk = await transfers(QUEUE, drafts=(replace(QUEUE, name="other"),), floor=Floor(ana(state)))
    assert await desk.transfer(FROM_OUTSIDE, "agent", "Ana", {}) == Waits("service", "7", in_vain)


async def test_an_agent_who_has_logged_out_or_is_unknown_is_waited_for_by_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = await transfers(QUEUE, floor=Floor(ana(AgentState.WRAP_UP, AgentState.LOGGED_OUT)))
    assert await desk.transfer(FROM_OUTSIDE, "agent", "Ana", {}) == "no_answer"
    assert await desk.transfer(FROM_OUTSIDE, "agent", "Bob", {}) == "failed"
    assert "no such agent" in caplog.text


async def test_whose_plan_holds_for_named_agents_is_said_where_several_queues_are_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    floor, sales = Floor(ana(AgentState.READY)), replace(QUEUE, name="sales")
    desk = await transfers(QUEUE, sales, floor=floor)
    assert await desk.transfer(FROM_OUTSIDE, "agent", "Ana", {}) == "failed"
    assert "DIRECT_QUEUE" in caplog.text
    desk = await transfers(QUEUE, sales, floor=floor, direct="sales")
    assert await desk.transfer(FROM_OUTSIDE, "agent", "Ana", {}) == Waits("sales", "7")


async def test_a_call_of_ours_waits_for_a_named_agent_without_any_queue() -> None:
    attempt = AttemptId(uuid4())
    desk = await transfers(floor=Floor(ana(AgentState.ON_CALL), calls=[attempt]))
    assert await desk.transfer(flow_session(attempt, "f"), "agent", "Ana", {}) == Waits("", "7", "busy")
