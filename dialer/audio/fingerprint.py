"""What a recording sounds like, in 800 bytes a second that survive telephone codecs, noise and lost packets.

Sub-band levels, as Haitsma and Kalker take them (A Highly Robust Audio Fingerprinting System, ISMIR 2002), in 16 bands
from 225 to 3425 Hz, mel-spaced, of windows of 60 ms. They keep the signs of differences; here a patch of 1.44 s is kept as the low
orders of its two-dimensional cosine transform without the constant ones, after the idea of Baluja and Covell (Waveprint,
Pattern Recognition 41, 2008): level and frequency response drop out, and so does what a codec does to the details. Two
patches are compared by their cosine. Of a live stream the levels are taken every 40 ms; of a clip every 20 ms, so that
none of a stream's patches lies further than 10 ms beside one of the clip's.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dialer.audio.frontend import FRAME, FRAME_S, RATE
from dialer.errors import BadInput

BANDS = 16
HOP = 2
"""Frames of 20 ms from one look at a live stream to the next."""
WINDOW = 3 * FRAME
HOP_S = HOP * FRAME_S
PATCH = 36
"""Hops."""
PATCH_S = PATCH * HOP_S
SPAN = (PATCH - 1) * HOP + 1
"""Frames from the first of a patch to its last."""
STEPS_PER_DB = 2
SHORTEST_S, LONGEST_S = 2.0, 120.0

_LINES_HZ = np.arange(250.0, 3401.0, 50.0)
_LOWEST_HZ, _HIGHEST_HZ = 225.0, 3425.0
_LEAST_DB = 30.0  # of the power sums below: nothing is heard
DEPTH = 30 * STEPS_PER_DB
"""How far below the loudest band of a patch anything counts."""
_COARSE = (12, 8)
_FINE = (20, 12)
"""Orders kept, in time and in frequency."""
_QUIETEST = 40 * STEPS_PER_DB
"""About -55 dBm0."""
_LAG, _CHANGE = 5, 4.0 * STEPS_PER_DB
_LEAST_CHANGING, _LEAST_ELSEWHERE = 0.5, 0.04  # shares of the frames
_TONES = 3

Samples: TypeAlias = NDArray[np.int16]
Levels: TypeAlias = NDArray[np.uint8]
"""[…, frames, bands], half decibels above the least."""
Patches: TypeAlias = NDArray[np.float32]
"""[n, orders], each of length 1, or 0 where there was nothing."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    levels: Levels
    """[frames, bands]"""

    @property
    def seconds(self) -> float:
        return len(self.levels) * FRAME_S

    def patches(self) -> tuple[Patches, Patches]:
        """Fine and coarse, of every window; number n begins with frame n."""
        windows = np.lib.stride_tricks.sliding_window_view(self.levels, SPAN, axis=0)[..., ::HOP]
        return patches(windows.transpose(0, 2, 1))

    @classmethod
    def from_bytes(cls, content: bytes) -> "Fingerprint":
        """Raises `BadInput`."""
        frames, left = divmod(len(content), BANDS)
        if left or not SPAN <= frames <= round(LONGEST_S / FRAME_S):
            raise BadInput(f"a fingerprint of {len(content)} bytes: {BANDS} for each 20 ms are wanted, "
                           f"for {PATCH_S:g} to {LONGEST_S:g} s")  # fmt: skip
        return cls(np.frombuffer(content, np.uint8).reshape(-1, BANDS))

    def as_bytes(self) -> bytes:
        return self.levels.tobytes()


@lru_cache(maxsize=1)
def _filters() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Windowed lines [3 frames, cosines and sines], and which line is in which band."""
    time = np.arange(WINDOW)
    angles = 2 * np.pi * np.outer(time, _LINES_HZ) / RATE
    window = np.hanning(WINDOW + 1)[:-1]
    lines = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * window[:, None]
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), BANDS + 1)
    band = np.clip(np.searchsorted(edges, [_mel(hz) for hz in _LINES_HZ]) - 1, 0, BANDS - 1)
    sums = np.zeros((len(_LINES_HZ), BANDS), np.float32)
    sums[np.arange(len(_LINES_HZ)), band] = 1
    return lines.astype(np.float32), sums


def _mel(hz: float) -> float:
    return 2595 * float(np.log10(1 + hz / 700))


def levels_of(windows: NDArray[np.float32]) -> Levels:
    """[n, bands] of [n, `WINDOW`] samples."""
    lines, sums = _filters()
    turned = windows @ lines
    np.square(turned, out=turned)
    half = len(_LINES_HZ)
    power = (turned[:, :half] + turned[:, half:]) @ sums
    decibels = 10 * np.log10(power + np.float32(10 ** (_LEAST_DB / 10)))
    levels: Levels = ((decibels - _LEAST_DB) * STEPS_PER_DB).astype(np.uint8)
    return levels


@lru_cache(maxsize=1)
def _cosines() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    def orders(size: int, most: int) -> NDArray[np.float32]:
        angle = np.pi * (np.arange(size) + 0.5)[:, None] * np.arange(1, most + 1) / size
        return np.asarray(np.sqrt(2 / size) * np.cos(angle), np.float32)

    return orders(PATCH, _FINE[0]), orders(BANDS, _FINE[1])


def patches(windows: NDArray[np.uint8]) -> tuple[Patches, Patches]:
    """Fine and coarse ones of [n, `PATCH`, bands]."""
    in_time, in_band = _cosines()
    floor = windows.max(axis=(1, 2)).astype(np.int16) - DEPTH
    seen = np.maximum(windows, np.maximum(floor, 0).astype(np.uint8)[:, None, None]).astype(np.float32)
    transformed = in_time.T @ (seen @ in_band)
    fine = transformed.reshape(len(windows), _FINE[0] * _FINE[1])
    coarse = transformed[:, : _COARSE[0], : _COARSE[1]].reshape(len(windows), _COARSE[0] * _COARSE[1])
    return _unit(fine), _unit(coarse)


def _unit(rows: NDArray[np.float32]) -> Patches:
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return np.asarray(rows / np.maximum(length, np.float32(1e-3)), np.float32)


def loud(levels: Levels) -> NDArray[np.bool_]:
    """For each frame whether anything is heard, [..., bands] -> [...]."""
    return np.asarray(levels.max(axis=-1) > _QUIETEST, np.bool_)


def levels_in(samples: Samples) -> Levels:
    """[frames, bands] of a recording at 8 kHz; before it is silence."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    silent = np.zeros((2, FRAME), np.float32)
    padded = np.concatenate([silent, frames])
    return levels_of(np.concatenate([padded[:-2], padded[1:-1], frames], axis=1))


def learn(samples: Samples) -> Fingerprint:
    """The fingerprint of one announcement, without the silence around it.

    Raises `BadInput` for what cannot be recognised again: silence, too little, too much, tones.
    """
    levels = levels_in(samples)
    heard = np.flatnonzero(loud(levels)) if len(levels) else np.zeros(0, np.intp)
    if not len(heard):
        raise BadInput("nothing is heard in it", "file")
    levels = levels[heard[0] : heard[-1] + 1]
    seconds = len(levels) * FRAME_S
    if seconds < SHORTEST_S:
        raise BadInput(f"too short: {seconds:.1f} s of sound, {SHORTEST_S:g} s are needed", "file")
    if seconds > LONGEST_S:
        raise BadInput(
            f"too long: {seconds:.0f} s: cut one announcement out, {LONGEST_S:g} s at most", "file"
        )
    if not _is_varied(levels):
        raise BadInput(
            "nothing but tones or noise is heard in it: tones are known without being learned", "file"
        )
    return Fingerprint(levels)


def _is_varied(levels: Levels) -> bool:
    """Whether its timbre changes, as that of speech and music does, and not between a few tones."""
    heard = levels[loud(levels)]
    top = heard.max(axis=1, keepdims=True).astype(np.float32)
    seen = np.maximum(heard.astype(np.float32), top - DEPTH)
    smooth = (seen[:-2] + seen[1:-1] + seen[2:]) / 3
    timbre = smooth - smooth.mean(axis=1, keepdims=True)
    change = np.sqrt(np.square(timbre[_LAG:] - timbre[:-_LAG]).mean(axis=1))
    loudest = np.sort(np.bincount(heard.argmax(axis=1), minlength=BANDS))[::-1]
    elsewhere = float(loudest[_TONES:].sum()) / len(heard)
    return float((change > _CHANGE).mean()) >= _LEAST_CHANGING and elsewhere >= _LEAST_ELSEWHERE
