"""fairdial announcements: learned, listed, recognised, checked, forgotten; clear words for what cannot be learned."""

import json
from pathlib import Path

import numpy as np
import pytest

from dialer.cli import audio_file
from tests.support.announced import joined, silence, words
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit

_PREFIX = words(1, 2.4)


@pytest.fixture
def folder(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    environment.setenv("FAIRDIAL_EARS__ANNOUNCEMENTS", str(tmp_path / "known"))
    for name, end in (("off", words(2, 0.8)), ("gone", words(3, 1.2))):
        audio_file.write(tmp_path / f"{name}.wav", joined(silence(0.4), _PREFIX, end, silence(0.4)))
    audio_file.write(tmp_path / "barred.wav", words(5, 4.0))
    return tmp_path / "known"


def test_from_learning_to_forgetting(run: Run, folder: Path) -> None:
    done = run("announcements", "add", "off.wav", "--class", "powered_off")
    assert done.exit_code == 0, done.output
    assert "off is known now: switched off" in done.output
    assert (
        run("announcements", "add", "gone.wav", "--class", "unreachable", "--name", "out there").exit_code
        == 0
    )

    listed = json.loads(run("announcements", "list", "--json").stdout)
    assert {each["name"]: each["announcement"] for each in listed["clips"]} == {
        "off": "powered_off", "out there": "unreachable",
    }  # fmt: skip
    assert listed["clips"][0]["number_is"] == "try_later"
    assert "switched off" in run("announcements", "list").output

    heard = json.loads(run("announcements", "classify", "gone.wav", "--json").stdout)["matches"]
    assert (heard[0]["verdict"], heard[0]["among"]) == ("one_of", ["powered_off", "unreachable"])
    assert (heard[-1]["verdict"], heard[-1]["announcement"]) == ("announcement", "unreachable")
    assert [each["at_s"] for each in heard] == sorted(each["at_s"] for each in heard)
    assert "cannot be reached" in run("announcements", "classify", "gone.wav").output
    assert "No known announcement" in run("announcements", "classify", "barred.wav").output

    pairs = json.loads(run("announcements", "check", "--json").stdout)
    assert {pair["clip"] for pair in pairs} == {"off", "out there"}
    assert all(2.0 < pair["differs_from_s"] < 3.2 for pair in pairs)

    assert run("announcements", "remove", "off").exit_code == 0
    assert "No two clips" in run("announcements", "check").output
    assert "off" not in [
        each["name"] for each in json.loads(run("announcements", "list", "--json").stdout)["clips"]
    ]


def test_a_part_of_a_recording(run: Run, folder: Path) -> None:
    assert (
        run("announcements", "add", "barred.wav", "--class", "barred", "--from", "1", "--to", "3.5").exit_code
        == 0
    )
    (clip,) = json.loads(run("announcements", "list", "--json").stdout)["clips"]
    assert (clip["from_s"], clip["to_s"]) == (1.0, 3.5)
    assert clip["seconds"] == pytest.approx(2.4, abs=0.3)
    assert run("announcements", "classify", "barred.wav").exit_code == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("off.wav", "--class", "asleep"), "--class asleep: one of vacant, changed"),
        (("none.wav", "--class", "vacant"), "none.wav"),
        (("silent.wav", "--class", "vacant"), "silent.wav: nothing is heard in it"),
        (("text.wav", "--class", "vacant"), "not a recording"),
        (("barred.wav", "--class", "barred", "--to", "1"), "too short"),
        (("barred.wav", "--class", "barred", "--from", "9"), "nothing lies between"),
        (("barred.wav", "--class", "barred", "--name", "a\nb"), "--name"),
    ],
)
def test_what_cannot_be_added(run: Run, folder: Path, words: tuple[str, ...], complaint: str) -> None:
    audio_file.write(Path("silent.wav"), np.zeros(40_000, np.int16))
    Path("text.wav").write_text("hello")
    done = run("announcements", "add", *words)
    assert done.exit_code == 1
    assert complaint in done.output
    assert not folder.exists()


def test_the_same_under_another_class(run: Run, folder: Path) -> None:
    run("announcements", "add", "off.wav", "--class", "powered_off")
    done = run("announcements", "add", "off.wav", "--class", "vacant", "--name", "again")
    assert done.exit_code == 1
    assert "already: off, as powered_off" in done.output


def test_nothing_is_known_yet(run: Run, folder: Path) -> None:
    done = run("announcements", "classify", "off.wav")
    assert done.exit_code == 1
    assert "`fairdial announcements add`" in done.output


def test_a_damaged_file_is_named(run: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "x.json").write_text("{")
    done = run("announcements", "list")
    assert done.exit_code == 0
    assert "x.json was left out: not JSON" in done.output


def test_classes(run: Run, folder: Path) -> None:
    rows = {row["announcement"]: row for row in json.loads(run("announcements", "classes", "--json").stdout)}
    assert rows["vacant"]["number_is_dead"] is True
    assert rows["powered_off"]["again_after_s"] == 4 * 3600
    assert "10 min" in run("announcements", "classes").output
