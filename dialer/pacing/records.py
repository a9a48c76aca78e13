"""What the pacer remembers of one line and of one agent."""

from dataclasses import dataclass

from dialer.pacing.campaign_mind import CampaignMind
from dialer.pacing.pacer import Agent, ContactFeatures, Presence

_PACE_PRIOR_CALLS = 15.0
_PACE_FADE = 0.98


@dataclass(slots=True)
class LineRecord:
    mind: CampaignMind
    contact: ContactFeatures
    dialled_at: float
    chance: float
    signs: int = 0
    entered: float = 0.0  # age at which the present signs began
    piece: int = 0
    answered_at: float | None = None
    agent: Agent | None = None


@dataclass(slots=True)
class AgentRecord:
    presence: Presence = Presence.AWAY
    since: float = 0.0
    leaving: bool = False
    mind: CampaignMind | None = None  # of the present or last call
    calls: float = 0.0  # fading
    times_usual: float = 0.0  # the sum of their lengths, each as a multiple of the campaign's average talk

    @property
    def pace(self) -> float:
        """How fast this agent's talks age: below 1 for one whose talks are long; shrunk towards 1."""
        length = (self.times_usual + _PACE_PRIOR_CALLS) / (self.calls + _PACE_PRIOR_CALLS)
        return 1.0 / min(max(length, 0.5), 2.0)

    def talked(self, times_usual: float) -> None:
        self.calls = self.calls * _PACE_FADE + 1.0
        self.times_usual = self.times_usual * _PACE_FADE + times_usual
