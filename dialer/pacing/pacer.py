"""The pacing plug: what the floor tells a pacer, event by event, and what it asks.

One pacer serves the whole floor, because campaigns share its agents. `now` is monotonic seconds, `wall` aware UTC: both
are handed in, a pacer has no clock. Names of lines and agents are whatever the caller uses, as long as they are hashable.
No method raises on events that are out of turn or about lines it does not know: it ignores them.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from dialer.domain.abandonment import WindowCount
from dialer.domain.events import LineSign
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.pacing.decision import PacingDecision

Line = Hashable
Agent = Hashable


class LineEnd(StrEnum):
    """How a line ended, as far as pacing cares."""

    NOT_ANSWERED = (
        "not_answered"  # busy, rang out, rejected, not in service: said something about the contact
    )
    CARRIER_FAILED = "carrier_failed"  # the trunk failed: says nothing about the contact
    PERSON = "person"  # a person answered and was joined, or left within the limit
    MACHINE = "machine"  # answered, but not by a person
    ABANDONED = "abandoned"  # a person answered and no agent was there within the limit
    UNKNOWN = "unknown"  # never sent, or nobody saw the end


class Presence(StrEnum):
    """An agent as pacing sees one."""

    AWAY = "away"  # logged out, connecting or paused
    READY = "ready"
    PREVIEW = "preview"  # logged in, and held for one contact until that answers
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, slots=True)
class ContactFeatures:
    """What is known of a contact before it is dialled. Every field is optional in spirit: "" and None mean unknown."""

    hour: int | None = None  # of the called party's local time
    weekday: int | None = None  # 0 is Monday
    attempts: int = 0
    answered_before: int = 0
    not_answered_before: int = 0
    number_type: str = ""  # mobile, fixed line, …
    area: str = ""  # the number's leading digits
    list_name: str = ""
    list_age_days: float | None = None
    trunk: str = ""


UNKNOWN_CONTACT = ContactFeatures()


@dataclass(frozen=True, slots=True)
class Room:
    """What limits a decision besides the floor itself: lines that trunk and plan still take."""

    trunk: int
    campaign: int | None = None
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a pacer learnt of one campaign, as a JSON document with its version, to be kept across restarts."""

    campaign: CampaignId
    version: int
    document: Mapping[str, object] = field(default_factory=dict)


class Pacer(Protocol):
    # --- the plan, the law and the past ---
    def plans(self, plans: Mapping[CampaignId, PacingPlan], now: float) -> None:
        """Every campaign that may dial now; campaigns that are absent are over."""
        ...

    def counted(self, campaign: CampaignId, counts: Sequence[WindowCount]) -> None:
        """What the ledger says, which is the truth: it replaces what was added up from events until `as_of`."""
        ...

    def learnt(self, lesson: Lesson) -> None:
        """Taken up at start; a lesson of another version or an unreadable one is ignored."""
        ...

    def lessons(self) -> Sequence[Lesson]: ...

    # --- lines ---
    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None: ...

    def signalled(self, line: Line, sign: LineSign, now: float) -> None: ...

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        """Counts as answered by a person until its end says otherwise, and needs an agent from now on."""
        ...

    def joined(self, line: Line, agent: Agent, now: float) -> None: ...

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None: ...

    # --- agents ---
    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        """`leaving`: this agent takes no further call after the present one."""
        ...

    # --- decisions ---
    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision: ...

    def admit(self, campaign: CampaignId, contacts: Sequence[ContactFeatures], now: float) -> int:
        """How many of these, in this order, to dial now that it is known who they are."""
        ...


@runtime_checkable
class KnowsFate(Protocol):
    """A bound, not a product: in a simulation it is told what becomes of each line when it is dialled."""

    def fate(self, line: Line, answers_at: float | None, ends_at: float) -> None: ...
