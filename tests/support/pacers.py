"""Pacers for tests of the engine."""

from datetime import datetime

from dialer.domain.ids import CampaignId
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Room


class Flood(FloorCounts):
    """As many lines as the trunk takes, agents or not."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Room] = []

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        self.asked.append(room)
        return within(room, room.trunk, len(self.ringing), "trunk room", Binding.TRUNK)
