"""Pacers for tests of the engine."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dialer.domain.events import LineSign
from dialer.domain.ids import CampaignId
from dialer.pacing.counts import CountedPacer, FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Agent, ContactFeatures, Line, LineEnd, Presence, Room


class Flood(FloorCounts):
    """As many lines as the trunk takes, agents or not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Room] = []

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        self.asked.append(room)
        return within(room, room.trunk, len(self.ringing), "trunk room", Binding.TRUNK)


class Witness(CountedPacer):
    """Paces by counts, and keeps what it was told as (kind, subject, detail, monotonic time), in order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, Any, Any, float]] = []
        self.admits: int | None = None  # None: everybody
        self.offered: list[ContactFeatures] = []

    def kinds(self, subject: Any) -> list[str]:
        return [kind for kind, of, _, _ in self.told if of == subject]

    def details(self, kind: str) -> list[Any]:
        return [detail for told, _, detail, _ in self.told if told == kind]

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        super().dialled(line, campaign, contact, now, wall)
        self.told.append(("dialled", line, contact, now))

    def signalled(self, line: Line, sign: LineSign, now: float) -> None:
        self.told.append(("signalled", line, sign, now))

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        super().answered(line, now, wall)
        self.told.append(("answered", line, wall, now))

    def joined(self, line: Line, agent: Agent, now: float) -> None:
        super().joined(line, agent, now)
        self.told.append(("joined", line, agent, now))

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        super().ended(line, end, now, wall)
        self.told.append(("ended", line, end, now))

    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        super().present(agent, presence, now, leaving=leaving)
        self.told.append(("present", agent, (presence, leaving), now))

    def admit(self, campaign: CampaignId, contacts: Sequence[ContactFeatures], now: float) -> int:
        self.offered.extend(contacts)
        return len(contacts) if self.admits is None else self.admits
