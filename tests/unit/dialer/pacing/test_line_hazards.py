import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.events import LineSign
from dialer.pacing.line_hazards import AGES, CLASSES, LineHazards, with_sign
from dialer.pacing.marginal import MOMENTS

pytestmark = pytest.mark.unit

HELD = np.ones(int(MOMENTS.max()) + 3)  # nobody is free again soon


def learnt(answered_share: float, lines: int = 4000, seed: int = 1) -> LineHazards:
    hazards, rng = LineHazards(), np.random.default_rng(seed)
    for _ in range(lines):
        if rng.random() < answered_share:
            hazards.answered(0, hazards.passed(0, 0.0, float(rng.gamma(1 / 0.36, 3.6))))
        else:
            hazards.failed(0, hazards.passed(0, 0.0, float(rng.uniform(1, 28))))
    return hazards


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_the_share_of_answers_is_learnt(share: float) -> None:
    table = learnt(share).table(HELD)
    assert table.answer_probability == pytest.approx(share, abs=0.04)


def test_a_fresh_line_is_answered_when_lines_are_answered() -> None:
    table = learnt(0.3).table(HELD)
    sample = np.random.default_rng(5).gamma(1 / 0.36, 3.6, 100_000)
    for moment, holds in zip(MOMENTS, table.holds[0], strict=True):
        assert holds == pytest.approx(0.3 * (sample <= moment).mean(), abs=0.04)
    assert float(table.weights.sum()) == pytest.approx(1.0)


def test_a_line_that_rings_long_is_answered_less_probably() -> None:
    eventually = learnt(0.3).table(HELD).eventually[:AGES]
    assert eventually[25] < eventually[5] < 1.0


def test_quick_answers_do_not_deceive_while_lines_are_out() -> None:
    hazards = LineHazards()
    for _ in range(20):
        hazards.answered(0, hazards.passed(0, 0.0, 2.0))
    deceived = hazards.table(HELD).answer_probability
    sober = hazards.table(HELD, [(0, 0.0, 8.0)] * 200).answer_probability
    assert sober < deceived - 0.2


def test_signs_tell_lines_apart() -> None:
    hazards, rng = LineHazards(), np.random.default_rng(2)
    ringing = with_sign(0, LineSign.RINGING)
    for n in range(3000):
        rang = n % 2 == 0
        if rang:
            hazards.moved(0, ringing, hazards.passed(0, 0.0, 1.5))
        signs, entered = (ringing, 1.5) if rang else (0, 0.0)
        if rang and rng.random() < 0.6:
            hazards.answered(signs, hazards.passed(signs, entered, float(rng.uniform(4, 12))))
        else:
            hazards.failed(signs, hazards.passed(signs, entered, 20.0))
    table = hazards.table(HELD)
    assert table.eventually[ringing * AGES + 3] == pytest.approx(0.6, abs=0.08)
    assert table.eventually[0 * AGES + 3] < 0.1
    assert table.answer_probability == pytest.approx(0.3, abs=0.05)


def test_an_answer_that_was_a_machine_is_taken_back() -> None:
    hazards = learnt(0.3, 200)
    before = hazards.table(HELD).answer_probability
    for _ in range(30):
        piece = hazards.passed(0, 0.0, 6.0)
        hazards.answered(0, piece)
        hazards.was_none(0, piece)
    assert hazards.table(HELD).answer_probability < before


@given(
    st.lists(
        st.tuples(st.integers(0, CLASSES - 1), st.floats(-10, 500), st.floats(-10, 500), st.booleans()),
        max_size=40,
    )
)
def test_whatever_happens_rows_are_probabilities(lines: list[tuple[int, float, float, bool]]) -> None:
    hazards = LineHazards()
    for signs, one, other, answered in lines:
        piece = hazards.passed(signs, min(one, other), max(one, other))
        (hazards.answered if answered else hazards.failed)(signs, piece)
    table = hazards.table(HELD)
    assert np.isfinite(table.soon).all()
    assert (table.soon >= 0).all()
    for rows in (table.eventually, table.holds):
        assert np.isfinite(rows).all()
        assert (rows >= 0).all()
        assert (rows <= 1).all()
    assert (table.holds <= table.eventually[:, None] + 1e-9).all()


def test_what_was_learnt_survives_a_restart() -> None:
    before, after = learnt(0.4, 500), LineHazards()
    after.take_up(before.document())
    assert after.table(HELD).eventually == pytest.approx(before.table(HELD).eventually)
    with pytest.raises((ValueError, KeyError)):
        after.take_up({"exposure": [1.0]})


def test_what_was_learnt_before_lines_were_listened_to_is_taken_up() -> None:
    before, after = learnt(0.4, 500), LineHazards()
    old = {
        name: np.asarray(values).reshape(-1, AGES)[:4].ravel().tolist()
        for name, values in before.document().items()
        if name != "moved"
    }
    moved = np.asarray(before.document()["moved"]).reshape(CLASSES, CLASSES, AGES)[:4, :4]
    after.take_up({**old, "moved": moved.ravel().tolist()})
    assert after.table(HELD).eventually == pytest.approx(before.table(HELD).eventually)


def test_what_is_heard_last_says_what_a_line_is() -> None:
    ringing = with_sign(0, LineSign.RINGING)
    busy = with_sign(with_sign(ringing, LineSign.RINGBACK_HEARD), LineSign.BUSY_HEARD)
    assert busy == with_sign(0, LineSign.BUSY_HEARD) == with_sign(busy, LineSign.PROGRESS)
    assert busy < CLASSES
    hazards, rng = LineHazards(), np.random.default_rng(4)
    for n in range(2000):
        heard = with_sign(0, LineSign.BUSY_HEARD if n % 2 else LineSign.RINGBACK_HEARD)
        hazards.moved(0, heard, hazards.passed(0, 0.0, 2.5))
        piece = hazards.passed(heard, 2.5, float(rng.uniform(5, 12)))
        (hazards.failed if n % 2 or rng.random() < 0.4 else hazards.answered)(heard, piece)
    table = hazards.table(HELD)
    assert table.eventually[busy * AGES + 4] < 0.05
    assert table.eventually[with_sign(0, LineSign.RINGBACK_HEARD) * AGES + 4] > 0.5


def test_answers_foreseen_second_by_second_are_the_answers_that_come() -> None:
    """Even when every answer comes in the first moment of a second."""
    hazards, rng = LineHazards(), np.random.default_rng(3)
    ends = [(2.02, True) if rng.random() < 0.35 else (6.5, False) for _ in range(4000)]
    for end, answered in ends:
        (hazards.answered if answered else hazards.failed)(0, hazards.passed(0, 0.0, end))
    table = hazards.table(HELD)
    assert table.answer_probability == pytest.approx(0.35, abs=0.03)
    spent = np.zeros(AGES)
    for end, _ in ends:
        for age in range(AGES):
            spent[age] += min(max(end - age, 0.0), 1.0)
    assert float(spent @ table.soon[:AGES]) == pytest.approx(sum(answered for _, answered in ends), rel=0.15)
