"""How new lines are split between campaigns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.pacing.sharing import Stake, Want, claim, credits, debts, headrooms, lines_within, shares, split

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


# --- who may dial at all ------------------------------------------------------------------------------------------------

STAKES = st.lists(
    st.builds(
        Stake,
        load=st.floats(0, 500),
        weight=st.floats(0.01, 100.0),
        owed=st.floats(-2, 2, allow_subnormal=False),
    ),
    min_size=1,
    max_size=8,
)


@given(STAKES)
def test_somebody_may_always_dial(stakes: list[Stake]) -> None:
    assert any(
        lines_within(headroom, per_line, 0) > 0 for headroom in headrooms(stakes) for per_line in (0.3, 1.0)
    )


@given(STAKES)
def test_without_debts_only_those_above_their_share_wait(stakes: list[Stake]) -> None:
    stakes = [Stake(each.load, each.weight) for each in stakes]
    for stake, share, headroom in zip(stakes, shares(stakes), headrooms(stakes), strict=True):
        assert headroom > 0 or stake.load > share


@given(STAKES, st.floats(0, 1000))
def test_debts_stay_within_bounds_and_grow_for_those_below_their_share(
    stakes: list[Stake], seconds: float
) -> None:
    for stake, share, owed in zip(stakes, shares(stakes), debts(stakes, seconds), strict=True):
        assert -2 <= owed <= 2
        assert owed >= stake.owed if share >= stake.load else owed <= stake.owed


@given(st.floats(-50, 50), st.floats(0, 1), st.integers(-5, 40))
def test_the_minimum_is_allowed_whatever_the_share(headroom: float, per_line: float, missing: int) -> None:
    lines = lines_within(headroom, per_line, missing)
    assert lines >= max(missing, 0)
    assert (lines > max(missing, 0)) <= (headroom > 0)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.floats(0.5, 4.0), min_size=2, max_size=3), st.integers(1, 12), st.integers(5, 20))
def test_loads_go_by_weight_though_the_first_is_always_faster(
    weights: list[float], agents: int, talk_s: int
) -> None:
    """Every second the first takes each agent it may, and the others what it leaves, though they want as much."""
    calls: list[list[int]] = [[] for _ in weights]
    owed, served = [0.0] * len(weights), [0.0] * len(weights)
    for now in range(800):
        calls = [[end for end in each if end > now] for each in calls]
        dialled = 1
        while dialled:
            dialled = 0
            for nth, _ in enumerate(weights):
                stakes = [Stake(len(has), w, o) for has, w, o in zip(calls, weights, owed, strict=True)]
                free = agents - sum(map(len, calls))
                lines = min(lines_within(headrooms(stakes)[nth], 1.0, 0), free)
                calls[nth] += [now + talk_s] * lines
                dialled += lines
        stakes = [Stake(len(has), w, o) for has, w, o in zip(calls, weights, owed, strict=True)]
        owed = debts(stakes, 1.0)
        if now >= 200:  # debts have settled
            served = [had + len(has) for had, has in zip(served, calls, strict=True)]
    fair = [sum(served) * weight / sum(weights) for weight in weights]
    assert sum(served) == agents * 600, "an agent is left idle"
    assert all(abs(had - due) <= 0.1 * sum(served) for had, due in zip(served, fair, strict=True))


@pytest.mark.parametrize("weights", [(1.0, 1.0), (2.0, 1.0), (0.5, 3.0)])
def test_waits_come_to_be_in_the_inverse_ratio_of_the_weights(weights: tuple[float, float]) -> None:
    """A caller a second in each of two queues, agents for nine in ten: nobody overtakes within a queue."""
    queues: tuple[list[int], list[int]] = ([], [])
    waits: tuple[list[int], list[int]] = ([], [])
    for now in range(4000):
        for queue in queues:
            queue.append(now)
        for _ in range(2 if now % 5 else 1):
            claims = [
                claim(now - queue[0], weight) if queue else -1.0
                for queue, weight in zip(queues, weights, strict=True)
            ]
            nth = claims.index(max(claims))
            waits[nth].append(now - queues[nth].pop(0))
    longest = [each[-1] for each in waits]
    assert min(longest) > 50, "agents were short"
    assert longest[0] / longest[1] == pytest.approx(weights[1] / weights[0], rel=0.1)


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6), st.floats(0.01, 100.0))
def test_who_has_waited_longer_in_the_same_queue_is_never_behind(
    one: float, other: float, weight: float
) -> None:
    assert claim(max(one, other), weight) >= claim(min(one, other), weight) >= 0.0
    assert claim(-1.0, weight) == 0.0
