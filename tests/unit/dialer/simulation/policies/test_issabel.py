"""Issabel's predictor: nearly progressive unless it over-commits."""

import pytest

from dialer.pacing.pacer import LineEnd, Presence
from dialer.simulation.policies.issabel import (
    AnswerShare,
    Issabel,
    IssabelSettings,
    lines_to_place,
    soon_over,
)
from tests.unit.dialer.simulation.policies.floor import HandFloor

pytestmark = pytest.mark.unit


def test_only_a_talk_of_three_and_a_half_means_is_soon_over() -> None:
    assert not soon_over(3.5 * 90 - 8, 8, 90, 0.97)
    assert soon_over(3.507 * 90 - 8, 8, 90, 0.97)


@pytest.mark.parametrize(
    ("agents", "waiting", "pending", "share", "settings", "expected"),
    [
        (5, 1, 2, 0.3, IssabelSettings(), 2),
        (5, 0, 9, 0.3, IssabelSettings(), 0),
        (1, 3, 0, 0.3, IssabelSettings(), 0),
        (5, 1, 2, 0.3, IssabelSettings(over_commit=True), 7),  # 2 / 0.3
        (5, 1, 2, 0.05, IssabelSettings(over_commit=True), 10),  # 2 / 0.2
        (5, 1, 2, None, IssabelSettings(over_commit=True), 2),
        (5, 1, 2, 0.3, IssabelSettings(extra_lines=3), 5),
        (0, 0, 0, 0.3, IssabelSettings(extra_lines=3), 0),
    ],
)
def test_lines_to_place(
    agents: int, waiting: int, pending: int, share: float | None, settings: IssabelSettings, expected: int
) -> None:
    assert lines_to_place(agents, waiting, pending, share, settings) == expected


def test_the_answer_share_forgets_after_half_an_hour() -> None:
    share = AnswerShare()
    for second in range(4):
        share.dialled(second)
    share.answered(2)
    assert share.at(10) == 0.25
    share.dialled(1900)
    share.answered(1905)
    assert share.at(1906) == 1.0


def test_it_places_lines_every_five_seconds() -> None:
    floor = HandFloor(Issabel(IssabelSettings()), agents=3)
    floor.play(0.1)
    floor.end(0)
    floor.play(5.0)
    assert floor.dials == pytest.approx([0.1] * 3)
    floor.play(5.2)
    assert floor.dials[3:] == pytest.approx([5.1], abs=0.11)


def talked(floor: HandFloor, calls: int, seconds: float) -> None:
    for _ in range(calls):
        line = floor.dial()
        floor.answer(line)
        floor.join(line, 0)
        floor.now += seconds
        floor.end(line, LineEnd.PERSON)
        floor.present(0, Presence.READY)


@pytest.mark.parametrize(("calls", "expected"), [(9, 1), (10, 2)])
def test_an_agent_in_a_very_long_talk_counts_after_ten_calls(calls: int, expected: int) -> None:
    floor = HandFloor(Issabel(IssabelSettings()), agents=2)
    talked(floor, calls, 10.0)
    floor.present(1, Presence.ON_CALL)
    floor.now += 36.0
    assert floor.decide() == expected


def test_over_commitment_divides_by_the_share_of_answers() -> None:
    floor = HandFloor(Issabel(IssabelSettings(over_commit=True)), agents=2)
    talked(floor, 10, 10.0)
    for _ in range(10):
        floor.end(floor.dial())
    assert floor.decide() == 4  # two agents, half of the lines answered
