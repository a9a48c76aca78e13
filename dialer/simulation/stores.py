"""The engine's stores in memory, for whole days of calls: constant time for each, and nothing kept of what is over."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from dialer.compliance.gate import DialPermit
from dialer.domain.abandonment import AbandonmentWindow, WindowCount
from dialer.domain.agent import AgentState
from dialer.domain.attempt import AttemptState
from dialer.domain.campaign import TRANSITIONS, Campaign, CampaignSignal, CampaignState
from dialer.domain.disposition import ANSWERED_BY_PERSON, Disposition
from dialer.domain.ids import AgentId, AttemptId, CampaignId, ContactId, NumberId, RunnerId, TrunkName
from dialer.domain.phone_number import PhoneNumber
from dialer.domain.transitions import following
from dialer.engine.bell import Bell
from dialer.pacing.pacer import ContactFeatures, Lesson, LineEnd
from dialer.ports.dialling import DialFacts, FactsWanted, Judge, RefusedClaim
from dialer.ports.hearing import TrunkTones
from dialer.ports.ledger import Heard, OptOut
from dialer.ports.pacing import DecisionSample
from dialer.ports.recordings import RecordingMissing
from dialer.ports.storage import (
    AgentChange,
    AgentWish,
    ClaimedContact,
    OpenAttempt,
    Progress,
    RecordingMarks,
    RecordingView,
    Settlement,
    StoredRecording,
    TimelineEntry,
)
from dialer.simulation.fate import CallFate

_NUMBER = PhoneNumber("+12025550100")  # everybody's: who is called is told to the pacer by the world
_ZONES = ("UTC",)
_NO_TALLY: Mapping[str, int] = {}


def _not_asked(name: str) -> NoReturn:
    raise NotImplementedError(f"a simulated store cannot answer {name}")


@dataclass(slots=True)
class OpenDial:
    """A dial that is not settled. `known` is what the engine last recorded of it."""

    n: int
    features: ContactFeatures
    fate: CallFate | None = None
    known: Progress | None = None


class SimulatedAttempts:
    """`contact` says who the n-th dial would be, None when the list is exhausted.

    The n-th contact handed out is the n-th dial: what is given back is handed out again first, and in order.
    """

    def __init__(
        self,
        contact: Callable[[int], ContactFeatures | None],
        new_id: Callable[[int], UUID],
        settled: Callable[[Settlement, OpenDial], None],
    ) -> None:
        self._contact, self._new_id, self._settled = contact, new_id, settled
        self._open: dict[AttemptId, OpenDial] = {}
        self._given_back: list[int] = []
        self._next = self._claims = 0
        self._exhausted = False
        self.left_open: list[OpenAttempt] = []  # by an earlier engine

    @property
    def exhausted(self) -> bool:
        """Nobody is left to be called, and nobody is being called."""
        return self._exhausted and not self._given_back and not self._open

    def open_dials(self) -> Iterable[OpenDial]:
        return self._open.values()

    def dialled(self, attempt: AttemptId, fate_of: Callable[[int], CallFate]) -> CallFate:
        """The fate of this dial, from now until it is settled."""
        row = self._open[attempt]
        row.fate = fate_of(row.n)
        return row.fate

    def features(self, contact: ClaimedContact, trunk: TrunkName, now: datetime) -> ContactFeatures:
        """What the world says of this contact, in the place of what the engine reads from its row."""
        row = self._open.get(contact.attempt)
        return row.features if row is not None else ContactFeatures()

    # --- the engine's side --------------------------------------------------------------------------------------------

    async def claim(
        self, campaign: CampaignId, runner: RunnerId, most: int, now: datetime
    ) -> Sequence[ClaimedContact]:
        claimed: list[ClaimedContact] = []
        while len(claimed) < most:
            n = self._given_back[0] if self._given_back else self._next
            features = self._contact(n)
            self._exhausted = features is None
            if features is None:
                break
            if self._given_back:
                heapq.heappop(self._given_back)
            else:
                self._next += 1
            claimed.append(self._claim(n, features, campaign))
        return claimed

    def _claim(self, n: int, features: ContactFeatures, campaign: CampaignId) -> ClaimedContact:
        attempt = AttemptId(self._new_id(self._claims))
        self._claims += 1
        self._open[attempt] = OpenDial(n, features)
        return ClaimedContact(attempt, campaign, ContactId(n), NumberId(n), _NUMBER, _ZONES, 0, _NO_TALLY, 0)

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        for attempt in attempts:
            if (row := self._open.pop(attempt, None)) is not None:
                heapq.heappush(self._given_back, row.n)

    async def facts(self, claimed: Sequence[ClaimedContact], wanted: FactsWanted) -> Sequence[DialFacts]:
        return [_facts(each.contact, each.campaign) for each in claimed]

    async def begin_dialling(
        self, attempts: Sequence[AttemptId], runner: RunnerId, wanted: FactsWanted, judge: Judge
    ) -> Sequence[DialPermit]:
        asked = ((attempt, self._open.get(attempt)) for attempt in attempts)
        verdicts = [
            judge(attempt, _facts(ContactId(row.n), CampaignId(0)))
            for attempt, row in asked
            if row is not None
        ]
        return [each for each in verdicts if isinstance(each, DialPermit)]

    async def refuse(self, refused: Sequence[RefusedClaim], now: datetime) -> None:
        await self.release([each.attempt for each in refused])

    async def put_back_unsent(self, runner: RunnerId, known: Collection[AttemptId]) -> int:
        unsent = [attempt for attempt in self._open if attempt not in known]
        await self.release(unsent)
        return len(unsent)

    async def record(self, progress: Sequence[Progress], timeline: Sequence[TimelineEntry]) -> None:
        for each in progress:
            if (row := self._open.get(each.attempt)) is not None:
                row.known = each

    async def settle(self, settlements: Sequence[Settlement], timeline: Sequence[TimelineEntry]) -> None:
        for each in settlements:
            if (row := self._open.pop(each.attempt, None)) is not None:
                row.known = each.progress or row.known
                self._settled(each, row)

    async def record_opt_outs(self, opt_outs: Sequence[OptOut]) -> frozenset[AttemptId]:
        """Nobody presses a key in a simulation."""
        return frozenset()

    async def record_heard(self, heard: Sequence[Heard]) -> None:
        """Nobody listens in a simulation."""

    async def trunk_tones(self) -> Sequence[TrunkTones]:
        return ()

    async def keep_trunk_tones(self, tones: Sequence[TrunkTones], now: datetime) -> None: ...

    async def forget_trunk_tones(self, trunk: TrunkName, country: str) -> bool:
        return False

    async def numbers_by_prefix(self, campaign: CampaignId) -> Sequence[PhoneNumber]:
        """A simulated list reaches nowhere: its world has its own rules."""
        return ()

    async def open_attempts(self, except_runner: RunnerId) -> Sequence[OpenAttempt]:
        taken, self.left_open = self.left_open, []
        return taken


def _facts(contact: ContactId, campaign: CampaignId) -> DialFacts:
    return DialFacts(contact, campaign, CampaignState.RUNNING, _NUMBER, _ZONES, 0)


@dataclass(slots=True)
class SimulatedCampaigns:
    """One campaign, running."""

    only: Campaign
    exhausted: Callable[[], bool]

    async def campaigns(self) -> Sequence[Campaign]:
        return (self.only,)

    async def move_campaign(
        self, campaign: CampaignId, signal: CampaignSignal, now: datetime
    ) -> CampaignState:
        self.only = replace(self.only, state=following(TRANSITIONS, self.only.state, signal))
        return self.only.state

    async def is_exhausted(self, campaign: CampaignId) -> bool:
        return self.exhausted()

    def __getattr__(self, name: str) -> Any:
        _not_asked(name)


@dataclass(slots=True)
class SimulatedAgents:
    """`told` hears every change of an agent's state, in order, at most a moment after it happened."""

    told: Callable[[AgentChange], None]
    _wishes: dict[AgentId, AgentWish] = field(default_factory=dict)
    _listed: tuple[AgentWish, ...] | None = None

    def set_wish(self, agent: AgentId, wish: AgentState, now: datetime, reason: str = "") -> None:
        known = self._wishes.get(agent) or AgentWish(
            agent, f"agent {agent}", f"phone-{agent}", AgentState.LOGGED_OUT, "", now, wish, reason, now
        )
        self._wishes[agent] = replace(known, wish=wish, wish_reason=reason, wished_at=now)
        self._listed = None

    async def agents(self) -> Sequence[AgentWish]:
        if self._listed is None:
            self._listed = tuple(self._wishes.values())
        return self._listed

    async def wish(self, agent: AgentId, wish: AgentState, reason: str, now: datetime) -> None:
        self.set_wish(agent, wish, now, reason)

    async def record_states(self, changes: Sequence[AgentChange]) -> None:
        for change in changes:
            self.told(change)

    def __getattr__(self, name: str) -> Any:
        _not_asked(name)


class SimulatedPacing:
    """Counts what was settled, and open calls as the ledger does; lessons and decisions are not kept."""

    def __init__(self, open_dials: Callable[[], Iterable[OpenDial]]) -> None:
        self._open_dials = open_dials
        self._answered: list[datetime] = []
        self._abandoned: list[datetime] = []

    def settled(self, end: Settlement, dial: OpenDial) -> None:
        known = dial.known
        if known is None or known.answered_at is None or end.disposition not in ANSWERED_BY_PERSON:
            return
        if known.joined_at is not None and dial.fate is not None and dial.fate.end is LineEnd.MACHINE:
            return  # the agent's word on the call
        insort(self._answered, known.answered_at)
        if end.disposition is Disposition.ABANDONED:
            insort(self._abandoned, known.answered_at)

    async def window_counts(
        self, campaign: CampaignId, windows: Sequence[AbandonmentWindow], now: datetime
    ) -> Sequence[WindowCount]:
        return [self._count(window, now) for window in windows]

    def _count(self, window: AbandonmentWindow, now: datetime) -> WindowCount:
        begins = now - window.length if window.ends is None else window.begins
        answered, abandoned = (
            len(times) - bisect_left(times, begins) for times in (self._answered, self._abandoned)
        )
        for known in (each.known for each in self._open_dials()):
            if known is not None and known.answered_at is not None and known.answered_at >= begins:
                answered += 1
                abandoned += known.state is AttemptState.MESSAGE
        return WindowCount(window, answered, abandoned, now)

    async def lessons(self) -> Sequence[Lesson]:
        return ()

    async def lesson(self, campaign: CampaignId) -> Lesson | None:
        return None

    async def keep_lessons(self, lessons: Sequence[Lesson], now: datetime) -> None: ...

    async def keep_decisions(self, samples: Sequence[DecisionSample]) -> None: ...

    async def decisions(
        self, campaign: CampaignId, since: datetime, until: datetime, most: int
    ) -> Sequence[DecisionSample]:
        return ()


class NoRecordings:
    """Index and store of recordings for a floor that records nothing."""

    async def begin_recording(self, attempt: AttemptId, part: int, name: str, now: datetime) -> None: ...

    async def land_recording(self, attempt: AttemptId, part: int, talk: timedelta | None) -> None: ...

    async def mark_recording(self, attempt: AttemptId, part: int, marks: RecordingMarks) -> None: ...

    async def landed_recordings(self, most: int) -> Sequence[RecordingView]:
        return ()

    async def finish(
        self, name: str, talk: timedelta | None, marks: RecordingMarks
    ) -> tuple[StoredRecording, str]:
        raise RecordingMissing(name)

    def discard(self, name: str) -> None: ...

    def purge(self, name: str) -> bool:
        return False

    def path(self, name: str) -> Path | None:
        return None

    def problem(self) -> str | None:
        return None

    def __getattr__(self, name: str) -> Any:
        _not_asked(name)


class OnlyRunner:
    async def begin_runner(self, runner: RunnerId, host: str, pid: int, now: datetime) -> bool:
        return True

    async def still_ours(self) -> bool:
        return True

    async def end_runner(self, runner: RunnerId, now: datetime) -> None: ...


class PromptChanges:
    """Tells the engine at once, as NOTIFY does."""

    def __init__(self) -> None:
        self._bell = Bell()

    def tell(self) -> None:
        self._bell.strike()

    async def wait(self, within_s: float) -> None:
        await self._bell.heard(within_s, 0.0)


def left_talking(
    attempt: UUID, campaign: CampaignId, agent: AgentId, trunk: TrunkName, at: datetime
) -> OpenAttempt:
    """A conversation that an earlier engine left to this one."""
    claimed = ClaimedContact(
        AttemptId(attempt), campaign, ContactId(-agent), NumberId(-agent), _NUMBER, _ZONES, 0, {}, 0
    )
    return OpenAttempt(claimed, AttemptState.TALKING, trunk, agent, at, at, at, at, None)
