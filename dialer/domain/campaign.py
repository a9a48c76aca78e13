"""A campaign: what is dialled, when, how often, and what is said when nobody is free."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from dialer.domain.campaign_rules import CampaignRules
from dialer.domain.disposition import Disposition
from dialer.domain.ids import CampaignId, TrunkName
from dialer.domain.listening_plan import ListeningPlan
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.domain.recycling import RetryRule, default_retry_rules


class CampaignState(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"  # no new dials, calls in progress are finished
    STOPPED = "stopped"
    FINISHED = "finished"  # every contact has its result


class CampaignSignal(StrEnum):
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    DRAINED = "drained"
    EXHAUSTED = "exhausted"


_S, _G = CampaignState, CampaignSignal

TRANSITIONS: Mapping[tuple[CampaignState, CampaignSignal], CampaignState] = {
    (_S.DRAFT, _G.START): _S.RUNNING,
    (_S.RUNNING, _G.PAUSE): _S.PAUSED,
    (_S.RUNNING, _G.STOP): _S.STOPPING,
    (_S.RUNNING, _G.EXHAUSTED): _S.FINISHED,
    (_S.PAUSED, _G.RESUME): _S.RUNNING,
    (_S.PAUSED, _G.STOP): _S.STOPPING,
    (_S.STOPPING, _G.DRAINED): _S.STOPPED,
    (_S.STOPPED, _G.START): _S.RUNNING,
    (_S.FINISHED, _G.START): _S.RUNNING,
}


@dataclass(frozen=True, slots=True)
class CallingHours:
    """Local time of the called party, half-open: at `end` no call may begin."""

    start: time = time(8)
    end: time = time(21)
    weekdays: frozenset[int] = frozenset(range(7))  # Monday is 0

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("calling hours must begin before they end")
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise ValueError("weekdays are numbers from 0 (Monday) to 6 (Sunday), at least one")


QUEUE_NAME = re.compile(r"[\w.-]{1,60}")  # as flows can name one

# 16 CFR 310.4(b)(4)(ii): at least 15 seconds or four rings before an unanswered call is disconnected
RING_MINIMUM = timedelta(seconds=15)


class RecordingAnnouncement(StrEnum):
    """Whether a call says first that it is recorded. `NEVER` loosens the law and needs a reason."""

    AUTO = "auto"  # where one end of the call must be told
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """The settings of a campaign; changes take effect with the next decision.

    `ring_for` counts from the first ringing indication. `answer_within` is the time an answered person may wait for
    an agent before the call counts as abandoned (16 CFR 310.4(b)(4)(iii): two seconds); of an inbound queue it is the goal by
    which its service is measured. `message` is what an agentless
    campaign plays to those who answer, by the name of its prompt; None: `abandoned_message`. With `flow`, the name of a
    published one, an agentless campaign takes them through that instead.
    """

    name: str
    trunk: TrunkName
    caller_id: str | None = None  # None: the trunk's own
    hours: CallingHours = field(default_factory=CallingHours)
    ring_for: timedelta = timedelta(seconds=20)
    answer_within: timedelta = timedelta(seconds=2)
    abandoned_message: str = "fairdial/abandoned-en"
    message: str | None = None
    flow: str | None = None
    wrap_up: timedelta = timedelta(seconds=15)
    most_lines: int | None = None
    record: bool = True
    announce_recording: RecordingAnnouncement = RecordingAnnouncement.AUTO
    announcement: str = "fairdial/recorded-en"  # prompt that says that the call is recorded
    announce_why: str = ""  # why it is never said
    most_attempts: int = 6
    retry: Mapping[Disposition, RetryRule] = field(default_factory=default_retry_rules)
    pacing: PacingPlan = field(default_factory=PacingPlan)
    rules: CampaignRules = field(default_factory=CampaignRules)
    listening: ListeningPlan = field(default_factory=ListeningPlan)

    def __post_init__(self) -> None:
        if self.ring_for < RING_MINIMUM:
            raise ValueError(f"ring_for must be at least {RING_MINIMUM.seconds} s (16 CFR 310.4(b)(4)(ii))")
        if self.ring_for > timedelta(seconds=120):
            raise ValueError("ring_for must be at most 120 s")
        if self.announce_recording is RecordingAnnouncement.NEVER and not self.announce_why.strip():
            raise ValueError("announce_why must say why a recording is never announced")
        if self.flow is not None and self.pacing.mode is not PacingMode.AGENTLESS:
            raise ValueError("flow needs the pacing mode agentless: agents send callers to flows themselves")
        if self.flow is not None and self.message is not None:
            raise ValueError("flow takes the place of the message: name one of them")
        if self.inbound and not QUEUE_NAME.fullmatch(self.name):
            raise ValueError("name: flows name this queue by letters, digits, and - . _, without spaces")
        if self.most_attempts < 1:
            raise ValueError("most_attempts must be at least 1")
        if self.wrap_up < timedelta(0) or self.answer_within <= timedelta(0):
            raise ValueError("wrap_up and answer_within must be positive")

    @property
    def inbound(self) -> bool:
        """A queue of callers: nothing is dialled for it."""
        return self.pacing.mode is PacingMode.INBOUND

    @property
    def detects_machines(self) -> bool:
        """A detector, ours or the carrier's, has a say in what becomes of an answered call."""
        return self.rules.detector or self.listening.waits


@dataclass(frozen=True, slots=True)
class Campaign:
    id: CampaignId
    state: CampaignState
    plan: CampaignPlan
    started_at: datetime | None = None  # the first time; None for one that never ran
