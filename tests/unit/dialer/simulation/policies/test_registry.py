"""Policies by name: what they accept, and the sweeps in which rivals are tuned."""

import pytest

from dialer.errors import BadInput
from dialer.simulation.policies.registry import bisected, grid, names, policy, settings_of
from dialer.simulation.policies.setting import Setting, Value
from dialer.simulation.policies.vicidial import Vicidial
from tests.unit.dialer.simulation.policies.floor import HandFloor
from tests.unit.dialer.simulation.policies.small_world import SmallWorld

pytestmark = pytest.mark.unit

FACTS = SmallWorld(4).facts(5_000)


@pytest.mark.parametrize("name", names())
def test_every_policy_dials_for_free_agents(name: str) -> None:
    floor = HandFloor(policy(name, {}, FACTS, seed=1), agents=4)
    floor.play(120.0)
    assert len(floor.dials) >= 4


@pytest.mark.parametrize("name", names())
def test_every_sweep_is_accepted_and_without_doubles(name: str) -> None:
    sweep = grid(name)
    assert len({tuple(sorted(settings.items())) for settings in sweep}) == len(sweep)
    if name != "memoryless":  # solving each cap takes a while
        for settings in sweep[:: max(1, len(sweep) // 50)]:
            policy(name, settings, FACTS, seed=1)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("vicidial-ratio", 29 + 45),
        ("vicidial-hard-limit", 7 * 6 * 3 * 4 * 2),
        ("issabel", 2 * 4 * 2),
        ("progressive", 1),
    ],
)
def test_the_size_of_a_sweep(name: str, size: int) -> None:
    assert len(grid(name)) == size


def test_what_can_be_bisected() -> None:
    assert {name for name in names() if bisected(name)} >= {"mean-based", "level", "open-loop", "fixed-risk"}
    assert bisected("vicidial-ratio") is None


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("predictive", {}, "there is no policy"),
        ("progressive", {"level": 2.0}, "its settings: none"),
        ("vicidial-ratio", {"levl": 2.0}, "its settings: level, tally"),
        ("vicidial-ratio", {"level": 21.0}, "from 1 to 20"),
        ("vicidial-ratio", {"level": True}, "from 1 to 20"),
        ("vicidial-ratio", {"tally": "X"}, "N or Y"),
        ("vicidial-average", {"difference_target": 1.5}, "a whole number from -40 to 40"),
        ("issabel", {"over_commit": 1.0}, "true or false"),
        ("level", {"level": float("nan")}, "from 0.1 to 20"),
    ],
)
def test_a_wrong_setting_is_told_what_is_allowed(name: str, settings: dict[str, Value], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        policy(name, settings, FACTS, seed=1)


def test_the_setting_that_was_wrong_is_named() -> None:
    with pytest.raises(BadInput) as refused:
        policy("level", {"level": "much"}, FACTS, seed=1)
    assert refused.value.field == "level"


def test_defaults_are_within_their_own_ranges() -> None:
    for name in names():
        for setting in settings_of(name):
            assert setting.accepts(setting.default), (name, setting.name)


def test_whole_numbers_come_as_they_like() -> None:
    setting = Setting("n", 3.0, 0.0, 10.0, whole=True)
    assert setting.accepts(4)
    assert setting.accepts(4.0)
    assert not setting.accepts(4.5)


def test_tapered_ends_with_the_shift() -> None:
    pacer = policy("vicidial-tapered", {}, FACTS, seed=1)
    assert isinstance(pacer, Vicidial)
    floor = HandFloor(pacer, agents=4)  # the shift is from 9:00 to 11:30
    for _ in range(60):
        line = floor.dial()
        floor.answer(line)
        floor.end(line)
    floor.play(20.0)
    assert pacer.level == 1.0  # 230 of 1000 are left
