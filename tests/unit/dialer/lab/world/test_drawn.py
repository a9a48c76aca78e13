"""Numbers that say what becomes of their calls, and the same calls on the simulated floor."""

from collections import Counter
from statistics import mean

import pytest

from dialer.domain.number_reader import NumberReader
from dialer.errors import BadInput
from dialer.lab.world.drawn import ANSWERED, BUSY, RINGS, TALKS, call_of, dialplan_list, drawn_numbers
from dialer.lab.world.replica import Replica
from dialer.pacing.pacer import LineEnd

pytestmark = pytest.mark.unit


def test_numbers_are_different_valid_and_spread_as_drawn() -> None:
    numbers = drawn_numbers(5000, 3)
    assert len(set(numbers)) == 5000
    reader = NumberReader("US")
    assert [reader.read(each).number.e164 for each in numbers] == numbers
    calls = [call_of(each) for each in numbers]
    assert mean(each.answered for each in calls) == pytest.approx(ANSWERED / 100, abs=0.03)
    assert mean(not each.rings_for for each in calls) == pytest.approx(BUSY / 100, abs=0.03)
    assert mean(each.talks_for for each in calls) == pytest.approx(12, abs=0.3)
    assert drawn_numbers(5000, 3) == numbers != drawn_numbers(5000, 4)


def test_a_number_says_its_ring_and_its_talk() -> None:
    answered, engaged, rings = (call_of(f"+1202556{line}") for line in ("3499", "3500", "9900"))
    assert (answered.answered, answered.rings_for, answered.talks_for) == (True, RINGS[34], TALKS[99])
    assert (engaged.answered, engaged.rings_for) == (False, 0)
    assert (rings.answered, rings.rings_for) == (False, RINGS[99])
    for other in ("+12025550123", "2025563499x", ""):
        with pytest.raises(BadInput):
            call_of(other)


def test_more_numbers_than_there_are_are_refused() -> None:
    with pytest.raises(BadInput, match="there are not"):
        drawn_numbers(200_000, 1)


def test_the_dialplan_gets_a_hundred_values_that_its_cut_can_find() -> None:
    for seconds in (RINGS, TALKS):
        assert [float(each) for each in dialplan_list(seconds).split("-")] == list(seconds)
        assert len(seconds) == 100


def test_the_replica_has_the_same_calls_and_closes_when_it_should() -> None:
    numbers = drawn_numbers(300, 5)
    world = Replica(numbers, 20, 60, 3.0, 30.0, 120.0)
    for n, each in enumerate(numbers):
        call, fate = call_of(each), world.fate(n, 0.0)
        assert fate.end is (LineEnd.PERSON if call.answered else LineEnd.NOT_ANSWERED)
        assert (fate.answers_after is not None) == call.answered
        assert fate.ends_after == pytest.approx(call.rings_for, abs=0.05)
        assert fate.talk == (call.talks_for if call.answered else 0)
    assert world.contact(299, 119.0) is not None
    assert world.contact(300, 0.0) is world.contact(0, 120.0) is None
    shuffled = Replica(numbers, 20, 60, 3.0, 30.0, 120.0, shuffled=1)
    talks = [Counter(each.fate(n, 0.0).talk for n in range(300)) for each in (world, shuffled)]
    assert talks[0] == talks[1]
