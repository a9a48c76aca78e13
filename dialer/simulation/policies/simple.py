"""Rules in one line each: what a floor can do with counts alone.

Every rule keeps some number of lines out; what is out already is subtracted. "Busy" means talking or in wrap-up.
"""

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime

from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingMode, PacingPlan
from dialer.pacing.counts import CountedPacer, FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Presence, Room


class CountRule(FloorCounts, ABC):
    """A rule that depends on nothing but how many agents and lines are in which state now."""

    @abstractmethod
    def missing(self) -> float:
        """Lines to start now; rounded down, and none if negative."""

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        return within(room, math.floor(self.missing()), len(self.ringing), "its own rule", Binding.POLICY)

    @property
    def busy(self) -> int:
        return self.agents[Presence.ON_CALL] + self.agents[Presence.WRAP_UP]


class SuperProgressive(CountRule):
    """`per_idle` lines ring for each free agent, and none while nobody is free."""

    def __init__(self, per_idle: float) -> None:
        super().__init__()
        self._per_idle = per_idle

    def missing(self) -> float:
        return math.floor(self._per_idle * self.ready) - len(self.ringing)


class LinesPerAgent(CountRule):
    """`level` lines in all, talking ones included, for each agent who takes calls, in wrap-up or not."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self._level = level

    def missing(self) -> float:
        lines = len(self.ringing) + self.agents[Presence.ON_CALL] + len(self.waiting)
        return math.floor(self._level * self.logged_in) - lines


class MeanBased(CountRule):
    """As many lines as answer, on average, for the agents who will be free when they do.

    `theta` scales the agents; ring and handling times (talk and wrap-up) are means in seconds.
    """

    def __init__(self, theta: float, answer_probability: float, ring_s: float, handling_s: float) -> None:
        super().__init__()
        self._theta, self._p = theta, answer_probability
        self._soon_free = ring_s / handling_s

    def missing(self) -> float:
        agents = self._theta * (self.ready + self.busy * self._soon_free)
        return (agents - len(self.waiting)) / self._p - len(self.ringing)


class SmallGroup(CountRule):
    """Genesys's published rule for small groups: `multiplier` lines for each agent who is ready beyond the callers
    queued."""

    def __init__(self, multiplier: float) -> None:
        super().__init__()
        self._multiplier = multiplier

    def missing(self) -> float:
        return self._multiplier * (self.ready - len(self.waiting)) - len(self.ringing)


class OpenLoop(FloorCounts):
    """Lines at a constant rate, whatever the floor looks like: `load` answers a second and agent on average.

    The bound every rule that looks has to beat (Erlang's loss formula). Lines start at the points of a Poisson process,
    late by at most the time between two decisions.
    """

    def __init__(self, load: float, answer_probability: float, chance: random.Random) -> None:
        super().__init__()
        self._per_agent = load / answer_probability
        self._chance = chance
        self._looked_at: float | None = None
        self._until_next = chance.expovariate(1.0)  # in lines expected, so that the rate may change meanwhile

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        since = 0.0 if self._looked_at is None else now - self._looked_at
        self._looked_at = now
        self._until_next -= since * self._per_agent * self.logged_in
        due = 0
        while self._until_next <= 0:
            self._until_next += self._chance.expovariate(1.0)
            due += 1
        return within(room, due, len(self.ringing), "a constant rate", Binding.POLICY)


class OwnMode(CountedPacer):
    """One of our own modes that need no forecast, whatever mode the plan asks for."""

    def __init__(self, mode: PacingMode, lines_per_agent: float = 1.0) -> None:
        super().__init__()
        self._plan = PacingPlan(mode, lines_per_agent)

    def plans(self, plans: Mapping[CampaignId, PacingPlan], now: float) -> None:
        super().plans(dict.fromkeys(plans, self._plan), now)
