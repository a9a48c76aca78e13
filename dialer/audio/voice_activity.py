"""Where somebody speaks: voiced frames of many streams, found again and again in all that was heard.

A frame is 20 ms (160 samples at 8 kHz). A frame is voiced when it stands out of the noise around it in one of three
bands; the noise is the level that some 0.8 s around the frame hold most of the time, so a noise that sets in suddenly is
soon known to be one, also in hindsight. A steady tone is no voice, a lost packet no silence. Right from -8 to -40 dBm0 and
down to 10 dB above the noise.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dialer.audio.spectrum import power
from dialer.errors import BadInput

RATE = 8000
FRAME = 160
FRAME_S = FRAME / RATE
KEPT_FRAMES = 384
"""What is kept of each stream: 7.7 s."""

Samples: TypeAlias = NDArray[np.int16]
Indices: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]

DBM0_OF_FULL_SCALE_SQUARE = 6.15
_DBM0 = DBM0_OF_FULL_SCALE_SQUARE - 20 * np.log10(32768.0)
QUIETEST_DBM0 = -52.0
"""What is weaker is no voice."""
_WINDOW = 2 * FRAME
_BIN_HZ = RATE / _WINDOW
_BANDS = ((8, 28), (28, 60), (60, 136))  # bins of 25 Hz: 200 to 700, to 1500, to 3400 Hz
_LOWEST_FLOOR_DBM0 = -62.0
_ABOVE_FLOOR_DB = 6.5
_FLOOR_FRAMES = 40
_FLOOR_PLACE = 6  # of 40 sorted levels: a little speech leaves at least so many low ones
_LOST_FRAMES = 3
_LOST_POWER = (
    4.0  # squared samples: G.711's zero is 8 in A-law, but not for a frame of silence out of a jitter buffer
)
_SEARCHED_HZ = slice(10, 100)  # a beep's bins: 250 to 2500 Hz


class Voices:
    """Levels and lines of `capacity` streams, frame by frame; all state is one row for each stream."""

    def __init__(self, capacity: int) -> None:
        self._hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._last = np.zeros((capacity, FRAME), np.float32)
        self._lost = np.zeros(capacity, np.int32)
        self.frames = np.zeros(capacity, np.int64)
        """Heard so far."""
        self.dropped = np.zeros(capacity, np.int64)
        """Of these, no longer kept."""
        self.level = np.full((capacity, KEPT_FRAMES), -90.0, np.float32)
        """dBm0."""
        self._bands = np.full((capacity, KEPT_FRAMES, len(_BANDS)), -90.0, np.float32)
        self._floors = np.full((capacity, KEPT_FRAMES, len(_BANDS)), -90.0, np.float32)
        self.tone_hz = np.zeros((capacity, KEPT_FRAMES), np.float32)
        """The strongest line."""
        self.tone_share = np.zeros((capacity, KEPT_FRAMES), np.float32)
        """Its share of the power."""

    def grow(self, capacity: int) -> None:
        """Room for more streams; what is known of those there stays."""
        fresh = Voices(capacity)
        for name, mine in self._rows():
            getattr(fresh, name)[: len(mine)] = mine
        self.__dict__.update(vars(fresh))

    def reset(self, stream: int) -> None:
        empty = Voices(1)
        for name, mine in self._rows():
            mine[stream] = getattr(empty, name)[0]

    def _rows(self) -> list[tuple[str, NDArray[np.generic]]]:
        return [(name, mine) for name, mine in vars(self).items() if name != "_hann"]

    def feed(self, frames: Samples, streams: Indices) -> None:
        """`frames`: int16 [n, 160], one for each of `streams`, which are all different."""
        if frames.ndim != 2 or frames.shape != (len(streams), FRAME):
            raise BadInput(f"frames of shape {frames.shape}: [{len(streams)}, {FRAME}] int16 is wanted")
        heard = self._concealed(frames.astype(np.float32), streams)
        place = self._place(streams)
        self._look(heard, streams, place)
        self._last[streams] = heard
        self._fall_silent(streams, place)
        self.frames[streams] += 1
        self._follow_floor(streams, place)

    def _concealed(self, heard: Floats, streams: Indices) -> Floats:
        """A packet that did not come is silent, and shorter than any pause: the frame before stands for it."""
        empty = np.einsum("ij,ij->i", heard, heard) / FRAME < _LOST_POWER
        lost = np.where(empty, self._lost[streams] + 1, 0)
        self._lost[streams] = lost
        held = empty & (lost <= _LOST_FRAMES)
        heard[held] = self._last[streams][held]
        return heard

    def held(self, streams: Indices) -> Flags:
        """Whether the last frame stands for a lost packet, or for the beginning of a silence."""
        return np.asarray((self._lost[streams] > 0) & (self._lost[streams] <= _LOST_FRAMES))

    def _fall_silent(self, streams: Indices, place: Indices) -> None:
        """Too long for a lost packet: it was silence from its beginning."""
        begun = (self._lost[streams] == _LOST_FRAMES + 1) & (place >= _LOST_FRAMES)
        for shift in range(1, _LOST_FRAMES + 1):
            rows, at = streams[begun], place[begun] - shift
            self.level[rows, at] = -90.0
            self._bands[rows, at] = -90.0
            self.tone_share[rows, at] = 0.0

    def _place(self, streams: Indices) -> Indices:
        full = streams[self.frames[streams] - self.dropped[streams] == KEPT_FRAMES]
        if len(full):
            half = KEPT_FRAMES // 2
            for kept in (self.level, self._bands, self._floors, self.tone_hz, self.tone_share):
                kept[full, :half] = kept[full, half:]
            self.dropped[full] += half
        return np.asarray(self.frames[streams] - self.dropped[streams], np.intp)

    def _look(self, heard: Floats, streams: Indices, place: Indices) -> None:
        loudness = np.einsum("ij,ij->i", heard, heard) / FRAME
        self.level[streams, place] = 10 * np.log10(loudness + 1e-3) + _DBM0
        lines = power(np.concatenate([self._last[streams], heard], axis=1) * self._hann)
        lines /= np.float32(0.375 / 2)  # the mean square of the window
        bands = np.stack([lines[:, low:high].sum(axis=1) for low, high in _BANDS], axis=1)
        self._bands[streams, place] = 10 * np.log10(bands + 1e-3) + _DBM0
        searched = lines[:, _SEARCHED_HZ]
        peak = searched.argmax(axis=1) + _SEARCHED_HZ.start
        near = np.take_along_axis(lines, peak[:, None] + np.arange(-2, 3), axis=1)
        whole = lines[:, 4:].sum(axis=1) + 1e-3
        self.tone_share[streams, place] = near.sum(axis=1) / whole
        self.tone_hz[streams, place] = (peak + _vertex(near[:, 1], near[:, 2], near[:, 3])) * _BIN_HZ

    def _follow_floor(self, streams: Indices, place: Indices) -> None:
        window = place[:, None] - np.arange(_FLOOR_FRAMES)
        kept = self._bands[streams[:, None], np.maximum(window, 0)]
        young = place < _FLOOR_FRAMES - 1
        floor = np.empty((len(streams), len(_BANDS)), np.float32)
        floor[~young] = np.partition(kept[~young], _FLOOR_PLACE, axis=1)[:, _FLOOR_PLACE]
        if young.any():
            kept[window < 0] = np.inf
            nth = (place[young] + 1) * _FLOOR_PLACE // _FLOOR_FRAMES
            levels = np.sort(kept[young], axis=1)
            floor[young] = np.take_along_axis(levels, nth[:, None, None], axis=1)[:, 0]
        self._floors[streams, place] = floor

    def voiced(self, streams: Indices) -> Flags:
        """[n, longest]: which of the frames kept are voiced, by all that is known now; from frame `dropped` on."""
        kept = self.frames[streams] - self.dropped[streams]
        longest = int(kept.max(initial=0))
        there = np.arange(longest) < kept[:, None]
        floor = self._floor_around(streams, kept, longest)
        above = self._bands[streams, :longest] - np.maximum(floor, _LOWEST_FLOOR_DBM0)
        loud = self.level[streams, :longest] > QUIETEST_DBM0
        return np.asarray(
            there & loud & (above.max(axis=2) > _ABOVE_FLOOR_DB) & ~self._tone(streams, longest)
        )

    def _floor_around(self, streams: Indices, kept: NDArray[np.int64], longest: int) -> Floats:
        """The highest of the floors of all whole windows around a frame."""
        floors = self._floors[streams, :longest].copy()
        frame = np.arange(longest)
        # a window that began before the stream did is known only while there is no better one
        known = (frame >= np.minimum(_FLOOR_FRAMES, kept[:, None]) - 1) & (frame < kept[:, None])
        # what was dropped was known in whole windows
        known |= (self.dropped[streams, None] > 0) & (frame < kept[:, None])
        floors[~known] = -np.inf
        width, span = 1, _FLOOR_FRAMES
        while width < span:  # the highest of each frame and those after it, in doubled steps
            step = min(width, span - width)
            floors[:, :-step] = np.maximum(floors[:, :-step], floors[:, step:])
            width += step
        return np.asarray(floors, np.float32)

    def _tone(self, streams: Indices, longest: int) -> Flags:
        """Frames in a pure line that stays where it is for 0.1 s."""
        hz, share = self.tone_hz[streams, :longest], self.tone_share[streams, :longest]
        tone = np.zeros(hz.shape, bool)
        if longest < 5:
            return tone
        same = (np.abs(np.diff(hz, axis=1)) < 12) & (np.minimum(share[:, 1:], share[:, :-1]) > 0.8)
        run = same[:, :-3] & same[:, 1:-2] & same[:, 2:-1] & same[:, 3:]
        for shift in range(5):
            tone[:, shift : shift + run.shape[1]] |= run
        return tone


def _vertex(left: Floats, middle: Floats, right: Floats) -> Floats:
    """Where the parabola through three logarithms has its top, in bins from the middle one."""
    a, b, c = (np.log(part + 1e-9) for part in (left, middle, right))
    bend = a - 2 * b + c
    top = np.where(bend < -1e-9, 0.5 * (a - c) / np.where(bend == 0, 1, bend), 0)
    return np.asarray(np.clip(top, -0.5, 0.5), np.float32)
