"""Drawn worlds: the means the scenarios promise, the same luck under every pacer, shocks when the file says so."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.events import LineSign
from dialer.pacing.pacer import LineEnd
from dialer.simulation.facts import area_under_curve, discrimination, world_facts
from dialer.simulation.fate import CallFate, Movement
from dialer.simulation.laws import (
    Beta,
    Clipped,
    Empirical,
    Exponential,
    Gamma,
    Law,
    LogNormal,
    Mixture,
    Normal,
    Uniform,
    inverse_normal,
    mean_of,
)
from dialer.simulation.scenario_reader import from_text, load
from dialer.simulation.world import ScenarioWorld

pytestmark = pytest.mark.unit


def fates(world: ScenarioWorld, at: float, count: int = 4096) -> list[CallFate]:
    return [world.fate(n, at) for n in range(count)]


def share(fates: list[CallFate], end: LineEnd) -> float:
    return sum(fate.end is end for fate in fates) / len(fates)


class TestLaws:
    @pytest.mark.parametrize(
        ("law", "mean", "sd"),
        [
            (LogNormal(90.0, 0.9), 90.0, 81.0),
            (Gamma(15.0, 0.7), 15.0, 10.5),
            (Gamma(10.0, 1.5), 10.0, 15.0),
            (Gamma(10.0, 0.05), 10.0, 0.5),
            (Exponential(20.0), 20.0, 20.0),
            (Uniform(1.0, 4.0), 2.5, 0.866),
            (Normal(22.0, 4.0), 22.0, 4.0),
            (Beta(0.3, 0.2), 0.3, 0.2),
            (Empirical((1.0, 2.0, 6.0)), 3.0, 2.160),
            (Mixture((0.25, 0.75), (Uniform(0.0, 4.0), Uniform(8.0, 12.0))), 8.0, 3.651),
        ],
    )
    def test_mean_and_spread(self, law: Law, mean: float, sd: float) -> None:
        values = law.quantiles((np.arange(200_000) + 0.5) / 200_000)
        assert float(values.mean()) == pytest.approx(mean, rel=0.002)
        assert float(values.std()) == pytest.approx(sd, rel=0.01)

    def test_the_inverse_normal_at_known_points(self) -> None:
        known = inverse_normal(np.array([0.001, 0.025, 0.5, 0.84134474, 0.975, 0.999]))
        assert known.tolist() == pytest.approx(
            [-3.0902323, -1.9599640, 0.0, 1.0, 1.9599640, 3.0902323], abs=1e-6
        )

    def test_the_gamma_law_at_known_points(self) -> None:
        # shape 1 is the exponential law, and chi-squared with 4 degrees of freedom is a gamma law of shape 2
        u = np.array([0.05, 0.5, 0.95, 0.999])
        assert Gamma(7.0, 1.0).quantiles(u).tolist() == pytest.approx((-7 * np.log(1 - u)).tolist(), rel=1e-3)
        chi = Gamma(4.0, 0.5**0.5).quantiles(u)
        assert chi.tolist() == pytest.approx([0.710723, 3.356694, 9.487729, 18.466827], rel=1e-3)

    @given(st.floats(1e-12, 1 - 1e-12), st.floats(1e-12, 1 - 1e-12))
    def test_better_luck_is_never_a_smaller_value(self, one: float, other: float) -> None:
        pair = np.array(sorted((one, other)))
        for law in (LogNormal(90.0, 0.9), Gamma(15.0, 0.7), Clipped(Normal(22.0, 4.0), 8.0, 28.0)):
            low, high = law.quantiles(pair)
            assert low <= high


class TestStationaryScenarios:
    @pytest.mark.parametrize(
        ("name", "p", "means"),
        [
            ("s1", 0.3, (90.0, 15.0, 9.95, 20.8)),
            ("s2", 0.2, (60.0, 10.0, 11.81, 20.8)),
            ("s3", 0.4, (180.0, 30.0, 8.0, 20.8)),
        ],
    )
    def test_they_have_the_means_they_are_known_for(
        self, name: str, p: float, means: tuple[float, float, float, float]
    ) -> None:
        calls = load(name).contacts.classes[0].calls
        ways = calls.not_answered
        life = sum(way.weight * mean_of(way.after) for way in ways)
        laws = (mean_of(calls.talk), mean_of(calls.wrap_up), mean_of(calls.ring), life)
        assert laws == pytest.approx(means, rel=0.003)
        facts = world_facts(load(name))
        drawn = (facts.mean_talk_s, facts.mean_wrap_up_s, facts.mean_ring_s, facts.mean_failed_s)
        assert drawn == pytest.approx(means, rel=0.03)
        assert facts.answer_probability == pytest.approx(p, abs=0.01)

    def test_they_show_no_signs_and_machines_reach_nobody(self) -> None:
        drawn = fates(ScenarioWorld(load("s1"), 1), 0.0)
        assert {fate.end for fate in drawn} == {LineEnd.PERSON, LineEnd.NOT_ANSWERED}
        assert not any(fate.signs for fate in drawn)


class TestLuck:
    def test_a_seed_is_one_day(self) -> None:
        one, same, other = (ScenarioWorld(load("mixed-contacts"), seed) for seed in (7, 7, 8))
        assert fates(one, 5.0, 300) == fates(same, 5.0, 300)
        assert fates(one, 5.0, 300) != fates(other, 5.0, 300)
        assert one.moves == same.moves
        assert one.busy_at_start == same.busy_at_start

    def test_days_of_a_seed_differ(self) -> None:
        one, other = (ScenarioWorld(load("s1"), 7, day=day) for day in (0, 1))
        assert fates(one, 5.0, 300) != fates(other, 5.0, 300)

    def test_it_depends_on_the_number_of_the_dial_not_on_when_or_in_which_order(self) -> None:
        world, again = (ScenarioWorld(load("s1"), 7) for _ in range(2))
        numbers = [3, 5000, 4, 60_000, 5]
        forward = [world.fate(n, 10.0) for n in numbers]
        assert [again.fate(n, 999.0) for n in reversed(numbers)] == forward[::-1]

    def test_a_change_of_one_figure_leaves_the_others_alone(self) -> None:
        base = ScenarioWorld(load("s1"), 7)
        longer = ScenarioWorld(
            from_text("extends: s1\ncalls: {talk: {lognormal: {mean: 180 s, cv: 0.9}}}"), 7
        )
        pairs = list(zip(fates(base, 0.0), fates(longer, 0.0), strict=True))
        assert all((a.end, a.ends_after, a.wrap_up) == (b.end, b.ends_after, b.wrap_up) for a, b in pairs)
        assert all(b.talk == pytest.approx(2 * a.talk) for a, b in pairs)

    def test_who_answers_at_a_low_rate_answers_at_a_high_one_too(self) -> None:
        before, after = (fates(ScenarioWorld(load("answer-step-up"), 7), at) for at in (0.0, 4 * 3600.0))
        answered = [i for i, fate in enumerate(before) if fate.end is LineEnd.PERSON]
        assert all(after[i].end is LineEnd.PERSON for i in answered)


class TestChanges:
    def test_a_step_with_a_ramp(self) -> None:
        world = ScenarioWorld(load("answer-step-up"), 1)
        rates = [share(fates(world, at), LineEnd.PERSON) for at in (10_799.0, 10_830.0, 10_860.0, 30_000.0)]
        assert rates == pytest.approx([0.3, 0.4, 0.5, 0.5], abs=0.025)

    def test_talks_grow_longer_by_and_by(self) -> None:
        world = ScenarioWorld(load("talk-longer"), 1)
        answered = next(n for n in range(100) if world.fate(n, 0.0).end is LineEnd.PERSON)
        talks = [world.fate(answered, at).talk for at in (0.0, 10_800.0 + 450.0, 20_000.0)]
        assert talks == pytest.approx([talks[0], 1.5 * talks[0], 2 * talks[0]])

    def test_a_change_for_a_while_goes_back(self) -> None:
        world = ScenarioWorld(
            from_text("extends: s1\nchanges: [{at: 1 h, for: 1 h, set: {answered_by_person: 60 %}}]"), 1
        )
        rates = [share(fates(world, at), LineEnd.PERSON) for at in (0.0, 3601.0, 7199.0, 7200.0, 30_000.0)]
        assert rates == pytest.approx([0.3, 0.6, 0.6, 0.3, 0.3], abs=0.025)

    def test_a_change_of_one_class_only(self) -> None:
        text = (
            "extends: s1\nlist: {classes: [{name: a, weight: 0.5}, {name: b, weight: 0.5}]}\n"
            "changes: [{at: 1 h, class: b, set: {answered_by_person: 0.9}}]"
        )
        assert share(fates(ScenarioWorld(from_text(text), 1), 4000.0), LineEnd.PERSON) == pytest.approx(
            0.6, abs=0.025
        )

    def test_the_curve_of_the_day(self) -> None:
        world = ScenarioWorld(load("hour-curve"), 1)
        rates = [share(fates(world, at), LineEnd.PERSON) for at in (0.0, 7650.0, 15_300.0, 30_500.0)]
        assert rates == pytest.approx([0.15, 0.3, 0.45, 0.15], abs=0.025)

    def test_an_outage_takes_every_dial_and_no_line_that_rings(self) -> None:
        world = ScenarioWorld(load("outage-then-flood"), 1)
        assert share(fates(world, 10_900.0), LineEnd.CARRIER_FAILED) == 1.0
        assert max(fate.ends_after for fate in fates(world, 10_900.0)) < 1.0
        assert share(fates(world, 10_795.0), LineEnd.CARRIER_FAILED) == 0.0

    def test_in_a_flood_everybody_answers_at_once(self) -> None:
        world = ScenarioWorld(load("outage-then-flood"), 1)
        drawn = fates(world, 11_110.0)
        assert all(fate.end is LineEnd.PERSON and (fate.answers_after or 9) <= 3.0 for fate in drawn)
        assert min(fate.talk for fate in drawn) > 0

    def test_a_flood_takes_lines_that_ring_as_it_begins(self) -> None:
        world = ScenarioWorld(from_text("extends: s1\nchanges: [{at: 1 h, for: 20 s, carrier: flood}]"), 1)
        usual = ScenarioWorld(load("s1"), 1)
        for n in range(500):
            fate, without = world.fate(n, 3590.0), usual.fate(n, 3590.0)
            if without.ends_after <= 10.0:
                assert fate == without
            else:
                assert fate.end is LineEnd.PERSON
                assert 10.0 <= (fate.answers_after or 0.0) <= 13.0


class TestMachinesAndCarriers:
    def test_shares_and_a_perfect_detector(self) -> None:
        drawn = fates(ScenarioWorld(load("machines-jump"), 1), 0.0)
        assert share(drawn, LineEnd.MACHINE) == pytest.approx(0.2, abs=0.025)
        assert all(fate.taken_for is fate.end for fate in drawn if fate.answers_after is not None)

    def test_no_detector_takes_every_machine_for_a_person(self) -> None:
        drawn = fates(ScenarioWorld(load("machines-jump-undetected"), 1), 0.0)
        assert {fate.taken_for for fate in drawn if fate.end is LineEnd.MACHINE} == {LineEnd.PERSON}

    def test_errors_and_delay_of_a_detector(self) -> None:
        drawn = fates(ScenarioWorld(load("machines-jump-imperfect"), 1), 0.0, 12_000)
        machines = [fate for fate in drawn if fate.end is LineEnd.MACHINE]
        people = [fate for fate in drawn if fate.end is LineEnd.PERSON]
        missed = sum(fate.taken_for is LineEnd.PERSON for fate in machines) / len(machines)
        taken = sum(fate.taken_for is LineEnd.MACHINE for fate in people) / len(people)
        assert (missed, taken) == pytest.approx((0.1, 0.03), abs=0.02)
        assert np.mean([fate.judged_after for fate in people]) == pytest.approx(0.8, abs=0.02)

    def test_failures_and_delays_of_the_carrier(self) -> None:
        text = "extends: s1\ncalls: {failures: 10 %, carrier_delay: 1 s}"
        drawn, usual = (fates(ScenarioWorld(from_text(t), 1), 0.0) for t in (text, "extends: s1"))
        assert share(drawn, LineEnd.CARRIER_FAILED) == pytest.approx(0.1, abs=0.02)
        later = {
            round(a.ends_after - b.ends_after, 9)
            for a, b in zip(drawn, usual, strict=True)
            if a.end is not LineEnd.CARRIER_FAILED
        }
        assert later == {1.0}


class TestSigns:
    def test_announced_lines_are_never_answered(self) -> None:
        drawn = fates(ScenarioWorld(load("signalling"), 1), 0.0)
        shown = Counter(
            (fate.end, fate.signs[0][1] if fate.signs else None, fate.ends_after == 28.0) for fate in drawn
        )
        lost = sum(count for (end, _, _), count in shown.items() if end is LineEnd.NOT_ANSWERED)
        assert shown[LineEnd.NOT_ANSWERED, LineSign.PROGRESS, True] / lost == pytest.approx(0.34, abs=0.025)
        assert shown[LineEnd.PERSON, LineSign.RINGING, False] / (len(drawn) - lost) == pytest.approx(
            0.9, abs=0.02
        )
        assert all(1.0 <= after <= 3.0 for fate in drawn for after, _ in fate.signs)


class TestContacts:
    def test_looks_say_something_of_who_answers(self) -> None:
        world = ScenarioWorld(load("mixed-contacts"), 1)
        rates: dict[str, list[float]] = {}
        for n in range(4096):
            seen = world.contact(n, 0.0)
            assert seen is not None
            rates.setdefault(seen.list_name, []).append(world.answer_probability(n, 0.0))
        means = {name: np.mean(of) for name, of in rates.items()}
        assert means["customers"] > means["requests"] > means["archive"]

    def test_earlier_answers_go_with_the_contact(self) -> None:
        world = ScenarioWorld(load("mixed-contacts"), 1)
        seen = [(world.contact(n, 0.0), world.answer_probability(n, 0.0)) for n in range(4096)]
        told = [(c, p) for c, p in seen if c is not None and c.attempts]
        assert all(c.attempts == c.answered_before + c.not_answered_before for c, _ in told)
        correlation = np.corrcoef([c.answered_before / c.attempts for c, _ in told], [p for _, p in told])[
            0, 1
        ]
        assert correlation > 0.4

    def test_hour_and_weekday_follow_the_clock(self) -> None:
        world = ScenarioWorld(load("s1"), 1)
        seen = [world.contact(0, at) for at in (0.0, 7201.0)]
        assert [each.hour for each in seen if each] == [9, 11]

    def test_a_list_ends_and_is_refilled(self) -> None:
        text = "extends: s1\nlist: {size_per_agent: 2, refill: {every: 1 h, contacts: 5}}"
        world = ScenarioWorld(from_text(text), 1, agents=10)
        assert world.contact(19, 0.0) is not None
        assert world.contact(20, 3599.0) is None
        assert world.contact(24, 3600.0) is not None
        assert world.contact(25, 3600.0) is None

    def test_how_much_the_best_model_could_know(self) -> None:
        assert discrimination(load("mixed-contacts")) == pytest.approx(0.80, abs=0.01)
        assert discrimination(load("s1")) == 0.5

    def test_area_under_the_curve(self) -> None:
        scores, answered = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
        assert area_under_curve(scores, answered) == 0.75


class TestAgents:
    def test_everybody_comes_at_the_start_and_some_are_in_a_call(self) -> None:
        world = ScenarioWorld(load("s1"), 1, agents=500)
        assert [(move.at, move.movement) for move in world.moves] == [(0.0, Movement.COME)] * 500
        assert len(world.busy_at_start) == pytest.approx(400, abs=30)
        # what is left of a talk begun at any moment of its length: half of the mean
        assert np.mean([left for _, left in world.busy_at_start]) == pytest.approx(45.0, rel=0.2)

    def test_half_vanish_and_come_back(self) -> None:
        moves = ScenarioWorld(load("half-vanish-hour"), 1, agents=10).moves
        told = Counter((move.at, move.movement) for move in moves)
        assert told == {
            (0.0, Movement.COME): 10,
            (7200.0, Movement.VANISH): 5,
            (10_800.0, Movement.COME): 5,
            (18_000.0, Movement.VANISH): 5,
            (21_600.0, Movement.COME): 5,
        }

    def test_lunch_one_by_one(self) -> None:
        moves = ScenarioWorld(load("lunch-announced"), 1, agents=11).moves
        leaving = [move for move in moves if move.movement is Movement.LEAVE]
        back = [move for move in moves if move.movement is Movement.COME and move.at > 0]
        assert [move.at for move in leaving] == pytest.approx(np.linspace(10_800, 11_400, 8).tolist())
        assert [move.at for move in back] == pytest.approx(np.linspace(13_500, 14_100, 8).tolist())
        assert all(move.announced for move in leaving)
        assert not any(move.announced for move in ScenarioWorld(load("lunch-unannounced"), 1).moves[50:])

    @pytest.mark.parametrize(
        ("name", "at_start", "at_end"), [("growing-team", 3, 30), ("shrinking-team", 30, 3)]
    )
    def test_teams_that_grow_and_shrink(self, name: str, at_start: int, at_end: int) -> None:
        moves = ScenarioWorld(load(name), 1).moves
        signs = [(move.at, 1 if move.movement is Movement.COME else -1) for move in moves]
        assert sum(sign for at, sign in signs if at == 0) == at_start
        assert sum(sign for _, sign in signs) == at_end
        later = sorted(at for at, _ in signs if at > 0)
        assert np.diff(later).tolist() == pytest.approx([600.0] * 26)

    def test_shifts_scale_with_the_team(self) -> None:
        text = "extends: s1\nagents: {shifts: [{share: 0.4}, {share: 0.6, from: 1 h, until: 2 h}]}"
        moves = ScenarioWorld(from_text(text), 1, agents=10).moves
        told = Counter((move.at, move.movement) for move in moves)
        assert told == {(0.0, Movement.COME): 4, (3600.0, Movement.COME): 6, (7200.0, Movement.LEAVE): 6}
