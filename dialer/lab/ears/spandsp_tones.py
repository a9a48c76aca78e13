"""spandsp's super-tone receiver, by its C library: what FreeSWITCH's `spandsp_start_tone_detect` runs on."""

import ctypes
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from dialer.audio.zones import Sound
from dialer.lab.ears.codecs import Audio
from dialer.lab.ears.material import material

_FRAME = 320  # as fine as the times of what it says
_RATE = 8000
_SHARE, _SPARE_MS = 0.10, 30
"""How far a duration may be off: as in spandsp's own test of this receiver."""
_MERGED_HZ = 10
_NEVER_MS = 100_000_000
_Report = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int)

Step = tuple[int, int, int, int]
"""Two frequencies in Hz (0: none; both: silence), and the shortest and longest duration in ms (longest 0: any)."""


def patterns(sound: Sound) -> list[Step]:
    """A tone as the receiver is told of it. What is modulated is told as its carrier: it cannot resolve the lines."""
    lines = [each[0] if each else () for each in sound.spectra]
    return [_step(hz, seconds) for hz, seconds in zip(lines, sound.steps, strict=True)]


def _step(hz: Sequence[float], seconds: float | None) -> Step:
    one, other = [*(round(each) for each in hz), 0, 0][:2]
    if seconds is None:
        return one, other, 500, 0
    exact = 1000 * abs(seconds)
    shortest = max(0, round(exact * (1 - _SHARE)) - _SPARE_MS)
    return one, other, shortest, round(exact * (1 + _SHARE)) + _SPARE_MS


def apart(frequencies: Iterable[int]) -> dict[int, int]:
    """For each the one to listen for instead: of several that are within 10 Hz, the first.

    The receiver would merge these by itself, and write beyond its memory once it merges with one merged before (0.0.6).
    """
    found: dict[int, int] = {}
    for hz in frequencies:
        near = (each for each in found.values() if abs(each - hz) <= _MERGED_HZ)
        found.setdefault(hz, next(near, hz))
    return found


class SuperToneReceiver:
    """Knows some tones, and says which of them it hears. Its descriptor is kept for as long as the process lives."""

    def __init__(self, sounds: Sequence[Sound]) -> None:
        """Of frequencies that are too close the first sound's is listened for: put the home's first."""
        self._library = material().library("libspandsp")
        self._library.super_tone_rx_make_descriptor.restype = ctypes.c_void_p
        self._library.super_tone_rx_init.restype = ctypes.c_void_p
        self._descriptor = ctypes.c_void_p(self._library.super_tone_rx_make_descriptor(None))
        known = [patterns(sound) for sound in sounds]
        hz = apart(each for steps in known for step in steps for each in step[:2] if each)
        # pairs are compared in the order in which their frequencies became known: the lower one first
        self._learn([(each, 0, _NEVER_MS, 0) for each in sorted(set(hz.values()))])
        for steps in known:
            self._learn([(hz.get(a, 0), hz.get(b, 0), *lasts) for a, b, *lasts in steps])

    def _learn(self, steps: Iterable[tuple[int, ...]]) -> None:
        tone = self._library.super_tone_rx_add_tone(self._descriptor)
        for step in steps:
            self._library.super_tone_rx_add_element(self._descriptor, tone, *step)

    def hear(self, audio: Audio) -> list[tuple[float, int]]:
        """When each tone began to be recognised, in seconds, and its number among the `sounds`."""
        said: list[int] = []

        def report(_data: object, code: int, _level: int, _delay: int) -> None:
            if code > 0:
                said.append(code - 1)  # the first tone only orders the frequencies

        callback = _Report(report)  # kept until the receiver is gone
        receiver = ctypes.c_void_p(self._library.super_tone_rx_init(None, self._descriptor, callback, None))
        try:
            found: list[tuple[float, int]] = []
            for at_s, frame in _frames(audio):
                self._library.super_tone_rx(receiver, frame, _FRAME)
                found += [(at_s, number) for number in said]
                said.clear()
            return found
        finally:
            self._library.super_tone_rx_free(receiver)


def _frames(audio: Audio) -> Iterator[tuple[float, ctypes.c_void_p]]:
    """Each with the time at which it has been heard."""
    samples = np.ascontiguousarray(audio)
    for at in range(0, len(samples) - _FRAME + 1, _FRAME):
        yield (at + _FRAME) / _RATE, ctypes.c_void_p(samples.ctypes.data + 2 * at)
