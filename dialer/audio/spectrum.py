"""Power spectra of many windows at once, and the lines in them. Frequencies are in bins, parts of a bin included."""

from math import log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]

_STRONG, _WEAK = 10 ** (-9 / 10), 10 ** (-16 / 10)
_MOST_LINES = 6
_LEAST = np.float32(1e-30)
_NO_TONE = 0.5  # of the power lies in the band of ring tones at all


def power(windows: Floats) -> Floats:
    """[n, bins] of [n, samples]: of a sine of amplitude a, without a window's loss, (a / 2)²."""
    # scaled forward, numpy stays in single precision, which is four times as quick
    lines = np.fft.rfft(windows, norm="forward")
    return np.asarray(np.square(lines.real) + np.square(lines.imag), np.float32)


def strongest(power: Floats) -> tuple[Floats, Floats]:
    """Of each row the strongest line, and the power in the five bins around it."""
    peak = power.argmax(axis=1).clip(2, power.shape[1] - 3)
    near = power[np.arange(len(power))[:, None], peak[:, None] + np.arange(-2, 3)]
    return np.asarray(peak + _vertex(near[:, 1], near[:, 2], near[:, 3]), np.float32), near.sum(axis=1)


def _vertex(left: Floats, middle: Floats, right: Floats) -> Floats:
    """Where the parabola through three logarithms has its top, in bins from the middle one."""
    a, b, c = (np.log(part + _LEAST) for part in (left, middle, right))
    bend = a - 2 * b + c
    top = np.where(np.abs(bend) > 1e-9, 0.5 * (a - c) / np.where(bend == 0, 1, bend), 0)
    return np.asarray(np.clip(top, -0.5, 0.5), np.float32)


def lines(spectrum: Floats, windows: int) -> tuple[list[float], list[float], float]:
    """Of a sum of `windows` spectra, of power 1 each, a part: its strong lines, within 9 dB of the strongest, its weak
    ones within 16 dB (six at most), and the strong ones' share of the power.

    Plain Python: for eighty bins it is several times quicker than numpy.
    """
    bins: list[float] = spectrum.tolist()
    if windows == 0 or (in_band := sum(bins) / windows) < _NO_TONE:
        return [], [], 0.0 if windows == 0 else in_band
    loudest = max(bins)
    # what slopes down from beside the band is no line, and says nothing about those inside
    least = loudest * _WEAK if bins[0] < loudest > bins[-1] else 0.0
    inner = [n for n, power in enumerate(bins) if power >= least and 0 < n < len(bins) - 1]
    peaks = [n for n in inner if bins[n - 1] < bins[n] >= bins[n + 1]]
    if not peaks:
        return [], [], 0.0
    top = max(bins[n] for n in peaks)
    peaks = sorted(peaks, key=bins.__getitem__, reverse=True)[:_MOST_LINES]
    strong = sorted(n for n in peaks if bins[n] >= top * _STRONG)
    weak = sorted(n for n in peaks if top * _WEAK <= bins[n] < top * _STRONG)
    near = {m for n in strong for m in range(max(0, n - 2), min(len(bins), n + 3))}
    share = sum(bins[m] for m in near) / windows
    return [_top(bins, n) for n in strong], [_top(bins, n) for n in weak], share


def _top(bins: list[float], peak: int) -> float:
    """As `_vertex`, of one peak."""
    a, b, c = (log(bins[n] + 1e-12) for n in (peak - 1, peak, peak + 1))
    bend = a - 2 * b + c
    return peak + (0.5 * (a - c) / bend if bend < -1e-9 else 0.0)
