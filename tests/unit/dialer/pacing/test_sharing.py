"""How new lines are split between campaigns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing.sharing import Want, credits, split

pytestmark = pytest.mark.unit

WANTS = st.lists(
    st.builds(
        Want,
        wish=st.integers(0, 60),
        weight=st.floats(0.01, 100.0),
        least=st.integers(0, 40),
        present=st.integers(0, 60),
        credit=st.floats(-1, 1),
    ),
    max_size=8,
)
TOTALS = st.integers(-3, 200)


@given(TOTALS, WANTS)
def test_never_more_than_there_is_or_is_wished_and_nothing_is_wasted(total: int, wants: list[Want]) -> None:
    shares = split(total, wants)
    assert all(0 <= share <= want.wish for share, want in zip(shares, wants, strict=True))
    assert sum(shares) == max(min(total, sum(want.wish for want in wants)), 0)


@given(TOTALS, WANTS)
def test_minimums_come_first(total: int, wants: list[Want]) -> None:
    shares = split(total, wants)
    missing = [min(max(want.least - want.present, 0), want.wish) for want in wants]
    short = [share < gap for share, gap in zip(shares, missing, strict=True)]
    if any(short):
        beyond = [share > gap for share, gap in zip(shares, missing, strict=True)]
        assert not any(beyond), "somebody got more than the minimum while another was short of it"
    assert any(short) == (max(total, 0) < sum(missing))


@given(TOTALS, WANTS)
def test_weights_are_respected_within_one_line(total: int, wants: list[Want]) -> None:
    shares = split(total, wants)
    has = [want.present + share for want, share in zip(wants, shares, strict=True)]
    for i, giver in enumerate(wants):
        if shares[i] <= max(giver.least - giver.present, 0):
            continue  # what it got is its minimum
        for j, taker in enumerate(wants):
            if shares[j] < taker.wish:
                # moving i's last line to j would leave j better off for its weight than i
                owed_i, owed_j = giver.credit, taker.credit
                assert (has[i] - 0.5 - owed_i) / giver.weight <= (has[j] + 0.5 - owed_j) / taker.weight + 1e-9


@given(
    st.lists(st.floats(0.01, 100.0), min_size=2, max_size=5),
    st.lists(st.integers(1, 4), min_size=300, max_size=300),
)
def test_in_the_long_run_even_single_lines_go_by_weight(weights: list[float], totals: list[int]) -> None:
    """Each line is over before the next round, so what is present says nothing."""
    owed, got = [0.0] * len(weights), [0] * len(weights)
    for total in totals:
        wants = [Want(9, weight, credit=credit) for weight, credit in zip(weights, owed, strict=True)]
        shares = split(total, wants)
        owed = credits(wants, shares)
        got = [had + share for had, share in zip(got, shares, strict=True)]
    fair = [sum(totals) * weight / sum(weights) for weight in weights]
    assert all(abs(had - due) <= 0.03 * sum(totals) for had, due in zip(got, fair, strict=True))


def test_what_one_does_not_use_goes_to_the_others() -> None:
    assert split(30, [Want(3, 10.0), Want(100, 1.0), Want(100, 2.0)]) == [3, 9, 18]


def test_a_campaign_that_is_behind_catches_up() -> None:
    assert split(4, [Want(10, present=6), Want(10, present=2)]) == [0, 4]
