"""fairdial simulate: what the options mean, what is written, and one clear line for every refusal."""

import json
from pathlib import Path

import pytest

from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

TINY = "extends: s1\nday: 8 min\nwarm_up: 1 min\nagents: {count: 3}\n"
QUICK = ("--scenario", "tiny.yaml", "--floor", "model", "--workers", "1")


@pytest.fixture(autouse=True)
def tiny(environment: pytest.MonkeyPatch) -> None:
    Path("tiny.yaml").write_text(TINY, "utf-8")


def table(text: str, place: int = 0) -> list[dict[str, str]]:
    lines = [line.split("\t") for line in text.split("\n\n")[place].splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def test_without_anything_it_explains_itself(run: Run) -> None:
    done = run("simulate")
    assert done.exit_code == 0
    for word in ("--scenario", "tune", "size", "list"):
        assert word in done.output


def test_a_study(run: Run) -> None:
    done = run(
        "simulate", *QUICK, "--policy", "progressive,level", "--set", "level.level=0.8,1.2", "--seeds", "3"
    )
    assert done.exit_code == 0, done.output
    main = table(done.stdout)
    assert [row["Policy"] for row in main] == ["progressive", "level level=0.8", "level level=1.2"]
    assert {row["Seeds"] for row in main} == {"3"}
    occupancy = [float(row["Occupancy %"].split(" ± ")[0]) for row in main]
    assert occupancy[1] < occupancy[2]
    against = table(done.stdout, 2)
    assert [row["Against"] for row in against] == ["level level=0.8", "level level=1.2"]
    assert {row["Verdict"] for row in against} <= {"win", "loss", "tie"}


def test_the_same_study_gives_the_same_table(run: Run) -> None:
    words = ("simulate", *QUICK, "--policy", "progressive", "--seeds", "2")
    assert table(run(*words).stdout) == table(run(*words).stdout)


def test_several_teams(run: Run) -> None:
    done = run("simulate", *QUICK, "--policy", "progressive", "--seeds", "1", "--agents", "2,4")
    assert [row["Agents"] for row in table(done.stdout)] == ["2", "4"]


def test_on_the_service_s_own_engine(run: Run) -> None:
    done = run(
        "simulate", "--scenario", "tiny.yaml", "--workers", "1", "--policy", "progressive", "--seeds", "1"
    )
    assert done.exit_code == 0, done.output
    assert table(done.stdout, 1)[0]["Dropped before 15 s"] == "0"


def test_json_results_and_a_picture(run: Run) -> None:
    done = run(
        *("simulate", *QUICK, "--policy", "progressive", "--seeds", "2"),
        *("--json", "figures.json", "--out", "results.jsonl", "--plot", "picture.svg"),
    )
    assert done.exit_code == 0, done.output
    document = json.loads(Path("figures.json").read_text("utf-8"))
    assert document["rows"][0]["policy"] == "progressive"
    assert document["rows"][0]["seeds"] == 2
    assert len(Path("results.jsonl").read_text("utf-8").splitlines()) == 2
    assert "<svg" in Path("picture.svg").read_text("utf-8")


def test_json_to_the_terminal(run: Run) -> None:
    done = run("simulate", *QUICK, "--policy", "progressive", "--seeds", "1", "--json", "-")
    assert json.loads(done.stdout)["rows"][0]["agents"] == 3


def test_tables_are_in_chinese_too(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FAIRDIAL_LANGUAGE", "zh")
    done = run("simulate", *QUICK, "--policy", "progressive", "--seeds", "1")
    assert "座席占用率 %" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--policy", "fastest"), 'no policy "fastest"'),
        (("--policy", ","), "nothing named"),
        (("--agents", "ten"), "'ten' is not a team size"),
        (("--agents", "0"), "from 1 to 5000"),
        (("--set", "level"), "write policy.setting=value"),
        (("--set", "level.level=1"), "'level' is none of the policies here"),
        (("--set", "progressive.speed=1"), 'no setting "speed"'),
        (("--plot", "picture.bmp"), "ends in .png or .svg"),
        (("--plot", "nowhere/picture.png"), "no folder nowhere"),
        (("--json", "nowhere/figures.json"), "no folder nowhere"),
        (("--out", "tiny.yaml"), "not a result of this simulator"),
        (("--scenario", "nowhere.yaml"), "no scenario 'nowhere.yaml'"),
    ],
)
def test_a_wrong_option_is_one_clear_line(run: Run, words: tuple[str, ...], said: str) -> None:
    base = ("simulate", *QUICK) if "--policy" in words else ("simulate", *QUICK, "--policy", "progressive")
    done = run(*base, "--seeds", "1", *words)
    assert done.exit_code == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_mistake_in_the_file_is_named_with_its_line(run: Run) -> None:
    Path("tiny.yaml").write_text("extends: s1\nday: 90\n", "utf-8")
    done = run("simulate", *QUICK)
    assert done.exit_code == 1
    assert done.stderr == "fairdial: tiny.yaml:2: day: '90' is not a time: say 90 s\n"


def test_the_list(run: Run) -> None:
    done = run("simulate", "list")
    assert done.exit_code == 0
    assert {"s1", "mixed-contacts"} <= {row["Scenario"] for row in table(done.stdout)}
    policies = {row["Policy"]: row["Settings"] for row in table(done.stdout, 1)}
    assert policies["level"] == "level"
    document = json.loads(run("simulate", "list", "--json").stdout)
    assert {each["name"] for each in document["policies"]} == set(policies)


def test_every_policy_is_described(run: Run) -> None:
    assert all(row["What it is"] != row["Policy"] for row in table(run("simulate", "list").stdout, 1))


def test_tuning(run: Run) -> None:
    done = run("simulate", "tune", *QUICK, "--policy", "issabel", "--seeds", "1", "--report-seeds", "2")
    assert done.exit_code == 0, done.output
    tuned = table(done.stdout)[0]
    assert tuned["Policy"].startswith("issabel over_commit=")
    assert float(tuned["Abandoned %"]) <= 3.0
    assert "--set issabel.threshold=" in done.stdout


def test_sizing(run: Run) -> None:
    done = run(
        "simulate",
        "size",
        *QUICK,
        "--policy",
        "progressive",
        "--agents",
        "2,4",
        "--seeds",
        "1",
        "--occupancy",
        "30 %",
    )
    assert done.exit_code == 0, done.output
    assert [row["Agents"] for row in table(done.stdout)] == ["2", "4"]
    assert "For 30 % occupancy: 2 agents" in done.stdout


def test_a_size_nobody_reaches(run: Run) -> None:
    words = ("simulate", "size", *QUICK, "--policy", "progressive", "--agents", "2", "--seeds", "1")
    assert "No team up to 2 agents reaches 99 %" in run(*words, "--occupancy", "0.99").stdout
    assert "say 85 %" in run(*words, "--occupancy", "85").stderr
