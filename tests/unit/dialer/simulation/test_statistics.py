"""Intervals against printed tables, and verdicts that claim no more than they may."""

from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import BadInput
from dialer.simulation.comparison import Row, Verdict, compare, grouped, occupancy_at, row, rows
from dialer.simulation.figures import CAP, DayFigures, percent_up
from dialer.simulation.scenario_reader import load
from dialer.simulation.student import t_interval, t_quantile
from dialer.simulation.study import Job, Outcome

pytestmark = pytest.mark.unit

SCENARIO = load("s1")


def day(occupied: float = 0.8, answered: int = 1000, abandoned: int = 20) -> DayFigures:
    return DayFigures(
        day_s=30_600.0,
        counted_s=28_800.0,
        paid_s=100_000.0,
        talk_s=0.75 * occupied * 100_000,
        wrap_up_s=0.25 * occupied * 100_000,
        dials=3400,
        answered=answered,
        abandoned=abandoned,
        day_answered=answered,
        day_abandoned=abandoned,
        joined=answered - abandoned,
        machines_joined=0,
        dropped_early=0,
        idle_mean=10.0,
        idle_p90=20.0,
        wait_mean=0.1,
        wait_p95=0.5,
        wait_p99=1.5,
        late=0,
        worst_half_hour=0.05,
        decisions=28_800,
        cpu_s=10.0,
        lines_p99=0.0,
        answered_blocks=(1, 2),
        abandoned_blocks=(0, 1),
    )


def outcomes(
    policy: str, occupancies: list[float], first_seed: int = 1, abandoned: int = 20
) -> list[Outcome]:
    return [
        Outcome(Job(SCENARIO, 50, policy, {}, seed), (day(occupied, abandoned=abandoned),))
        for seed, occupied in enumerate(occupancies, first_seed)
    ]


class TestStudent:
    @pytest.mark.parametrize(
        ("probability", "freedom", "printed"),
        [
            (0.975, 1, 12.706),
            (0.975, 2, 4.303),
            (0.95, 4, 2.132),
            (0.975, 9, 2.262),
            (0.975, 19, 2.093),
            (0.995, 29, 2.756),
            (0.975, 120, 1.980),
            (0.975, 100_000, 1.960),
            (0.5, 7, 0.0),
        ],
    )
    def test_the_printed_table(self, probability: float, freedom: int, printed: float) -> None:
        assert t_quantile(probability, freedom) == pytest.approx(printed, abs=0.0006)

    def test_an_interval_by_hand(self) -> None:
        # mean 5, standard deviation sqrt(10 / 4), t(0.975, 4) = 2.776
        interval = t_interval([3.0, 4.0, 5.0, 6.0, 7.0])
        assert (interval.mean, interval.half_width) == pytest.approx(
            (5.0, 2.776 * 2.5**0.5 / 5**0.5), abs=0.001
        )
        assert interval.excludes_zero

    def test_one_observation_says_nothing(self) -> None:
        assert t_interval([3.0]).half_width == inf
        assert not t_interval([3.0]).excludes_zero
        assert isnan(t_interval([]).mean)

    @given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), st.floats(-100, 100))
    def test_an_interval_moves_with_its_observations(self, values: list[float], by: float) -> None:
        one, moved = t_interval(values), t_interval([value + by for value in values])
        assert moved.mean == pytest.approx(one.mean + by, abs=1e-6)
        assert moved.half_width == pytest.approx(one.half_width, abs=1e-6)


class TestFigures:
    @pytest.mark.parametrize(
        ("part", "whole", "shown"),
        [(3, 100, 3.0), (30_001, 1_000_000, 3.01), (1, 3, 33.34), (0, 10, 0.0), (0, 0, 0.0)],
    )
    def test_shares_are_rounded_up(self, part: int, whole: int, shown: float) -> None:
        assert percent_up(part, whole) == shown

    def test_the_cap_is_an_integer_test(self) -> None:
        assert not day(answered=1000, abandoned=30).over_cap()
        assert day(answered=1000, abandoned=31).over_cap()

    def test_they_survive_a_file(self) -> None:
        assert (
            DayFigures.from_json({**day().to_json(), "answered_blocks": [1, 2], "abandoned_blocks": [0, 1]})
            == day()
        )

    def test_figures_of_another_version_are_refused(self) -> None:
        document = day().to_json()
        document.pop("late")
        with pytest.raises(BadInput, match="another version"):
            DayFigures.from_json(document)


class TestRows:
    def test_counts_add_up_and_seeds_are_observations(self) -> None:
        found = rows(outcomes("fairdial", [0.8, 0.9]))
        assert len(found) == 1
        only = found[0]
        assert (only.seeds, only.days, only.answered, only.abandoned, only.days_over) == (2, 2, 2000, 40, 0)
        assert only.occupancy.mean == pytest.approx(0.85)
        assert only.talk_minutes == pytest.approx(60 * 0.75 * 0.85)
        assert only.dials_per_connect == pytest.approx(3400 / 980)
        assert only.contacts_per_agent_hour == pytest.approx(3400 / (100_000 / 3600))
        assert (only.abandonment_percent, only.over_cap) == (2.0, False)

    def test_the_order_in_which_runs_finish_does_not_matter(self) -> None:
        played = outcomes("fairdial", [0.8, 0.9, 0.7])
        assert rows(played) == rows(played[::-1])


class TestComparison:
    def test_a_clear_difference_is_a_win_and_the_other_way_a_loss(self) -> None:
        ours, theirs = outcomes("fairdial", [0.90, 0.91, 0.92]), outcomes("level", [0.80, 0.82, 0.81])
        assert compare(ours, theirs).verdict is Verdict.WIN
        assert compare(theirs, ours).verdict is Verdict.LOSS
        assert compare(ours, theirs).difference.mean == pytest.approx(0.1)

    def test_a_difference_within_the_noise_is_a_tie(self) -> None:
        ours, theirs = outcomes("fairdial", [0.90, 0.80, 0.92]), outcomes("level", [0.80, 0.88, 0.81])
        assert compare(ours, theirs).verdict is Verdict.TIE

    def test_the_same_figures_tie(self) -> None:
        assert compare(outcomes("a", [0.8, 0.8]), outcomes("b", [0.8, 0.8])).verdict is Verdict.TIE

    def test_less_may_be_better(self) -> None:
        few, many = outcomes("a", [0.8, 0.8], abandoned=10), outcomes("b", [0.8, 0.8], abandoned=30)
        found = compare(few, many, lambda each: each.days[0].abandoned, more_is_better=False)
        assert found.difference.mean == -20
        assert found.verdict is Verdict.WIN

    def test_who_was_over_the_cap_is_said(self) -> None:
        found = compare(outcomes("a", [0.9, 0.91]), outcomes("b", [0.95, 0.96], abandoned=40))
        assert (found.ours_over_cap, found.theirs_over_cap) == (False, True)

    def test_only_the_same_days_are_compared(self) -> None:
        with pytest.raises(BadInput, match="same days"):
            compare(outcomes("a", [0.8, 0.9]), outcomes("b", [0.8, 0.9], first_seed=2))
        with pytest.raises(BadInput, match="same days"):
            compare(outcomes("a", [0.8, 0.9]), outcomes("b", [0.8]))


class TestEqualAbandonment:
    def rows_at(self, *points: tuple[float, int]) -> list[Row]:
        made = []
        for place, (occupied, abandoned) in enumerate(points):
            of = [
                Outcome(
                    Job(SCENARIO, 50, "level", {"level": float(place)}), (day(occupied, 1000, abandoned),)
                )
            ]
            made.append(row(next(iter(grouped(of))), of))
        return made

    def test_in_proportion_between_neighbours(self) -> None:
        assert occupancy_at(self.rows_at((0.8, 20), (0.9, 40)), CAP) == pytest.approx(0.85)

    def test_settings_that_are_worse_in_both_do_not_count(self) -> None:
        assert occupancy_at(self.rows_at((0.8, 20), (0.7, 30), (0.9, 40)), CAP) == pytest.approx(0.85)

    def test_beyond_what_was_tried_nothing_is_claimed(self) -> None:
        assert isnan(occupancy_at(self.rows_at((0.8, 10), (0.9, 20)), CAP))
        assert occupancy_at(self.rows_at((0.8, 30)), CAP) == pytest.approx(0.8)
