"""`fairdial ivr …` and `python -m ivr …` as an operator types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dialer.cli.main import app as fairdial
from ivr.cli.main import commands
from ivr.samples import text
from ivr.words import Language

pytestmark = pytest.mark.unit


def ivr(*arguments: str, language: Language = "en", typed: str | None = None) -> Result:
    return CliRunner().invoke(commands(lambda: language), list(arguments), input=typed)


def test_it_is_part_of_fairdial_and_stands_alone() -> None:
    listed = CliRunner().invoke(fairdial, ["ivr", "--help"])
    alone = subprocess.run(
        [sys.executable, "-m", "ivr", "--help"], capture_output=True, text=True, check=True
    )
    for name in (
        "validate",
        "diagram",
        "rehearse",
        "new",
        "publish",
        "diff",
        "script",
        "schema",
        "prompts",
        "versions",
    ):
        assert name in listed.output
        assert name in alone.stdout


def test_new_validate_publish_diff(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    made = ivr("new", "line", "--from", "satisfaction", "--folder", str(tmp_path))
    file = tmp_path / "line.yaml"
    assert made.exit_code == 0, made.output
    assert ivr("new", "line", "--folder", str(tmp_path)).exit_code == 1  # never over a file that is there
    good = ivr("validate", str(file))
    assert (good.exit_code, "usable" in good.output) == (0, True)
    first = ivr("publish", str(file), "--store", store)
    assert "is published" in first.output
    again = ivr("publish", str(file), "--store", store)
    assert "published before" in again.output
    before = first.output.split()[-1]
    file.write_text(
        file.read_text("utf-8").replace(
            "tries: 2\n    on_failure: thanks\n    next: resolved",
            "tries: 3\n    on_failure: thanks\n    next: resolved",
        ),
        "utf-8",
    )
    second = ivr("publish", str(file), "--store", store)
    kept = ivr("versions", "line", "--store", store, "--json")
    assert [one["version"] for one in json.loads(kept.output)] == [before, before, second.output.split()[-1]]
    changed = ivr("diff", f"line@{before[:10]}", "line@", "--store", store)
    assert (changed.exit_code, changed.output) == (1, "~ nodes score: tries  2 -> 3\n")
    assert ivr("diff", "line@", str(file), "--store", store).output == "no difference\n"
    missing = ivr("diff", "line@ffffff", str(file), "--store", store)
    assert (missing.exit_code, "no version begins with" in missing.output) == (1, True)


def test_diff_shows_nodes_added_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(
        text("survey")
        .replace("next: q6.rent", "next: q7")
        .replace("  q6.rent: {type: question", "  q6.other: {type: question"),
        "utf-8",
    )
    checked = ivr("validate", str(file))
    assert "nobody can come to this node" in checked.output
    file.write_text(text("survey").replace("q6.rent", "q6.other"), "utf-8")
    shown = ivr("diff", "survey", str(file)).output
    assert "- nodes q6.rent" in shown
    assert "+ nodes q6.other" in shown
    assert '~ nodes q6.price: next  "q6.rent" -> "q6.other"' in shown


@pytest.mark.parametrize(("language", "words"), [("en", "did you mean"), ("zh", "是不是")])
def test_validate_speaks_the_operators_language(tmp_path: Path, language: Language, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text("satisfaction").replace("next: resolved", "next: resolve"), "utf-8")
    done = ivr("validate", str(file), language=language)
    assert (done.exit_code, words in done.output) == (1, True)
    listed = json.loads(ivr("validate", str(file), "--json", language=language).output)
    assert (listed[0]["usable"], listed[0]["problems"][0]["code"]) == (False, "no_such_node")
    refused = ivr("publish", str(file), "--store", str(tmp_path / "s"), language=language)
    assert (refused.exit_code, (tmp_path / "s").exists()) == (1, False)


def test_rehearse_goes_through_a_call_by_itself() -> None:
    done = ivr("rehearse", "main-menu", "--keys", "2,1,123456#,0,return:satisfaction,9#", "--at", "2026-02-17T10:00",
               "--http-reply", '{"status": 200, "body": {"total": 9, "delivery": {"date": "2026-02-20"}}}')  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "新年好" in done.output
    assert "nine yuan, is due on Friday" in done.output
    closed = ivr("rehearse", "main-menu", "--keys", "2,timeout,timeout,timeout", "--at", "2026-03-01T03:00")
    assert "Our agents are not here now" in closed.output


def test_rehearse_can_let_a_request_fail_and_asks_a_person_key_by_key() -> None:
    failed = ivr("rehearse", "opt-out", "--keys", "2,9,fail,busy,record:6,ok", "--at", "2026-03-02T10:00")
    assert "We are sorry that this could not be registered" in failed.output
    assert "voicemail opt-out 6 s" in failed.output
    done = ivr("rehearse", "opt-out", "--keys", "2,9", "--at", "2026-03-02T10:00")
    assert "Your reference is one zero zero" in done.output


def test_rehearse_gives_json_with_answers_and_transcript() -> None:
    done = json.loads(
        ivr("rehearse", "survey", "--keys", "1,4,6,5,record:8,1,1,4,hangup", "--json", "-l", "en").output
    )
    assert done["result"] == "hung_up"
    assert done["answers"]["q5.1"] == "unknown_wanted"
    assert done["transcript"][-1]["who"] == "end"
    assert done["transcript"][0]["text"].startswith("Hello 王女士")
    assert done["state"]["format"] == 1


def test_rehearse_refuses_what_it_does_not_know() -> None:
    for arguments in (
        ("--keys", "1,jump"), ("--keys", "1", "--at", "tomorrow"), ("--keys", "1", "--entry", "x"),
        ("--keys", "1", "--contact", "name"), ("--keys", "1", "--http-reply", "200"), (),
    ):  # fmt: skip
        done = ivr("rehearse", "survey", *arguments)
        assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output


def test_diagram_script_schema_prompts(tmp_path: Path) -> None:
    picture = tmp_path / "a.svg"
    assert ivr("diagram", "survey", "-f", "svg", "-o", str(picture), "-l", "zh").exit_code == 0
    assert "号卡市场调查问卷" in picture.read_text("utf-8")
    assert ivr("diagram", "opt-out").output.startswith("flowchart TD")
    assert "# SIM card survey" in ivr("script", "survey", "-l", "en").output
    assert json.loads(ivr("script", "survey", "--json").output)["flow"] == "survey"
    assert json.loads(ivr("schema").output)["title"] == "Fairdial IVR flow"
    assert ivr("prompts", "survey").output.endswith("prompts, 0 wordings missing\n")
    assert json.loads(ivr("prompts", "survey", "--json").output) == []


def test_a_file_that_is_not_there_is_one_clear_line() -> None:
    done = ivr("diagram", "nowhere.yaml")
    assert (done.exit_code, done.output) == (
        1,
        "nowhere.yaml:0: error: cannot be read: No such file or directory\n",
    )
