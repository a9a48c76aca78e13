"""The abandonment allowance of one campaign: how much may still be lost, in every window that judges it, at once.

Not the rate so far but what is left decides: with A abandoned of H answered, cap c and X answers soon to come,
r = (c' (H + X) - A) / X is the share of those X that may be abandoned. The strictest window wins. X looks ahead half an
hour or a hundred answers, not to the end of the window: what was borrowed from answers that then never came was the cause
of most overshoots when half of the agents left or answers became rare.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind
from dialer.pacing.decision import WindowState
from dialer.pacing.half_hour import LENGTH_S, HalfHour

_SHARE_OF_CAP = 0.985  # aim below the cap, which is judged by whole calls
_SLACK_CALLS = 1.0
_AHEAD_S = 1800.0
_LEAST_AHEAD = 100.0
_AHEAD_SHARE = 0.5
_PRIOR_RATE = 0.4 / 120.0  # answers per agent and second, before any was seen
_PRIOR_AGENT_S = 600.0
_LATE_S = 300.0  # a ledger read longer ago than this is not waited for
_AT_LEAST_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """`rate`: the share of the answers to come that may be abandoned; `stop`: the window that forbids any risk.

    `nearly_spent`: the half-hour, which is a guard and no law, has not a call to spare.
    """

    rate: float
    stop: WindowKind | None
    windows: tuple[WindowState, ...]
    nearly_spent: bool = False


@dataclass(slots=True)
class _Pace:
    """Answers per agent and second, fading with time."""

    half_life_s: float
    answers: float = _PRIOR_RATE * _PRIOR_AGENT_S
    agent_s: float = _PRIOR_AGENT_S

    def pass_time(self, seconds: float, agents: int) -> None:
        fade = 2.0 ** (-seconds / self.half_life_s)
        self.answers *= fade
        self.agent_s = self.agent_s * fade + seconds * agents

    @property
    def rate(self) -> float:
        return self.answers / max(self.agent_s, 1.0)


@dataclass(slots=True)
class _Counted:
    window: AbandonmentWindow
    answered: int
    abandoned: int
    doubtful: float
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = math.inf if self.window.ends is None else self.window.ends.timestamp()


@dataclass(slots=True)
class Budget:
    """Times: `now` monotonic seconds, `wall` seconds since the epoch."""

    _windows: list[_Counted] = field(default_factory=list)
    _events: deque[tuple[float, int, int]] = field(
        default_factory=deque
    )  # newest: (when known, answered, abandoned)
    _half_hour: HalfHour = field(default_factory=HalfHour)
    _usual: _Pace = field(default_factory=lambda: _Pace(3000.0))
    _recent: _Pace = field(default_factory=lambda: _Pace(600.0))
    _at: float | None = None
    _dirty: bool = True
    _known: Allowance = Allowance(0.0, None, ())
    _known_at: float = float("-inf")

    @property
    def is_read(self) -> bool:
        """The ledger has spoken at least once."""
        return bool(self._windows)

    def counted(self, counts: Sequence[WindowCount]) -> None:
        """Replace what is known by the ledger's word; events that came after it stay."""
        self._windows = []
        for count in counts:
            as_of = count.as_of.timestamp()
            later = [event for event in self._events if event[0] > as_of]
            answered = count.answered + sum(event[1] for event in later)
            abandoned = count.abandoned + sum(event[2] for event in later)
            self._windows.append(_Counted(count.window, answered, abandoned, count.doubtful))
            if count.window.ends is None:
                self._correct_half_hour(as_of, answered, abandoned)
        self._dirty = True

    def _correct_half_hour(self, as_of: float, answered: int, abandoned: int) -> None:
        """The ledger may know of calls before our time, and of machines that an agent reported since."""
        mine = self._half_hour.after(as_of - LENGTH_S)
        missed = answered - mine[0], abandoned - mine[1]
        if any(missed):
            self._half_hour.enter(as_of, *missed)

    def note(self, wall: float, answered: int, abandoned: int) -> None:
        """One call more (or, for a machine that was taken for a person, fewer)."""
        self._events.append((wall, answered, abandoned))
        self._half_hour.enter(wall, answered, abandoned)
        for counted in self._windows:
            if wall < counted.ends:
                counted.answered += answered
                counted.abandoned += abandoned
        if answered > 0:
            self._usual.answers += answered
            self._recent.answers += answered
        self._dirty = True

    def allowance(self, now: float, wall: datetime, agents: int, at_risk: float) -> Allowance:
        """`at_risk`: abandonments to be expected of what is out already; they may not take a window's last calls."""
        if not self._dirty and 0.0 <= now - self._known_at < _AT_LEAST_EVERY_S:
            return self._known
        self._pass_time(now, agents)
        moment = wall.timestamp()
        while self._events and self._events[0][0] < moment - _LATE_S:
            self._events.popleft()
        pace = min(self._usual.rate, self._recent.rate) * agents
        states, stop, nearly_spent = [], None, False
        for counted in self._windows:
            state, free = self._state(counted, moment, pace, at_risk)
            states.append(state)
            if free >= 1.0:
                continue
            if counted.window.kind is WindowKind.HALF_HOUR and counted.window.cap > 0.0:
                nearly_spent = True
            else:
                stop = stop or counted.window.kind
        rate = min((state.rate for state in states), default=0.0)
        self._known = Allowance(max(rate, 0.0), stop, tuple(states), nearly_spent)
        self._known_at, self._dirty = now, False
        return self._known

    def _pass_time(self, now: float, agents: int) -> None:
        if self._at is not None and now > self._at:
            self._usual.pass_time(now - self._at, agents)
            self._recent.pass_time(now - self._at, agents)
        self._at = now

    def _state(
        self, counted: _Counted, moment: float, pace: float, at_risk: float
    ) -> tuple[WindowState, float]:
        """The window now, and how many abandonments it has left."""
        if counted.ends == math.inf:
            return self._rolling(counted, moment, pace, at_risk)
        cap = counted.window.cap
        forecast = pace * max(counted.ends - moment, 0.0)
        ahead = min(forecast, max(pace * _AHEAD_S, _LEAST_AHEAD, _AHEAD_SHARE * forecast))
        answered, lost = counted.answered, counted.abandoned + counted.doubtful
        free = _SHARE_OF_CAP * cap * (answered + ahead) - _SLACK_CALLS - lost
        rate = free / max(ahead, 1.0)
        window = counted.window
        state = WindowState(window.kind, cap, answered, counted.abandoned, forecast, rate, window.profile)
        return state, free + _SLACK_CALLS - at_risk

    def _rolling(
        self, counted: _Counted, moment: float, pace: float, at_risk: float
    ) -> tuple[WindowState, float]:
        window = counted.window
        rate, free = self._half_hour.allows(window, _SHARE_OF_CAP, moment, pace, at_risk)
        answered, abandoned = (max(int(count), 0) for count in self._half_hour.held(moment))
        return WindowState(window.kind, window.cap, answered, abandoned, pace * LENGTH_S, rate), free
