"""VICIdial as a pacer: its level loop and its dial loop with their delays.

Wrap-up counts as paused, as it does there: such agents are not dialled for, but they damp the level. Where we are kinder than
the original: callers are joined to an agent at once (its seat loop looks for one every 0.23 s, later every 0.99 s, and
adds up to a second), and the lines of a round start together (it starts them some milliseconds apart). Agents who are
away count as logged out, while there they would damp the level, too. One campaign, one server.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

from dialer.domain.ids import CampaignId
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import ContactFeatures, Line, LineEnd, Presence, Room
from dialer.simulation.policies.vicidial_drops import DropBook
from dialer.simulation.policies.vicidial_levels import (
    LEAST_LEVEL,
    DropFigures,
    FloorTally,
    LevelSettings,
    Method,
    Tally,
    clock_number,
    lines_to_place,
    next_level,
)

TICK_S = 1.1
ROUND_S = 2.7
CALL_S = 0.02

_LEVEL_TICKS = 15
_DROP_TICKS = 60


@dataclass(frozen=True, slots=True)
class VicidialSettings:
    """`level` is the ratio, or where an adaptive method starts. `target_on_calls`: the difference target changes the
    number of lines instead of the level."""

    adaptive: LevelSettings = field(default_factory=LevelSettings)
    level: float = LEAST_LEVEL
    tally: Tally = Tally.EVERYONE
    target_on_calls: bool = False


class LevelLoop:
    """Samples at every tick; a new level every 15, drop figures every 60, of which the first tick is one."""

    def __init__(self, level: float, settings: LevelSettings, drops: DropBook) -> None:
        self.level = level
        self._settings = settings
        self._book = drops
        self._drops = DropFigures()
        self._samples: deque[tuple[int, int]] = deque(maxlen=_LEVEL_TICKS)
        self._ticks = 0

    def tick(self, idle: int, waiting: int, agents: int, now: float, wall: datetime) -> None:
        self._samples.append((idle - waiting, agents))
        if self._ticks % _DROP_TICKS == 0:
            self._drops = self._book.figures(now, wall)
        self._ticks += 1
        if self._ticks % _LEVEL_TICKS == 0 and self._settings.method is not Method.RATIO:
            difference = sum(sample[0] for sample in self._samples) / len(self._samples)
            mean_agents = sum(sample[1] for sample in self._samples) / len(self._samples)
            self.level = next_level(
                self.level, difference, mean_agents, self._drops, clock_number(wall), self._settings
            )


class Vicidial(FloorCounts):
    """Decides on its loops' ticks only; a decision in between starts what is left of the last round."""

    def __init__(self, settings: VicidialSettings) -> None:
        super().__init__()
        adaptive = settings.adaptive
        self._settings = settings
        self._call_target = adaptive.difference_target if settings.target_on_calls else 0.0
        self._drops = DropBook()
        self._levels = LevelLoop(settings.level, _level_settings(settings), self._drops)
        self._next_tick: float | None = None
        self._next_round = 0.0
        self._to_place = 0
        self._dated: dict[Line, float] = {}

    @property
    def level(self) -> float:
        return self._levels.level

    @property
    def drops(self) -> DropBook:
        """What its own supervisor would see."""
        return self._drops

    # --- lines --------------------------------------------------------------------------------------------------------

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        super().dialled(line, campaign, contact, now, wall)
        self._to_place = max(0, self._to_place - 1)
        self._dated[line] = now

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        super().answered(line, now, wall)
        self._dated[line] = now

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        # a machine that the detector recognised is not a drop, though nobody took it
        drop = line in self.waiting and end is not LineEnd.MACHINE
        answer = drop or (line in self.talking and end is LineEnd.PERSON)
        super().ended(line, end, now, wall)
        dated = self._dated.pop(line, None)
        if dated is not None:
            self._drops.write(dated, now, wall, answer=answer, drop=drop)

    # --- its loops ----------------------------------------------------------------------------------------------------

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        if self._next_tick is None:
            self._next_tick = self._next_round = now
        while self._next_tick <= now:
            self._next_tick += TICK_S
            self._levels.tick(self.ready, len(self.waiting), self.logged_in, now, wall)
        if self._next_round <= now:
            self._to_place = self._round()
            self._next_round = max(self._next_round + ROUND_S + CALL_S * self._to_place, now)
        because = f"dial level {self.level:.3f}"
        return within(room, self._to_place, len(self.ringing), because, Binding.POLICY)

    def _round(self) -> int:
        talking = self.agents[Presence.ON_CALL]
        floor = FloorTally(
            active=self.ready,
            in_call=talking,
            joined=talking,
            calls=len(self.ringing) + len(self.waiting) + talking,
        )
        return lines_to_place(self.level, self._settings.tally, floor, self._call_target)


def _level_settings(settings: VicidialSettings) -> LevelSettings:
    if settings.target_on_calls:
        return replace(settings.adaptive, difference_target=0.0)
    return settings.adaptive
