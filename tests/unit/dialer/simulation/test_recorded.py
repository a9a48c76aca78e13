"""A real day played again: every fate as recorded, agents as they came and went, and the day's own figures."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dialer.domain.agent import AgentState
from dialer.domain.disposition import Disposition
from dialer.domain.events import LineSign
from dialer.domain.ids import AgentId, AttemptId, ContactId
from dialer.domain.phone_number import PhoneNumber
from dialer.errors import BadInput
from dialer.pacing.pacer import LineEnd
from dialer.ports.replay import RecordedAttempt, RecordedState
from dialer.simulation.fate import AgentMove, Movement
from dialer.simulation.recorded import RecordedDay, RecordedWorld, as_it_happened, recorded_day
from dialer.simulation.scenario_reader import load
from dialer.simulation.study import Floor, Job, play

pytestmark = pytest.mark.unit

BEGINS = datetime(2026, 1, 5, 15, tzinfo=UTC)
ANA, BEN = AgentId(1), AgentId(2)
S = AgentState


def at(second: float) -> datetime:
    return BEGINS + timedelta(seconds=second)


def call(
    n: int,
    dialled: float,
    disposition: Disposition,
    ended: float,
    *,
    answered: float | None = None,
    joined: float | None = None,
    contact: int | None = None,
) -> RecordedAttempt:
    return RecordedAttempt(
        AttemptId(UUID(int=n)),
        ContactId(n if contact is None else contact),
        PhoneNumber(f"+12025550{n:03d}"),
        ("America/New_York",),
        disposition,
        at(dialled),
        at(dialled + 2),
        None if answered is None else at(answered),
        None if joined is None else at(joined),
        None if joined is None else at(ended),
        at(ended),
    )


def state(agent: AgentId, state: AgentState, second: float, n: int | None = None) -> RecordedState:
    return RecordedState(agent, state, at(second), None if n is None else AttemptId(UUID(int=n)))


CALLS = [
    call(1, 0, Disposition.CONNECTED, 70, answered=10, joined=10),
    call(2, 1, Disposition.NO_ANSWER, 29),
    call(3, 2, Disposition.ABANDONED, 25, answered=15),
    call(4, 3, Disposition.LOST, 40, answered=20),
    call(5, 4, Disposition.HUNG_UP, 17.5, answered=16),
    call(6, 90, Disposition.CALLBACK, 140, answered=99, joined=100),
    call(7, 95, Disposition.CONGESTION, 96),
    call(8, 150, Disposition.MACHINE, 200, answered=160, joined=160, contact=2),
]
STATES = [
    state(ANA, S.READY, -60),
    state(ANA, S.ON_CALL, 10, 1),
    state(ANA, S.WRAP_UP, 70, 1),
    state(BEN, S.CONNECTING, 79),
    state(ANA, S.READY, 80),
    state(BEN, S.READY, 80),
    state(ANA, S.ON_CALL, 100, 6),
    state(ANA, S.WRAP_UP, 140, 6),
    state(ANA, S.PAUSED, 145),
    state(BEN, S.ON_CALL, 160, 8),
    state(BEN, S.WRAP_UP, 200, 8),
    state(ANA, S.READY, 500),
]


def day(calls: list[RecordedAttempt] | None = None, states: list[RecordedState] | None = None) -> RecordedDay:
    return recorded_day(
        "spring",
        CALLS if calls is None else calls,
        STATES if states is None else states,
        timedelta(seconds=2),
    )


class TestFates:
    def test_a_dial_that_is_known_has_the_fate_it_had(self) -> None:
        world = RecordedWorld(day(), 1)
        first, rang_out = world.fate(0, 1e6), world.fate(1, 0.0)
        assert (first.end, first.answers_after, first.talk, first.wrap_up) == (LineEnd.PERSON, 10, 60, 10)
        assert first.signs == ((2.0, LineSign.RINGING),)
        assert (rang_out.end, rang_out.answers_after, rang_out.ends_after) == (LineEnd.NOT_ANSWERED, None, 28)
        assert world.fate(5, 0.0).end is LineEnd.CARRIER_FAILED

    def test_talks_that_never_were_are_drawn_from_those_that_were(self) -> None:
        drawn = {
            (fate.talk, fate.wrap_up)
            for seed in range(20)
            for fate in [RecordedWorld(day(), seed).fate(2, 0)]
        }
        assert drawn == {(60.0, 10.0), (40.0, 5.0)}, "of people; the machine's call is no talk to draw"
        assert RecordedWorld(day(), 3).fates == RecordedWorld(day(), 3).fates

    def test_who_left_is_as_patient_as_then_and_the_others_wait(self) -> None:
        world = RecordedWorld(day(), 1)
        assert [world.fate(n, 0).patience for n in (2, 3)] == [float("inf"), 1.5]

    def test_a_machine_that_an_agent_heard_reaches_an_agent_again(self) -> None:
        fate = RecordedWorld(day(), 1).fate(6, 0.0)
        assert (fate.end, fate.taken_for, fate.talk) == (LineEnd.MACHINE, LineEnd.PERSON, 40)

    def test_unknown_ends_are_left_out_and_after_the_last_dial_the_list_is_exhausted(self) -> None:
        world = RecordedWorld(day(), 1)
        assert world.contact(6, 0.0) is not None
        assert world.contact(7, 0.0) is None
        again = world.contact(6, 0.0)
        assert again is not None
        assert (again.attempts, again.not_answered_before, again.hour) == (1, 1, 10)


class TestAgents:
    def test_they_come_and_go_as_they_did(self) -> None:
        assert RecordedWorld(day(), 1).moves == [
            AgentMove(0.0, 1, Movement.COME),
            AgentMove(80.0, 2, Movement.COME),
            AgentMove(145.0, 1, Movement.LEAVE),
        ]
        assert day().agents == 2
        assert day().day_s == 200.0


def test_the_day_as_it_happened() -> None:
    result = as_it_happened(day())
    assert (result.dials, result.answered, result.abandoned, result.joined) == (7, 4, 1, 3)
    assert result.machines_joined == 1
    assert result.paid == 145 + 120
    assert (result.talk, result.wrap_up) == (60 + 40 + 40, 10 + 5)
    assert result.waits == [0, 1, 0]
    assert result.idle == [10, 20, 80]


@pytest.mark.parametrize(
    ("calls", "states", "says"),
    [
        ([], STATES, "no finished dials"),
        (CALLS[1:2], STATES, "nobody"),
        (CALLS, [], "no agent"),
    ],
)
def test_a_day_that_cannot_be_played_is_refused(
    calls: list[RecordedAttempt], states: list[RecordedState], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        day(calls, states)


@pytest.mark.parametrize("floor", list(Floor))
def test_played_again_with_progressive_nobody_is_abandoned(floor: Floor) -> None:
    job = Job(load("s1"), 2, "progressive", floor=floor, recorded=day())
    (figures,) = play(job).days
    # the first line rings out at 28 s, then one free agent has one line at a time
    assert figures.day_abandoned == 0
    assert figures.joined >= 2
    assert figures.paid_s == pytest.approx(265, abs=60)
    assert job.key != Job(load("s1"), 2, "progressive", floor=floor, recorded=day(CALLS[:6])).key
