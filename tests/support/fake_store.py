"""An in-memory store for tests of the web and the command line: the ports that people use, nothing of the engine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from dialer.domain import campaign as campaign_domain
from dialer.domain import contact as contact_domain
from dialer.domain.abandonment import AbandonmentWindow, WindowCount
from dialer.domain.agent import AgentState
from dialer.domain.campaign import Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.contact import ContactSignal, ContactState
from dialer.domain.contact_rows import NewContact, RefusedRow
from dialer.domain.disposition import Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.transitions import IllegalTransition, following
from dialer.errors import Conflict, NotFound
from dialer.pacing.pacer import Lesson
from dialer.ports.hearing import TrunkTones
from dialer.ports.pacing import DecisionSample
from dialer.ports.privacy import PrivacyStore, RetentionStore
from dialer.ports.storage import (
    Abandonment,
    AgentChange,
    AgentWish,
    AttemptView,
    Caller,
    ContactCounts,
    ContactView,
    DoNotCallEntry,
    ListKind,
    RecordingMarks,
    RecordingView,
    StoredRecording,
    TimelineEntry,
)
from dialer.web.auth import digest, new_token
from dialer.web.deps import ListSummary
from tests.support.fake_gate import FakeGate
from tests.support.fake_ledger import FakeLedger
from tests.support.fake_texts import MemoryTexts
from tests.support.memory_consent import MemoryConsent
from tests.support.memory_ivr import MemoryCalls, MemoryFlows, MemoryRequests, MemoryRoutes
from tests.support.survey_by_hand import MemorySurveys


class FakeCampaigns:
    def __init__(self) -> None:
        self.rows: dict[CampaignId, Campaign] = {}

    async def campaigns(self) -> Sequence[Campaign]:
        return list(self.rows.values())

    async def campaign(self, campaign: CampaignId) -> Campaign:
        if campaign not in self.rows:
            raise NotFound(f"there is no campaign {campaign}")
        return self.rows[campaign]

    async def campaign_named(self, name: str) -> Campaign:
        for campaign in self.rows.values():
            if campaign.plan.name == name:
                return campaign
        raise NotFound(f"there is no campaign named {name}")

    async def create_campaign(self, plan: CampaignPlan, now: datetime) -> CampaignId:
        if any(campaign.plan.name == plan.name for campaign in self.rows.values()):
            raise Conflict(f"there is a campaign named {plan.name} already")
        new = CampaignId(len(self.rows) + 1)
        self.rows[new] = Campaign(new, CampaignState.DRAFT, plan)
        return new

    async def change_plan(self, campaign: CampaignId, plan: CampaignPlan) -> None:
        self.rows[campaign] = replace(await self.campaign(campaign), plan=plan)

    async def move_campaign(
        self, campaign: CampaignId, signal: CampaignSignal, now: datetime
    ) -> CampaignState:
        row = await self.campaign(campaign)
        try:
            state = following(campaign_domain.TRANSITIONS, row.state, signal)
        except IllegalTransition as illegal:
            raise Conflict(str(illegal)) from None
        self.rows[campaign] = replace(row, state=state, started_at=row.started_at or now)
        return state

    async def contact_counts(self, campaign: CampaignId, now: datetime) -> ContactCounts:
        return ContactCounts({"ready": 3, "done": 1}, 2, now + timedelta(minutes=5))

    async def is_exhausted(self, campaign: CampaignId) -> bool:
        return False

    async def outcomes(self, campaign: CampaignId) -> Mapping[Disposition, int]:
        return {Disposition.CONNECTED: 4, Disposition.BUSY: 2}

    async def abandonment(self, campaign: CampaignId, since: datetime) -> Abandonment:
        return Abandonment(since, 200, 3)


class FakeContacts:
    def __init__(self) -> None:
        self.rows: dict[ContactId, ContactView] = {}

    async def begin_list(self, campaign: CampaignId, source: str, now: datetime) -> int:
        return 1

    async def add_contacts(
        self, campaign: CampaignId, list_id: int, contacts: Sequence[NewContact], now: datetime
    ) -> Sequence[RefusedRow]:
        for contact in contacts:
            new = ContactId(len(self.rows) + 1)
            numbers = tuple(number.number for number in contact.numbers)
            self.rows[new] = ContactView(new, campaign, contact.name, ContactState.READY, now, 0, "", numbers)
        return []

    async def finish_list(self, list_id: int, read: int, taken: int, refused: int) -> None: ...

    async def contacts(
        self, campaign: CampaignId, after: ContactId | None, most: int, state: ContactState | None = None
    ) -> Sequence[ContactView]:
        rows = [row for row in self.rows.values() if row.campaign == campaign and row.id > (after or 0)]
        return [row for row in rows if state in (None, row.state)][:most]

    async def contact(self, contact: ContactId) -> ContactView:
        if contact not in self.rows:
            raise NotFound(f"there is no contact {contact}")
        return self.rows[contact]

    async def move_contact(
        self, contact: ContactId, signal: ContactSignal, due_at: datetime | None, because: str
    ) -> ContactState:
        row = await self.contact(contact)
        try:
            state = following(contact_domain.TRANSITIONS, row.state, signal)
        except IllegalTransition as illegal:
            raise Conflict(str(illegal)) from None
        self.rows[contact] = replace(row, state=state, due_at=due_at, because=because)
        return state


class FakeAgents:
    def __init__(self) -> None:
        self.rows: dict[AgentId, AgentWish] = {}

    async def agents(self) -> Sequence[AgentWish]:
        return list(self.rows.values())

    async def add_agent(self, name: str, phone: str, now: datetime) -> AgentId:
        if any(name == row.name or phone == row.phone for row in self.rows.values()):
            raise Conflict("an agent with this name or phone is there already")
        new = AgentId(len(self.rows) + 1)
        out = AgentState.LOGGED_OUT
        self.rows[new] = AgentWish(new, name, phone, out, "", now, out, "", now)
        return new

    async def wish(self, agent: AgentId, wish: AgentState, reason: str, now: datetime) -> None:
        if agent not in self.rows:
            raise NotFound(f"there is no agent {agent}")
        self.rows[agent] = replace(self.rows[agent], wish=wish, wish_reason=reason, wished_at=now)

    async def record_states(self, changes: Sequence[AgentChange]) -> None: ...

    async def time_in_states(self, since: datetime, until: datetime) -> Sequence[Any]:
        return []


class FakeDoNotCall:
    def __init__(self) -> None:
        self.rows: list[DoNotCallEntry] = []

    async def add_do_not_call(self, entries: Sequence[DoNotCallEntry]) -> int:
        known = {(row.number, row.kind, row.campaign) for row in self.rows}
        new = [entry for entry in entries if (entry.number, entry.kind, entry.campaign) not in known]
        self.rows += new
        return len(new)

    async def remove_do_not_call(
        self, number: PhoneNumber, campaign: CampaignId | None, kind: ListKind = ListKind.NUMBER
    ) -> bool:
        kept = [row for row in self.rows if (row.number, row.campaign, row.kind) != (number, campaign, kind)]
        gone, self.rows = len(kept) < len(self.rows), kept
        return gone

    async def do_not_call(self, number: PhoneNumber) -> Sequence[DoNotCallEntry]:
        return [
            row
            for row in self.rows
            if row.number == number
            or (row.kind is ListKind.PREFIX and number.e164.startswith(row.number.e164))
        ]

    async def do_not_call_of_kind(
        self, kind: ListKind, after: PhoneNumber | None, most: int
    ) -> Sequence[DoNotCallEntry]:
        rows = sorted((row for row in self.rows if row.kind is kind), key=lambda row: row.number.e164)
        return [row for row in rows if after is None or row.number.e164 > after.e164][:most]

    async def do_not_call_among(
        self, numbers: Sequence[PhoneNumber]
    ) -> Mapping[str, Sequence[DoNotCallEntry]]:
        found = {number.e164: await self.do_not_call(number) for number in numbers}
        return {e164: entries for e164, entries in found.items() if entries}

    async def count_do_not_call(self) -> int:
        return len(self.rows)


class FakeHistory:
    def __init__(self) -> None:
        self.rows: dict[AttemptId, AttemptView] = {}
        self.noted: list[tuple[AttemptId, Disposition, ContactState | None, datetime | None]] = []

    async def attempts(
        self,
        campaign: CampaignId | None,
        before: datetime | None,
        most: int,
        contact: ContactId | None = None,
    ) -> Sequence[AttemptView]:
        rows = sorted(self.rows.values(), key=lambda row: row.claimed_at, reverse=True)
        rows = [row for row in rows if campaign in (None, row.campaign) and contact in (None, row.contact)]
        return [row for row in rows if before is None or row.claimed_at < before][:most]

    async def attempt(self, attempt: AttemptId) -> AttemptView:
        if attempt not in self.rows:
            raise NotFound(f"there is no attempt {attempt}")
        return self.rows[attempt]

    async def timeline(self, attempt: AttemptId) -> Sequence[TimelineEntry]:
        return [TimelineEntry(attempt, (await self.attempt(attempt)).claimed_at, "dialled", "on main")]

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
        row = await self.attempt(attempt)
        if row.agent is None:
            raise Conflict("this call had no agent")
        self.rows[attempt] = replace(row, disposition=result, note=note)
        self.noted.append((attempt, result, contact_state, due_at))


class FakeRecordings:
    def __init__(self) -> None:
        self.rows: dict[UUID, RecordingView] = {}

    async def begin_recording(self, attempt: AttemptId, part: int, name: str, now: datetime) -> None: ...

    async def land_recording(self, attempt: AttemptId, part: int, talk: timedelta | None) -> None: ...

    async def mark_recording(self, attempt: AttemptId, part: int, marks: RecordingMarks) -> None: ...

    async def store_recording(
        self, recording: UUID, result: StoredRecording, problem: str, now: datetime
    ) -> None: ...

    async def fail_recording(self, recording: UUID, problem: str) -> None: ...

    async def landed_recordings(self, most: int) -> Sequence[RecordingView]:
        return []

    async def recordings(
        self, campaign: CampaignId | None, attempt: AttemptId | None, most: int
    ) -> Sequence[RecordingView]:
        return [row for row in self.rows.values() if attempt in (None, row.attempt)][:most]

    async def recording(self, recording: UUID) -> RecordingView:
        if recording not in self.rows:
            raise NotFound(f"there is no recording {recording}")
        return self.rows[recording]


@dataclass(frozen=True, slots=True)
class AuditLine:
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]


class FakeUsers:
    def __init__(self) -> None:
        self.callers: dict[str, Caller] = {}
        self.hashes: dict[str, str] = {}
        self.tokens: dict[str, tuple[Caller, datetime | None]] = {}
        self.audited: list[AuditLine] = []
        self.look_ups = 0

    def token_for(self, role: str, agent: int | None = None, expires_at: datetime | None = None) -> str:
        token = new_token()
        caller = Caller(len(self.tokens) + 1, f"a {role}", role, None if agent is None else AgentId(agent))
        self.tokens[digest(token)] = (caller, expires_at)
        return token

    async def add_user(
        self, name: str, role: str, password_hash: str | None, agent: AgentId | None, now: datetime
    ) -> int:
        if name in self.callers:
            raise Conflict(f"there is a user {name} already")
        self.callers[name] = Caller(len(self.callers) + 1, name, role, agent)
        if password_hash is not None:
            self.hashes[name] = password_hash
        return self.callers[name].user_id

    async def password_hash(self, name: str) -> tuple[Caller, str] | None:
        return (self.callers[name], self.hashes[name]) if name in self.hashes else None

    async def add_token(
        self, user: str, label: str, sha256: str, expires_at: datetime | None, now: datetime
    ) -> int:
        if user not in self.callers:
            raise NotFound(f"there is no user {user}")
        self.tokens[sha256] = (self.callers[user], expires_at)
        return len(self.tokens)

    async def revoke_token(self, token: int, now: datetime) -> None: ...

    async def caller_of_token(self, sha256: str, now: datetime) -> Caller | None:
        self.look_ups += 1
        caller, expires_at = self.tokens.get(sha256, (None, None))
        return caller if expires_at is None or expires_at > now else None

    async def audit(
        self, actor: str, action: str, subject: str, detail: Mapping[str, object], now: datetime
    ) -> None:
        self.audited.append(AuditLine(actor, action, subject, detail))

    def actions(self) -> Counter[str]:
        return Counter(line.action for line in self.audited)


@dataclass
class FakePacing:
    """The same counts for every window, and the samples a test puts in."""

    answered: int = 200
    abandoned: int = 3
    samples: list[DecisionSample] = field(default_factory=list)
    kept: list[Lesson] = field(default_factory=list)

    async def window_counts(
        self, campaign: CampaignId, windows: Sequence[AbandonmentWindow], now: datetime
    ) -> Sequence[WindowCount]:
        return [WindowCount(window, self.answered, self.abandoned, now) for window in windows]

    async def lessons(self) -> Sequence[Lesson]:
        return self.kept

    async def lesson(self, campaign: CampaignId) -> Lesson | None:
        return next((each for each in self.kept if each.campaign == campaign), None)

    async def keep_lessons(self, lessons: Sequence[Lesson], now: datetime) -> None:
        self.kept = list(lessons)

    async def keep_decisions(self, samples: Sequence[DecisionSample]) -> None:
        self.samples += samples

    async def decisions(
        self, campaign: CampaignId, since: datetime, until: datetime, most: int
    ) -> Sequence[DecisionSample]:
        found = [each for each in self.samples if each.campaign == campaign and since <= each.at < until]
        return found[-most:]


class _NotAsked:
    """Destroying records is tested on the real database."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody is expected to ask for {name}")


@dataclass(slots=True)
class FakeTones:
    kept: dict[tuple[TrunkName, str], TrunkTones] = field(default_factory=dict)

    async def trunk_tones(self) -> Sequence[TrunkTones]:
        return list(self.kept.values())

    async def keep_trunk_tones(self, tones: Sequence[TrunkTones], now: datetime) -> None:
        self.kept |= {(each.trunk, each.country): each for each in tones}

    async def forget_trunk_tones(self, trunk: TrunkName, country: str) -> bool:
        return self.kept.pop((trunk, country), None) is not None


@dataclass(slots=True)
class FakeStore:
    campaigns: FakeCampaigns = field(default_factory=FakeCampaigns)
    consent: MemoryConsent = field(default_factory=MemoryConsent)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    agents: FakeAgents = field(default_factory=FakeAgents)
    do_not_call: FakeDoNotCall = field(default_factory=FakeDoNotCall)
    gate: FakeGate = field(default_factory=FakeGate)
    history: FakeHistory = field(default_factory=FakeHistory)
    inbound: MemoryRoutes = field(default_factory=MemoryRoutes)
    ivr_calls: MemoryCalls = field(default_factory=MemoryCalls)
    ivr_flows: MemoryFlows = field(default_factory=MemoryFlows)
    ivr_requests: MemoryRequests = field(default_factory=MemoryRequests)
    texts: MemoryTexts = field(default_factory=MemoryTexts)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    pacing: FakePacing = field(default_factory=FakePacing)
    privacy: PrivacyStore = field(default_factory=lambda: cast(PrivacyStore, _NotAsked()))
    retention: RetentionStore = field(default_factory=lambda: cast(RetentionStore, _NotAsked()))
    recordings: FakeRecordings = field(default_factory=FakeRecordings)
    tones: FakeTones = field(default_factory=FakeTones)
    users: FakeUsers = field(default_factory=FakeUsers)

    @property
    def surveys(self) -> MemorySurveys:
        return MemorySurveys(self.ivr_calls)


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def go_on(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


class FakeIntake:
    """Counts lines instead of reading numbers."""

    async def take(self, campaign: CampaignId, source: str, file: Path) -> ListSummary:
        lines = file.read_bytes().splitlines()  # noqa: ASYNC240 - a small file in a test
        return ListSummary(len(lines), len(lines) - 1, 1, [RefusedRow(1, "not a phone number")])


@dataclass(slots=True)
class FakeFiles:
    folder: Path

    def open_path(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.is_file() else None
