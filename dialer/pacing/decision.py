"""The pacing plug: what is known now, in; how many lines to start and why, out. Pure."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PacingView:
    """One campaign at one moment. Lines are unanswered calls of the campaign; waiting are answered ones without agent."""

    ready_agents: int
    lines: int
    waiting: int
    trunk_room: int  # lines the trunk has left: channels and calls per second
    most_lines: int | None
    link_up: bool


@dataclass(frozen=True, slots=True)
class PacingDecision:
    dial: int
    because: str


PacingPolicy = Callable[[PacingView], PacingDecision]
