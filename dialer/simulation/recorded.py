"""A real day played again: the i-th dial has the fate of the i-th dial of that day, and the agents come and go as then.

A caller who was abandoned or left never talked with an agent: how long that talk would have been is drawn, by the seed,
from the talks of the day. How long a person would have waited is known only of those who left, and of the others taken
for longer than the limit. Dials whose end nobody knows are left out. The list ends where the day's dials ended.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from random import Random

from dialer.domain.agent import AgentState
from dialer.domain.disposition import ANSWERED_BY_PERSON, Disposition
from dialer.domain.events import LineSign
from dialer.domain.ids import AgentId, AttemptId, CampaignId, NumberId, TrunkName
from dialer.engine.contact_features import contact_features
from dialer.engine.line_end import line_end
from dialer.errors import BadInput
from dialer.pacing.pacer import ContactFeatures, LineEnd
from dialer.ports.replay import RecordedAttempt, RecordedState
from dialer.ports.storage import ClaimedContact
from dialer.simulation.fate import AgentMove, CallFate, Movement
from dialer.simulation.result import DayResult
from dialer.simulation.scenario import UNLIMITED_LINES

AT_WORK = frozenset({AgentState.READY, AgentState.PREVIEW, AgentState.ON_CALL, AgentState.WRAP_UP})
RING_FOR_S = 120.0  # longer than any campaign lets ring: the lives of lines are as recorded
_LEAVES_LATER_S = 0.001


@dataclass(frozen=True, slots=True)
class Stay:
    """An agent in one state, in seconds of the day."""

    agent: AgentId
    state: AgentState
    begins: float
    ends: float
    attempt: AttemptId | None = None

    @property
    def lasts(self) -> float:
        return self.ends - self.begins


@dataclass(frozen=True)
class RecordedDay:
    """`calls` in the order of dialling. Times within are seconds from the first dial to the end of the last call."""

    name: str
    begins: datetime
    day_s: float
    answer_within_s: float
    calls: Sequence[RecordedAttempt]
    stays: Sequence[Stay]
    lines: int = UNLIMITED_LINES
    calls_per_second: float = 1000.0

    @cached_property
    def digest(self) -> str:
        """The same for the same day."""
        return hashlib.sha256(
            repr((self.calls, self.stays, self.lines, self.calls_per_second)).encode()
        ).hexdigest()

    @cached_property
    def agents(self) -> int:
        """The most who were at work at once."""
        present, most = 0, 0
        for _, change in sorted(_changes(self.stays)):
            present += change
            most = max(most, present)
        return most

    @cached_property
    def wrap_ups(self) -> Mapping[AttemptId, float]:
        return {
            stay.attempt: stay.lasts
            for stay in self.stays
            if stay.state is AgentState.WRAP_UP and stay.attempt is not None
        }

    def second(self, at: datetime) -> float:
        return (at - self.begins).total_seconds()


def recorded_day(
    name: str,
    attempts: Sequence[RecordedAttempt],
    states: Sequence[RecordedState],
    answer_within: timedelta,
    lines: int = UNLIMITED_LINES,
    calls_per_second: float = 1000.0,
) -> RecordedDay:
    """Raises BadInput if nothing was dialled, nobody talked with an agent, or no agent was there."""
    calls = [each for each in attempts if line_end(each.disposition) is not LineEnd.UNKNOWN]
    if not calls:
        raise BadInput(f"campaign {name!r} has no finished dials on that day: there is nothing to play again")
    if not any(each.joined_at is not None for each in calls):
        raise BadInput(f"nobody of campaign {name!r} talked with an agent on that day: no talk to draw from")
    begins, ends = calls[0].dialled_at, max(each.ended_at for each in calls)
    stays = _stays(states, begins, ends)
    if not stays:
        raise BadInput(f"no agent was at work while campaign {name!r} dialled on that day")
    day_s = (ends - begins).total_seconds()
    return RecordedDay(
        name, begins, day_s, answer_within.total_seconds(), calls, stays, lines, calls_per_second
    )


def _stays(states: Iterable[RecordedState], begins: datetime, ends: datetime) -> list[Stay]:
    by_agent: dict[AgentId, list[RecordedState]] = {}
    for each in states:
        by_agent.setdefault(each.agent, []).append(each)
    stays = []
    for of in by_agent.values():
        last = RecordedState(of[-1].agent, AgentState.LOGGED_OUT, max(ends, of[-1].at), None)
        for each, following in pairwise([*of, last]):
            first, until = max(each.at, begins), min(following.at, ends)
            if each.state in AT_WORK and first < until:
                since, to = ((at - begins).total_seconds() for at in (first, until))
                stays.append(Stay(each.agent, each.state, since, to, each.attempt))
    return sorted(stays, key=lambda stay: (stay.begins, stay.agent))


def _changes(stays: Iterable[Stay]) -> Iterable[tuple[float, int]]:
    for stay in stays:
        yield stay.begins, 1
        yield stay.ends, -1


# --- the world --------------------------------------------------------------------------------------------------------


class RecordedWorld:
    """A `World`."""

    def __init__(self, day: RecordedDay, seed: int) -> None:
        self.day = day
        self.day_s, self.warm_up_s = day.day_s, 0.0
        self.answer_within_s, self.ring_for_s = day.answer_within_s, RING_FOR_S
        self.lines, self.calls_per_second = day.lines, day.calls_per_second
        self.moves: Sequence[AgentMove] = _moves(day)
        self.busy_at_start: Sequence[tuple[int, float]] = ()
        self._contacts = _contacts(day)
        self._talks = [
            (_talk(call), day.wrap_ups.get(call.id, 0.0))
            for call in day.calls
            if call.joined_at is not None and call.disposition is not Disposition.MACHINE
        ] or [
            (_talk(call), day.wrap_ups.get(call.id, 0.0)) for call in day.calls if call.joined_at is not None
        ]
        self.fates = [self._fate(n, call, seed) for n, call in enumerate(day.calls)]

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        return self._contacts[n] if n < len(self._contacts) else None

    def fate(self, n: int, at: float) -> CallFate:
        return self.fates[n]

    def _fate(self, n: int, call: RecordedAttempt, seed: int) -> CallFate:
        dialled, contact = call.dialled_at, self._contacts[n]
        signs: tuple[tuple[float, LineSign], ...] = ()
        if call.rang_at is not None:
            signs = (((call.rang_at - dialled).total_seconds(), LineSign.RINGING),)
        end = line_end(call.disposition)
        if call.answered_at is None:
            ended = (call.ended_at - dialled).total_seconds()
            return CallFate(ended, end, signs=signs, contact=contact)
        answers = (call.answered_at - dialled).total_seconds()
        if call.joined_at is not None:
            talk, wrap_up = _talk(call), self.day.wrap_ups.get(call.id, 0.0)
        else:
            talk, wrap_up = Random(f"{seed} {n}").choice(self._talks)  # noqa: S311 - a simulation
        machine = end is LineEnd.MACHINE
        return CallFate(
            answers,
            LineEnd.MACHINE if machine else LineEnd.PERSON,
            answers,
            LineEnd.MACHINE if machine and call.joined_at is None else LineEnd.PERSON,
            talk=talk,
            wrap_up=wrap_up,
            patience=_patience(call),
            signs=signs,
            contact=contact,
        )


def _talk(call: RecordedAttempt) -> float:
    if call.joined_at is None:
        return 0.0
    return max(0.0, ((call.left_at or call.ended_at) - call.joined_at).total_seconds())


def _patience(call: RecordedAttempt) -> float:
    if call.disposition is not Disposition.HUNG_UP or call.joined_at is not None or call.answered_at is None:
        return float("inf")
    return (call.ended_at - call.answered_at).total_seconds()


def _contacts(day: RecordedDay) -> list[ContactFeatures]:
    """What a pacer could know of each: the attempts of this day count, those of earlier days are not read."""
    tallies: dict[int, dict[str, int]] = {}
    found = []
    for call in day.calls:
        tally = tallies.setdefault(call.contact, {})
        claimed = ClaimedContact(
            call.id,
            CampaignId(0),
            call.contact,
            NumberId(0),
            call.number,
            call.zones,
            sum(tally.values()),
            dict(tally),
            0,
        )
        found.append(contact_features(claimed, TrunkName(""), call.dialled_at))
        tally[call.disposition] = tally.get(call.disposition, 0) + 1
    return found


def _moves(day: RecordedDay) -> list[AgentMove]:
    """Presence without the states in between. Who leaves does so after the call of the replay."""
    moves: list[AgentMove] = []
    present: dict[AgentId, float] = {}  # until when
    for stay in day.stays:
        until = present.get(stay.agent)
        if until is None or stay.begins - until > _LEAVES_LATER_S:
            if until is not None:
                moves.append(AgentMove(until, int(stay.agent), Movement.LEAVE))
            moves.append(AgentMove(stay.begins, int(stay.agent), Movement.COME))
        present[stay.agent] = stay.ends
    moves += [
        AgentMove(until, int(agent), Movement.LEAVE) for agent, until in present.items() if until < day.day_s
    ]
    return sorted(moves, key=lambda move: move.at)


# --- as it happened ---------------------------------------------------------------------------------------------------


def as_it_happened(day: RecordedDay) -> DayResult:
    """The figures of the day itself, from the same records. The ledger's word decides what was abandoned."""
    result = DayResult(day.day_s)
    for call in day.calls:
        result.dials += 1
        if call.answered_at is None:
            continue
        answered = day.second(call.answered_at)
        if call.disposition in ANSWERED_BY_PERSON:
            result.count_answer(answered, True)
        if call.disposition is Disposition.ABANDONED:
            result.count_abandoned(answered, True)
        if call.joined_at is not None:
            result.joined += 1
            result.waits.append(day.second(call.joined_at) - answered)
            result.machines_joined += call.disposition is Disposition.MACHINE
    _book(day.stays, result)
    return result


def _book(stays: Sequence[Stay], result: DayResult) -> None:
    last: dict[AgentId, Stay] = {}
    for stay in stays:
        result.paid += stay.lasts
        if stay.state is AgentState.ON_CALL:
            result.talk += stay.lasts
            before = last.get(stay.agent)
            if before is not None and before.state is AgentState.READY:
                result.idle.append(before.lasts)
        elif stay.state is AgentState.WRAP_UP:
            result.wrap_up += stay.lasts
        last[stay.agent] = stay
