"""The shape of the health answers and of the live figures."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import Field

from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition
from dialer.domain.pacing_plan import PacingMode
from dialer.pacing.decision import Binding
from dialer.web.models import Out
from dialer.web.pacing import Finite, WindowStateOut


class Health(Out):
    ok: bool
    parts: Mapping[str, bool] = Field(default_factory=dict)


class PartOut(Out):
    name: str
    ok: bool
    detail: str
    needed: bool


class ContactCountsOut(Out):
    by_state: Mapping[ContactState, int]
    due_now: int
    next_due_at: datetime | None


class AbandonmentOut(Out):
    since: datetime
    answered: int
    abandoned: int
    rate: float | None = Field(description="null while nobody has answered")


class LatestDecision(Out):
    """The last pacing decision; null is what the mode does not reckon with."""

    mode: PacingMode
    at: datetime
    binding: Binding = Field(description="what kept the number of lines from being larger, in one word")
    because: str
    target_lines: int = Field(description="lines without an answer that are wanted out")
    risk: Finite
    accepted_risk: Finite
    answer_probability: Finite
    expected_answers: Finite
    windows: list[WindowStateOut]


class CampaignFigures(Out):
    id: int
    name: str
    state: CampaignState
    calls: Mapping[AttemptState, int]
    contacts: ContactCountsOut
    outcomes: Mapping[Disposition, int]
    abandonment: Mapping[str, AbandonmentOut]
    pacing: str
    decision: LatestDecision | None


class OfferFigures(Out):
    campaign: int
    contact: int
    expires_at: datetime


class CallerFigures(Out):
    queue: str
    waited_s: float


class QueueFigures(Out):
    """Of a queue of callers; what became of callers is counted since the service started."""

    id: int
    name: str
    waiting: int
    waiting_since: datetime | None = Field(description="since when the first of them waits")
    longest_wait_s: float
    goal_s: float = Field(description="the plan's answer_within")
    answered: int
    in_time: int = Field(description="answered within the goal")
    left: int = Field(description="waited in vain")


class AgentFigures(Out):
    id: int
    name: str
    state: AgentState
    reason: str
    since: datetime
    attempt: UUID | None
    offer: OfferFigures | None = Field(description="the contact the agent is asked to decide on")
    caller: CallerFigures | None = Field(
        description="whom the agent talks with, when that is somebody who called us"
    )


class AgentsFigures(Out):
    by_state: Mapping[AgentState, int]
    list: list[AgentFigures]


class TrunkFigures(Out):
    name: str
    in_use: int
    channels: int
    calls_per_second: float
    dialled_last_second: int


class Stats(Out):
    at: datetime
    parts: list[PartOut]
    campaigns: list[CampaignFigures]
    agents: AgentsFigures
    trunks: list[TrunkFigures]
    queues: list[QueueFigures]
