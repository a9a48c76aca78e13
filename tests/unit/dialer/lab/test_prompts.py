import io
import math
import struct
import wave

import pytest

from dialer.errors import Misconfigured
from dialer.lab.prompts import PROMPTS, for_telephone

pytestmark = pytest.mark.unit


def tone(rate: int, seconds: float, channels: int = 1) -> bytes:
    count = int(rate * seconds) * channels
    samples = [int(3000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count)]
    written = io.BytesIO()
    with wave.open(written, "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(struct.pack(f"<{count}h", *samples))
    return written.getvalue()


def test_audio_becomes_what_asterisk_plays_as_it_is() -> None:
    with wave.open(io.BytesIO(for_telephone(tone(22050, 0.5)))) as result:
        assert (result.getframerate(), result.getnchannels(), result.getsampwidth()) == (8000, 1, 2)
        assert result.getnframes() == pytest.approx(4000, abs=20)
        loudest = max(abs(s) for (s,) in struct.iter_unpack("<h", result.readframes(9999)))
        assert 0.6 * 32767 < loudest < 0.75 * 32767


def test_stereo_is_refused() -> None:
    with pytest.raises(Misconfigured, match="mono"):
        for_telephone(tone(22050, 0.1, channels=2))


def test_every_prompt_is_there_in_both_languages() -> None:
    names = {prompt.name for prompt in PROMPTS}
    assert {name.removesuffix("-en") for name in names if name.endswith("-en")} == {
        name.removesuffix("-zh") for name in names if name.endswith("-zh")
    }
    assert {"abandoned-en", "closed-en", "goodbye-en"} <= names
