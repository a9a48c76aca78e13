"""Recordings of any kind come out even, trimmed, at the telephone's rate."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ivr.errors import PromptsRefused
from ivr.prompts.sound import ENDINGS, RATES, Shape, decoded, encoded, resampled, seconds, treated
from tests.support.spoken_prompts import tone, wav

pytestmark = pytest.mark.unit


def decibels(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt((samples**2).mean())))


@pytest.mark.parametrize("level", [0.003, 0.3, 1.0])
@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_loudness_and_silence(level: float, rate: int) -> None:
    made = treated(tone(1.0, rate, level, silence=0.7), rate, 8_000, Shape())
    assert len(made) / 8_000 == pytest.approx(1.1, abs=0.03)  # 50 ms are left on both sides
    assert decibels(made[800:-800]) == pytest.approx(-19, abs=0.3)


def test_quiet_words_are_not_cut_off() -> None:
    word = np.concatenate([tone(0.3, level=0.02), tone(0.5, level=0.4), tone(0.3, level=0.02)])
    assert len(treated(word, 8_000, 8_000, Shape())) / 8_000 == pytest.approx(1.2, abs=0.03)


def test_peaks_are_turned_down_not_cut() -> None:
    clicks = tone(2.0, level=0.05)
    clicks[4_000:4_080] *= 19
    made = treated(clicks, 8_000, 8_000, Shape())
    assert np.abs(made).max() <= 10 ** (-3 / 20) + 1e-9
    assert np.count_nonzero(np.abs(made) > 10 ** (-3 / 20) - 1e-6) < 20


def test_nothing_folds_back_into_the_telephone_band() -> None:
    high = 0.5 * np.sin(2 * np.pi * 6_000 * np.arange(44_100) / 44_100)
    assert np.abs(resampled(high, 44_100, 8_000)[80:-80]).max() < 0.002  # it begins and ends with a click
    kept = resampled(tone(1.0, 44_100), 44_100, 8_000)
    assert decibels(kept[400:-400]) == pytest.approx(decibels(tone(1.0)), abs=0.05)


@pytest.mark.parametrize("samples", [np.zeros(8_000), np.zeros(0), np.full(10, 0.5)])
def test_silence_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(PromptsRefused, match="silent"):
        treated(samples, 8_000, 8_000, Shape())


@pytest.mark.parametrize("form", ENDINGS)
def test_written_and_read_again(form: str, tmp_path: Path) -> None:
    rate = RATES.get(form, 8_000)
    said = tone(1.0, rate)
    file = tmp_path / f"said.{ENDINGS[form]}"
    file.write_bytes(encoded(said, form))
    assert seconds(file) == pytest.approx(1.0, abs=0.01)
    samples, found = decoded(file.read_bytes(), file.suffix)
    assert found == rate
    assert decibels(samples) == pytest.approx(decibels(said), abs=0.5)


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "m4a", "wav"])
def test_what_people_record_with(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"said.{ending}"
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg is not None, "make setup brings ffmpeg"
    source = ["-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=44100", "-ac", "2"]
    how = ["-c:a", "pcm_f32le"] if ending == "wav" else []
    subprocess.run([ffmpeg, "-v", "error", *source, *how, str(file)], check=True)
    samples, rate = decoded(file.read_bytes(), file.suffix)
    assert len(treated(samples, rate, 8_000, Shape())) / 8_000 == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no sound"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "no sound"),  # a list of other files is never followed
        (b"RIFF\x24\0\0\0WAVEfmt ", "cannot be read as wav"),
        (wav(tone())[:40], "silent|cannot be read"),
        (b"ID3" + bytes(200), "cannot be read as mp3"),
        (bytes(50_000_001), "larger than 50 MB"),
    ],
)
def test_what_is_no_sound_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(PromptsRefused, match=reason):
        treated(*decoded(data, ".wav"), 8_000, Shape())


def test_too_long() -> None:
    with pytest.raises(PromptsRefused, match="5 minutes"):
        treated(np.ones(301 * 8_000), 8_000, 8_000, Shape())


def test_a_stereo_recording_becomes_one_side() -> None:
    samples, rate = decoded(wav(tone(1.0), channels=2))
    assert (len(samples), rate) == (8_000, 8_000)
