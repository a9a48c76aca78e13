"""The pacing benchmark: fair to rivals, taken up again where it stopped, and honest about what was not run."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dialer.errors import BadInput
from dialer.pacing.pacer import Room
from dialer.simulation.bench import markdown, playing
from dialer.simulation.bench.__main__ import main
from dialer.simulation.bench.contest import Chosen, Contest, hold
from dialer.simulation.bench.decision_cost import _BEGINS, _CAMPAIGN, FLOORS, busy_floor, decision_costs
from dialer.simulation.bench.document import document
from dialer.simulation.bench.plan import RIVALS, Case, Plan, shocks_named
from dialer.simulation.bench.playing import Stage, fingerprint
from dialer.simulation.policies import registry
from dialer.simulation.scenario_reader import from_text
from dialer.simulation.study import Job, Outcome
from dialer.simulation.tuning import FIRST_SEED
from tests.unit.dialer.simulation.test_statistics import day

pytestmark = pytest.mark.unit

TINY = "extends: s1\nday: 10 min\nwarm_up: 2 min\nagents: {count: 4}\n"
CASE = Case(from_text(TINY, "tiny"), 4)
PLAN = Plan([4], ["s1"], [], ["progressive", "level"], seeds=3, tuning_seeds=1)
ABOUT = {"at": "2026-01-05", "cores": 2, "python": "3.11"}


def occupied(job: Job) -> Outcome:
    """`level` occupies and abandons more the higher it is, `progressive` neither."""
    level = float(job.settings.get("level", 1.0)) if job.policy == "level" else 0.8
    luck = 0.001 * (job.seed % 7)
    ours = 0.02 * (job.policy == "fairdial")
    return Outcome(job, (day(0.5 + 0.2 * level + luck + ours, 1000, round(20 * level)),))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Days that take no time, in the order in which they were played."""
    jobs: list[Job] = []

    def play(job: Job) -> Outcome:
        jobs.append(job)
        return occupied(job)

    monkeypatch.setattr("dialer.simulation.study.play", play)
    return jobs


def held(folder: Path, plan: Plan = PLAN, minutes: float | None = None) -> Contest:
    with Stage(folder, minutes, workers=1) as stage:
        return hold(CASE, plan, stage)


def rules(contest: Contest) -> list[tuple[str, Chosen]]:
    return [(each.row.cell.policy, each.chosen) for each in contest.entries]


class TestContest:
    def test_a_rival_is_played_as_it_comes_as_tuned_and_on_both_sides_of_that(
        self, tmp_path: Path, played: list[Job]
    ) -> None:
        contest = held(tmp_path)
        assert rules(contest) == [
            ("fairdial", Chosen.OURS),
            ("progressive", Chosen.DEFAULT),
            *(("level", how) for how in (Chosen.DEFAULT, Chosen.TUNED, Chosen.NEIGHBOUR, Chosen.NEIGHBOUR)),
        ]
        tuned, calmer, bolder = (dict(each.row.cell.settings)["level"] for each in contest.entries[3:])
        assert float(calmer) < float(tuned) < float(bolder)
        assert not contest.not_run

    def test_it_is_tuned_on_other_seeds_and_ours_is_never_tuned(
        self, tmp_path: Path, played: list[Job]
    ) -> None:
        held(tmp_path)
        ours = [job for job in played if job.policy == "fairdial"]
        assert [(job.seed, dict(job.settings)) for job in ours] == [(1, {}), (2, {}), (3, {})]
        seeds = {job.seed for job in played if job.policy == "level"}
        assert seeds == {1, 2, 3, FIRST_SEED}

    def test_the_verdict_is_over_the_busiest_setting_within_the_cap(
        self, tmp_path: Path, played: list[Job]
    ) -> None:
        contest = held(tmp_path)
        level = [each for each in contest.entries if each.row.cell.policy == "level"]
        (best,) = [each for each in level if each.best]
        within = [each for each in level if not each.row.over_cap]
        assert best.row.occupancy.mean == max(each.row.occupancy.mean for each in within)
        assert any(each.row.over_cap for each in level)
        assert best.against is not None
        assert best.against.verdict == "loss"
        assert contest.entries[1].against is not None
        assert contest.entries[1].against.verdict == "win"

    def test_where_no_setting_holds_the_cap_the_nearest_is_reported(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dialer.simulation.study.play", lambda job: Outcome(job, (day(0.9, 1000, 100),)))
        contest = held(tmp_path)
        assert contest.searches[0].within_cap is False
        assert [how for _, how in rules(contest)][-1] is Chosen.TUNED
        assert [each.best for each in contest.entries[2:]] == [False, True]


class TestGoingOn:
    def test_what_was_played_is_not_played_again(self, tmp_path: Path, played: list[Job]) -> None:
        first = held(tmp_path)
        count = len(played)
        assert held(tmp_path).entries == first.entries
        assert len(played) == count
        held(tmp_path, Plan([4], ["s1"], [], ["progressive"], seeds=5))
        assert [(job.policy, job.seed) for job in played[count:]] == [
            (policy, seed) for policy in ("fairdial", "progressive") for seed in (4, 5)
        ]

    def test_what_the_time_did_not_allow_is_named(self, tmp_path: Path, played: list[Job]) -> None:
        assert held(tmp_path, minutes=-1.0).not_run == ["fairdial", "progressive", "level"]
        assert not played
        held(tmp_path, Plan([4], ["s1"], [], ["progressive"], seeds=3))
        text = markdown.written(written(held(tmp_path, minutes=-1.0)))
        assert "- tiny, 4 agents: level" in text

    def test_new_rules_are_played_anew_and_rivals_only_for_their_own_changes(self, tmp_path: Path) -> None:
        root = tmp_path / "dialer"
        for name in ("simulation/a.py", "simulation/bench/b.py", "pacing/own.py", "pacing/pacer.py"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("x = 1")
        parts = {"ours": ("simulation", "pacing"), "rivals": ("simulation", "pacing/pacer.py")}

        def prints() -> dict[str, str]:
            return {name: fingerprint(of, root) for name, of in parts.items()}

        before = prints()
        (root / "simulation/bench/b.py").write_text("x = 2")
        assert prints() == before
        (root / "pacing/own.py").write_text("x = 2")
        assert [prints()[name] == before[name] for name in parts] == [False, True]
        (root / "simulation/a.py").write_text("x = 2")
        assert [prints()[name] == before[name] for name in parts] == [False, False]

    def test_the_files_of_everybody_are_there(self) -> None:
        for part in playing._EVERYBODYS:
            assert (playing._ROOT / part).exists(), part

    def test_what_the_quick_floor_takes_from_the_domain_is_in_the_fingerprint(self) -> None:
        quick = [
            *(playing._ROOT / "pacing").glob("*.py"),
            *(playing._ROOT / "simulation/policies").glob("*.py"),
        ]
        quick += [
            playing._ROOT / "simulation" / f"{name}.py" for name in ("model_floor", "world", "fate", "draws")
        ]
        used = {
            name
            for file in quick
            for name in re.findall(r"from dialer\.domain\.(\w+)", file.read_text("utf-8"))
        }
        assert used <= set(playing._DOMAIN)


class TestPlan:
    def test_the_reduced_sweep_is_part_of_the_full_one(self) -> None:
        few = PLAN.sweep("vicidial-hard-limit") or []
        full = registry.grid("vicidial-hard-limit")
        kept = [dict(each) for each in full]
        assert 18 <= len(few) < len(full) / 10
        assert all({**each, "intensity": 0.0} in kept for each in few)
        assert Plan([4], [], [], [], full_sweeps=True).sweep("vicidial-hard-limit") is None
        assert PLAN.sweep("level") is None

    def test_floors_in_order_and_who_is_not_for_them(self) -> None:
        plan = Plan([20, 5], ["s1", "s2"], ["growing-team"], RIVALS, shock_agents=None)
        assert [(case.scenario.name, case.agents) for case in plan.cases()] == [
            ("s1", 5), ("s2", 5), ("s1", 20), ("s2", 20), ("growing-team", 30)
        ]  # fmt: skip
        assert plan.left_out("memoryless", Case(CASE.scenario, 21))
        assert not plan.left_out("memoryless", Case(CASE.scenario, 20))

    def test_shocks(self) -> None:
        assert shocks_named("none") == []
        assert {"outage-then-flood", "list-change"} <= set(shocks_named("all"))
        assert not {"s1", "s2", "s3"} & set(shocks_named("all"))

    @pytest.mark.parametrize("policies", [["fastest"], ["fairdial"]])
    def test_a_plan_that_cannot_be_is_refused(self, policies: Sequence[str]) -> None:
        with pytest.raises(BadInput, match=r"no policy|always played"):
            Plan([4], ["s1"], [], policies)


def written(*contests: Contest) -> dict[str, Any]:
    whole = document(PLAN, contests, None, ABOUT)
    copy: dict[str, Any] = json.loads(json.dumps(whole, allow_nan=False))
    return copy


class TestTables:
    def test_the_tables_say_what_was_found(self, tmp_path: Path, played: list[Job]) -> None:
        text = markdown.written(written(held(tmp_path)))
        assert "### tiny, 4 agents" in text
        (progressive,) = [
            line for line in text.splitlines() if line.startswith("| **progressive** | default")
        ]
        assert "| win | 48 / 3000 | 1.60 |" in progressive
        assert "| progressive | 1 | 0 | 0 | 0 |" in text
        assert "| level | 0 | 0 | 1 | 0 |" in text
        widths = {line.count("|") for line in text.splitlines() if line.startswith(("| Rule", "| **"))}
        assert widths == {16}

    def test_one_seed_says_nothing_about_width(self, tmp_path: Path, played: list[Job]) -> None:
        text = markdown.written(written(held(tmp_path, Plan([4], ["s1"], [], ["progressive"], seeds=1))))
        assert "inf" not in text
        assert "±" not in text.partition("### tiny")[2]


def test_the_floor_of_the_decision_cost_is_what_it_says() -> None:
    for agents, lines in FLOORS[:2]:
        floor = busy_floor(agents, lines)
        inputs = floor.decide(_CAMPAIGN, Room(1000), 100.0, _BEGINS).inputs
        assert inputs is not None
        assert (inputs.ready, inputs.ringing) == (3, lines)
        assert inputs.ready + inputs.on_call + inputs.wrap_up == agents
    assert all(0 < cost.quiet_us <= cost.median_us <= cost.p90_us for cost in decision_costs(rounds=20))


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    words = (
        *(
            "--scenarios",
            str(tmp_path / "tiny.yaml"),
            "--teams",
            "3",
            "--policies",
            "progressive",
            "--seeds",
            "2",
        ),
        *("--workers", "1", "--no-decision-cost", "--results", str(tmp_path / "days")),
        *("--json", str(tmp_path / "out/pacing.json"), "--markdown", str(tmp_path / "pacing.md")),
    )
    assert main(words) == 0
    found = json.loads((tmp_path / "out/pacing.json").read_text())
    (case,) = found["cases"]
    assert [entry["policy"] for entry in case["entries"]] == ["fairdial", "progressive"]
    assert found["not_run"] == []
    assert (tmp_path / "pacing.md").read_text() in capsys.readouterr().out
    assert main(["--teams", "many"]) == 1
    assert "teams" in capsys.readouterr().err
