"""fairdial rules: the law in words of both languages, what it comes to, and cases asked of it."""

import json
from pathlib import Path

import pytest

from dialer.cli.rule_words import RuleWords
from dialer.compliance.profile import CapKey, CapWindow, Evidence, MessagePart, Nature, RecordKind
from dialer.compliance.refusal import RefusalReason
from dialer.domain.campaign_rules import CallPurpose
from dialer.words import LANGUAGES, catalogue
from tests.support.rules import shipped
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

CASE = (
    "schema_version: 1\ncases:\n"
    "  - id: A1\n    kind: hours_check\n    profile: [us_fl]\n"
    '    given: {at: "2026-07-15T19:59:59-04:00", zones: [America/New_York]}\n'
    "    expect: {allowed: true}\n"
)


def test_every_profile_is_listed(run: Run) -> None:
    done = run("rules", "list", "--on", "2017-02-28")
    assert done.exit_code == 0, done.output
    lines = {line.split("\t")[0]: line.split("\t") for line in done.stdout.splitlines()}
    assert set(shipped().profiles) <= set(lines)
    assert lines["uk_ofcom_2010"][4] == "yes"
    assert lines["uk_ofcom_2017"][4] == "no"
    assert "reported" in lines["us_ri"][5]
    assert shipped().fingerprint[:12] in done.stdout


def test_the_list_for_programs(run: Run) -> None:
    listed = json.loads(run("rules", "list", "--json").stdout)
    assert listed["version"] == shipped().fingerprint
    assert {each["id"] for each in listed["profiles"]} == set(shipped().profiles)


def test_a_day_that_is_none(run: Run) -> None:
    done = run("rules", "list", "--on", "tomorrow")
    assert done.exit_code == 1
    assert "say 2026-01-31" in done.stderr


def test_every_figure_with_citation_and_evidence(run: Run) -> None:
    done = run("rules", "show", "us_ftc_tsr")
    assert "15 s or 4 rings\t16 CFR 310.4(b)(4)(ii)\tverified" in done.stdout
    assert "no legal advice" in done.stdout
    shown = json.loads(run("rules", "show", "us_ftc_tsr", "--json").stdout)
    assert shown["profile"]["ring"]["least_ms"] == 15_000


def test_in_chinese(run: Run, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FAIRDIAL_LANGUAGE", "zh")
    done = run("rules", "show", "uk_ofcom_2010")
    assert "15 秒" in done.stdout
    assert "已核实" in done.stdout


@pytest.mark.parametrize("which", shipped().profiles)
def test_every_profile_can_be_shown_in_both_languages(which: str) -> None:
    profile = shipped().profile(which)
    for language in LANGUAGES:
        words = RuleWords(language)
        shown = list(words.figures(profile))
        assert shown
        assert all(f"rule.{figure.rule}" in catalogue(language) for figure in shown)
        assert all("{" not in figure.words for figure in shown)


def test_there_are_words_for_everything() -> None:
    for group, values in (
        ("nature", Nature),
        ("evidence", Evidence),
        ("purpose", CallPurpose),
        ("refusal", RefusalReason),
        ("span", CapWindow),
        ("per", CapKey),
        ("part", MessagePart),
        ("record", RecordKind),
    ):
        assert {f"{group}.{value.value}" for value in values} <= set(catalogue("en"))
    since = {rule.since for each in shipped().profiles.values() for rule in each.retention}
    assert {f"since.{each}" for each in since} <= set(catalogue("en"))


def test_an_unknown_profile(run: Run) -> None:
    done = run("rules", "show", "us_xx")
    assert done.exit_code == 1
    assert "fairdial rules list" in done.stderr


class TestExplain:
    def test_a_number_in_florida(self, run: Run) -> None:
        done = run("rules", "explain", "--number", "+13055550123", "--at", "2026-07-15T20:30-04:00")
        assert "+13055550123: US (FL); time zones America/New_York" in done.stdout
        for row in (
            "us_fl\tFlorida\tUS · FL · sales",
            "at most 3 attempts in any 24 hours, per person and subject\tus_fl",
        ):
            assert row in done.stdout
        assert "Closed now: outside calling hours (us_fl, Fla. Stat. 501.616(6))" in done.stdout
        assert "Next opening: 2026-07-16 12:00:00 UTC" in done.stdout

    def test_open_and_closed_for_programs(self, run: Run) -> None:
        at = ("--at", "2026-07-15T12:00-04:00", "--json")
        found = json.loads(run("rules", "explain", "--number", "+13055550123", *at).stdout)
        assert found["open"] is True
        assert found["combined"]["max_abandon_bp"] == 300
        assert [each["id"] for each in found["profiles"]] == [
            "project_default",
            "us_ftc_tsr",
            "us_fcc_tcpa",
            "us_fl",
        ]

    def test_an_address_in_another_state(self, run: Run) -> None:
        found = json.loads(
            run("rules", "explain", "--number", "+13055550123", "--state", "ri", "--json").stdout
        )
        assert found["place"]["states"] == ["FL", "RI"]

    def test_a_purpose(self, run: Run) -> None:
        done = run("rules", "explain", "--number", "+13055550123", "--purpose", "collection", "--json")
        assert [each["id"] for each in json.loads(done.stdout)["profiles"]] == ["project_default", "us_regf"]

    def test_a_country_without_rules_and_codes_that_nobody_named(self, run: Run) -> None:
        assert "No rules are known" in run("rules", "explain", "--number", "+81312345678").stdout
        assert "uk_dma_hours" in run("rules", "explain", "--number", "+442079460123").stdout

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (("--number", "12"), "12:"),
            (("--number", "+13055550123", "--at", "noon"), "'noon' is not a moment"),
        ],
    )
    def test_what_cannot_be_read(self, run: Run, words: tuple[str, ...], complaint: str) -> None:
        done = run("rules", "explain", *words)
        assert done.exit_code == 1
        assert complaint in done.stderr


class TestCheck:
    def test_a_case_that_passes(self, run: Run) -> None:
        Path("cases.yaml").write_text(CASE, "utf-8")
        done = run("rules", "check", "cases.yaml")
        assert done.exit_code == 0
        assert done.stdout == "pass  A1  hours_check\n1 of 1 cases passed\n"

    def test_a_case_that_fails_says_what_was_expected_and_what_came(self, run: Run) -> None:
        Path("cases.yaml").write_text(CASE.replace("true", "false, reason: holiday"), "utf-8")
        done = run("rules", "check", "cases.yaml")
        assert done.exit_code == 1
        assert (
            'FAIL  A1  hours_check  allowed: expected false, came true; reason: expected "holiday", came null'
            in done.stdout
        )
        (found,) = json.loads(run("rules", "check", "cases.yaml", "--json").stdout)
        assert found["differences"][0] == {"field": "allowed", "expected": False, "found": True}

    def test_a_kind_that_nobody_answers_has_not_passed(self, run: Run) -> None:
        Path("cases.yaml").write_text(CASE.replace("hours_check", "horoscope"), "utf-8")
        done = run("rules", "check", "cases.yaml")
        assert done.exit_code == 1
        assert "nobody answers cases of the kind 'horoscope'" in done.stdout

    def test_a_file_that_cannot_be_read(self, run: Run) -> None:
        Path("cases.yaml").write_text(CASE.replace("kind:", "sort:"), "utf-8")
        done = run("rules", "check", "cases.yaml")
        assert done.exit_code == 1
        assert done.stderr.startswith("fairdial: cases.yaml:4:5: cases[0].sort: unknown")

    def test_a_file_without_cases_has_not_passed(self, run: Run) -> None:
        Path("cases.yaml").write_text("schema_version: 1\ncases: []\n", "utf-8")
        assert run("rules", "check", "cases.yaml").exit_code == 1


def test_the_operator_s_own_rules_count(run: Run, environment: pytest.MonkeyPatch) -> None:
    Path("mine.yaml").write_text(
        "mine:\n  tightens: us_fl\n  hours: {weekdays: [09:00-18:00], cite: our own, evidence: P}\n", "utf-8"
    )
    environment.setenv("FAIRDIAL_RULES__FILE", "mine.yaml")
    assert "09:00-18:00" in run("rules", "show", "us_fl").stdout
    Path("mine.yaml").write_text(
        "mine:\n  tightens: us_fl\n  hours: {weekdays: [07:00-22:00], cite: our own, evidence: P}\n", "utf-8"
    )
    done = run("rules", "list")
    assert done.exit_code == 1
    assert done.stderr.startswith("fairdial: mine.yaml:3:10: mine.hours: longer hours: looser than us_fl")
