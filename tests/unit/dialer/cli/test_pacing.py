"""What is told of pacing on the command line, in words and as a picture."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dialer.domain.ids import CampaignId
from dialer.pacing.decision import Binding, PacingDecision
from dialer.ports.pacing import DecisionSample
from tests.support.fake_floor import NOON
from tests.support.fake_store import FakeStore
from tests.support.pacing_samples import an_hour, lesson
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

SPRING = CampaignId(1)


@pytest.fixture
def spring(run: Run, store: FakeStore) -> FakeStore:
    """A running campaign with an hour of decisions."""
    run("campaign", "create", "--name", "spring", "--trunk", "main")
    run("campaign", "start", "spring")
    store.pacing.samples = an_hour(SPRING, NOON)
    return store


class TestExplain:
    def test_it_tells_what_happens_now_and_why(self, run: Run, spring: FakeStore) -> None:
        done = run("pacing", "explain", "--campaign", "spring")
        assert done.exit_code == 0, done.output
        first, now, because, *rest = done.stdout.splitlines()
        assert first == "spring: Running · Predictive"
        assert now == "2026-03-02 14:59:50 UTC: dial 3 — One more line would too probably find nobody free"
        assert because == "  one more line, if answered, finds nobody free with 9 %"
        assert "Lines ringing\t30" in rest
        assert "Risk accepted\t10.11%" in rest

    def test_every_window_comes_with_what_is_left_of_it(self, run: Run, spring: FakeStore) -> None:
        spring.pacing.answered, spring.pacing.abandoned = 80, 3
        lines = run("pacing", "explain", "--campaign", "1").stdout.splitlines()
        (day,) = [line for line in lines if line.startswith("Day\t")]
        assert day == (
            "Day\t2026-03-02 00:00:00 UTC\t2026-03-02 21:00:00 UTC\t80\t3\t3.75%\t3.00%\t-1\t362\t3.40%"
        )
        (half_hour,) = [line for line in lines if line.startswith("Last half-hour\t")]
        assert "fewer than 100 answers: not judged" in half_hour

    def test_only_changes_of_what_was_binding_are_listed(self, run: Run, spring: FakeStore) -> None:
        lines = run("pacing", "explain", "--campaign", "spring").stdout.splitlines()
        heading = lines.index("Time\tDial\tHeld by\tBecause")
        assert [line.split("\t")[2] for line in lines[heading + 1 :]] == [
            "No agents are logged in",
            "No agent is free to dial for",
            "One more line would too probably find nobody free",
            "The trunk takes no more lines",
            "One more line would too probably find nobody free",
            "The abandonment allowance is spent or nearly so",
            "One more line would too probably find nobody free",
        ]

    def test_times_are_in_the_zone_of_the_settings_and_words_in_its_language(
        self, run: Run, spring: FakeStore, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("FAIRDIAL_LANGUAGE", "zh")
        environment.setenv("FAIRDIAL_TIME_ZONE", "Asia/Shanghai")
        told = run("pacing", "explain", "--campaign", "spring").stdout
        assert "2026-03-02 22:59:50 CST：拨出 3 路" in told
        assert "预测拨号" in told
        assert "当日\t2026-03-02 00:00:00 CST" in told

    def test_a_campaign_without_decisions_says_so(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        done = run("pacing", "explain", "--campaign", "spring", "--since", "2d")
        assert done.exit_code == 0
        assert done.stdout.startswith("spring: Draft · Predictive\nNo pacing decision in the last 2d.")

    def test_a_mode_without_forecast_is_told_without_inputs(self, run: Run, spring: FakeStore) -> None:
        plain = PacingDecision(0, "2 free agents, 2 lines out", Binding.NOBODY_FREE)
        spring.pacing.samples = [DecisionSample(SPRING, NOON - timedelta(seconds=5), plain, 3)]
        told = run("pacing", "explain", "--campaign", "spring").stdout
        assert "2 free agents, 2 lines out" in told
        assert "Lines ringing" not in told

    def test_who_answers_is_told_with_how_far_the_model_can_be_believed(
        self, run: Run, spring: FakeStore, environment: pytest.MonkeyPatch
    ) -> None:
        spring.pacing.kept = [lesson(SPRING)]
        told = run("pacing", "explain", "--campaign", "spring").stdout
        assert "Who answers: the model is used" in told
        lines = told.splitlines()
        table = lines[lines.index("Predicted\tLines\tExpected to answer\tAnswered") + 1 :]
        between, _, foreseen, answered = table[0].split("\t")
        assert between == "10% – 20%"
        assert 10 <= float(foreseen.rstrip("%")) <= 20
        assert 0 <= float(answered.rstrip("%")) <= 40
        assert any(line.startswith("List\tcustomers\t× ") for line in lines)
        environment.setenv("FAIRDIAL_LANGUAGE", "zh")
        assert "名单\tcustomers\t× " in run("pacing", "explain", "--campaign", "spring").stdout

    def test_json_is_the_report_of_the_api(self, run: Run, spring: FakeStore) -> None:
        told = json.loads(run("pacing", "explain", "--campaign", "spring", "--json", "--since", "5m").stdout)
        assert len(told["samples"]) == 30
        assert told["latest"] == told["samples"][-1]
        assert [window["kind"] for window in told["windows"]] == ["day", "period", "half_hour"]

    @pytest.mark.parametrize(
        ("words", "blamed"),
        [
            (("--since", "an hour"), "since"),
            (("--since", "0h"), "since"),
            (("--plot", "chart.gif"), ".svg"),
            (("--plot", "no/such/folder/chart.png"), "cannot write"),
            (("--campaign", "winter"), "winter"),
        ],
    )
    def test_what_cannot_be_is_one_clear_line(
        self, run: Run, spring: FakeStore, words: tuple[str, ...], blamed: str
    ) -> None:
        done = run("pacing", "explain", "--campaign", "spring", *words)
        assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
        assert blamed in done.stderr


class TestChart:
    @pytest.mark.parametrize(("file", "begins"), [("chart.png", b"\x89PNG"), ("chart.svg", b"<?xml")])
    def test_it_is_drawn(self, run: Run, spring: FakeStore, file: str, begins: bytes) -> None:
        done = run("pacing", "explain", "--campaign", "spring", "--plot", file)
        assert done.exit_code == 0, done.output
        assert f"Chart written to {file}" in done.stdout
        assert Path(file).read_bytes().startswith(begins)

    def test_missing_samples_and_unlimited_windows_do_not_stop_it(self, run: Run, spring: FakeStore) -> None:
        spring.pacing.samples = spring.pacing.samples[:50] + spring.pacing.samples[200:201]
        first = spring.pacing.samples[0]
        assert first.decision.inputs is not None
        bare = replace(first.decision.inputs, windows=(), risk=float("nan"), promised=float("inf"))
        spring.pacing.samples[0] = replace(first, decision=replace(first.decision, inputs=bare))
        done = run("pacing", "explain", "--campaign", "spring", "--plot", "chart.svg", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["name"] == "spring"

    def test_a_chinese_one_has_chinese_words_or_english_ones(
        self, run: Run, spring: FakeStore, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("FAIRDIAL_LANGUAGE", "zh")
        assert run("pacing", "explain", "--campaign", "spring", "--plot", "c.png").exit_code == 0

    def test_nothing_to_draw_is_said(self, run: Run, store: FakeStore) -> None:
        run("campaign", "create", "--name", "spring", "--trunk", "main")
        done = run("pacing", "explain", "--campaign", "spring", "--plot", "chart.png")
        assert (done.exit_code, "nothing to draw" in done.stderr) == (1, True)
        assert not Path("chart.png").exists()


class TestStatus:
    def test_every_running_campaign_has_a_line(self, run: Run, spring: FakeStore) -> None:
        for name in ("summer", "autumn"):
            run("campaign", "create", "--name", name, "--trunk", "main", "--mode", "progressive")
        run("campaign", "start", "summer")
        _, first, second = run("pacing", "status").stdout.splitlines()
        assert first.split("\t") == [
            "spring",
            "Predictive",
            "2026-03-02 14:59:50 UTC",
            "One more line would too probably find nobody free",
            *("3", "30", "0", "11.32%", "10.11%", "3 / 200 (1.50%)", "3"),
        ]
        assert second.startswith("summer\tProgressive\t\tNo decision in the last 5 minutes")
        assert len(json.loads(run("pacing", "status", "--json").stdout)) == 2

    def test_that_nothing_runs_is_said(self, run: Run, store: FakeStore) -> None:
        assert run("pacing", "status").stdout.startswith("No campaign is running.")
