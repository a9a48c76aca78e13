"""Voice or music? Sounds that are no tone, told apart by how steady their strongest line and their level are.

Music holds its notes and hardly pauses; speech glides, and its level jumps from frame to frame. The weights were set on
five pieces of music and prompts in four languages.

Nothing is decided on this but a label: no call is hung up for it.
"""

from collections.abc import Iterator

import numpy as np

from dialer.audio.frontend import FrontEnd, Indices
from dialer.audio.ringback import Signal

_STEADY_HZ = 5.0
_ENOUGH_FRAMES = 100
_EVERY_FRAMES = 50
_FORGET_FRAMES = 400
_UNSURE = 0.3
_NO_LINES = 0.1
_UNSTEADY, _NO_PULSE_DB = 0.3, 0.8


class VoiceOrMusic:
    """Counts for each stream, from the first sound on that is no tone."""

    def __init__(self, capacity: int) -> None:
        self.sounding = np.zeros(capacity, np.float32)
        """Frames inside bursts."""
        self.frames = np.zeros(capacity, np.int64)
        """Frames since the first sound."""
        self.looks = np.zeros(capacity, np.float32)
        self.steady = np.zeros(capacity, np.float32)
        self.shares = np.zeros(capacity, np.float32)
        self.jumps = np.zeros(capacity, np.float32)
        self._last_hz = np.zeros(capacity, np.float32)
        self._last_level = np.zeros(capacity, np.float32)

    def grow(self, capacity: int) -> None:
        fresh = VoiceOrMusic(capacity)
        for name, mine in vars(self).items():
            getattr(fresh, name)[: len(mine)] = mine
        self.__dict__.update(vars(fresh))

    def reset(self, stream: int) -> None:
        for mine in vars(self).values():
            mine[stream] = 0

    def begin(self, stream: int) -> None:
        """Something was heard that is no tone."""
        self.frames[stream] = max(1, self.frames[stream])

    def feed(self, streams: Indices, front: FrontEnd) -> None:
        heard = streams[self.frames[streams] > 0]
        if not len(heard):
            return
        on = front.on[heard]
        self.frames[heard] += 1
        self.sounding[heard] += on
        level = np.maximum(front.level[heard], front.burst_level[heard] - 25)
        self.jumps[heard] += np.abs(level - self._last_level[heard])
        self._last_level[heard] = level
        fresh = heard[(front.looked_at[heard] == front.frames[heard]) & on]
        hz = front.strongest_hz[fresh]
        self.looks[fresh] += 1
        self.steady[fresh] += np.abs(hz - self._last_hz[fresh]) < _STEADY_HZ
        self.shares[fresh] += front.strongest_share[fresh]
        self._last_hz[fresh] = hz

    def due(self, streams: Indices) -> Iterator[tuple[int, Signal, float]]:
        """Streams about which there is something to say."""
        frames = self.frames[streams]
        ripe = streams[(frames >= _ENOUGH_FRAMES) & (frames % _EVERY_FRAMES == 0)]
        for stream in ripe.tolist():
            yield stream, *self._label(stream)
            if self.frames[stream] >= _FORGET_FRAMES:
                self._halve(stream)

    def _label(self, stream: int) -> tuple[Signal, float]:
        frames = float(self.frames[stream])
        steady = float(self.steady[stream] / max(1.0, self.looks[stream]))
        sounding = float(self.sounding[stream]) / frames
        jumps = float(self.jumps[stream]) / frames
        share = float(self.shares[stream] / max(1.0, self.looks[stream]))
        if share < _NO_LINES or (steady < _UNSTEADY and jumps < _NO_PULSE_DB):
            return Signal.SOUND, 0.5  # noise
        score = 4 * (steady - 0.36) + 2 * (sounding - 0.82) + (2.2 - jumps)
        if abs(score) < _UNSURE:
            return Signal.SOUND, 0.5
        return (Signal.MUSIC if score > 0 else Signal.VOICE), min(0.95, 0.7 + abs(score) / 8)

    def _halve(self, stream: int) -> None:
        """What was heard long ago counts less."""
        for counted in (self.frames, self.sounding, self.looks, self.steady, self.shares, self.jumps):
            counted[stream] = counted[stream] / 2
