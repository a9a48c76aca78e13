"""Where somebody speaks, at every level and in noise; what is no voice."""

import numpy as np
import pytest

from dialer.audio import greeting
from dialer.audio.greeting import Greeting
from dialer.audio.voice_activity import Flags, Voices
from tests.unit.dialer.audio.answers import Audio, frames, joined, noise, silence, speech, tone

pytestmark = pytest.mark.unit

STREAM = np.array([0])


def voiced(call: Audio) -> Flags:
    voices = Voices(1)
    for frame in frames(call):
        voices.feed(frame[None], STREAM)
    row: Flags = voices.voiced(STREAM)[0]
    return row


def said(call: Audio) -> Greeting:
    found = greeting.of(voiced(call))
    assert found is not None
    return found


@pytest.mark.parametrize("dbm0", [-8.0, -25.0, -40.0])
@pytest.mark.parametrize("over_noise_db", [10.0, 20.0, 40.0])
def test_speech_is_found_where_it_is(dbm0: float, over_noise_db: float) -> None:
    call = joined(silence(1), speech(1.2, dbm0), silence(1), noise_dbm0=dbm0 - over_noise_db)
    found = said(call)
    assert found.start_s == pytest.approx(1.0, abs=0.1)
    assert found.end_s == pytest.approx(2.2, abs=0.1)
    assert found.voice_s > 0.6


def test_a_noise_that_sets_in_is_soon_known_to_be_one() -> None:
    assert voiced(joined(silence(0.5), noise(0.3, -25)))[-5:].any()
    assert not voiced(joined(silence(0.5), noise(2.0, -25))).any()


def test_tones_are_no_voice() -> None:
    assert greeting.of(voiced(joined(silence(1), tone(1000, 0.5), silence(1)))) is None


def test_a_lost_packet_is_no_pause_and_silence_is_none_of_the_word() -> None:
    call = joined(silence(0.5), speech(1.0), silence(0.5))
    whole = said(call)
    assert whole.end_s == pytest.approx(1.5, abs=0.04)
    lossy = call.copy()
    lossy[8000 : 8000 + 160] = 0
    assert said(lossy).words == whole.words


def test_words_and_phrases() -> None:
    found = said(
        joined(silence(0.4), speech(0.5), silence(0.2), speech(0.5, seed=2), silence(0.5), speech(0.4))
    )
    assert len(found.phrases) == 2
    assert len(found.words) >= 3
    assert found.longest_pause_s == pytest.approx(0.5, abs=0.1)
    assert found.first_phrase_s == pytest.approx(1.2, abs=0.1)
    assert len(greeting.figures(found)) == len(greeting.FIGURES)


def test_clicks_are_no_words() -> None:
    click = np.full(160, 3000, np.int16)
    assert greeting.of(voiced(joined(silence(1), click, silence(1)))) is None


def test_time_goes_on_when_old_frames_are_dropped() -> None:
    voices = Voices(1)
    for frame in frames(joined(*[speech(1.0, seed=n) for n in range(12)], silence(1))):
        voices.feed(frame[None], STREAM)
    found = greeting.of(voices.voiced(STREAM)[0], int(voices.dropped[0]))
    assert voices.dropped[0] > 0
    assert found is not None
    assert found.end_s == pytest.approx(12.0, abs=0.1)
    assert found.pause_s == pytest.approx(1.0, abs=0.1)
