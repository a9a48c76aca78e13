"""fairdial report: what a supervisor reads, and what a regulator is given."""

import csv
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialer.compliance.abandonment_classes import AnsweredBy
from tests.support.fake_ledger import attempt
from tests.support.fake_store import FakeStore
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

MORNING = datetime(2026, 3, 2, 10, tzinfo=UTC)
US = ("--profile", "us_ftc_tsr", "--profile", "us_fcc_tcpa")


@pytest.fixture
def spring(run: Run, store: FakeStore) -> FakeStore:
    """A running campaign with 97 answers joined in time, one joined 1 ms late, and two that left without an agent."""
    run("campaign", "create", "--name", "spring", "--trunk", "main")
    run("campaign", "start", "spring")
    for nth in range(97):
        store.ledger.answer(MORNING + timedelta(minutes=nth))
    store.ledger.answer(MORNING, 2.001)
    store.ledger.answer(MORNING, None, 5.0, message_at=MORNING + timedelta(seconds=1.9))
    store.ledger.answer(MORNING, None, 2.5)
    store.pacing.answered, store.pacing.abandoned = 100, 2
    return store


def cells(output: str, profile: str) -> list[list[str]]:
    rows = [line.split("\t") for line in output.splitlines()]
    return [row for row in rows if row[0] == profile and len(row) > 5]


def test_every_profile_has_its_windows_with_rate_limit_and_verdict(run: Run, spring: FakeStore) -> None:
    done = run("report", "abandonment", "--campaign", "spring", "--from", "2026-03-01", *US)
    assert done.exit_code == 0, done.output
    (ftc,) = cells(done.stdout, "us_ftc_tsr")
    assert (ftc[1], ftc[4:9]) == ("block-1", ["3", "100", "3.00 %", "3.00 %", "within"])
    assert (ftc[9], "16 CFR 310.4" in ftc[10]) == ("0", True)
    day, period = cells(done.stdout, "Own caps")
    assert (day[1], period[1]) == ("2026-03-02", "block-1")
    assert "us_fcc_tcpa, block-1: no message was played: 2" in done.stdout
    assert "2026-03-02: pacing's quick count says 2 of 100" in done.stdout


def test_one_more_lost_is_over_and_never_shown_as_the_limit(run: Run, spring: FakeStore) -> None:
    spring.ledger.answer(MORNING, None, 2.5)
    for nth in range(32):
        spring.ledger.answer(MORNING + timedelta(seconds=nth))
    done = run("report", "abandonment", "--campaign", "spring", *US[:2], "--from", "2026-03-01")
    (ftc,) = cells(done.stdout, "us_ftc_tsr")
    assert ftc[4:9] == ["4", "133", "3.01 %", "3.00 %", "OVER"]
    assert "133 live answers, OVER" in done.stdout


def test_without_a_choice_it_is_what_the_list_reaches(run: Run, spring: FakeStore) -> None:
    told = run("report", "abandonment", "--campaign", "spring", "--from", "2026-03-01").stdout
    assert cells(told, "us_ftc_tsr")
    assert cells(told, "us_fcc_tcpa")
    assert not cells(told, "uk_ofcom_2017")


def test_false_positives_are_estimated_from_what_was_heard(run: Run, spring: FakeStore) -> None:
    for heard in (AnsweredBy.PERSON, AnsweredBy.MACHINE, AnsweredBy.MACHINE, AnsweredBy.MACHINE, None, None):
        spring.ledger.answer(MORNING, None, 3.0, verdict=AnsweredBy.MACHINE, reviewed=heard)
    told = run("report", "abandonment", "--campaign", "spring", "--from", "2026-03-01", *US[:2]).stdout
    (ftc,) = cells(told, "us_ftc_tsr")
    assert ftc[4:6] == [
        "4 (4.50)",
        "101 (101.50)",
    ]  # a quarter of two unheard ones besides the one that was heard
    assert "Machine verdicts heard: 4, of which people: 1" in told


def test_the_law_of_another_day_makes_another_report_of_the_same_calls(run: Run, spring: FakeStore) -> None:
    then = run("report", "abandonment", "--campaign", "spring", "--from", "2026-03-01",
               "--profile", "uk_ofcom_2010", "--rules-as-of", "2016-06-01").stdout  # fmt: skip
    assert [row[1] for row in cells(then, "uk_ofcom_2010")] == ["2026-03-02"]
    assert [row[1] for row in cells(then, "uk_ofcom_2010 (all campaigns)")] == ["2026-03-02"]
    now = run("report", "abandonment", "--campaign", "spring", "--from", "2026-03-01",
              "--profile", "uk_ofcom_2010").stdout  # fmt: skip
    assert not cells(now, "uk_ofcom_2010")  # superseded in 2017


def test_the_csv_evidence_has_a_row_for_each_answer_and_is_sealed(
    run: Run, spring: FakeStore, tmp_path: Path
) -> None:
    file = tmp_path / "evidence.csv"
    done = run(
        "report", "abandonment", "--campaign", "spring", "--from", "2026-03-01", "--csv", str(file), *US
    )
    assert done.exit_code == 0, done.output
    head, _, rows = file.read_bytes().partition(b"\nattempt,")
    rows = b"attempt," + rows
    known = dict(line[2:].split(": ", 1) for line in head.decode().splitlines())
    assert known["campaign"] == "1 spring"
    assert known["sha256"] == hashlib.sha256(rows).hexdigest()
    assert len(known["rulebook_sha256"]) == 64
    found = list(csv.DictReader(io.StringIO(rows.decode())))
    assert len(found) == 100 == int(known["live_answers"])
    late = next(row for row in found if row["attempt"] == str(attempt(98)))
    assert (late["number"], late["us_ftc_tsr:class"]) == ("+12025550098", "abandoned")
    assert late["us_ftc_tsr:because"] == "joined too late, 2.001 s after the answer (limit 2.000 s)"
    assert late["agent_joined"] == "2026-03-02T10:00:02.001+00:00"
    assert {row["us_fcc_tcpa:violations"] for row in found} == {"", "message_missing"}
    assert not list(tmp_path.glob(".*new"))


def test_the_json_evidence_holds_windows_and_answers(run: Run, spring: FakeStore, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    run("report", "abandonment", "--campaign", "spring", "--from", "2026-03-01", "--json", str(file), *US[:2])
    told = json.loads(file.read_text())
    lines = [
        json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        for row in told["live_answers"]
    ]
    assert (
        told["head"]["sha256"] == hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    )
    assert [window["verdict"] for window in told["windows"] if window["profile"] == "us_ftc_tsr"] == ["pass"]
    assert len(told["live_answers"]) == 100


def test_chinese_words(run: Run, spring: FakeStore, environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("FAIRDIAL_LANGUAGE", "zh")
    file = tmp_path / "evidence.csv"
    done = run(
        "report", "abandonment", "--campaign", "spring", "--from", "2026-03-01", "--csv", str(file), *US
    )
    assert "未超限" in done.stdout
    assert "过晚" in file.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--from", "March"), "must be a day"),
        (("--from", "2026-03-02", "--to", "2026-02-01"), "since must come before"),
        (("--profile", "us_nothing"), "there is no profile"),
        (("--csv", "evidence.txt"), "must end in .csv"),
        (("--csv", "/nowhere/evidence.csv"), "cannot write"),
    ],
)
def test_what_cannot_be_reported_is_said(
    run: Run, spring: FakeStore, words: tuple[str, ...], complaint: str
) -> None:
    done = run("report", "abandonment", "--campaign", "spring", *words)
    assert (done.exit_code, complaint in done.stderr) == (1, True), done.stderr


def test_machine_verdicts_are_heard_and_kept(run: Run, spring: FakeStore) -> None:
    spring.ledger.answer(MORNING, None, 3.0, verdict=AnsweredBy.MACHINE)
    which = str(attempt(len(spring.ledger.rows)))
    assert which in run("report", "review", "--campaign", "spring").stdout
    done = run("report", "review", "--attempt", which, "--heard", "person", "--note", "says hello")
    assert (done.exit_code, done.stdout) == (0, "Review kept.\n")
    (kept,) = spring.ledger.reviews.values()
    assert (kept.answered_by, kept.note, kept.by.startswith("cli:")) == (
        AnsweredBy.PERSON,
        "says hello",
        True,
    )
    assert run("report", "review").exit_code == 1
