"""VICIdial's loops: when they run, what they see."""

import pytest

from dialer.pacing.pacer import LineEnd, Presence
from dialer.simulation.policies.vicidial import Vicidial, VicidialSettings
from dialer.simulation.policies.vicidial_levels import LevelSettings, Method, Tally
from tests.unit.dialer.simulation.policies.floor import HandFloor

pytestmark = pytest.mark.unit


def ratio(level: float, tally: Tally = Tally.EVERYONE) -> Vicidial:
    return Vicidial(VicidialSettings(LevelSettings(Method.RATIO), level, tally))


def test_it_dials_on_the_ticks_of_its_loop_only() -> None:
    floor = HandFloor(ratio(2.0), agents=2)
    floor.play(0.1)
    assert floor.dials == pytest.approx([0.1] * 4)
    floor.end(0)
    floor.play(2.8)  # 2.7 s and 0.02 s for each of the four calls
    assert len(floor.dials) == 4
    floor.play(2.9)
    assert floor.dials[4:] == pytest.approx([2.9])


def test_a_ratio_stays_what_was_typed() -> None:
    pacer = ratio(2.0)
    HandFloor(pacer, agents=5).play(60.0)
    assert pacer.level == 2.0


def test_what_the_trunk_did_not_take_is_placed_later_in_the_round() -> None:
    floor = HandFloor(ratio(3.0), agents=2)
    floor.play(0.1, trunk=4)
    floor.play(0.3, trunk=1)
    assert floor.dials == pytest.approx([0.1] * 4 + [0.2, 0.3])


def test_agents_in_wrap_up_are_not_dialled_for() -> None:
    floor = HandFloor(ratio(1.0), agents=3)
    floor.present(0, Presence.WRAP_UP)
    floor.present(1, Presence.ON_CALL)
    floor.play(0.1)
    assert len(floor.dials) == 1  # two agents tallied, one call already there


def test_available_only_dials_nothing_while_nobody_is_idle() -> None:
    floor = HandFloor(ratio(4.0, Tally.AVAILABLE), agents=2)
    for agent in range(2):
        floor.present(agent, Presence.ON_CALL)
    floor.play(20.0)
    assert floor.dials == []


def test_the_level_rises_with_idle_agents_after_15_ticks() -> None:
    pacer = Vicidial(VicidialSettings(LevelSettings(maximum=6.0)))
    floor = HandFloor(pacer, agents=4)
    floor.present(0, Presence.WRAP_UP)
    floor.present(1, Presence.WRAP_UP)
    floor.play(15.4)
    assert pacer.level == 1.0
    floor.play(15.6)  # the first tick is at 0.1 s, the fifteenth at 15.5 s
    assert pacer.level == 1.5  # 2 of 4 were idle: those in wrap-up dampen it


def test_drops_seen_at_the_61st_tick_pull_the_level_down_at_the_75th() -> None:
    pacer = Vicidial(VicidialSettings(LevelSettings(Method.HARD_LIMIT, maximum=2.0)))
    floor = HandFloor(pacer, agents=1)
    floor.play(64.0)
    assert pacer.level == 2.0
    for _ in range(60):
        line = floor.dial()
        floor.answer(line)
        floor.end(line, LineEnd.ABANDONED)
    floor.play(81.0)  # level at tick 60 (65.0 s), figures at tick 61, level at tick 75 (81.5 s)
    assert pacer.level == 2.0
    floor.play(81.6)
    assert pacer.level == 1.0


def test_a_caller_who_hangs_up_waiting_is_a_drop_and_a_detected_machine_is_not() -> None:
    pacer = ratio(1.0)
    floor = HandFloor(pacer, agents=2)
    hung_up, machine, talked = (floor.dial() for _ in range(3))
    for line in (hung_up, machine, talked):
        floor.answer(line)
    floor.join(talked, 0)
    floor.end(hung_up, LineEnd.PERSON)
    floor.end(machine, LineEnd.MACHINE)
    floor.end(talked, LineEnd.PERSON)
    figures = pacer.drops.figures(floor.now, floor.wall)
    assert (figures.today, figures.calls_today) == (50.0, 3)


def test_a_target_of_idle_agents_on_the_calls_places_fewer() -> None:
    adaptive = LevelSettings(difference_target=-2.0)
    on_calls = HandFloor(Vicidial(VicidialSettings(adaptive, target_on_calls=True)), agents=5)
    on_level = HandFloor(Vicidial(VicidialSettings(adaptive)), agents=5)
    on_calls.play(0.1)
    on_level.play(0.1)
    assert (len(on_calls.dials), len(on_level.dials)) == (3, 5)
