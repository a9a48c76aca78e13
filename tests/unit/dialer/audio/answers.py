"""Synthetic answers: something like speech, noise, tones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 8000
Audio = NDArray[np.int16]


def speech(seconds: float, dbm0: float = -20.0, seed: int = 1) -> Audio:
    """Syllables of 0.12 to 0.2 s, each a pitch with its harmonics that glides, with short gaps."""
    random, parts, left = np.random.default_rng(seed), [], round(seconds * RATE)
    while left > 0:
        size = min(left, int(random.uniform(0.12, 0.2) * RATE))
        time = np.arange(size) / RATE
        hz = random.uniform(110, 220) * (1 + random.uniform(-1, 1) * time)
        phase = 2 * np.pi * np.cumsum(hz) / RATE
        voice = sum(np.sin(n * phase) / n for n in range(1, 9)) * np.hanning(size + 2)[1:-1] ** 0.5
        gap = np.zeros(min(left - size, int(random.uniform(0.0, 0.05) * RATE)))
        parts += [np.asarray(voice), gap]
        left -= size + len(gap)
    return at_level(np.concatenate(parts), dbm0)


def at_level(sound: NDArray[np.float64], dbm0: float) -> Audio:
    rms = np.sqrt(np.mean(np.square(sound)))
    wanted = 32768 * 10 ** ((dbm0 - 6.15) / 20)
    return np.asarray(np.clip(sound * wanted / rms, -32768, 32767), np.int16)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.int16)


def noise(seconds: float, dbm0: float, seed: int = 1) -> Audio:
    return at_level(np.random.default_rng(seed).normal(0, 1, round(seconds * RATE)), dbm0)


def tone(hz: float, seconds: float, dbm0: float = -15.0) -> Audio:
    return at_level(np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE), dbm0)


def joined(*parts: Audio, noise_dbm0: float | None = None) -> Audio:
    whole = np.concatenate(parts)
    if noise_dbm0 is None:
        return whole
    added = whole.astype(np.int32) + noise(len(whole) / RATE, noise_dbm0)
    return np.asarray(np.clip(added, -32768, 32767), np.int16)


def frames(audio: Audio) -> Sequence[Audio]:
    return list(audio[: len(audio) // 160 * 160].reshape(-1, 160))
