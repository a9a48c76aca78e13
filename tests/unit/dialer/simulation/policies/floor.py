"""A floor by hand: events in order, a decision when asked."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.pacing.pacer import UNKNOWN_CONTACT, LineEnd, Pacer, Presence, Room

CAMPAIGN = CampaignId(1)
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
EVERY_S = 0.1


@dataclass
class HandFloor:
    """Agents are "a0", "a1" …, lines 0, 1 …; `dials` are the moments at which lines started."""

    pacer: Pacer
    agents: int
    now: float = 0.0
    dials: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pacer.plans({CAMPAIGN: PacingPlan()}, 0.0)
        for n in range(self.agents):
            self.present(n, Presence.READY)

    @property
    def wall(self) -> datetime:
        return NINE + timedelta(seconds=self.now)

    def present(self, agent: int, presence: Presence) -> None:
        self.pacer.present(f"a{agent}", presence, self.now)

    def decide(self, trunk: int = 1000) -> int:
        return self.pacer.decide(CAMPAIGN, Room(trunk), self.now, self.wall).dial

    def play(self, until: float, trunk: int = 1000) -> None:
        """Decides every 0.1 s and dials what is wanted."""
        while self.now < until - 1e-9:
            self.now += EVERY_S
            for _ in range(self.decide(trunk)):
                self.dial()

    def dial(self) -> int:
        line = len(self.dials)
        self.dials.append(self.now)
        self.pacer.dialled(line, CAMPAIGN, UNKNOWN_CONTACT, self.now, self.wall)
        return line

    def answer(self, line: int) -> None:
        self.pacer.answered(line, self.now, self.wall)

    def join(self, line: int, agent: int) -> None:
        self.pacer.joined(line, f"a{agent}", self.now)
        self.present(agent, Presence.ON_CALL)

    def end(self, line: int, end: LineEnd = LineEnd.NOT_ANSWERED) -> None:
        self.pacer.ended(line, end, self.now, self.wall)
