"""The doctor, as an operator calls it, on an installation that is whole and on one with parts missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dialer.lab.centre import CallCentre
from dialer.lab.environment import as_environment
from dialer.settings import Settings

pytestmark = pytest.mark.asterisk


def fairdial(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dialer", *words],
        env={**os.environ, **as_environment(settings)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def grades(settings: Settings) -> tuple[int, dict[str, str]]:
    """Exit status, and the worst grade of each part."""
    done = fairdial(settings, "doctor", "--json")
    worst: dict[str, str] = {}
    order = ("good", "doubtful", "broken")
    for finding in json.loads(done.stdout):
        known = worst.get(finding["part"], "good")
        worst[finding["part"]] = max(known, finding["grade"], key=order.index)
    return done.returncode, worst


def test_a_whole_installation_is_found_whole(centre: CallCentre) -> None:
    assert fairdial(centre.settings, "migrate", "up").returncode == 0
    status, found = grades(centre.settings)
    broken = {part for part, grade in found.items() if grade == "broken"}
    assert (status, broken) == (0, set())
    expected = {
        "database",
        "schema",
        "asterisk",
        "modules",
        "dialplan",
        "trunk carrier",
        "agi",
        "ears",
        "recording",
        "prompts",
    }
    assert expected <= found.keys()


def test_each_missing_part_is_named_with_its_remedy(centre: CallCentre, tmp_path: Path) -> None:
    given = centre.settings
    lacking = given.model_copy(
        update={
            "trunks": {**given.trunks, "elsewhere": given.trunks["carrier"]},
            "recordings": given.recordings.model_copy(update={"folder": tmp_path / "nowhere"}),
            "prompts": given.prompts.model_copy(update={"folder": tmp_path}),
        }
    )
    status, found = grades(lacking)
    assert status == 1
    assert {part for part, grade in found.items() if grade == "broken"} == {
        "trunk elsewhere",
        "recordings",
        "prompts",
    }
    text = fairdial(lacking, "doctor").stdout
    assert str(tmp_path / "nowhere") in text
    assert "-> create it" in text


def test_a_wrong_secret_and_a_database_that_is_away_are_told_apart(centre: CallCentre) -> None:
    given = centre.settings
    wrong = given.model_copy(
        update={
            "ami": given.ami.model_copy(update={"secret": type(given.ami.secret)("wrong")}),
            "database_url": type(given.database_url)("postgresql://fairdial:hidden-word@127.0.0.1:1/none"),
        }
    )
    done = fairdial(wrong, "doctor")
    assert done.returncode == 1
    assert "login rejected" in done.stdout
    assert "start Postgres" in done.stdout
    assert "hidden-word" not in done.stdout + done.stderr
