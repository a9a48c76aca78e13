"""The quick floor's books: channels of the trunk, desks that are lost, agents who come back before they left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest

from dialer.domain.ids import CampaignId
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import UNKNOWN_CONTACT, Agent, ContactFeatures, Line, LineEnd, Presence, Room
from dialer.simulation.fate import AgentMove, CallFate, Movement
from dialer.simulation.model_floor import ModelFloor

pytestmark = pytest.mark.unit


@dataclass
class Script:
    """Everybody answers after 10 s and talks for 100 s."""

    moves: Sequence[AgentMove]
    lines: int = 100
    day_s: float = 300.0
    warm_up_s: float = 0.0
    answer_within_s: float = 2.0
    ring_for_s: float = 30.0
    busy_at_start: Sequence[tuple[int, float]] = ()

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        return UNKNOWN_CONTACT

    def fate(self, n: int, at: float) -> CallFate:
        return CallFate(10.0, LineEnd.PERSON, 10.0, talk=100.0, wrap_up=5.0)


class Diary(FloorCounts):
    """One line for each free agent, or as many as the trunk takes; notes what it was told."""

    def __init__(self, *, fill_trunk: bool = False) -> None:
        super().__init__()
        self._fill_trunk = fill_trunk
        self.most = 0
        self.ends: list[tuple[float, LineEnd]] = []
        self.told: list[tuple[float, Presence, bool]] = []

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        self.most = max(self.most, len(self.ringing) + len(self.waiting) + len(self.talking))
        wanted = room.trunk if self._fill_trunk else self.ready - len(self.ringing)
        return within(room, wanted, len(self.ringing), "", Binding.POLICY)

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        super().ended(line, end, now, wall)
        self.ends.append((now, end))

    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        super().present(agent, presence, now, leaving=leaving)
        self.told.append((now, presence, leaving))


COME = [AgentMove(0.0, agent, Movement.COME) for agent in range(2)]


def test_a_talking_call_keeps_its_channel() -> None:
    pacer = Diary(fill_trunk=True)
    day = ModelFloor(Script(COME, lines=3), pacer).run()
    assert pacer.most == 3
    assert day.joined >= 2


def test_a_lost_desk_cuts_the_caller_off_at_once() -> None:
    pacer = Diary()
    ModelFloor(Script([COME[0], AgentMove(50.0, 0, Movement.VANISH)]), pacer).run()
    assert pacer.ends == [(50.0, LineEnd.PERSON)]
    assert pacer.told[-1][:2] == (50.0, Presence.AWAY)


def test_who_comes_back_before_the_call_is_over_stays() -> None:
    pacer = Diary()
    moves = [COME[0], AgentMove(50.0, 0, Movement.LEAVE), AgentMove(60.0, 0, Movement.COME)]
    ModelFloor(Script(moves), pacer).run()
    assert (50.0, Presence.ON_CALL, True) in pacer.told
    assert (60.0, Presence.ON_CALL, False) in pacer.told
    assert pacer.told[-1][1] is not Presence.AWAY
