"""What becomes of a call in a simulated world, drawn when it is dialled. Times are seconds.

The i-th dial of a seed has the same fate under every pacer: a world draws from streams that depend on the seed and on i.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dialer.domain.events import LineSign
from dialer.pacing.pacer import UNKNOWN_CONTACT, ContactFeatures, LineEnd


@dataclass(slots=True)  # a frozen one takes five times as long to make, and every dial makes one
class CallFate:
    """Not to be changed once drawn. `ends_after` counts from dialling and is the end of a call that nobody and nothing answers.

    `answers_after` None: never picked up. `end` is what the call would be with an agent at once: PERSON or MACHINE when
    it is picked up. `taken_for` is the machine detector's verdict, given `judged_after` seconds after pick-up. `talk` is
    how long the agent is held; `patience` how long a person waits for one.
    """

    ends_after: float
    end: LineEnd = LineEnd.NOT_ANSWERED
    answers_after: float | None = None
    taken_for: LineEnd = LineEnd.PERSON
    judged_after: float = 0.0
    talk: float = 0.0
    wrap_up: float = 0.0
    patience: float = float("inf")
    signs: Sequence[tuple[float, LineSign]] = ()
    contact: ContactFeatures = UNKNOWN_CONTACT


class Movement(StrEnum):
    """What an agent does at a moment of the day."""

    COME = "come"
    LEAVE = "leave"  # after the present call and its wrap-up
    VANISH = "vanish"  # at once: the desk is lost, a caller who talks is cut off


@dataclass(frozen=True, slots=True)
class AgentMove:
    at: float
    agent: int
    movement: Movement
    announced: bool = False  # on the roster: pacing may know beforehand


class World(Protocol):
    """One day of one scenario under one seed."""

    @property
    def day_s(self) -> float: ...

    @property
    def warm_up_s(self) -> float:
        """Not counted in the figures."""
        ...

    @property
    def answer_within_s(self) -> float:
        """From the answer to an agent; later counts as abandoned."""
        ...

    @property
    def ring_for_s(self) -> float: ...

    @property
    def lines(self) -> int:
        """Channels of the trunk."""
        ...

    @property
    def moves(self) -> Sequence[AgentMove]:
        """In order of time; those at 0 are the agents who begin the day."""
        ...

    @property
    def busy_at_start(self) -> Sequence[tuple[int, float]]:
        """(agent, seconds of talk left) for agents who begin the day in a call."""
        ...

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        """Who would be the n-th dial; None when the list is exhausted."""
        ...

    def fate(self, n: int, at: float) -> CallFate: ...
