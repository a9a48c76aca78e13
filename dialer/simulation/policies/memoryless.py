"""The exact optimum of the memoryless model as a pacer: a bound in its own world, a table to follow in any other."""

import random
from datetime import datetime

from dialer.domain.ids import CampaignId
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Room
from dialer.simulation.policies.memoryless_model import Mix

_TURN_S = 900.0  # long against a call, so that each of the two policies reaches its own means


class Memoryless(FloorCounts):
    """Follows the two policies on either side of the cap in turns, as long as the mix says.

    Callers waiting count as busy agents. With other numbers of agents than the table's, the row with as many idle ones is
    used: how many lines are wanted depends on them first.
    """

    def __init__(self, mix: Mix, chance: random.Random) -> None:
        super().__init__()
        self._mix = mix
        self._chance = chance
        self._lines = mix.within.lines
        self._turn_ends = 0.0

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        if now >= self._turn_ends:
            beyond = self._chance.random() < self._mix.share_beyond
            self._lines = (self._mix.beyond if beyond else self._mix.within).lines
            self._turn_ends = now + _TURN_S
        agents, most = (size - 1 for size in self._lines.shape)
        ringing = len(self.ringing)
        busy = min(max(agents - max(self.ready - len(self.waiting), 0), 0), agents)
        wanted = int(self._lines[busy, min(ringing, most)]) - ringing if self.logged_in else 0
        return within(room, wanted, ringing, "the table of the memoryless model", Binding.POLICY)
