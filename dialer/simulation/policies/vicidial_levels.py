"""VICIdial's arithmetic: the next dial level and the lines to place, as steps from numbers to numbers.

Written from a description of its behaviour (revision 3884, version 2.14, 2024), not from its source. Left out because they
are off by default: the threshold for small teams, and counting agents only in the first seconds of a call.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LEAST_LEVEL = 1.0

_MINUTE_CALLS = 20
_MINUTE_PERCENT = 50.0
_DAY_CALLS = 50
_TAPER = 1000
_FIELD = 6


class Method(StrEnum):
    RATIO = "ratio"  # the level is what the manager typed
    HARD_LIMIT = "hard-limit"
    AVERAGE = "average"
    TAPERED = "tapered"


class Tally(StrEnum):
    EVERYONE = "N"  # agents in a call count: the level is lines per agent, talking ones included
    AVAILABLE = "Y"  # the level is new lines per idle agent


@dataclass(frozen=True, slots=True)
class LevelSettings:
    """`difference_target`: −n wants n agents idle, +n wants n callers waiting. `intensity` in percent. `latest_time` as
    HHMM, 2100 is nine in the evening. `drop_limit` in percent."""

    method: Method = Method.HARD_LIMIT
    maximum: float = 3.0
    difference_target: float = 0.0
    intensity: float = 0.0
    drop_limit: float = 3.0
    latest_time: int = 2100


@dataclass(frozen=True, slots=True)
class DropFigures:
    """Percent, as VICIdial measures them, and the calls each is of."""

    today: float = 0.0
    calls_today: int = 0
    last_minute: float = 0.0
    calls_last_minute: int = 0


def clock_number(wall: datetime) -> int:
    """13:05 as 1305: VICIdial subtracts these as plain numbers."""
    return wall.hour * 100 + wall.minute


def next_level(
    level: float, difference: float, agents: float, drops: DropFigures, at: int, settings: LevelSettings
) -> float:
    """The level 15 ticks after `level`.

    `difference` is the mean of idle agents less callers waiting, `agents` the mean number logged in, `at` the time as
    HHMM. With no agents the level stays.
    """
    if agents == 0:
        return level
    level = round(level * (1 + _change(difference, agents, settings)), 3)
    level = max(LEAST_LEVEL, min(level, settings.maximum))
    if drops.calls_last_minute > _MINUTE_CALLS and drops.last_minute > _MINUTE_PERCENT:
        level /= 2
    if drops.calls_today > _DAY_CALLS and drops.today > settings.drop_limit:
        level = _braked(level, at, settings)
    return float(str(max(level, LEAST_LEVEL))[:_FIELD])


def _change(difference: float, agents: float, settings: LevelSettings) -> float:
    wished = (difference + settings.difference_target) / agents
    intensity = settings.intensity / 100
    return wished * (1 + intensity) if wished >= 0 else wished * abs(intensity - 1)


def _braked(level: float, at: int, settings: LevelSettings) -> float:
    """Over the day's drop limit."""
    if settings.method is Method.AVERAGE:
        return level / 2
    if settings.method is Method.TAPERED:
        left = settings.latest_time - at
        if left < 0:
            return LEAST_LEVEL
        return level if left > _TAPER else level * left / _TAPER
    return LEAST_LEVEL


@dataclass(frozen=True, slots=True)
class FloorTally:
    """What the dial loop counts. `in_call` agents are talking or about to be, not in wrap-up; `dead` are those of them
    whose customer has gone; `joined` calls are with an agent, `calls` are all there are."""

    active: int
    in_call: int
    joined: int
    calls: int
    dead: int = 0


def lines_to_place(level: float, tally: Tally, floor: FloorTally, more_agents: float = 0.0) -> int:
    """Lines one round of the dial loop places, trunks permitting.

    `more_agents` is the difference target where it acts on the calls placed instead of the level.
    """
    agents = floor.active if tally is Tally.AVAILABLE else floor.active + floor.in_call - floor.dead
    goal = level * max(0.0, agents + more_agents)
    if tally is Tally.AVAILABLE:
        goal += floor.joined
    return max(0, round(goal) - floor.calls)
