import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing.marginal import MOMENTS
from dialer.pacing.survival import EDGES, Durations, Occupied

pytestmark = pytest.mark.unit


def learnt(lasted: list[float], prior: float = 60.0) -> Durations:
    durations = Durations(prior)
    for each in lasted:
        durations.ended(each)
    return durations


def test_before_anything_is_seen_the_prior_holds() -> None:
    survival = Durations(100.0).survival(300)
    assert survival[0] == 1.0
    assert survival[100] == pytest.approx(np.exp(-1), abs=0.02)


def test_a_thousand_talks_are_learnt() -> None:
    rng = np.random.default_rng(1)
    survival = learnt(rng.lognormal(4.2, 0.77, 3000).tolist()).survival(600)
    sample = rng.lognormal(4.2, 0.77, 100_000)
    for seconds in (10, 30, 60, 120, 300):
        assert survival[seconds] == pytest.approx((sample > seconds).mean(), abs=0.06)


def test_running_talks_keep_short_ones_from_deciding() -> None:
    durations = learnt([5.0] * 10)
    hasty = durations.survival(60)[30]
    sober = durations.survival(60, [40.0] * 30)[30]
    assert sober > hasty + 0.2


def test_old_talks_are_forgotten() -> None:
    durations = learnt([10.0] * 1000 + [100.0] * 2000)
    assert durations.survival(60)[50] > 0.8


@given(st.lists(st.floats(-5, 1e6), max_size=40))
def test_survival_falls_from_one_and_stays_a_probability(lasted: list[float]) -> None:
    survival = learnt(lasted).survival(900)
    assert survival[0] == 1.0
    assert (np.diff(survival) <= 1e-12).all()
    assert (survival >= 0).all()


def test_what_was_learnt_survives_a_restart() -> None:
    before = learnt([3.0, 40.0, 90.0] * 50)
    after = Durations(60.0)
    after.take_up(before.document())
    assert after.survival(300) == pytest.approx(before.survival(300))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"ended": [1.0], "exposure": [1.0]},
        {"ended": [float("nan")] * len(EDGES), "exposure": [1.0] * len(EDGES)},
    ],
)
def test_a_foreign_document_is_refused(document: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Durations(60.0).take_up(document)


def occupied(talk_s: float, wrap_up_s: float) -> Occupied:
    grid = np.arange(700)
    return Occupied(np.exp(-grid / talk_s), np.exp(-grid / wrap_up_s), MOMENTS, 2.0)


def test_an_agent_without_wrap_up_is_occupied_as_long_as_the_talk() -> None:
    found = occupied(60.0, 1e-3)
    row = found.probability[Occupied.rows[30]]
    assert row == pytest.approx(np.exp(-(MOMENTS + 2) / 60.0), abs=0.01)


def test_wrap_up_is_added_to_the_talk() -> None:
    found = occupied(60.0, 30.0)
    ahead = MOMENTS + 2.0
    sum_of_two = (60 * np.exp(-ahead / 60) - 30 * np.exp(-ahead / 30)) / 30
    assert found.probability[Occupied.rows[0]] == pytest.approx(sum_of_two, abs=0.01)
    assert found.probability[Occupied.rows[Occupied.AGES + 10]] == pytest.approx(
        np.exp(-ahead / 30), abs=0.01
    )


def test_every_age_has_a_row() -> None:
    assert len(Occupied.rows) == 2 * Occupied.AGES
    assert Occupied.rows.max() == Occupied.ROWS - 1
    assert Occupied.rows[Occupied.AGES] == Occupied.ROWS // 2
