"""What the web sees of the running engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from dialer.domain.agent import AgentState
from dialer.domain.air import Direction, Trouble
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import CampaignState
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.phone_number import PhoneNumber
from dialer.pacing.decision import Binding, WindowState
from dialer.ports.ears import EarsFigures
from dialer.ports.pacing import DecisionSample
from dialer.ports.storage import Abandonment, ContactCounts
from dialer.ports.texts import TextFigures


@dataclass(frozen=True, slots=True)
class FlowPlace:
    """`session` is where a caller goes on with what was entered before; None: as the call is known to this flow."""

    flow: str
    entry: str
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A contact held for one agent, who decides by `expires_at` whether it is dialled. `attempt` is the claim's."""

    attempt: AttemptId
    campaign: CampaignId
    contact: ContactId
    number: PhoneNumber
    agent: AgentId
    offered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfferOnFloor:
    """The same for everyone who looks at the floor: without the number."""

    campaign: CampaignId
    contact: ContactId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AirTrouble:
    """What is wrong with a conversation now. `direction`: from whom nothing comes, where it is one side alone."""

    kind: Trouble
    since: datetime
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class CallerOnFloor:
    """Of a caller whom an agent has: the queue, and how long it took until then. The same for everyone: without the number."""

    queue: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class CurrentCall:
    """What the agent on a call is shown. `queue` and the rest is None or empty for calls that we made.

    `entered` and `answers` are what the caller keyed in and answered in the flow before, `called` the number that was dialled.
    """

    attempt: AttemptId
    state: AttemptState
    campaign: CampaignId
    contact: ContactId
    number: PhoneNumber | None  # None: not shown
    joined_at: datetime | None
    inbound: bool
    queue: str | None = None
    waited_s: float | None = None
    called: str = ""
    language: str = ""
    session: str | None = None
    entered: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueOnFloor:
    """A queue of callers. What became of callers is counted since the service started; `in_time` are those answered within
    `goal_s`."""

    id: CampaignId
    name: str
    waiting: int
    waiting_since: datetime | None  # the one who waits longest
    longest_wait_s: float
    goal_s: float
    answered: int
    in_time: int
    left: int


@dataclass(frozen=True, slots=True)
class AgentOnFloor:
    id: AgentId
    name: str
    state: AgentState
    reason: str
    since: datetime
    attempt: AttemptId | None  # the call the agent is on, or wraps up, or the contact in preview
    offer: OfferOnFloor | None = None  # until it is accepted
    trouble: AirTrouble | None = None  # of the conversation
    caller: CallerOnFloor | None = None  # whom the agent talks with, when that is somebody who called us


@dataclass(frozen=True, slots=True)
class CampaignPacing:
    """The last pacing decision and what it was made from. None is what this mode does not reckon with.

    `target_lines` is how many lines without an answer the pacer wants out: those that ring and those it would add. Risks
    and probabilities are 0 to 1.
    """

    mode: PacingMode
    at: datetime
    binding: Binding
    because: str  # in English; `binding` is the same in one word
    target_lines: int
    risk: float | None = None  # that one more line, if answered, finds nobody free
    accepted_risk: float | None = None
    answer_probability: float | None = None  # of the next contact
    expected_answers: float | None = None  # of the lines that ring now
    windows: Sequence[WindowState] = ()


@dataclass(frozen=True, slots=True)
class CampaignOnFloor:
    """`pacing` is the reason of the last pacing decision, for people; `decision` is all of it, None before the first."""

    id: CampaignId
    name: str
    state: CampaignState
    calls: Mapping[AttemptState, int]
    contacts: ContactCounts
    outcomes: Mapping[Disposition, int]
    abandonment: Mapping[str, Abandonment]  # by window: "today", "30_days"
    pacing: str
    decision: CampaignPacing | None = None


@dataclass(frozen=True, slots=True)
class TrunkOnFloor:
    name: TrunkName
    in_use: int
    channels: int
    calls_per_second: float
    dialled_last_second: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    at: datetime
    campaigns: Sequence[CampaignOnFloor]
    agents: Sequence[AgentOnFloor]
    trunks: Sequence[TrunkOnFloor]
    queues: Sequence[QueueOnFloor] = ()


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part of the service: database, telephony, schema, engine (active or standing by) …

    Without one that is not `needed` the service does less, but is ready.
    """

    name: str
    ok: bool
    detail: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Gauges:
    """Counters since the process started, for /metrics."""

    calls_total: Mapping[tuple[str, Disposition], int]  # by campaign name and disposition
    link_reconnects: int
    originates_in_flight: int
    answer_to_join_s: Sequence[float]  # the latest, at most 10,000
    setup_s: Sequence[float]
    ears: EarsFigures | None = None  # None: switched off
    air: Mapping[Trouble, int] = field(default_factory=dict)  # troubles found in conversations
    texts: TextFigures = field(default_factory=TextFigures)


class Floor(Protocol):
    def snapshot(self) -> Snapshot:
        """The latest; made once a second, shared by everyone who asks."""
        ...

    def parts(self) -> Sequence[PartHealth]: ...

    def decisions(self, campaign: CampaignId, most: int) -> Sequence[DecisionSample]:
        """The latest pacing decisions still in memory, oldest first; a run of equal ones not to dial is one sample."""
        ...

    def gauges(self) -> Gauges: ...

    async def wait_snapshot(self, after: datetime | None) -> Snapshot:
        """The next snapshot newer than `after`."""
        ...

    async def hang_up(self, attempt: AttemptId) -> None:
        """An agent or supervisor ends a live call. Raises `NotFound` when it is not live here."""
        ...

    async def pause_recording(self, attempt: AttemptId, by: str) -> None:
        """From now on the recording is silent. Again.

        Raises `NotFound` when the call is not live here, and `Conflict` when it is not recorded, or when the exchange did not
        acknowledge: then the recording has ended.
        """
        ...

    async def resume_recording(self, attempt: AttemptId, by: str) -> None:
        """Raises `NotFound`, `Conflict`."""
        ...

    async def send_to_flow(self, attempt: AttemptId, place: FlowPlace, by: str) -> None:
        """A caller out of a conversation into a flow: the agent wraps up at once.

        Raises `NotFound` when the call is not live here, `Conflict` when nobody talks on it.
        """
        ...

    async def end_wrap_up(self, agent: AgentId) -> None:
        """The agent is done before the timer. Raises `NotFound`, `Conflict`."""
        ...

    def current_call(self, agent: AgentId) -> CurrentCall:
        """The call the agent is on. Raises `NotFound`."""
        ...

    def offer(self, agent: AgentId) -> Offer:
        """What the agent is asked to decide on. Raises `NotFound`."""
        ...

    async def accept_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        """Have the contact dialled; whoever answers is this agent's.

        Raises `NotFound`, and `Conflict` when the offer is over, or not to be dialled now, with the reason.
        """
        ...

    async def skip_offer(self, attempt: AttemptId, agent: AgentId) -> None:
        """Leave the contact for later. Raises `NotFound`, `Conflict` when the offer is over."""
        ...
