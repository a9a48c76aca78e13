"""fairdial amd: recordings, and files that are none."""

import json
from pathlib import Path

import pytest

from dialer.cli import audio_file
from tests.unit.dialer.audio.answers import joined, silence, speech, tone
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_a_person(run: Run) -> None:
    audio_file.write(Path("hello.wav"), joined(silence(0.5), speech(0.7), silence(1.5)))
    said = json.loads(run("amd", "classify", "hello.wav", "--json").stdout)
    assert said["verdict"] == "person"
    assert said["treated_as_person"] is True
    assert said["greeting_start_s"] < said["greeting_end_s"] < said["decided_at_s"] < 1.9
    assert said["beep_at_s"] is None


def test_a_machine_for_people(run: Run, environment: pytest.MonkeyPatch) -> None:
    call = joined(silence(0.4), speech(5.0), silence(0.5), tone(1000, 0.5), silence(0.5))
    audio_file.write(Path("machine.wav"), call)
    done = run("amd", "classify", "machine.wav", "--audience", "homes")
    assert done.output.splitlines()[0].split("\t") == [
        "Verdict", "Decided", "Greeting begins", "Greeting ends", "Beep",
    ]  # fmt: skip
    assert "a machine" in done.output
    environment.setenv("FAIRDIAL_LANGUAGE", "zh")
    assert "答录机" in run("amd", "classify", "machine.wav").output


def test_bad_files(run: Run) -> None:
    Path("empty.wav").touch()
    Path("text.wav").write_text("no sound at all")
    for name, words in (
        ("empty.wav", "empty"),
        ("text.wav", "not a recording"),
        ("none.wav", "No such file"),
    ):
        done = run("amd", "classify", name)
        assert done.exit_code == 1
        assert f"{name}: " in done.output
        assert words in done.output
    assert run("amd", "classify", "text.wav", "--audience", "dogs").exit_code == 1
