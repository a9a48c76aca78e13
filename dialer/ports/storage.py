"""What the engine, the web and the command line need of the store.

Every time is an aware datetime handed in by the caller: the store has no clock of its own. Every method may raise
`StorageDown`; then nothing, or all of it, happened, and the methods named "again" below are safe to repeat.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from dialer.compliance.gate import DialPermit
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.contact_rows import NewContact as NewContact
from dialer.domain.contact_rows import RefusedRow as RefusedRow
from dialer.domain.disposition import Disposition, HangupCause
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, NumberId, RunnerId, TrunkName
from dialer.domain.number_reader import NewNumber as NewNumber
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.queued_caller import QueuedCaller
from dialer.ports.dialling import DialFacts, FactsWanted, Judge, RefusedClaim

# --- the engine's hot path ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimedContact:
    """A contact handed to one runner, with its open attempt and the number chosen for it."""

    attempt: AttemptId
    campaign: CampaignId
    contact: ContactId
    number_id: NumberId
    number: PhoneNumber
    zones: tuple[str, ...]
    attempts: int  # dialled before this one
    tally: Mapping[str, int]  # earlier attempts of the contact by disposition
    other_numbers: int  # usable ones besides `number`
    list_name: str = ""  # the file it came from; "" when unknown
    imported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What became known of an open attempt; None leaves a column as it is."""

    attempt: AttemptId
    state: AttemptState
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    message_at: datetime | None = None
    agent: AgentId | None = None

    def followed_by(self, later: "Progress") -> "Progress":
        """Both in one: what the later one does not know stays."""
        return Progress(
            later.attempt,
            later.state,
            rang_at=later.rang_at or self.rang_at,
            answered_at=later.answered_at or self.answered_at,
            joined_at=later.joined_at or self.joined_at,
            left_at=later.left_at or self.left_at,
            message_at=later.message_at or self.message_at,
            agent=self.agent if later.agent is None else later.agent,
        )


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    attempt: AttemptId
    at: datetime
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of an attempt and what becomes of its contact, in one transaction."""

    attempt: AttemptId
    contact: ContactId
    number_id: NumberId
    disposition: Disposition
    because: str
    ended_at: datetime
    cause: HangupCause
    ended_by_us: bool
    dialled: bool  # counts as an attempt
    contact_state: ContactState
    due_at: datetime | None
    contact_because: str
    number_is_dead: bool
    progress: Progress | None = None  # not yet recorded; its state is of no account


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt of a runner that is gone, with all that is needed to adopt or settle it. `caller`: of an inbound one."""

    claimed: ClaimedContact
    state: AttemptState
    trunk: TrunkName | None
    agent: AgentId | None
    dialled_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    joined_at: datetime | None
    message_at: datetime | None
    parts: int = 0  # recordings begun
    attributes: Mapping[str, str] = field(default_factory=dict)  # what the list says of the contact
    caller: QueuedCaller | None = None


class AttemptStore(Protocol):
    async def claim(
        self, campaign: CampaignId, runner: RunnerId, most: int, now: datetime
    ) -> Sequence[ClaimedContact]:
        """Hand out the next dialable contacts; each comes with a new attempt row in state claimed."""
        ...

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        """Undo claims that were not dialled: the attempt rows vanish, the contacts are ready as before. Again."""
        ...

    async def facts(self, claimed: Sequence[ClaimedContact], wanted: FactsWanted) -> Sequence[DialFacts]:
        """What the gate asks of each, in their order."""
        ...

    async def begin_dialling(
        self, attempts: Sequence[AttemptId], runner: RunnerId, wanted: FactsWanted, judge: Judge
    ) -> Sequence[DialPermit]:
        """Commit attempts as being dialled, immediately before the calls are sent: those for which `judge` has a permit.

        The facts are read, judged, and written down with the attempt in one transaction, and in one order with every change
        of a list, a consent or a campaign: what was committed before this, this has seen. Refusals are stored, and their
        contacts put back. An attempt that belongs to another runner now, or whose contact was moved, is not judged.
        `judge` may be asked again when the transaction has to be repeated.
        """
        ...

    async def refuse(self, refused: Sequence[RefusedClaim], now: datetime) -> None:
        """Undo claims that the gate refused: the attempt rows vanish, the contacts move, the reasons are kept. Again."""
        ...

    async def put_back_unsent(self, runner: RunnerId, known: Collection[AttemptId]) -> int:
        """Undo what this runner claimed or committed without hearing the answer: all it has but does not know of.

        The caller is certain that none of these was sent. The attempt rows vanish, the contacts are ready as before.
        Again. Returns how many there were.
        """
        ...

    async def record(self, progress: Sequence[Progress], timeline: Sequence[TimelineEntry]) -> None: ...

    async def settle(self, settlements: Sequence[Settlement], timeline: Sequence[TimelineEntry]) -> None:
        """Again: an attempt that is already settled stays as it is."""
        ...

    async def open_attempts(self, except_runner: RunnerId) -> Sequence[OpenAttempt]:
        """Open attempts of other runners, now owned by `except_runner`."""
        ...


@dataclass(frozen=True, slots=True)
class AgentWish:
    """An agent as the store has it: the recorded state, and what the agent last asked for."""

    id: AgentId
    name: str
    phone: str
    state: AgentState
    reason: str
    since: datetime
    wish: AgentState  # LOGGED_OUT, READY or PAUSED
    wish_reason: str
    wished_at: datetime


@dataclass(frozen=True, slots=True)
class AgentChange:
    agent: AgentId
    state: AgentState
    reason: str
    at: datetime
    attempt: AttemptId | None = None


@dataclass(frozen=True, slots=True)
class TimeInState:
    agent: AgentId
    state: AgentState
    seconds: float
    times: int


class AgentStore(Protocol):
    async def agents(self) -> Sequence[AgentWish]: ...

    async def add_agent(self, name: str, phone: str, now: datetime) -> AgentId:
        """Raises `Conflict` when name or phone is taken."""
        ...

    async def wish(self, agent: AgentId, wish: AgentState, reason: str, now: datetime) -> None:
        """What the agent asks for. Raises `NotFound`."""
        ...

    async def record_states(self, changes: Sequence[AgentChange]) -> None: ...

    async def time_in_states(self, since: datetime, until: datetime) -> Sequence[TimeInState]: ...


@dataclass(frozen=True, slots=True)
class Abandonment:
    """Integer counts of one window: `answered` by people, `abandoned` among them."""

    since: datetime
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class ContactCounts:
    by_state: Mapping[str, int]
    due_now: int
    next_due_at: datetime | None


class CampaignStore(Protocol):
    async def campaigns(self) -> Sequence[Campaign]: ...

    async def campaign(self, campaign: CampaignId) -> Campaign:
        """Raises `NotFound`."""
        ...

    async def campaign_named(self, name: str) -> Campaign:
        """Raises `NotFound`."""
        ...

    async def create_campaign(self, plan: CampaignPlan, now: datetime) -> CampaignId:
        """Raises `Conflict` when the name is taken."""
        ...

    async def change_plan(self, campaign: CampaignId, plan: CampaignPlan) -> None: ...

    async def move_campaign(
        self, campaign: CampaignId, signal: CampaignSignal, now: datetime
    ) -> CampaignState:
        """Apply a signal atomically. Raises `Conflict` with the state that forbids it."""
        ...

    async def is_exhausted(self, campaign: CampaignId) -> bool:
        """There are contacts, and none of them is ready or claimed. Cheap, whatever the size of the list."""
        ...

    async def contact_counts(self, campaign: CampaignId, now: datetime) -> ContactCounts: ...

    async def outcomes(self, campaign: CampaignId) -> Mapping[Disposition, int]:
        """Ended attempts by disposition."""
        ...

    async def abandonment(self, campaign: CampaignId, since: datetime) -> Abandonment: ...


# --- lists ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContactView:
    id: ContactId
    campaign: CampaignId
    name: str
    state: ContactState
    due_at: datetime | None
    attempts: int
    because: str
    numbers: tuple[PhoneNumber, ...]


class ContactStore(Protocol):
    async def begin_list(self, campaign: CampaignId, source: str, now: datetime) -> int: ...

    async def add_contacts(
        self, campaign: CampaignId, list_id: int, contacts: Sequence[NewContact], now: datetime
    ) -> Sequence[RefusedRow]:
        """Add one batch; duplicates of the campaign (number or external id) come back refused, the rest is in."""
        ...

    async def finish_list(self, list_id: int, read: int, taken: int, refused: int) -> None: ...

    async def contacts(
        self, campaign: CampaignId, after: ContactId | None, most: int, state: ContactState | None = None
    ) -> Sequence[ContactView]: ...

    async def contact(self, contact: ContactId) -> ContactView: ...

    async def move_contact(
        self, contact: ContactId, signal: ContactSignal, due_at: datetime | None, because: str
    ) -> ContactState:
        """For operators and agents: reopen or block. Raises `Conflict`, `NotFound`."""
        ...


class ListKind(StrEnum):
    """Why numbers are on our own list."""

    NUMBER = "number"  # who asked not to be called
    PREFIX = "prefix"  # no number that begins so
    COMPLAINT = "complaint"  # who complained about a call
    SENSITIVE = "sensitive"  # a customer who is reached in another way


@dataclass(frozen=True, slots=True)
class DoNotCallEntry:
    """`number` is the beginning of numbers for a prefix. `channel`: how a sensitive customer wishes to be reached."""

    number: PhoneNumber
    campaign: CampaignId | None
    source: str
    reason: str
    added_at: datetime
    expires_at: datetime | None = None
    kind: ListKind = ListKind.NUMBER
    channel: str = ""


class DoNotCallStore(Protocol):
    async def add_do_not_call(self, entries: Sequence[DoNotCallEntry]) -> int:
        """How many were new."""
        ...

    async def remove_do_not_call(
        self, number: PhoneNumber, campaign: CampaignId | None, kind: ListKind = ListKind.NUMBER
    ) -> bool: ...

    async def do_not_call(self, number: PhoneNumber) -> Sequence[DoNotCallEntry]:
        """Every entry that speaks of the number: its own of every kind, and prefixes it begins with; expired ones too."""
        ...

    async def do_not_call_of_kind(
        self, kind: ListKind, after: PhoneNumber | None, most: int
    ) -> Sequence[DoNotCallEntry]:
        """In the order of their numbers."""
        ...

    async def do_not_call_among(
        self, numbers: Sequence[PhoneNumber]
    ) -> Mapping[str, Sequence[DoNotCallEntry]]:
        """The entries of those numbers that have some, by E.164, expired ones too."""
        ...

    async def count_do_not_call(self) -> int: ...


# --- attempts for people, recordings, users -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AttemptView:
    id: AttemptId
    campaign: CampaignId
    contact: ContactId
    number: PhoneNumber
    state: AttemptState
    disposition: Disposition | None
    because: str
    trunk: TrunkName | None
    agent: AgentId | None
    claimed_at: datetime
    dialled_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    joined_at: datetime | None
    left_at: datetime | None
    message_at: datetime | None
    ended_at: datetime | None
    cause: HangupCause
    ended_by_us: bool | None
    note: str
    inbound: bool = False  # called us; never dialled
    session: str | None = None  # of the flow, before the queue


class AttemptHistory(Protocol):
    async def attempts(
        self,
        campaign: CampaignId | None,
        before: datetime | None,
        most: int,
        contact: ContactId | None = None,
    ) -> Sequence[AttemptView]:
        """Newest first."""
        ...

    async def attempt(self, attempt: AttemptId) -> AttemptView: ...

    async def timeline(self, attempt: AttemptId) -> Sequence[TimelineEntry]: ...

    async def note_result(
        self,
        attempt: AttemptId,
        result: Disposition,
        note: str,
        callback_at: datetime | None,
        contact_state: ContactState | None,
        due_at: datetime | None,
        because: str,
        now: datetime,
    ) -> None:
        """The agent's word on a connected call, once it has ended; also moves the contact when a state is given.

        Raises `NotFound`, or `Conflict` when the call had no agent.
        """
        ...


@dataclass(frozen=True, slots=True)
class Silence:
    """Times from the beginning of the recording. `until` None: to its end. `by` asked for it."""

    since: timedelta
    until: timedelta | None
    by: str


@dataclass(frozen=True, slots=True)
class RecordingMarks:
    """What was done to a recording while it ran. After `ends` nothing may be kept, and with a `discard` nothing at all."""

    announced_at: datetime | None = None
    announcement: str = ""
    silences: tuple[Silence, ...] = ()
    ends: timedelta | None = None
    discard: str = ""


@dataclass(frozen=True, slots=True)
class RecordingView:
    id: UUID
    attempt: AttemptId
    part: int
    state: str  # running, landed, stored, failed, purged
    name: str
    started_at: datetime
    talk: timedelta | None
    duration: timedelta | None
    bytes: int | None
    sha256: str | None
    caller_dbfs: float | None
    agent_dbfs: float | None
    problem: str
    marks: RecordingMarks = RecordingMarks()


@dataclass(frozen=True, slots=True)
class StoredRecording:
    duration: timedelta
    bytes: int
    sha256: str
    caller_dbfs: float | None  # None: digital silence
    agent_dbfs: float | None


class RecordingIndex(Protocol):
    async def begin_recording(self, attempt: AttemptId, part: int, name: str, now: datetime) -> None: ...

    async def land_recording(self, attempt: AttemptId, part: int, talk: timedelta | None) -> None:
        """The call has left the agent; the file is complete or will be in a moment. Again.

        `talk` is None when nobody saw when it left.
        """
        ...

    async def mark_recording(self, attempt: AttemptId, part: int, marks: RecordingMarks) -> None:
        """What is known by now; it takes the place of what was known before. Again."""
        ...

    async def store_recording(
        self, recording: UUID, result: StoredRecording, problem: str, now: datetime
    ) -> None: ...

    async def fail_recording(self, recording: UUID, problem: str) -> None: ...

    async def landed_recordings(self, most: int) -> Sequence[RecordingView]: ...

    async def recordings(
        self, campaign: CampaignId | None, attempt: AttemptId | None, most: int
    ) -> Sequence[RecordingView]: ...

    async def recording(self, recording: UUID) -> RecordingView: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who uses the API or the command line."""

    user_id: int
    name: str
    role: str  # admin, supervisor, agent, read_only
    agent: AgentId | None


class UserStore(Protocol):
    async def add_user(
        self, name: str, role: str, password_hash: str | None, agent: AgentId | None, now: datetime
    ) -> int: ...

    async def password_hash(self, name: str) -> tuple[Caller, str] | None:
        """None for unknown, disabled or token-only users."""
        ...

    async def add_token(
        self, user: str, label: str, sha256: str, expires_at: datetime | None, now: datetime
    ) -> int: ...

    async def revoke_token(self, token: int, now: datetime) -> None: ...

    async def caller_of_token(self, sha256: str, now: datetime) -> Caller | None: ...

    async def audit(
        self, actor: str, action: str, subject: str, detail: Mapping[str, object], now: datetime
    ) -> None: ...


class RunnerStore(Protocol):
    async def begin_runner(self, runner: RunnerId, host: str, pid: int, now: datetime) -> bool:
        """Take the engine's lock and register; False while another engine holds it."""
        ...

    async def still_ours(self) -> bool:
        """Whether the lock is still held, taking it again when the connection was lost and nobody else has it."""
        ...

    async def end_runner(self, runner: RunnerId, now: datetime) -> None: ...


class Changes(Protocol):
    """Wakes the engine when another program changed something; losing a wake-up costs a second, never a change."""

    async def wait(self, within_s: float) -> None: ...
