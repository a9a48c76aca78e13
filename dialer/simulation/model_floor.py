"""The quick floor: agents, lines and callers as a queue of events around a pacer, without the engine.

For sweeps and long studies. A test compares its figures with those of the engine's own floor.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from dialer.domain.abandonment import AbandonmentWindow, WindowCount, WindowKind
from dialer.domain.events import LineSign
from dialer.domain.ids import CampaignId
from dialer.domain.pacing_plan import PacingPlan
from dialer.pacing.pacer import KnowsFate, LineEnd, Pacer, Presence, Room
from dialer.simulation.fate import AgentMove, CallFate, Movement, World
from dialer.simulation.result import DayResult

BEGINS = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CAMPAIGN = CampaignId(1)
RING_MINIMUM_S = 15.0

_COALESCE_S = 0.005
_LOOK_AGAIN_S = 0.5
_MOST_AT_ONCE = 100


@dataclass(slots=True, eq=False)
class _Agent:
    id: int
    presence: Presence = Presence.AWAY
    since: float = 0.0
    leaving: bool = False
    call: int = 0  # counts calls, so that the end of a lost one is no news
    line: "_Line | None" = None


@dataclass(slots=True, eq=False)
class _Line:
    id: int
    fate: CallFate
    dialled_at: float
    answered_at: float = 0.0
    waits: bool = False


@dataclass(slots=True)
class ModelFloor:
    """`run` plays one day. `plan` is told to the pacer together with the day's window."""

    world: World
    pacer: Pacer
    plan: PacingPlan = field(default_factory=PacingPlan)
    calls_per_second: float = 1000.0
    now: float = 0.0
    result: DayResult = field(init=False)
    _events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(default_factory=list)
    _order: Any = field(default_factory=count)
    _agents: dict[int, _Agent] = field(default_factory=dict)
    _free: deque[_Agent] = field(default_factory=deque)
    _queue: deque[_Line] = field(default_factory=deque)
    _lines: int = 0
    _dialled: int = 0
    _decision_due: bool = False
    _tokens: float = 0.0
    _filled_at: float = 0.0
    _knows_fate: KnowsFate | None = None

    def run(self) -> DayResult:
        self._knows_fate = self.pacer if isinstance(self.pacer, KnowsFate) else None
        self.result = DayResult(self.world.day_s)
        self._open()
        events, end = self._events, self.world.day_s
        while events and events[0][0] <= end:
            self.now, _, do, arguments = heapq.heappop(events)
            do(*arguments)
        self.now = end
        for agent in self._agents.values():
            self._book(agent, agent.presence)
        return self.result

    # --- the day ------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        day = AbandonmentWindow(
            WindowKind.DAY,
            self.plan.day_cap,
            BEGINS,
            BEGINS + timedelta(seconds=self.world.day_s),
            timedelta(days=1),
        )
        half = AbandonmentWindow(
            WindowKind.HALF_HOUR, self.plan.half_hour_cap, BEGINS, None, timedelta(minutes=30), 100
        )
        self.pacer.plans({CAMPAIGN: self.plan}, 0.0)
        self.pacer.counted(CAMPAIGN, [WindowCount(window, 0, 0, BEGINS) for window in (day, half)])
        talking = dict(self.world.busy_at_start)
        for move in self.world.moves:
            self._at(move.at, self._move, move, talking.get(move.agent) if move.at == 0 else None)
        self._at(0.0, self._look_again)

    def _move(self, move: AgentMove, talking_for: float | None) -> None:
        agent = self._agents.setdefault(move.agent, _Agent(move.agent))
        if move.movement is Movement.COME:
            agent.leaving = False
            if agent.presence is Presence.AWAY:
                if talking_for is None:
                    self._become_free(agent)
                else:
                    self._enter(agent, Presence.ON_CALL)
                    self._at(self.now + talking_for, self._talk_over, agent, agent.call, 0.0)
            else:
                self.pacer.present(agent.id, agent.presence, self.now)
            return
        agent.leaving = True
        if move.movement is Movement.VANISH or agent.presence is Presence.READY:
            if agent.presence is Presence.READY:
                self._free.remove(agent)
            agent.call += 1
            self._hang_up(agent)
            self._enter(agent, Presence.AWAY)
        else:
            self.pacer.present(agent.id, agent.presence, self.now, leaving=True)
        self._changed()

    # --- agents -------------------------------------------------------------------------------------------------------

    def _enter(self, agent: _Agent, presence: Presence) -> None:
        self._book(agent, agent.presence)
        if agent.presence is Presence.READY and presence is Presence.ON_CALL and self._counts():
            self.result.idle.append(self.now - agent.since)
        agent.presence, agent.since = presence, self.now
        self.pacer.present(agent.id, presence, self.now, leaving=agent.leaving)

    def _book(self, agent: _Agent, presence: Presence) -> None:
        since = max(agent.since, self.world.warm_up_s)
        spent = max(0.0, self.now - since)
        if presence is Presence.AWAY:
            return
        self.result.paid += spent
        if presence is Presence.ON_CALL:
            self.result.talk += spent
        elif presence is Presence.WRAP_UP:
            self.result.wrap_up += spent

    def _become_free(self, agent: _Agent) -> None:
        if agent.leaving:
            self._enter(agent, Presence.AWAY)
            self._changed()
            return
        self._enter(agent, Presence.READY)
        self._free.append(agent)
        if self._queue:
            self._join(self._queue.popleft())
        self._changed()

    def _talk_over(self, agent: _Agent, call: int, wrap_up: float) -> None:
        if agent.call != call:
            return
        self._hang_up(agent)
        self._enter(agent, Presence.WRAP_UP)
        self._at(self.now + wrap_up, self._wrap_up_over, agent, call)
        self._changed()

    def _hang_up(self, agent: _Agent) -> None:
        line, agent.line = agent.line, None
        if line is not None:
            self._over(line, LineEnd.MACHINE if line.fate.end is LineEnd.MACHINE else LineEnd.PERSON)

    def _wrap_up_over(self, agent: _Agent, call: int) -> None:
        if agent.call == call:
            agent.call += 1
            self._become_free(agent)

    # --- lines --------------------------------------------------------------------------------------------------------

    def _dial(self, n: int) -> None:
        contact = self.world.contact(n, self.now)
        fate = self.world.fate(n, self.now)
        line = _Line(n, fate, self.now)
        self._lines += 1
        self.result.dials += self._counts()
        self.pacer.dialled(n, CAMPAIGN, contact or fate.contact, self.now, self._wall())
        if self._knows_fate is not None:
            picked_up = fate.answers_after if fate.end is LineEnd.PERSON else None
            self._knows_fate.fate(
                n, None if picked_up is None else self.now + picked_up, self.now + fate.ends_after
            )
        for after, sign in fate.signs:
            self._at(self.now + after, self._signalled, line, sign)
        if fate.answers_after is not None and fate.answers_after <= self.world.ring_for_s:
            self._at(self.now + fate.answers_after, self._picked_up, line)
        else:
            self._at(self.now + min(fate.ends_after, self.world.ring_for_s), self._not_answered, line)

    def _signalled(self, line: _Line, sign: LineSign) -> None:
        self.pacer.signalled(line.id, sign, self.now)
        self._changed()

    def _not_answered(self, line: _Line) -> None:
        self._over(line, line.fate.end if line.fate.end is LineEnd.CARRIER_FAILED else LineEnd.NOT_ANSWERED)
        self._changed()

    def _over(self, line: _Line, end: LineEnd) -> None:
        self._lines -= 1
        self.pacer.ended(line.id, end, self.now, self._wall())

    def _picked_up(self, line: _Line) -> None:
        line.answered_at = self.now
        person = line.fate.end is LineEnd.PERSON
        if person:
            self.result.count_answer(self.now, self._counts())
        self.pacer.answered(line.id, self.now, self._wall())
        if line.fate.judged_after > 0:
            self._at(self.now + line.fate.judged_after, self._judged, line)
            self._changed()
        else:
            self._judged(line)

    def _judged(self, line: _Line) -> None:
        if line.fate.taken_for is LineEnd.MACHINE:
            if line.fate.end is LineEnd.PERSON:
                self.result.count_abandoned(line.answered_at, self._counts())
            self._over(line, LineEnd.MACHINE)
        else:
            self._seek_agent(line)
        self._changed()

    def _seek_agent(self, line: _Line) -> None:
        if self._free:
            self._join(line)
            return
        line.waits = True
        self._queue.append(line)
        limit = line.answered_at + min(self.world.answer_within_s, line.fate.patience)
        self._at(max(limit, self.now), self._waited_enough, line)

    def _waited_enough(self, line: _Line) -> None:
        if not line.waits:
            return
        line.waits = False
        self._queue.remove(line)
        late = self.now - line.answered_at >= self.world.answer_within_s - 1e-9
        if line.fate.end is LineEnd.MACHINE:
            self._over(line, LineEnd.ABANDONED)  # nobody noticed
        elif late:
            self.result.count_abandoned(line.answered_at, self._counts())
            self._over(line, LineEnd.ABANDONED)
        else:
            self._over(line, LineEnd.PERSON)
        self._changed()

    def _join(self, line: _Line) -> None:
        agent = self._free.popleft()
        line.waits, agent.line = False, line
        if self._counts():
            self.result.waits.append(self.now - line.answered_at)
            self.result.joined += 1
            self.result.machines_joined += line.fate.end is LineEnd.MACHINE
        self.pacer.joined(line.id, agent.id, self.now)
        self._enter(agent, Presence.ON_CALL)
        self._at(self.now + line.fate.talk, self._talk_over, agent, agent.call, line.fate.wrap_up)

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        if not self._decision_due:
            self._decision_due = True
            self._at(self.now + _COALESCE_S, self._decide)

    def _look_again(self) -> None:
        self._changed()
        self._at(self.now + _LOOK_AGAIN_S, self._look_again)

    def _decide(self) -> None:
        self._decision_due = False
        self.result.decisions += 1
        wall = self._wall()
        decision = self.pacer.decide(CAMPAIGN, Room(self._room()), self.now, wall)
        if decision.dial > 0:
            self._dial_some(min(decision.dial, _MOST_AT_ONCE))

    def _room(self) -> int:
        depth = max(1.0, self.calls_per_second / 4)
        self._tokens = min(depth, self._tokens + (self.now - self._filled_at) * self.calls_per_second)
        self._filled_at = self.now
        return max(0, min(self.world.lines - self._lines, int(self._tokens)))

    def _dial_some(self, wanted: int) -> None:
        contacts = []
        for n in range(self._dialled, self._dialled + wanted):
            contact = self.world.contact(n, self.now)
            if contact is None:
                break
            contacts.append(contact)
        if not contacts:
            return
        for _ in range(min(self.pacer.admit(CAMPAIGN, contacts, self.now), len(contacts))):
            n, self._dialled = self._dialled, self._dialled + 1
            self._tokens -= 1.0
            self._dial(n)
        self._changed()

    def _wall(self) -> datetime:
        return BEGINS + timedelta(seconds=self.now)

    def _counts(self) -> bool:
        return self.now >= self.world.warm_up_s

    def _at(self, when: float, do: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._events, (when, next(self._order), do, arguments))
