"""What is heard on each side of a stereo recording."""

import math
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path


def sides(file: Path) -> tuple[Sequence[int], Sequence[int], int]:
    """(left samples, right samples, samples per second)"""
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (2, 2)
        samples = array("h", sound.readframes(sound.getnframes()))
        return samples[::2], samples[1::2], sound.getframerate()


def strength(samples: Sequence[int], rate: int, hertz: float) -> float:
    """The share of this frequency in the sound, 0 to 1, by Goertzel's algorithm."""
    power = sum(sample * sample for sample in samples)
    if not power:
        return 0.0
    twice_cosine = 2 * math.cos(2 * math.pi * hertz / rate)
    before, last = 0.0, 0.0
    for sample in samples:
        before, last = last, sample + twice_cosine * last - before
    return 2 * (last * last + before * before - twice_cosine * last * before) / (power * len(samples))


def hears(samples: Sequence[int], rate: int, hertz: float) -> bool:
    """Whether it is the main tone of the middle of the sound; beginning and end may be silent."""
    third = len(samples) // 3
    share = strength(samples[third : third + rate // 2], rate, hertz)
    assert share < 0.02 or share > 0.5, f"{hertz} Hz neither clearly there nor clearly absent: {share:.3f}"
    return share > 0.5
