"""Tones rendered by SoX."""

import subprocess
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dialer.lab.ears.material import material
from dialer.lab.ears.other_zones import Element, Written

RATE = 8000
PEAK = 0.25
_CONTINUOUS_S = 20.0


def rendered(tone: Written, seconds: float, detune: float) -> NDArray[np.float32]:
    """The whole tone again and again, at `PEAK`; `detune` is a share of the frequency."""
    period = np.concatenate([_element(element, detune) for element in tone.elements()])
    if not len(period):
        return np.zeros(round(seconds * RATE), np.float32)
    return np.resize(period, round(seconds * RATE))


@lru_cache(maxsize=4096)
def _element(element: Element, detune: float) -> NDArray[np.float32]:
    seconds = _CONTINUOUS_S if element.seconds is None else element.seconds
    if not element.hz:
        return np.zeros(round(seconds * RATE), np.float32)
    hz = [f"{each * (1 + detune):.4f}" for each in element.hz]
    if element.modulated:  # SoX modulates to full depth
        effects = ["synth", f"{seconds}", "sine", hz[0], "synth", "sine", "amod", f"{element.hz[1]:g}"]
        channels = 1
    else:
        effects = ["synth", f"{seconds}"] + [part for each in hz for part in ("sine", each)]
        channels = len(hz)
    order = [*material().sox, "-D", "-r", str(RATE), "-c", str(channels), "-n"]
    effects += ["remix", "-"] if channels > 1 else []
    made = subprocess.run(
        [*order, "-t", "raw", "-c", "1", "-b", "16", "-e", "signed", "-", *effects, "vol", f"{PEAK}"],
        capture_output=True,
        check=True,
    )
    return np.frombuffer(made.stdout, "<i2").astype(np.float32)
