"""The engine's stores in memory, for tests in virtual time. Attempts pass the same contract tests as Postgres."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dialer.compliance.call import ConsentStanding, PastCall
from dialer.compliance.gate import DialPermit
from dialer.compliance.past_calls import past_call
from dialer.compliance.refusal import Refusal
from dialer.domain.abandonment import AbandonmentWindow, WindowCount
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import TRANSITIONS, Campaign, CampaignPlan, CampaignSignal, CampaignState
from dialer.domain.contact import ContactState
from dialer.domain.disposition import ANSWERED_BY_PERSON, Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, NumberId, RunnerId, TrunkName
from dialer.domain.pacing_plan import PacingMode
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.queued_caller import QueuedCaller
from dialer.domain.transitions import following
from dialer.errors import StorageDown
from dialer.pacing.pacer import Lesson
from dialer.ports.callers import TakenCaller
from dialer.ports.dialling import (
    DialFacts,
    FactsWanted,
    Judge,
    OwnLists,
    RefusedClaim,
    StoredRefusal,
)
from dialer.ports.hearing import TrunkTones
from dialer.ports.ledger import Heard, OptOut
from dialer.ports.pacing import DecisionSample
from dialer.ports.storage import (
    Abandonment,
    AgentChange,
    AgentWish,
    ClaimedContact,
    ContactCounts,
    OpenAttempt,
    Progress,
    RecordingMarks,
    RecordingView,
    Settlement,
    StoredRecording,
    TimeInState,
    TimelineEntry,
)
from tests.support.virtual_time import START

ZONES = ("America/New_York",)


@dataclass(slots=True)
class MemoryContact:
    id: ContactId
    campaign: CampaignId
    number: PhoneNumber
    due_at: datetime | None
    state: ContactState = ContactState.READY
    attempts: int = 0
    tally: dict[str, int] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryAttempt:
    claimed: ClaimedContact
    runner: RunnerId
    state: AttemptState = AttemptState.CLAIMED
    trunk: TrunkName | None = None
    dialled_at: datetime | None = None
    progress: Progress | None = None
    settlement: Settlement | None = None
    permit: DialPermit | None = None
    caller: QueuedCaller | None = None


class MemoryAttempts:
    def __init__(self) -> None:
        self.contacts: dict[ContactId, MemoryContact] = {}
        self.rows: dict[AttemptId, MemoryAttempt] = {}
        self.do_not_call: set[str] = set()
        self.consents: dict[str, ConsentStanding] = {}
        self.refusals: dict[ContactId, list[StoredRefusal]] = {}
        self.lines: list[TimelineEntry] = []
        self.heard: dict[AttemptId, Heard] = {}
        self.tones: dict[tuple[TrunkName, str], TrunkTones] = {}
        self.away = False
        self.not_running: set[CampaignId] = set()

    def _reach(self) -> None:
        if self.away:
            raise StorageDown("taken away by the test")

    def add(self, campaign: CampaignId, number: str, due_at: datetime, **attributes: str) -> ContactId:
        contact = ContactId(len(self.contacts) + 1)
        self.contacts[contact] = MemoryContact(
            contact, campaign, PhoneNumber(number), due_at, attributes=attributes
        )
        return contact

    async def claim(
        self, campaign: CampaignId, runner: RunnerId, most: int, now: datetime
    ) -> Sequence[ClaimedContact]:
        self._reach()
        due = [
            each
            for each in self.contacts.values()
            if each.campaign == campaign
            and each.state is ContactState.READY
            and each.due_at is not None
            and each.due_at <= now
        ]
        return [self._open(each, runner) for each in sorted(due, key=lambda each: each.due_at or now)[:most]]

    def _open(self, contact: MemoryContact, runner: RunnerId) -> ClaimedContact:
        contact.state = ContactState.CLAIMED
        claimed = ClaimedContact(
            AttemptId(uuid4()),
            contact.campaign,
            contact.id,
            NumberId(contact.id),
            contact.number,
            ZONES,
            contact.attempts,
            dict(contact.tally),
            0,
        )
        self.rows[claimed.attempt] = MemoryAttempt(claimed, runner)
        return claimed

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        self._reach()
        for attempt in attempts:
            row = self.rows.get(attempt)
            if row is not None and row.state is AttemptState.CLAIMED:
                del self.rows[attempt]
                self.contacts[row.claimed.contact].state = ContactState.READY

    async def put_back_unsent(self, runner: RunnerId, known: Collection[AttemptId]) -> int:
        self._reach()
        unsent = [
            (attempt, row)
            for attempt, row in self.rows.items()
            if row.runner == runner
            and row.state in (AttemptState.CLAIMED, AttemptState.DIALLING)
            and attempt not in known
        ]
        for attempt, row in unsent:
            del self.rows[attempt]
            self.contacts[row.claimed.contact].state = ContactState.READY
        return len(unsent)

    async def facts(self, claimed: Sequence[ClaimedContact], wanted: FactsWanted) -> Sequence[DialFacts]:
        self._reach()
        return [self._facts(each, wanted) for each in claimed]

    def _facts(self, claimed: ClaimedContact, wanted: FactsWanted) -> DialFacts:
        number = claimed.number.e164
        stopped = claimed.campaign in self.not_running
        contact = self.contacts[claimed.contact]
        history = [
            self._past(row)
            for row in self.rows.values()
            if row.claimed.number == claimed.number
            and row.dialled_at is not None
            and row.dialled_at >= wanted.since
        ]
        return DialFacts(
            claimed.contact,
            claimed.campaign,
            CampaignState.PAUSED if stopped else CampaignState.RUNNING,
            claimed.number,
            ZONES,
            contact.attempts,
            contact.attributes,
            history=tuple(sorted(history, key=lambda call: call.at)),
            lists=OwnLists(internal_dnc="asked" if number in self.do_not_call else None),
            consent=self.consents.get(number, ConsentStanding()),
        )

    def _past(self, row: MemoryAttempt) -> PastCall:
        assert row.dialled_at is not None
        known, grounds = row.progress, row.permit.grounds if row.permit is not None else None
        return past_call(
            row.dialled_at,
            row.settlement.disposition if row.settlement is not None else None,
            joined=known is not None and known.joined_at is not None,
            message=known is not None and known.message_at is not None,
            same_number=True,
            detector=grounds is not None and grounds.detector,
            subject=grounds.subject if grounds is not None else "",
            debt=row.permit.debt if row.permit is not None else "",
            seller=grounds.seller if grounds is not None else "",
            caller_id=row.permit.caller_id if row.permit is not None else "",
        )

    async def begin_dialling(
        self, attempts: Sequence[AttemptId], runner: RunnerId, wanted: FactsWanted, judge: Judge
    ) -> Sequence[DialPermit]:
        self._reach()
        held = [self.rows[each] for each in attempts if each in self.rows]
        verdicts = [
            judge(row.claimed.attempt, self._facts(row.claimed, wanted))
            for row in held
            if row.state is AttemptState.CLAIMED and row.runner == runner
        ]
        for verdict in verdicts:
            if isinstance(verdict, DialPermit):
                row = self.rows[verdict.attempt]
                row.state, row.trunk, row.dialled_at = AttemptState.DIALLING, verdict.trunk, wanted.now
                row.permit = verdict
        self._refuse([each for each in verdicts if isinstance(each, RefusedClaim)], wanted.now)
        return [each for each in verdicts if isinstance(each, DialPermit)]

    async def refuse(self, refused: Sequence[RefusedClaim], now: datetime) -> None:
        self._reach()
        self._refuse(refused, now)

    def _refuse(self, refused: Sequence[RefusedClaim], now: datetime) -> None:
        for each in refused:
            row = self.rows.get(each.attempt)
            if row is None or row.state is not AttemptState.CLAIMED:
                continue
            del self.rows[each.attempt]
            contact = self.contacts[row.claimed.contact]
            contact.state, contact.due_at = each.contact_state, each.due_at
            contact.tally["refused"] = contact.tally.get("refused", 0) + 1
            self._keep(row.claimed, each.refusal, now)

    def _keep(self, claimed: ClaimedContact, refusal: Refusal, now: datetime) -> None:
        kept = self.refusals.setdefault(claimed.contact, [])
        last = kept[-1] if kept else None
        if last is not None and (last.reason, last.profile) == (refusal.reason, refusal.profile):
            kept[-1] = replace(
                last, last_at=now, times=last.times + 1, because=refusal.because, until=refusal.until
            )
            return
        kept.append(
            StoredRefusal(
                claimed.contact,
                claimed.campaign,
                claimed.number,
                refusal.reason,
                refusal.profile,
                refusal.citation,
                refusal.because,
                refusal.until,
                now,
                now,
                1,
            )
        )

    async def record_opt_outs(self, opt_outs: Sequence[OptOut]) -> frozenset[AttemptId]:
        self._reach()
        known = [self.rows[each.attempt].claimed for each in opt_outs if each.attempt in self.rows]
        for claimed in known:
            self.do_not_call.add(claimed.number.e164)
            contact = self.contacts[claimed.contact]
            contact.state, contact.due_at = ContactState.BLOCKED, None
        return frozenset(claimed.attempt for claimed in known)

    async def record_heard(self, heard: Sequence[Heard]) -> None:
        self._reach()
        for each in heard:
            self.heard[each.attempt] = each

    async def trunk_tones(self) -> Sequence[TrunkTones]:
        self._reach()
        return list(self.tones.values())

    async def keep_trunk_tones(self, tones: Sequence[TrunkTones], now: datetime) -> None:
        self._reach()
        self.tones |= {(each.trunk, each.country): each for each in tones}

    async def forget_trunk_tones(self, trunk: TrunkName, country: str) -> bool:
        self._reach()
        return self.tones.pop((trunk, country), None) is not None

    async def numbers_by_prefix(self, campaign: CampaignId) -> Sequence[PhoneNumber]:
        self._reach()
        found = {
            each.number.e164[:5]: each.number for each in self.contacts.values() if each.campaign == campaign
        }
        return list(found.values())

    async def record(self, progress: Sequence[Progress], timeline: Sequence[TimelineEntry]) -> None:
        self._reach()
        for each in progress:
            row = self.rows[each.attempt]
            if row.state is not AttemptState.ENDED:
                row.state, row.progress = each.state, each
        self.lines.extend(timeline)

    async def settle(self, settlements: Sequence[Settlement], timeline: Sequence[TimelineEntry]) -> None:
        self._reach()
        for each in settlements:
            row = self.rows[each.attempt]
            if row.state is AttemptState.ENDED:
                continue
            row.state, row.settlement = AttemptState.ENDED, each
            if each.progress is not None:
                row.progress = row.progress.followed_by(each.progress) if row.progress else each.progress
            contact = self.contacts[each.contact]
            if contact.state is ContactState.CLAIMED:  # not blocked during the call
                contact.state, contact.due_at = each.contact_state, each.due_at
            contact.attempts += each.dialled
            contact.tally[each.disposition] = contact.tally.get(each.disposition, 0) + 1
        self.lines.extend(timeline)

    async def open_attempts(self, except_runner: RunnerId) -> Sequence[OpenAttempt]:
        self._reach()
        taken = []
        for row in self.rows.values():
            if row.state is AttemptState.ENDED or row.runner == except_runner:
                continue
            row.runner = except_runner
            known = row.progress or Progress(row.claimed.attempt, row.state)
            taken.append(
                OpenAttempt(
                    row.claimed,
                    row.state,
                    row.trunk,
                    known.agent,
                    row.dialled_at,
                    known.rang_at,
                    known.answered_at,
                    known.joined_at,
                    known.message_at,
                    attributes=self.contacts[row.claimed.contact].attributes,
                    caller=row.caller,
                )
            )
        return taken

    async def take_caller(
        self, queue: CampaignId, number: PhoneNumber, caller: QueuedCaller, runner: RunnerId, at: datetime
    ) -> TakenCaller:
        self._reach()
        for row in self.rows.values():
            begun = row.progress.answered_at if row.progress is not None else None
            if row.caller is not None and (row.caller.channel, begun) == (caller.channel, at):
                return TakenCaller(row.claimed, row.caller)
        known = [each for each in self.contacts.values() if each.campaign == queue and each.number == number]
        if not known or not number.e164:
            contact = ContactId(len(self.contacts) + 1)
            self.contacts[contact] = MemoryContact(contact, queue, number, None, ContactState.DONE)
            known = [self.contacts[contact]]
        before, zones = known[0].state, ZONES if number.e164 else ()
        claimed = replace(self._open(known[0], runner), zones=zones)
        known[0].state = before
        begun_at = Progress(claimed.attempt, AttemptState.WAITING, answered_at=at)
        self.rows[claimed.attempt] = MemoryAttempt(
            claimed, runner, AttemptState.WAITING, progress=begun_at, caller=caller
        )
        return TakenCaller(claimed, caller)

    def ends(self) -> list[Disposition]:
        return [row.settlement.disposition for row in self.rows.values() if row.settlement is not None]


class MemoryAgents:
    def __init__(self) -> None:
        self.known: dict[AgentId, AgentWish] = {}
        self.changes: list[AgentChange] = []

    def log_in(self, name: str, now: datetime) -> AgentId:
        agent = AgentId(len(self.known) + 1)
        self.known[agent] = AgentWish(
            agent, name, name, AgentState.LOGGED_OUT, "", now, AgentState.READY, "", now
        )
        return agent

    async def agents(self) -> Sequence[AgentWish]:
        return list(self.known.values())

    async def add_agent(self, name: str, phone: str, now: datetime) -> AgentId:
        return self.log_in(name, now)

    async def wish(self, agent: AgentId, wish: AgentState, reason: str, now: datetime) -> None:
        self.known[agent] = replace(self.known[agent], wish=wish, wish_reason=reason, wished_at=now)

    async def record_states(self, changes: Sequence[AgentChange]) -> None:
        self.changes.extend(changes)

    async def time_in_states(self, since: datetime, until: datetime) -> Sequence[TimeInState]:
        raise AssertionError("the engine does not ask for reports")


class MemoryCampaigns:
    def __init__(self, attempts: MemoryAttempts) -> None:
        self.known: dict[CampaignId, Campaign] = {}
        self._attempts = attempts

    def run(self, plan: CampaignPlan) -> CampaignId:
        campaign = CampaignId(len(self.known) + 1)
        self.known[campaign] = Campaign(campaign, CampaignState.RUNNING, plan, START)
        return campaign

    async def campaigns(self) -> Sequence[Campaign]:
        self._attempts._reach()
        return list(self.known.values())

    async def move_campaign(
        self, campaign: CampaignId, signal: CampaignSignal, now: datetime
    ) -> CampaignState:
        known = self.known[campaign]
        self.known[campaign] = replace(known, state=following(TRANSITIONS, known.state, signal))
        self._attempts.not_running.discard(campaign)
        if self.known[campaign].state is not CampaignState.RUNNING:
            self._attempts.not_running.add(campaign)
        return self.known[campaign].state

    async def is_exhausted(self, campaign: CampaignId) -> bool:
        contacts = self._attempts.contacts.values()
        states = {contact.state for contact in contacts if contact.campaign == campaign}
        return bool(states) and not states & {ContactState.READY, ContactState.CLAIMED}

    async def contact_counts(self, campaign: CampaignId, now: datetime) -> ContactCounts:
        states: dict[str, int] = {}
        for contact in self._attempts.contacts.values():
            states[contact.state] = states.get(contact.state, 0) + 1
        return ContactCounts(states, 0, None)

    async def outcomes(self, campaign: CampaignId) -> Mapping[Disposition, int]:
        return {}

    async def abandonment(self, campaign: CampaignId, since: datetime) -> Abandonment:
        return Abandonment(since, 0, 0)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the engine is not expected to ask for {name}")


class MemoryPacing:
    """Counts the attempts of `attempts`; what is kept is in `kept_lessons` and `samples`."""

    def __init__(self, attempts: MemoryAttempts, campaigns: MemoryCampaigns | None = None) -> None:
        self._attempts, self._campaigns = attempts, campaigns
        self.kept_lessons: dict[CampaignId, Lesson] = {}
        self.samples: list[DecisionSample] = []
        self.asked: list[tuple[CampaignId, Sequence[AbandonmentWindow], datetime]] = []

    async def window_counts(
        self, campaign: CampaignId, windows: Sequence[AbandonmentWindow], now: datetime
    ) -> Sequence[WindowCount]:
        self._attempts._reach()
        self.asked.append((campaign, windows, now))
        return [self._count(campaign, window, now) for window in windows]

    def _count(self, campaign: CampaignId, window: AbandonmentWindow, now: datetime) -> WindowCount:
        answered = [
            row
            for row in self._attempts.rows.values()
            if row.claimed.campaign == campaign
            and row.progress is not None
            and row.progress.answered_at is not None
            and window.begins <= row.progress.answered_at < now
            and (row.settlement is None or row.settlement.disposition in ANSWERED_BY_PERSON)
        ]
        abandoned = [
            row
            for row in answered
            if (row.state is AttemptState.MESSAGE and not self._agentless(campaign))
            or (row.settlement is not None and row.settlement.disposition is Disposition.ABANDONED)
        ]
        return WindowCount(window, len(answered), len(abandoned), now)

    def _agentless(self, campaign: CampaignId) -> bool:
        known = self._campaigns.known.get(campaign) if self._campaigns is not None else None
        return known is not None and known.plan.pacing.mode is PacingMode.AGENTLESS

    async def lessons(self) -> Sequence[Lesson]:
        self._attempts._reach()
        return list(self.kept_lessons.values())

    async def lesson(self, campaign: CampaignId) -> Lesson | None:
        return self.kept_lessons.get(campaign)

    async def keep_lessons(self, lessons: Sequence[Lesson], now: datetime) -> None:
        self._attempts._reach()
        self.kept_lessons |= {lesson.campaign: lesson for lesson in lessons}

    async def keep_decisions(self, samples: Sequence[DecisionSample]) -> None:
        self._attempts._reach()
        self.samples.extend(samples)

    async def decisions(
        self, campaign: CampaignId, since: datetime, until: datetime, most: int
    ) -> Sequence[DecisionSample]:
        of = [each for each in self.samples if each.campaign == campaign and since <= each.at < until]
        return of[-most:]


class MemoryRecordings:
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.talks: list[timedelta | None] = []
        self.marks: list[RecordingMarks] = []

    async def begin_recording(self, attempt: AttemptId, part: int, name: str, now: datetime) -> None:
        self.begun.append(name)

    async def land_recording(self, attempt: AttemptId, part: int, talk: timedelta | None) -> None:
        self.talks.append(talk)

    async def mark_recording(self, attempt: AttemptId, part: int, marks: RecordingMarks) -> None:
        self.marks.append(marks)

    async def landed_recordings(self, most: int) -> Sequence[RecordingView]:
        return []

    async def store_recording(
        self, recording: UUID, result: StoredRecording, problem: str, now: datetime
    ) -> None: ...

    async def fail_recording(self, recording: UUID, problem: str) -> None: ...

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the engine is not expected to ask for {name}")


class MemoryRunners:
    def __init__(self) -> None:
        self.ours = True

    async def begin_runner(self, runner: RunnerId, host: str, pid: int, now: datetime) -> bool:
        return self.ours

    async def still_ours(self) -> bool:
        return self.ours

    async def end_runner(self, runner: RunnerId, now: datetime) -> None: ...


class QuietChanges:
    async def wait(self, within_s: float) -> None:
        await asyncio.sleep(within_s)
