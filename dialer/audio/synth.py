"""Renders a listed tone: for trying out, for tests. What is measured is rendered by other hands."""

import numpy as np
from numpy.typing import NDArray

from dialer.audio.frontend import RATE
from dialer.audio.zones import Lines, Sound

_RAMP = 16  # 2 ms at either end of a burst: no clicks
_LOUDEST = 32767.0
_LOUDEST_DBM0 = 3.14


def render(
    sound: Sound, seconds: float, dbm0: float = -16.0, spectrum: int = 0, start_s: float = 0.0
) -> NDArray[np.int16]:
    """8 kHz samples. `dbm0` is the level of the whole tone; `spectrum` chooses one of a modulated tone's renderings.

    `start_s`: how far into the cadence the recording begins.
    """
    total = round(seconds * RATE)
    out = np.zeros(total, np.float64)
    at = -round(start_s * RATE)
    step = 0
    while at < total:
        length = sound.steps[step]
        size = total - at if length is None else max(1, round(abs(length) * RATE))
        spectra = sound.spectra[step]
        if spectra:
            _add(out, at, _tone(spectra[min(spectrum, len(spectra) - 1)], size, dbm0))
        at += size
        step += 1
        if step == len(sound.steps):
            if sound.once:
                break
            step = sound.loop_from
    return np.clip(np.round(out), -32768, 32767).astype(np.int16)


def _tone(lines: Lines, size: int, dbm0: float) -> NDArray[np.float64]:
    amplitude = _LOUDEST * 10 ** ((dbm0 - _LOUDEST_DBM0) / 20) / np.sqrt(len(lines))
    time = np.arange(size) / RATE
    burst = sum((amplitude * np.sin(2 * np.pi * hz * time) for hz in lines), np.zeros(size))
    ramp = np.minimum(1.0, np.minimum(np.arange(size), np.arange(size)[::-1]) / _RAMP)
    return np.asarray(burst * ramp, np.float64)


def _add(out: NDArray[np.float64], at: int, burst: NDArray[np.float64]) -> None:
    first, last = max(0, at), min(len(out), at + len(burst))
    if last > first:
        out[first:last] += burst[first - at : last - at]
