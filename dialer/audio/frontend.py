"""What many streams sound like, block by block: bursts of energy, their lengths, and the lines in their spectrum.

A frame is 20 ms (160 samples at 8 kHz). Bursts are found by level with hysteresis, ±20 ms; dropouts under 80 ms and
clicks under 60 ms are passed over, so that lost packets do not cut a tone. Inside a burst Hann windows of 160 ms are
averaged: 6.25 Hz a bin, two equal lines 25 Hz apart stay apart. All state is one row for each stream.
"""

from functools import cache
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dialer.audio import spectrum
from dialer.audio.events import Event, Sign

RATE = 8000
FRAME = 160
FRAME_S = FRAME / RATE
WINDOW_FRAMES = 8
KEPT_FRAMES = 64
"""Of each stream's sound: 1.3 s."""
MOST_AT_ONCE = KEPT_FRAMES - WINDOW_FRAMES
"""Frames of one stream."""
_AT_ONCE = 128  # streams: their sound stays in a core's own cache meanwhile
_WINDOW = WINDOW_FRAMES * FRAME
BIN_HZ = RATE / _WINDOW
LOW_BIN, HIGH_BIN = 40, 120
"""Lines are looked for from 250 to 750 Hz: where every ring-back tone is."""
_LEAST_POWER = np.float32(1 / _WINDOW**2)
_VOICE_BIN = 16  # from 100 Hz: hum and direct current do not count
SETTLED_WINDOWS = 3
_MANY_WINDOWS = 8  # after these a burst is looked at half as often

# 0 dBm0 is 3.14 dB under the loudest sine (G.711)
_DBM0 = 10 * np.log10(2.0) + 3.14 - 20 * np.log10(32768.0)
QUIETEST_DBM0 = -50.0
_STEP_UP_DB, _STEP_DOWN_DB = 5.0, 6.0
_UP_FRAMES, _DOWN_FRAMES = 3, 4
_FLOOR_DBM0 = -70.0
_YOUNG_FRAMES = 12
_ECHO_DB = 14.0
_DEEPEST_DIP_DB, _LONG_DOWN_FRAMES = 22.0, 12
_FLOOR_FALL_DB = 1.0  # a frame
_TRUSTED_ONSET_FRAMES = 50

Indices: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float32]
Samples: TypeAlias = NDArray[np.int16]


class FrontEnd:
    """Levels, bursts and averaged spectra of `capacity` streams."""

    def __init__(self, capacity: int) -> None:
        self._hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._blocks = np.arange(-WINDOW_FRAMES, 0)
        self._samples = np.zeros((capacity, KEPT_FRAMES, FRAME), np.int16)
        self.frames = np.zeros(capacity, np.int64)
        """Frames heard so far."""
        self.level = np.full(capacity, _FLOOR_DBM0, np.float32)
        """Of the last frame, dBm0."""
        self.floor = np.full(capacity, _FLOOR_DBM0, np.float32)
        self.on = np.zeros(capacity, bool)
        self.onset = np.zeros(capacity, np.int64)
        self.burst_level = np.zeros(capacity, np.float32)
        self.heard_onset = np.zeros(capacity, bool)
        self._level_sums = np.zeros((capacity, 2), np.float64)
        self._ended = np.full(capacity, -1, np.int64)
        self._ended_before = np.full(capacity, -1, np.int64)
        self._left = np.zeros(capacity, np.float32)  # the loudest frame since the level fell
        self._deeply = np.zeros(capacity, np.int32)
        self._floor_known = np.zeros(capacity, bool)
        self.is_tone = np.zeros(capacity, bool)
        """Of the present burst; told by `found_tone`."""
        self._tone_level = np.full(capacity, _FLOOR_DBM0, np.float32)
        self._up = np.zeros(capacity, np.int32)
        self.falling = np.zeros(capacity, np.int32)
        """For how many frames the level has been too low: the burst may be over."""
        self._spectrum = np.zeros((capacity, HIGH_BIN - LOW_BIN), np.float32)
        self.windows = np.zeros(capacity, np.int32)
        """How many are averaged in the burst's spectrum."""
        self.strongest_hz = np.zeros(capacity, np.float32)
        self.strongest_share = np.zeros(capacity, np.float32)
        """Of the last window: its strongest line from 100 to 3400 Hz, and that line's share of the power."""
        self.looked_at = np.zeros(capacity, np.int64)
        """The frame of the last window."""

    def grow(self, capacity: int) -> None:
        """Room for more streams; what is known of those there stays."""
        fresh = FrontEnd(capacity)
        for name, mine in vars(self).items():
            if isinstance(mine, np.ndarray) and name not in ("_hann", "_blocks"):
                getattr(fresh, name)[: len(mine)] = mine
        self.__dict__.update(vars(fresh))

    def reset(self, stream: int) -> None:
        empty = _untouched()
        for name, mine in vars(self).items():
            if isinstance(mine, np.ndarray) and name not in ("_hann", "_blocks"):
                mine[stream] = getattr(empty, name)[0]

    def hear(self, frames: Samples, streams: Indices) -> Floats:
        """Some frames, [n, k, 160], for each of `streams`, which are all different: each is to be followed by `step`.

        Returns their levels [n, k], dBm0.
        """
        count = frames.shape[1]
        levels = np.empty(frames.shape[:2], np.float32)
        for first in range(0, len(streams), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            rows, came = streams[part], frames[part]
            self._samples[rows[:, None], (self.frames[rows][:, None] + np.arange(count)) % KEPT_FRAMES] = came
            samples = came.astype(np.float32)
            levels[part] = np.einsum("nki,nki->nk", samples, samples)
        return np.asarray(10 * np.log10(levels / FRAME + 1e-3) + _DBM0, np.float32)

    def step(self, streams: Indices, level: Floats) -> list[Event]:
        """One of these frames of each stream."""
        self.frames[streams] += 1
        self.level[streams] = level
        # bursts that end are looked at before others begin in their place
        events = self._falls(streams, level)
        events += self._rises(streams, level)
        events += self._windows_due(streams)
        return events

    def last(self, stream: int, count: int) -> Samples:
        """The last frames, [count, 160]; `KEPT_FRAMES` at most."""
        now = int(self.frames[stream])
        kept: Samples = self._samples[stream, np.arange(now - count, now) % KEPT_FRAMES]
        return kept

    def lines(self, stream: int) -> tuple[list[float], list[float], float]:
        """Lines of the burst: strong ones and weak ones (Hz, rising), and the strong ones' share of the power."""
        strong, weak, share = spectrum.lines(self._spectrum[stream], int(self.windows[stream]))
        return (
            [(LOW_BIN + line) * BIN_HZ for line in strong],
            [(LOW_BIN + line) * BIN_HZ for line in weak],
            share,
        )

    def unevenness_db(self, stream: int) -> float:
        """How much the level of the burst's windows varies: standard deviation."""
        count = max(1, int(self.windows[stream]))
        mean, square = (each / count for each in self._level_sums[stream].tolist())
        return sqrt(max(0.0, square - mean * mean))

    def found_tone(self, stream: int) -> None:
        """The present burst is a tone."""
        self.is_tone[stream] = True
        self._tone_level[stream] = self.burst_level[stream]

    def lost_tone(self, stream: int) -> None:
        """The present burst is no tone after all."""
        self.is_tone[stream] = False
        self.forget_tone(stream)

    def forget_tone(self, stream: int) -> None:
        """What comes next may be much quieter."""
        self._tone_level[stream] = _FLOOR_DBM0

    def disregard(self, stream: int) -> None:
        """The burst that has just ended was a click: the silence goes on."""
        self._ended[stream] = self._ended_before[stream]

    def age_s(self, streams: Indices) -> Floats:
        """How long the bursts have lasted."""
        return ((self.frames[streams] - self.onset[streams]) * FRAME_S).astype(np.float32)

    def silence_s(self, stream: int) -> float:
        """How long nothing has been heard."""
        if self.on[stream]:
            return 0.0
        return float(self.frames[stream] - max(0, self._ended[stream])) * FRAME_S

    def quiet_frames(self, streams: Indices) -> NDArray[np.int64]:
        """How long nothing has been heard, in frames; 0 inside a burst."""
        since = self.frames[streams] - np.maximum(self._ended[streams], 0)
        return np.where(self.on[streams], 0, since)

    def turning(self, streams: Indices) -> NDArray[np.bool_]:
        """Whether a burst is perhaps beginning or ending."""
        return (self.falling[streams] > 0) | (self._up[streams] > 0)

    # --- bursts -------------------------------------------------------------------------------------

    def _rises(self, streams: Indices, level: Floats) -> list[Event]:
        on = self.on[streams]
        floor = self.floor[streams]
        # a tone may begin in a noise that was taken for a burst: then it stands out of that
        noise = on & ~self.is_tone[streams] & (self.frames[streams] - self.onset[streams] > _YOUNG_FRAMES)
        below = np.where(on, np.where(noise, self.burst_level[streams], np.inf), floor)
        # after a tone what is far weaker is a codec's echo of it
        least = np.maximum(QUIETEST_DBM0, self._tone_level[streams] - _ECHO_DB)
        loud = level > np.maximum(below + _STEP_UP_DB, least)
        up = np.where(loud, self._up[streams] + 1, 0)
        self._up[streams] = up
        quiet = ~on & ~loud
        drift = np.maximum(level, _FLOOR_DBM0) - floor
        # a lost packet is no silence: the floor falls slowly
        self.floor[streams[quiet]] = (floor + np.maximum(0.1 * drift, -_FLOOR_FALL_DB))[quiet]
        begun = up >= _UP_FRAMES
        steady = on & ~begun
        self._follow(streams[steady], level[steady])
        return [event for stream in streams[begun] for event in self._begin(int(stream))]

    def _follow(self, streams: Indices, level: Floats) -> None:
        away = level - self.burst_level[streams]
        pull = np.where(away > 0, 0.3, np.where(away > -_STEP_DOWN_DB, 0.1, 0.0)).astype(np.float32)
        self.burst_level[streams] += pull * np.clip(away, -_STEP_DOWN_DB, _STEP_UP_DB)

    def _begin(self, stream: int) -> list[Event]:
        onset = int(self.frames[stream]) - _UP_FRAMES
        events: list[Event] = []
        if self.on[stream]:
            self.floor[stream] = self.burst_level[stream]
            length = float(onset - self.onset[stream]) * FRAME_S
            events.append(Event(Sign.ENDED, stream, length, bool(self.heard_onset[stream]), cut=True))
        silence = float(onset - self._ended[stream]) * FRAME_S if self._ended[stream] >= 0 else None
        # a tone that comes with the first packets may have begun before them
        heard = onset >= _TRUSTED_ONSET_FRAMES
        self.on[stream] = True
        self.onset[stream] = onset
        self.heard_onset[stream] = heard
        self.burst_level[stream] = self.level[stream]
        self._up[stream] = self.falling[stream] = self._deeply[stream] = 0
        self.is_tone[stream] = False
        self._floor_known[stream] |= onset >= _YOUNG_FRAMES
        self.windows[stream] = 0
        self._spectrum[stream] = 0
        self._level_sums[stream] = 0
        events.append(Event(Sign.BEGAN, stream, silence, heard))
        return events

    def _falls(self, streams: Indices, level: Floats) -> list[Event]:
        under = self.burst_level[streams] - level
        floor = self.floor[streams]
        # a decoder that conceals a loss dips for 0.1 s, up to 20 dB; a short fall has to come near the floor
        deep = np.clip((self.burst_level[streams] - floor) / 2, _STEP_DOWN_DB, _DEEPEST_DIP_DB)
        deep = np.where(self._floor_known[streams], deep, _STEP_DOWN_DB)
        low = (under > _STEP_DOWN_DB) | (level < QUIETEST_DBM0 - 2)
        down = np.where(self.on[streams] & low, self.falling[streams] + 1, 0)
        self.falling[streams] = down
        bottom = low & ((under > deep) | (level < QUIETEST_DBM0 - 2))
        deeply = np.where(self.on[streams] & bottom, self._deeply[streams] + 1, 0)
        self._deeply[streams] = deeply
        left = np.where(down > 1, np.maximum(self._left[streams], level), level)
        self._left[streams] = left
        events = []
        over = streams[(deeply >= _DOWN_FRAMES) | (down >= _LONG_DOWN_FRAMES)]
        unseen = over[self.windows[over] == 0]
        if len(unseen):
            self._look(unseen)  # too short for a window of its own: the one that holds it whole
        for stream in over.tolist():
            end = int(self.frames[stream] - self.falling[stream])
            self.on[stream] = False
            self._ended_before[stream] = self._ended[stream]
            self._ended[stream] = end
            self.falling[stream] = self._deeply[stream] = 0
            self.floor[stream] = min(max(self.level[stream], _FLOOR_DBM0), self._left[stream])
            self._floor_known[stream] = True
            length = float(end - self.onset[stream]) * FRAME_S
            events.append(Event(Sign.ENDED, stream, length, bool(self.heard_onset[stream])))
        return events

    # --- spectra ------------------------------------------------------------------------------------

    def _windows_due(self, streams: Indices) -> list[Event]:
        age = self.frames[streams] - self.onset[streams]
        whole = self.on[streams] & (age >= WINDOW_FRAMES) & (self.falling[streams] <= 1)
        every = np.where(self.windows[streams] < _MANY_WINDOWS, 2, 4)
        due = streams[whole & (age % every == 0)]
        if not len(due):
            return []
        self._look(due)
        count = self.windows[due]
        events = [self._told(Sign.SETTLED, stream) for stream in due[count == SETTLED_WINDOWS].tolist()]
        again = due[(count % _MANY_WINDOWS == 0) & self.is_tone[due]]
        return events + [self._told(Sign.GOES_ON, stream) for stream in again.tolist()]

    def _told(self, sign: Sign, stream: int) -> Event:
        return Event(sign, stream, None, bool(self.heard_onset[stream]))

    def _look(self, streams: Indices) -> None:
        order = (self.frames[streams][:, None] + self._blocks) % KEPT_FRAMES
        samples = self._samples[streams[:, None], order].reshape(len(streams), _WINDOW)
        power = spectrum.power(samples * self._hann)
        power[:, :_VOICE_BIN] = 0
        whole = power.sum(axis=1) + _LEAST_POWER
        level = 10 * np.log10(whole)
        self._level_sums[streams] += np.stack([level, level * level], axis=1)
        self._spectrum[streams] += power[:, LOW_BIN:HIGH_BIN] / whole[:, None]
        self.windows[streams] += 1
        peak, of_it = spectrum.strongest(power)
        self.strongest_share[streams] = of_it / whole
        self.strongest_hz[streams] = peak * BIN_HZ
        self.looked_at[streams] = self.frames[streams]


@cache
def _untouched() -> FrontEnd:
    return FrontEnd(1)
