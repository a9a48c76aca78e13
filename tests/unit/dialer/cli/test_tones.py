"""fairdial tones: files in many formats, clear words for bad ones."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from dialer.cli import audio_file
from dialer.domain.ids import TrunkName
from dialer.errors import BadInput
from dialer.ports.hearing import TrunkTones
from tests.support.fake_store import FakeStore
from tests.unit.dialer.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_synth_and_classify(run: Run) -> None:
    assert run("tones", "synth", "de", "ring", "de.wav", "--lead", "1.2").exit_code == 0
    done = run("tones", "classify", "de.wav", "--home", "cn", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["home"] == ["CN"]
    assert [each["at_s"] for each in said["verdicts"]] == sorted(each["at_s"] for each in said["verdicts"])
    last = said["verdicts"][-1]
    assert last["verdict"] == "foreign"
    assert last["may_hang_up"] is True
    assert "DE" in last["country_set"]
    assert last["evidence"]["lines_hz"] == pytest.approx([425], abs=1)
    assert said["tone"]["cadence"] == pytest.approx([1, -4], abs=0.05)


def test_classify_for_people(run: Run) -> None:
    run("tones", "synth", "cn", "ring", "cn.wav")
    done = run("tones", "classify", "cn.wav", "--home", "cn")
    assert "home ring-back" in done.output
    assert "may be hung up" not in done.output


@pytest.mark.parametrize("home", ["xx", "zz"])
def test_an_unknown_home(run: Run, home: str) -> None:
    run("tones", "synth", "cn", "ring", "cn.wav", "--seconds", "1")
    done = run("tones", "classify", "cn.wav", "--home", home)
    assert done.exit_code == 1
    assert f"{home}: no tones are known" in done.output


def test_list(run: Run) -> None:
    groups = json.loads(run("tones", "list", "--json").stdout)
    assert groups[0]["tone"] == "425 Hz, 1 (4)"
    assert len(groups[0]["countries"]) > 40
    china = json.loads(run("tones", "list", "--home", "cn", "--json").stdout)
    assert china["name"] == "China"
    assert "PK" in china["ring_not_told_from"]
    assert "440+480 Hz, 2 (4)" in run("tones", "list").output
    assert "PK" in run("tones", "list", "--home", "cn").output


def test_learn(run: Run) -> None:
    run("tones", "synth", "de", "ring", "de.wav", "--lead", "1.2")
    done = run("tones", "learn", "de.wav", "de.wav", "de.wav", "--out", "north.json", "--trunk", "north")
    assert done.exit_code == 0, done.output
    document = json.loads(Path("north.json").read_text("utf-8"))
    assert document["trunk"] == "north"
    assert document["tones"][0]["calls"] == 3
    run("tones", "learn", "de.wav", "--out", "north.json")
    assert json.loads(Path("north.json").read_text("utf-8"))["tones"][0]["calls"] == 4
    said = json.loads(
        run("tones", "classify", "de.wav", "--home", "cn", "--learned", "north.json", "--json").stdout
    )
    assert said["verdicts"][-1]["verdict"] == "home"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"junk" * 100, "not a recording"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "not a recording"),
    ],
)
def test_bad_files(run: Run, content: bytes | None, complaint: str) -> None:
    if content is not None:
        Path("bad.wav").write_bytes(content)
    done = run("tones", "classify", "bad.wav", "--home", "cn")
    assert done.exit_code == 1
    assert complaint in done.output
    assert "bad.wav" in done.output
    assert "Traceback" not in done.output


def test_a_folder_is_no_recording(run: Run) -> None:
    Path("folder").mkdir()
    assert "not a file" in run("tones", "classify", "folder", "--home", "cn").output


@pytest.mark.parametrize(
    "words", [("cn", "song"), ("cn", "ring", "--variant", "9"), ("cn", "ring", "--level", "9")]
)
def test_what_cannot_be_written(run: Run, words: tuple[str, ...]) -> None:
    done = run("tones", "synth", words[0], words[1], "out.wav", *words[2:])
    assert done.exit_code == 1
    assert not Path("out.wav").exists()


def test_a_caution_that_is_none(run: Run) -> None:
    run("tones", "synth", "cn", "ring", "cn.wav", "--seconds", "1")
    assert (
        "frequency, burst, period"
        in run("tones", "classify", "cn.wav", "--home", "cn", "--caution", "x").output
    )


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(8000, 1, 1), (16000, 2, 2), (44100, 3, 1), (48000, 4, 2), (11025, 2, 1)]
)
def test_any_rate_and_width(tmp_path: Path, rate: int, width: int, channels: int) -> None:
    time = np.arange(rate) / rate
    sine = 0.25 * np.sin(2 * np.pi * 450 * time)
    whole = np.round(sine * (2 ** (8 * width - 1) - 1)).astype(np.int64) + (128 if width == 1 else 0)
    data = b"".join(int(each).to_bytes(width, "little", signed=width > 1) * channels for each in whole)
    file = tmp_path / "tone.wav"
    with wave.open(str(file), "wb") as audio:
        audio.setnchannels(channels)
        audio.setsampwidth(width)
        audio.setframerate(rate)
        audio.writeframes(data)
    samples = audio_file.read(file)
    assert len(samples) == 8000
    assert int(np.abs(np.fft.rfft(samples)).argmax()) == 450
    assert np.abs(samples).max() == pytest.approx(8192, rel=0.05)


def test_nothing_folds_back() -> None:
    time = np.arange(48_000) / 48_000
    assert np.abs(audio_file.resampled(np.sin(2 * np.pi * 7550 * time), 48_000)).max() < 0.01


def test_a_recording_without_sound(tmp_path: Path) -> None:
    file = tmp_path / "none.wav"
    audio_file.write(file, np.zeros(0, np.int16))
    with pytest.raises(BadInput, match="no sound"):
        audio_file.read(file)


def test_an_unknown_benchmark(run: Run) -> None:
    done = run("bench", "nonsense")
    assert done.exit_code == 1
    assert "there are" in done.output
    assert "tones" in done.output


def test_what_was_learned_on_a_trunk_is_shown_and_forgotten(run: Run, store: FakeStore) -> None:
    tones = [
        {"hz": [449.8], "cadence": [1.0, -4.0], "calls": 37},
        {"hz": [425.1], "cadence": [1.0, -4.0], "calls": 1},
    ]
    document = {"format": 1, "trunk": "main", "tones": tones}
    main = TrunkName("main")
    store.tones.kept[main, "CN"] = TrunkTones(main, "CN", document)
    shown = json.loads(run("tones", "home", "--json").stdout)
    assert [(each["country"], each["calls"], each["home"]) for each in shown] == [
        ("CN", 37, True),
        ("CN", 1, False),
    ]
    assert json.loads(run("tones", "home", "--trunk", "other", "--json").stdout) == []
    assert run("tones", "forget", "--trunk", "main", "--country", "cn").exit_code == 0
    again = run("tones", "forget", "--trunk", "main", "--country", "cn")
    assert again.exit_code == 1
    assert "fairdial tones home" in again.output
