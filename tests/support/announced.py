"""Sounds that are like speech to the announcement ear: syllables of moving formants, the same for the same seed."""

import numpy as np
from numpy.typing import NDArray

RATE = 8000
Sound = NDArray[np.int16]


def words(seed: int, seconds: float = 3.0) -> Sound:
    """Syllables of 120 to 300 ms, each with formants and a pitch of its own, gliding into the next."""
    random = np.random.default_rng(seed)
    total = round(seconds * RATE)
    ends = np.cumsum(random.uniform(0.12, 0.3, round(seconds / 0.12) + 2)) * RATE
    time = np.arange(total)

    def glide(low: float, high: float) -> NDArray[np.float64]:
        return np.interp(time, ends, random.uniform(low, high, len(ends)))

    pitch = np.cumsum(2 * np.pi * glide(100, 180) / RATE)
    formants = [glide(300, 900), glide(900, 2200), glide(2200, 3200)]
    loudness = glide(0.2, 1.0) * np.abs(np.sin(np.interp(time, ends, np.arange(len(ends)) * np.pi)))
    sound = np.zeros(total)
    for harmonic in range(1, 20):
        hz = harmonic * glide(130, 150)
        gain = sum(np.exp(-(((hz - formant) / 180) ** 2)) for formant in formants) + 0.003
        sound += gain * np.sin(harmonic * pitch)
    return np.asarray(6000 * loudness * sound / np.abs(sound).max(), np.int16)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.int16)


def joined(*parts: Sound) -> Sound:
    return np.concatenate(parts)


def noisy(sound: Sound, snr_db: float, seed: int = 1) -> Sound:
    rms = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))))
    noise = np.random.default_rng(seed).normal(0, rms / 10 ** (snr_db / 20), len(sound))
    return np.clip(sound + noise, -32768, 32767).astype(np.int16)
