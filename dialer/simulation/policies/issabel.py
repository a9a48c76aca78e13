"""Issabel's call-centre predictor (2023, and its Issabel 5 branch of 2026), from a description of its behaviour.

Every few seconds: a line for each free agent, for each agent whose talk has lasted so long that it should soon be over,
less callers waiting and lines that ring. It never looks at abandonment.
"""

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from dialer.domain.ids import CampaignId
from dialer.pacing.counts import FloorCounts, within
from dialer.pacing.decision import Binding, PacingDecision
from dialer.pacing.pacer import Agent, ContactFeatures, Line, LineEnd, Presence, Room

_ENOUGH_CALLS = 10
_ANSWERS_KEPT = 20
_ANSWER_S = 8.0
_LEAST_ANSWER_SHARE = 0.2
_ANSWER_SHARE_S = 1800.0


@dataclass(frozen=True, slots=True)
class IssabelSettings:
    """`threshold` is the probability at which a talk counts as over soon; `over_commit` divides by the share of lines
    answered in the last half-hour; `extra_lines` are forced on top."""

    over_commit: bool = False
    threshold: float = 0.97
    extra_lines: int = 0
    period_s: float = 5.0


def soon_over(elapsed: float, answer_s: float, talk_s: float, threshold: float) -> bool:
    """Of a talk `elapsed` seconds long. Not conditioned on having lasted so long, so only very long ones are."""
    return 1 - math.exp(-(elapsed + answer_s) / talk_s) >= threshold


def lines_to_place(
    agents: int, waiting: int, pending: int, answer_share: float | None, settings: IssabelSettings
) -> int:
    """`agents` are free or soon free, `pending` lines ring. `answer_share` None: too few calls to over-commit."""
    lines = max(0, agents - waiting)
    if lines > 0:
        lines += settings.extra_lines - pending
    if settings.over_commit and answer_share is not None and lines > 0:
        lines = round(lines / max(_LEAST_ANSWER_SHARE, answer_share))
    return max(0, lines)


class AnswerShare:
    """Answers of the last half-hour by lines dialled in it."""

    def __init__(self) -> None:
        self._dialled: deque[float] = deque()
        self._answered: deque[float] = deque()

    def dialled(self, now: float) -> None:
        self._dialled.append(now)

    def answered(self, now: float) -> None:
        self._answered.append(now)

    def at(self, now: float) -> float:
        for times in (self._dialled, self._answered):
            while times and times[0] < now - _ANSWER_SHARE_S:
                times.popleft()
        return len(self._answered) / max(1, len(self._dialled))


class Issabel(FloorCounts):
    """Places lines on its own ticks only; a decision in between starts what is left of the last one."""

    def __init__(self, settings: IssabelSettings) -> None:
        super().__init__()
        self._settings = settings
        self._share = AnswerShare()
        self._times_to_answer = deque([_ANSWER_S] * _ANSWERS_KEPT, maxlen=_ANSWERS_KEPT)
        self._dialled_at: dict[Line, float] = {}
        self._joined_at: dict[Line, float] = {}
        self._talks_since: dict[Agent, float] = {}
        self._talk_total, self._calls = 0.0, 0
        self._next: float | None = None
        self._to_place = 0

    # --- what it learns -----------------------------------------------------------------------------------------------

    def dialled(
        self, line: Line, campaign: CampaignId, contact: ContactFeatures, now: float, wall: datetime
    ) -> None:
        super().dialled(line, campaign, contact, now, wall)
        self._to_place = max(0, self._to_place - 1)
        self._dialled_at[line] = now
        self._share.dialled(now)

    def answered(self, line: Line, now: float, wall: datetime) -> None:
        super().answered(line, now, wall)
        if (dialled_at := self._dialled_at.pop(line, None)) is not None:
            self._times_to_answer.append(now - dialled_at)
            self._share.answered(now)

    def joined(self, line: Line, agent: Agent, now: float) -> None:
        super().joined(line, agent, now)
        if line in self.talking:
            self._joined_at[line] = now

    def ended(self, line: Line, end: LineEnd, now: float, wall: datetime) -> None:
        super().ended(line, end, now, wall)
        self._dialled_at.pop(line, None)
        if (joined_at := self._joined_at.pop(line, None)) is not None:
            self._talk_total += now - joined_at
            self._calls += 1

    def present(self, agent: Agent, presence: Presence, now: float, *, leaving: bool = False) -> None:
        if presence is not Presence.ON_CALL:
            self._talks_since.pop(agent, None)
        elif self.presence.get(agent) is not Presence.ON_CALL:
            self._talks_since[agent] = now
        super().present(agent, presence, now, leaving=leaving)

    # --- its tick -----------------------------------------------------------------------------------------------------

    def decide(self, campaign: CampaignId, room: Room, now: float, wall: datetime) -> PacingDecision:
        if self._next is None:
            self._next = now
        if self._next <= now:
            self._next = max(self._next + self._settings.period_s, now)
            agents = self.ready + self._soon_free(now)
            share = self._share.at(now) if self._calls >= _ENOUGH_CALLS else None
            self._to_place = lines_to_place(
                agents, len(self.waiting), len(self.ringing), share, self._settings
            )
        return within(room, self._to_place, len(self.ringing), "free and soon free agents", Binding.POLICY)

    def _soon_free(self, now: float) -> int:
        if self._calls < _ENOUGH_CALLS or self._talk_total <= 0:
            return 0
        answer_s = sum(self._times_to_answer) / len(self._times_to_answer)
        talk_s = self._talk_total / self._calls
        threshold = self._settings.threshold
        return sum(
            soon_over(now - since, answer_s, talk_s, threshold) for since in self._talks_since.values()
        )
