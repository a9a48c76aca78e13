"""A floor whose snapshots the test decides, and one made-up afternoon to show."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dialer.domain.abandonment import WindowKind
from dialer.domain.agent import AgentState
from dialer.domain.air import Direction, Trouble
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import Conflict, NotFound
from dialer.pacing.decision import Binding, WindowState
from dialer.ports.floor import (
    AgentOnFloor,
    AirTrouble,
    CampaignOnFloor,
    CampaignPacing,
    CurrentCall,
    FlowPlace,
    Gauges,
    Offer,
    PartHealth,
    QueueOnFloor,
    Snapshot,
    TrunkOnFloor,
)
from dialer.ports.pacing import DecisionSample
from dialer.ports.storage import Abandonment, ContactCounts

OFFERED = AttemptId(UUID("00000000-0000-4000-8000-0000000000dd"))
LIVE_CALL = AttemptId(UUID("00000000-0000-4000-8000-0000000000aa"))


NOON = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
OFFER = Offer(
    OFFERED,
    CampaignId(1),
    ContactId(1),
    PhoneNumber("+12025550123"),
    AgentId(1),
    NOON,
    NOON + timedelta(seconds=30),
)


CALL = CurrentCall(
    LIVE_CALL,
    AttemptState.TALKING,
    CampaignId(5),
    ContactId(7),
    PhoneNumber("+12025550144"),
    NOON,
    True,
    queue="service",
    waited_s=17.5,
    called="+12025550100",
    language="en",
    session="1700000000.1",
    entered={"order": "4711"},
    answers={"q1": {"value": "b"}},
)
QUEUE = QueueOnFloor(
    CampaignId(5), "service", 2, NOON - timedelta(seconds=34), 34.0, 20.0, answered=40, in_time=31, left=3
)


class FakeFloor:
    def __init__(self, first: Snapshot) -> None:
        self.latest = first
        self.health: Sequence[PartHealth] = (
            PartHealth("database", True, ""),
            PartHealth("telephony", True, ""),
            PartHealth("schema", True, "1"),
            PartHealth("engine", True, "active"),
        )
        self.hung_up: list[AttemptId] = []
        self.paused: list[tuple[str, AttemptId, str]] = []
        self.offers: dict[AgentId, Offer] = {AgentId(1): OFFER}
        self.calls: dict[AgentId, CurrentCall] = {AgentId(1): CALL}
        self.decided: list[tuple[str, AttemptId, AgentId]] = []
        self.refuses: str | None = None  # why an offer may not be dialled
        self.sent: list[tuple[AttemptId, FlowPlace, str]] = []
        self._news = asyncio.Condition()

    def snapshot(self) -> Snapshot:
        return self.latest

    def parts(self) -> Sequence[PartHealth]:
        return self.health

    def decisions(self, campaign: CampaignId, most: int) -> Sequence[DecisionSample]:
        return ()

    def gauges(self) -> Gauges:
        return Gauges(
            {("spring", Disposition.BUSY): 7}, 2, 3, (0.05, 0.2), (1.5, 3.0, 9.0), air={Trouble.NO_RTP: 2}
        )

    async def publish(self, snapshot: Snapshot) -> None:
        async with self._news:
            self.latest = snapshot
            self._news.notify_all()

    async def wait_snapshot(self, after: datetime | None) -> Snapshot:
        async with self._news:
            await self._news.wait_for(lambda: after is None or self.latest.at > after)
            return self.latest

    async def hang_up(self, attempt: AttemptId) -> None:
        if attempt != LIVE_CALL:
            raise NotFound("this call is not live")
        self.hung_up.append(attempt)

    async def pause_recording(self, attempt: AttemptId, by: str) -> None:
        if attempt != LIVE_CALL:
            raise NotFound("this call is not in progress")
        self.paused.append(("pause", attempt, by))

    async def resume_recording(self, attempt: AttemptId, by: str) -> None:
        if ("pause", attempt, by) not in self.paused:
            raise Conflict("this call is not being recorded")
        self.paused.append(("resume", attempt, by))

    async def send_to_flow(self, attempt: AttemptId, place: FlowPlace, by: str) -> None:
        if attempt != LIVE_CALL:
            raise NotFound("this call is not in progress")
        self.sent.append((attempt, place, by))

    async def end_wrap_up(self, agent: AgentId) -> None:
        on_floor = {each.id: each.state for each in self.latest.agents}
        if agent not in on_floor:
            raise NotFound(f"there is no agent {agent}")
        if on_floor[agent] is not AgentState.WRAP_UP:
            raise Conflict("the agent is not in wrap-up")

    def current_call(self, agent: AgentId) -> CurrentCall:
        if agent not in self.calls:
            raise NotFound(f"agent {agent} is on no call now")
        return self.calls[agent]

    def offer(self, agent: AgentId) -> Offer:
        if agent not in self.offers:
            raise NotFound(f"no contact is offered to agent {agent} now")
        return self.offers[agent]

    async def accept_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        self._decide("accept", attempt, agent)

    async def skip_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        self._decide("skip", attempt, agent)

    def _decide(self, verb: str, attempt: AttemptId, agent: AgentId) -> None:
        if self.offer(agent).attempt != attempt:
            raise NotFound("this contact is not offered")
        if self.refuses is not None:
            raise Conflict(self.refuses)
        self.decided.append((verb, attempt, agent))
        del self.offers[agent]


def afternoon(at: datetime = NOON, *, calls: int = 9, agents: int = 12) -> Snapshot:
    return Snapshot(
        at,
        (
            _campaign(1, "Spring renewal", CampaignState.RUNNING, at, calls, (612, 11)),
            _campaign(2, "Service reminder", CampaignState.RUNNING, at, 4, (188, 6)),
            _campaign(3, "春季回访", CampaignState.PAUSED, at, 0, (95, 1)),
            _campaign(4, "Survey", CampaignState.DRAFT, at, 0, (0, 0)),
        ),
        tuple(_agent(number, at) for number in range(1, agents + 1)),
        (
            TrunkOnFloor(TrunkName("main"), calls + 11, 30, 5.0, 3),
            TrunkOnFloor(TrunkName("backup"), 0, 10, 2.0, 0),
        ),
        (replace(QUEUE, waiting_since=at - timedelta(seconds=34)),),
    )


def later(snapshot: Snapshot, seconds: float) -> Snapshot:
    return replace(snapshot, at=snapshot.at + timedelta(seconds=seconds))


def _campaign(
    number: int, name: str, state: CampaignState, at: datetime, calls: int, people: tuple[int, int]
) -> CampaignOnFloor:
    answered, abandoned = people
    return CampaignOnFloor(
        CampaignId(number),
        name,
        state,
        _calls(calls),
        ContactCounts(
            {"ready": 4210 - 3 * answered, "claimed": calls, "done": answered, "exhausted": 44, "blocked": 9},
            0 if calls == 0 else 1260,
            at + timedelta(minutes=12),
        ),
        _outcomes(answered, abandoned),
        {
            "today": Abandonment(at - timedelta(hours=6), answered, abandoned),
            "30_days": Abandonment(at - timedelta(days=30), answered * 7, abandoned * 5),
        },
        "3 agents ready, 2 calls ringing: dial 1" if calls else "",
        _decision(at, answered, abandoned) if calls else None,
    )


def _decision(at: datetime, answered: int, abandoned: int) -> CampaignPacing:
    return CampaignPacing(
        mode=PacingMode.PREDICTIVE,
        at=at,
        binding=Binding.RISK,
        because="3 agents ready, 2 calls ringing: dial 1",
        target_lines=3,
        risk=0.125,
        accepted_risk=0.14,
        answer_probability=0.25,
        expected_answers=None,
        windows=(
            WindowState(WindowKind.DAY, 0.03, answered, abandoned, 80.0, 0.04),
            WindowState(WindowKind.HALF_HOUR, 0.05, 0, 0, 40.0, float("inf")),
        ),
    )


def _calls(calls: int) -> Mapping[AttemptState, int]:
    if not calls:
        return {}
    ringing = calls // 3
    return {
        AttemptState.DIALLING: 1,
        AttemptState.RINGING: ringing,
        AttemptState.WAITING: 1,
        AttemptState.TALKING: calls - ringing - 2,
    }


def _outcomes(answered: int, abandoned: int) -> Mapping[Disposition, int]:
    if not answered:
        return {}
    return {
        Disposition.CONNECTED: answered - abandoned,
        Disposition.NO_ANSWER: answered * 2,
        Disposition.BUSY: answered // 3,
        Disposition.REJECTED: answered // 9,
        Disposition.NOT_IN_SERVICE: answered // 8,
        Disposition.ABANDONED: abandoned,
        Disposition.MACHINE: answered // 4,
    }


_STATES = (
    AgentState.ON_CALL,
    AgentState.ON_CALL,
    AgentState.READY,
    AgentState.WRAP_UP,
    AgentState.ON_CALL,
    AgentState.PAUSED,
    AgentState.LOGGED_OUT,
    AgentState.CONNECTING,
)
_NAMES = ("Ana Ruiz", "李娜", "Bo Olsen", "王伟", "Chidi Obi", "Dana Levi", "Emil Berg", "张敏")


def _agent(number: int, at: datetime) -> AgentOnFloor:
    state = _STATES[number % len(_STATES)]
    name = _NAMES[number % len(_NAMES)]
    return AgentOnFloor(
        AgentId(number),
        name if number <= len(_NAMES) else f"{name} {number}",
        state,
        "lunch" if state is AgentState.PAUSED else "",
        at - timedelta(seconds=17 * number + 5),
        LIVE_CALL if state in (AgentState.ON_CALL, AgentState.WRAP_UP) else None,
        trouble=AirTrouble(Trouble.ONE_WAY, at - timedelta(seconds=9), Direction.CALLER)
        if number == 1
        else None,
    )
