"""A call in progress as the engine knows it, and the end it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dialer.compliance.connection import agent_due
from dialer.compliance.profile import ConnectRule
from dialer.domain.announcements import Announcement, disposition_of
from dialer.domain.attempt import TRANSITIONS, AttemptSignal, AttemptState
from dialer.domain.campaign import Campaign, CampaignPlan
from dialer.domain.contact import TRANSITIONS as CONTACT_TRANSITIONS
from dialer.domain.contact import ContactState
from dialer.domain.disposition import Disposition, of_unanswered
from dialer.domain.events import CallEnded
from dialer.domain.ids import AgentId, AttemptId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.queued_caller import QueuedCaller
from dialer.domain.recycling import aftermath
from dialer.domain.transitions import following
from dialer.engine.line_hearing import LineHearing
from dialer.ports.storage import ClaimedContact, Progress, Settlement


@dataclass(slots=True, eq=False)
class LiveCall:
    claimed: ClaimedContact
    campaign: Campaign
    trunk: TrunkName
    state: AttemptState
    dialled_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None  # the agent's part ended
    message_at: datetime | None = None
    agent: AgentId | None = None  # before the answer: of a preview campaign only
    address_state: str | None = None  # where the list says the person lives
    parts: int = 0  # conversations with an agent, each with its own recording
    cancelled: bool = False
    unknown: bool = False  # nobody saw it end
    evidence: list[str] = field(default_factory=list)
    connect: tuple[ConnectRule, ...] = ()  # by when, from which moment on, an agent must be there
    hearing: LineHearing = field(default_factory=LineHearing)
    unheard: bool = False  # we end it because nobody speaks, after having asked
    waits_since: datetime | None = None  # for another agent, after one whose phone failed
    attributes: Mapping[str, str] = field(default_factory=dict)  # what the list says of the contact
    flow_heard: bool = False  # the flow's first words, to their end
    flow_result: str = ""  # the flow's own word, at its end
    wanted_until: datetime | None = None  # a flow has asked for an agent
    wanted_agent: AgentId | None = None  # and for this one alone
    caller: QueuedCaller | None = (
        None  # who called us; then `dialled_at` and `answered_at` are when the wait began
    )

    @property
    def id(self) -> AttemptId:
        return self.claimed.attempt

    @property
    def plan(self) -> CampaignPlan:
        return self.campaign.plan

    @property
    def agentless(self) -> bool:
        """Hears the campaign's message and is given no agent."""
        return self.plan.pacing.mode is PacingMode.AGENTLESS

    @property
    def inbound(self) -> bool:
        """Called us, and waits in a queue; afterwards the caller's flow goes on."""
        return self.caller is not None

    @property
    def bound_by_law(self) -> bool:
        """Whoever waits was called by us: within seconds an agent must be there, or the message."""
        return self.wanted_until is None

    @property
    def priority(self) -> int:
        return self.caller.priority if self.caller is not None else 0

    def waited(self) -> timedelta | None:
        """From the answer, or the beginning of the wait, to the first agent. None: there was none."""
        if self.answered_at is None or self.joined_at is None:
            return None
        return self.joined_at - self.answered_at

    @property
    def previewed(self) -> bool:
        """`agent` has seen the contact, asked for the call, and is held for it from the first."""
        return self.plan.pacing.mode is PacingMode.PREVIEW

    @property
    def message(self) -> str:
        """What is played when no agent comes, or left on a machine, or what an agentless campaign calls for."""
        plan = self.plan
        if self.for_machine and plan.listening.machine_message is not None:
            return plan.listening.machine_message
        return plan.message if self.agentless and plan.message is not None else plan.abandoned_message

    @property
    def unanswered(self) -> bool:
        return self.state in (AttemptState.CLAIMED, AttemptState.DIALLING, AttemptState.RINGING)

    @property
    def for_machine(self) -> bool:
        """A machine answered, and the campaign acts on what the ears say: whoever connects at once leaves that to agents."""
        return self.hearing.machine and self.plan.listening.waits

    def announced(self, disposition: Disposition) -> Announcement | None:
        """What the carrier announced, where that is why the call ended so."""
        said = self.hearing.announcement
        return said if said is not None and disposition is disposition_of(said) else None

    def agent_due(self) -> datetime | None:
        """When an agent, or else the message, must be there; None while that is open."""
        if self.wanted_until is not None:
            return self.wanted_until
        if self.waits_since is not None or self.answered_at is None:
            return self.waits_since + self.plan.answer_within if self.waits_since is not None else None
        heard = self.hearing
        return agent_due(
            self.connect, self.plan.answer_within, self.answered_at, heard.greeting_start, heard.greeting_end
        )

    def move(self, signal: AttemptSignal) -> None:
        """Raises `IllegalTransition`; the state is then unchanged."""
        self.state = following(TRANSITIONS, self.state, signal)

    def progress(self) -> Progress:
        return Progress(
            self.id,
            self.state,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            joined_at=self.joined_at,
            left_at=self.left_at,
            message_at=self.message_at,
            agent=self.agent,
        )


_SAYS_LITTLE = frozenset({Disposition.NO_ANSWER, Disposition.FAILED})


def outcome(call: LiveCall, ended: CallEnded) -> tuple[Disposition, str]:
    """The one disposition of a call, from the state it ended in."""
    if call.unknown and call.answered_at is None:
        return Disposition.LOST, ended.cause.text
    if call.inbound and call.joined_at is None:
        waited = ended.at - (call.answered_at or ended.at)
        return Disposition.LEFT_QUEUE, f"waited {waited.total_seconds():.0f} s in vain"
    match call.state:
        case AttemptState.TALKING if call.hearing.fax and ended.by_us:
            return Disposition.FAX, "a fax answered"
        case AttemptState.TALKING if call.unheard and ended.by_us:
            return Disposition.DEAD_AIR, "nobody spoke, and nobody answered when asked"
        case AttemptState.TALKING:
            return Disposition.CONNECTED, "talked with an agent"
        case AttemptState.MESSAGE | AttemptState.WAITING | AttemptState.IN_FLOW:
            return _left_alone(call, ended)
        case _:
            return _never_answered(call, ended)


def _left_alone(call: LiveCall, ended: CallEnded) -> tuple[Disposition, str]:
    """Answered, and no agent was on the line."""
    if call.state is AttemptState.IN_FLOW or call.wanted_until is not None:
        return _left_flow(call)
    hears = call.state is AttemptState.MESSAGE
    if hears and call.for_machine and call.joined_at is None:
        return Disposition.MESSAGE_LEFT, "a machine has the message"
    if call.joined_at is not None:
        return Disposition.DROPPED, "the agent's phone failed and nobody else took the call"
    if not hears:
        return _left_waiting(call, ended)
    if call.agentless:
        return Disposition.PLAYED, "heard the campaign's message"
    return Disposition.ABANDONED, "no agent in time, the message was played"


def _left_flow(call: LiveCall) -> tuple[Disposition, str]:
    if call.joined_at is not None:
        return Disposition.CONNECTED, "talked with an agent, then was in a flow"
    if call.flow_result:
        return Disposition.PLAYED, f"the flow came to its end: {call.flow_result}"
    if call.flow_heard or call.unknown:
        return Disposition.PLAYED, "left the flow after its first words"
    return Disposition.HUNG_UP, "left before the flow's first words were over"


def _left_waiting(call: LiveCall, ended: CallEnded) -> tuple[Disposition, str]:
    heard = call.hearing.answered_end()
    if heard is not None and (call.for_machine or call.hearing.fax):
        return heard
    if call.agentless:
        return Disposition.HUNG_UP, "left before the message began"
    waited = ended.at - call.answered_at if call.answered_at is not None else call.plan.answer_within
    due = call.agent_due()
    if due is not None and ended.at >= due:
        return Disposition.ABANDONED, f"no agent after {waited.total_seconds():.1f} s"
    return Disposition.HUNG_UP, f"left {waited.total_seconds():.1f} s after the answer"


def _never_answered(call: LiveCall, ended: CallEnded) -> tuple[Disposition, str]:
    if call.cancelled:
        return Disposition.CANCELLED, "ended on request"
    by_network = of_unanswered(ended.cause)
    heard = call.hearing.unanswered_end()
    # what was heard tells more than a cause that says only that nobody answered
    if heard is not None and (ended.by_us or by_network in _SAYS_LITTLE):
        return heard
    if ended.by_us:
        rang = (ended.at - call.rang_at).total_seconds() if call.rang_at is not None else 0.0
        return Disposition.NO_ANSWER, f"rang {rang:.1f} s"
    return by_network, ended.cause.text


def settle(
    claimed: ClaimedContact,
    plan: CampaignPlan,
    disposition: Disposition,
    because: str,
    ended: CallEnded,
    *,
    dialled: bool,
    not_before: datetime | None = None,
    announced: Announcement | None = None,
) -> Settlement:
    """`announced`: what the carrier said, which has retry rules of its own."""
    after = aftermath(
        disposition,
        plan.retry
        if announced is None
        else {**plan.retry, disposition: plan.listening.announcements[announced]},
        ended_at=ended.at,
        times_so=claimed.tally.get(disposition, 0) + 1,
        attempts=claimed.attempts + dialled,
        most_attempts=plan.most_attempts,
        other_numbers=claimed.other_numbers,
        not_before=not_before,
    )
    return Settlement(
        attempt=claimed.attempt,
        contact=claimed.contact,
        number_id=claimed.number_id,
        disposition=disposition,
        because=because,
        ended_at=ended.at,
        cause=ended.cause,
        ended_by_us=ended.by_us,
        dialled=dialled,
        contact_state=following(CONTACT_TRANSITIONS, ContactState.CLAIMED, after.signal),
        due_at=after.due_at,
        contact_because=after.because,
        number_is_dead=after.number_is_dead,
    )
