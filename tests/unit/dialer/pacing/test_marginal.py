import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing.marginal import BINS, Array, lines_to_start, moments, nobody_free

pytestmark = pytest.mark.unit


def exact_at_least(probabilities: list[float], agents: int) -> float:
    law = np.zeros(len(probabilities) + 1)
    law[0] = 1.0
    for p in probabilities:
        law[1:] = law[1:] * (1 - p) + law[:-1] * p
        law[0] *= 1 - p
    return float(law[agents:].sum())


def total_of(probabilities: list[float]) -> Array:
    rows = np.repeat(np.array(probabilities)[:, None], BINS, axis=1)
    total: Array = moments(rows).sum(0).reshape(3, BINS)
    return total


@pytest.mark.parametrize(
    ("agents", "within"), [(5, 0.04), (10, 0.025), (20, 0.015), (50, 0.008), (100, 0.006)]
)
def test_expansion_is_near_the_exact_law(agents: int, within: float) -> None:
    rng = np.random.default_rng(agents)
    for _ in range(20):
        probabilities = np.concatenate(
            [rng.uniform(0.6, 1.0, agents - 1), rng.uniform(0.0, 0.3, agents)]
        ).tolist()
        found = float(nobody_free(total_of(probabilities), agents)[0])
        assert found == pytest.approx(exact_at_least(probabilities, agents), abs=within)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(1, 30))
@settings(max_examples=60)
def test_risk_is_a_probability_and_falls_with_agents(probabilities: list[float], agents: int) -> None:
    total = total_of(probabilities)
    fewer, more = nobody_free(total, agents), nobody_free(total, agents + 3)
    assert ((fewer >= 0) & (fewer <= 1)).all()
    assert (more <= fewer + 0.05).all()  # the expansion may turn up a little in the far tail


def test_certain_floors_are_certain() -> None:
    assert nobody_free(total_of([1.0] * 5), 5)[0] == pytest.approx(1.0)
    assert nobody_free(total_of([1.0] * 4), 5)[0] == pytest.approx(0.0)
    assert nobody_free(np.zeros((3, BINS)), 3)[0] == pytest.approx(0.0)


def test_lines_to_start_is_the_first_number_that_is_too_risky() -> None:
    weights = np.full(BINS, 1 / BINS)
    busy = total_of([0.95] * 8)
    fresh = total_of([0.3])
    wanted = lines_to_start(busy, fresh, 10, weights, 0.02, 30)
    risks = [float(nobody_free(busy + k * fresh, 10) @ weights) for k in range(wanted + 1)]
    assert all(risk <= 0.02 for risk in risks[:-1])
    assert risks[-1] > 0.02
    assert lines_to_start(busy, fresh, 10, weights, 1.1, 7) == 7
