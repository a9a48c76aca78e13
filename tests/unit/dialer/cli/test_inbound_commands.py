"""Routes, requests and surveys on the command line."""

import json
from pathlib import Path

import pytest

from ivr.agi.fallback import record
from ivr.agi.fallback import store as leave
from tests.support.fake_store import FakeStore
from tests.support.memory_ivr import interview, reply
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit


@pytest.fixture
def deployed(run: Run, store: FakeStore) -> Run:
    assert run("ivr", "deploy", "main-menu").exit_code == 0
    assert run("ivr", "deploy", "survey").exit_code == 0
    return run


def test_who_answers_and_why(deployed: Run) -> None:
    office = ("--weekdays", "mon-fri", "--hours", "09:00-18:00", "--zone", "America/New_York")
    assert deployed("inbound", "set", "+12025550100", "main-menu", *office).exit_code == 0
    closed = deployed("inbound", "set", "+12025550100", "survey", "--closed", "--zone", "America/New_York")
    assert closed.exit_code == 0
    open_at = deployed("inbound", "test", "+12025550100", "--at", "2026-02-17T15:30")
    assert "main-menu answers" in open_at.stdout
    sunday = deployed("inbound", "test", "+12025550100", "--at", "2026-02-15T15:30")
    assert "closed on Sunday" in sunday.stdout
    assert "Opens 2026-02-16 09:00 EST" in sunday.stdout
    told = json.loads(
        deployed("inbound", "test", "+12025550100", "--at", "2026-02-15T15:30", "--json").stdout
    )
    assert (told["flow"], told["why"], told["closed"]) == ("survey", "weekday", True)
    listed = deployed("inbound", "list").stdout.splitlines()
    assert len(listed) == 3
    assert "nobody answers" in deployed("inbound", "test", "+12025550199").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("12", "survey"), "number"),
        (("+12025550100", "nothing"), "has not been published"),
        (("+12025550100", "survey", "--hours", "9-18"), "hours"),
        (("+12025550100", "survey", "--weekdays", "someday"), "weekdays"),
        (("+12025550100", "survey", "--zone", "Mars/Base"), "zone"),
        (("+12025550100", "survey", "--calendar", "XX"), "calendar"),
        (("+12025550100", "survey", "--on-holiday", "only"), "calendar"),
        (("+12025550100", "survey", "--first", "soon"), "--first"),
        (("+12025550100", "survey", "--closed", "--hours", "09:00-18:00"), "closed"),
        (("+12025550100", "survey", "--priority", "5000"), "priority"),
    ],
)
def test_a_route_that_cannot_be_is_one_clear_line(deployed: Run, words: tuple[str, ...], told: str) -> None:
    done = deployed("inbound", "set", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


@pytest.mark.parametrize("group", [("ivr", "prompts"), ("prompts",)])
def test_flows_in_the_database_count_as_published_for_their_sounds(
    deployed: Run, group: tuple[str, ...]
) -> None:
    checked = json.loads(deployed(*group, "check", "--json").stdout)
    assert {each["flow"] for each in checked} == {"main-menu", "survey"}
    assert deployed(*group, "prune", "--json").exit_code == 0


def test_nothing_is_pruned_while_the_database_is_away(run: Run) -> None:
    assert (
        run("ivr", "publish", "survey").exit_code == 0
    )  # into the folder, which alone would be enough to prune by
    refused = run("ivr", "prompts", "prune", "--remove")
    assert (refused.exit_code, "the database cannot be reached" in refused.stderr) == (1, True)


def test_a_moment_that_is_none(deployed: Run) -> None:
    assert "--at noon" in deployed("inbound", "test", "+12025550100", "--at", "noon").stderr


def test_the_spool_is_taken_and_what_is_bad_is_named(run: Run, store: FakeStore, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    leave(spool, record({"agi_callerid": "1"}, "2025550123", "2026-02-16T09:30:00+00:00"))
    (spool / "bad.json").write_text("{}\n")
    done = run("inbound", "import-spool", str(spool))
    assert done.exit_code == 1
    assert "bad.json, line 1: " in done.stderr
    assert done.stdout == "1 call-backs taken, 0 were known, 1 could not be read\n"
    assert len(store.ivr_requests.spooled) == 1


class TestSurveys:
    def test_results_in_words(self, deployed: Run, store: FakeStore) -> None:
        store.ivr_calls.rows = [interview(nth) for nth in range(3)]
        shown = deployed("survey", "results", "survey").stdout
        assert "3 calls, 3 interviews begun: 3 complete" in shown
        assert "1. Place of purchase\tAsked\t3" in shown
        assert "the county town\t3\t100.0 %" in shown
        assert "call-0-9.wav" in shown

    def test_in_chinese(self, deployed: Run, store: FakeStore, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("FAIRDIAL_LANGUAGE", "zh")
        store.ivr_calls.rows = [interview(0)]
        shown = deployed("survey", "results", "survey").stdout
        assert "号卡市场调查问卷" in shown
        assert "县城" in shown

    def test_a_cross_table(self, deployed: Run, store: FakeStore) -> None:
        store.ivr_calls.rows = [
            interview(0), interview(1, language="en"), interview(2, replies={"q1": reply("other")})
        ]  # fmt: skip
        told = json.loads(deployed("survey", "crosstab", "survey", "q1", "language", "--json").stdout)
        cell = next(each for each in told["cells"] if (each["row"], each["column"]) == ("county_town", "zh"))
        assert (told["n"], cell["n"], cell["percent_of_row"], cell["percent_of_column"]) == (3, 1, 50.0, 50.0)
        wrong = deployed("survey", "crosstab", "survey", "q99", "language")
        assert "has no 'q99'" in wrong.stderr
        assert "own words" in deployed("survey", "crosstab", "survey", "remarks", "day").stderr

    def test_export_into_a_file(self, deployed: Run, store: FakeStore, tmp_path: Path) -> None:
        store.ivr_calls.rows = [interview(nth) for nth in range(3)]
        target = tmp_path / "answers.csv"
        assert deployed("survey", "export", "survey", "-o", str(target)).exit_code == 0
        assert len(target.read_text("utf-8-sig").splitlines()) == 4
        assert deployed("survey", "export", "survey", "-o", str(tmp_path / "a.txt")).exit_code == 1
        assert store.users.actions()["survey.export"] == 1

    def test_a_flow_that_is_not_there(self, deployed: Run) -> None:
        assert "has been published" in deployed("survey", "results", "nothing").stderr

    @pytest.mark.parametrize("words", [("--since", "soon"), ("--version", "xyz"), ("--since", "2027-01-01")])
    def test_what_cannot_be_asked_for(self, deployed: Run, words: tuple[str, ...]) -> None:
        done = deployed("survey", "results", "survey", *words)
        assert done.exit_code == 1
        assert len(done.stderr.splitlines()) == 1
