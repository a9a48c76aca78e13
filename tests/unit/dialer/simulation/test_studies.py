"""Studies: the same days for every rule, the same figures however they are played, a file to go on from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dialer.errors import BadInput
from dialer.simulation import tuning
from dialer.simulation.comparison import compare, row, rows
from dialer.simulation.contenders import contender
from dialer.simulation.scenario_reader import from_text
from dialer.simulation.sizing import Need, need, smallest
from dialer.simulation.study import Floor, Job, Outcome, Study, play
from tests.unit.dialer.simulation.test_statistics import day

pytestmark = pytest.mark.unit

TINY = from_text("extends: s1\nday: 12 min\nwarm_up: 2 min\nagents: {count: 4}", "tiny")


def job(policy: str = "progressive", seed: int = 1, **more: object) -> Job:
    return Job(TINY, 4, policy, {}, seed, floor=Floor.MODEL, **more)  # type: ignore[arg-type]


def without_cpu(outcome: Outcome) -> list[object]:
    return [replace(day, cpu_s=0.0) for day in outcome.days]


class TestPlaying:
    def test_a_seed_gives_the_same_figures_again(self) -> None:
        assert without_cpu(play(job())) == without_cpu(play(job()))
        assert without_cpu(play(job())) != without_cpu(play(job(seed=2)))

    def test_figures_hold_together(self) -> None:
        only = play(job(meter_lines=True)).days[0]
        assert 0.3 < only.occupancy < 0.9
        assert only.paid_s == pytest.approx(4 * 600.0)
        assert only.joined <= only.answered <= only.dials
        assert sum(only.answered_blocks) == only.day_answered >= only.answered
        assert 2 <= only.lines_p99 <= 8

    def test_the_meter_changes_nothing(self) -> None:
        metered = play(job("level", meter_lines=True)).days[0]
        assert replace(metered, cpu_s=0.0, lines_p99=0.0) == without_cpu(play(job("level")))[0]

    def test_days_of_a_seed_are_different_days(self) -> None:
        first, second = play(job(days=2)).days
        assert replace(first, cpu_s=0.0) == without_cpu(play(job()))[0]
        assert first.dials != second.dials or first.talk_s != second.talk_s

    def test_a_rule_that_dials_more_is_compared_on_the_same_days(self) -> None:
        seeds = range(1, 4)
        more = [play(replace(job("level", seed), settings={"level": 1.6})) for seed in seeds]
        assert compare(more, [play(job(seed=seed)) for seed in seeds]).difference.mean > 0

    def test_a_setting_nobody_has_is_refused(self) -> None:
        with pytest.raises(BadInput, match="speed"):
            contender("fairdial", {"speed": 3.0}, TINY, 4, 1)
        with pytest.raises(BadInput, match="day_cap"):
            contender("fairdial", {"day_cap": 0.9}, TINY, 4, 1)
        with pytest.raises(BadInput, match="no policy"):
            contender("fastest", {}, TINY, 4, 1)


class TestFile:
    def test_what_is_there_is_not_played_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        out = tmp_path / "results.jsonl"
        with Study(out, workers=1) as study:
            first = list(study.outcomes([job(seed=1)]))
        played: list[int] = []

        def counted(one: Job) -> Outcome:
            played.append(one.seed)
            return play(one)

        monkeypatch.setattr("dialer.simulation.study.play", counted)
        with Study(out, workers=1) as study:
            again = list(study.outcomes([job(seed=1), job(seed=2)]))
        assert played == [2]
        assert again[0] == first[0]
        assert len(out.read_text("utf-8").splitlines()) == 2

    def test_other_work_has_another_key(self) -> None:
        base = job()
        others = [
            job(seed=2),
            job("level"),
            job(days=2),
            replace(base, agents=5),
            replace(base, floor=Floor.ENGINE),
            replace(base, settings={"level": 1.0}),
            replace(base, scenario=replace(TINY, day_s=721.0)),
        ]
        assert len({each.key for each in [base, *others]}) == 8
        assert base.key == job().key

    def test_a_line_cut_off_is_played_again(self, tmp_path: Path) -> None:
        out = tmp_path / "results.jsonl"
        with Study(out, workers=1) as study:
            list(study.outcomes([job(seed=1), job(seed=2)]))
        whole = out.read_text("utf-8")
        out.write_text(whole[:-40], "utf-8")
        with Study(out, workers=1) as study:
            list(study.outcomes([job(seed=1), job(seed=2)]))
        lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
        assert [line["seed"] for line in lines] == [1, 2]

    @pytest.mark.parametrize("text", ["my diary\n", "{}\n", "my diary", '{"key": "a", "days": [{}]}\n'])
    def test_another_file_is_left_alone(self, tmp_path: Path, text: str) -> None:
        out = tmp_path / "diary.txt"
        out.write_text(text, "utf-8")
        with pytest.raises(BadInput):
            Study(out)
        assert out.read_text("utf-8") == text


class TestTuning:
    def played(self, jobs: Sequence[Job]) -> Iterable[Outcome]:
        """A floor on which 2 more points of occupancy cost 1 % of abandonment; the rule's setting is the occupancy."""
        for each in jobs:
            value = float(next(iter(each.settings.values()), 1.0))
            yield Outcome(each, (day(min(0.5 + 0.02 * value, 1.0), 10_000, min(int(100 * value), 9000)),))

    def test_the_largest_value_within_the_cap_is_found(self) -> None:
        tuned = tuning.tune("super-progressive", job(), 2, self.played)
        assert tuned.best is not None
        assert dict(tuned.best.cell.settings)["per_idle"] == pytest.approx(3.0, abs=0.03)
        assert tuned.on_edge == ()

    def test_it_is_chosen_on_seeds_of_its_own(self) -> None:
        seen: set[int] = set()

        def play(jobs: Sequence[Job]) -> Iterable[Outcome]:
            seen.update(each.seed for each in jobs)
            return self.played(jobs)

        tuning.tune("power", job(), 3, play)
        assert seen == {tuning.FIRST_SEED, tuning.FIRST_SEED + 1, tuning.FIRST_SEED + 2}

    def test_a_sweep_is_widened_beyond_its_edge(self) -> None:
        tuned = tuning.tune("power", job(), 2, lambda jobs: self.scaled(jobs, 0.14))
        assert tuned.best is not None
        assert dict(tuned.best.cell.settings)["lines_per_agent"] == 20.0

    def test_none_within_the_cap(self) -> None:
        tuned = tuning.tune("power", job(), 2, lambda jobs: self.scaled(jobs, 50.0))
        assert tuned.best is None
        assert min(each.abandonment for each in tuned.rows) > 0.03

    def scaled(self, jobs: Sequence[Job], by: float) -> Iterable[Outcome]:
        for each in jobs:
            value = by * float(each.settings["lines_per_agent"])
            yield Outcome(each, (day(min(0.3 + 0.02 * value, 1.0), 10_000, min(int(100 * value), 9000)),))

    def test_a_rule_without_settings_has_one_best(self) -> None:
        tuned = tuning.tune("progressive", job(), 1, self.played)
        assert (tuned.tried, tuned.on_edge) == (1, ())


class TestSizing:
    def of(self, agents: int, occupied: float, abandoned: int = 20) -> Need:
        played = [Outcome(Job(TINY, agents, "fairdial"), (day(occupied, 1000, abandoned),))]
        return need(rows(played)[0], 3600.0)

    def test_the_smallest_team_that_is_busy_enough_within_the_cap(self) -> None:
        needs = [self.of(5, 0.7), self.of(20, 0.88), self.of(10, 0.86), self.of(8, 0.9, abandoned=50)]
        found = smallest(needs, 0.85)
        assert found is not None
        assert found.agents == 10
        assert smallest(needs, 0.95) is None

    def test_contacts_for_the_whole_team_and_day(self) -> None:
        one = self.of(10, 0.8)
        assert one.contacts == round(3400 / (100_000 / 3600) * 10)

    def test_a_row_needs_its_cell(self) -> None:
        played = [play(job(meter_lines=True))]
        found = need(row(rows(played)[0].cell, played), TINY.day_s)
        assert found.agents == 4
        assert found.lines > 0
