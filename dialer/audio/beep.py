"""Single lines that stay where they are: the beep after a greeting, and what fax machines say.

A beep is one line of 350 to 2200 Hz for 0.1 to 2.5 s that stands out of what is before and after it. T.30: CNG is 1100 ±38 Hz
for 0.5 s, CED 2100 ±15 Hz for 2.6 to 4 s (V.25's answer tone is the same, its phase turned every 0.45 s).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dialer.audio.voice_activity import FRAME_S, Flags, Floats, Indices, Voices

LOWEST_HZ, HIGHEST_HZ = 350.0, 2200.0
SHORTEST_S, LONGEST_S = 0.1, 2.5
_SHARE = 0.75  # 10 dB of noise leave 0.9
_DRIFT_HZ = 14.0
_GAP_FRAMES = 3
_BEFORE_FRAMES = 4
_STANDS_OUT_DB = 6.0
_FAX_HZ = (1100.0, 2100.0)
_CED_S = 0.8
_CNG_S = (0.3, 0.7)  # a lost packet shortens it
_EVEN_HZ = 3.5
_SHORT_FRAMES = 12
_VOWEL_HZ = 450.0
_SURELY_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Tone:
    """Seconds from the answer. `stands_out`: it is louder than what is before and after it."""

    start_s: float
    end_s: float
    hz: float
    stands_out: bool

    @property
    def is_beep(self) -> bool:
        lasts = SHORTEST_S <= round(self.end_s - self.start_s, 3) <= LONGEST_S
        return lasts and self.stands_out and LOWEST_HZ <= self.hz <= HIGHEST_HZ

    @property
    def is_calling_fax(self) -> bool:
        return abs(self.hz - _FAX_HZ[0]) <= 38 and _CNG_S[0] <= self.end_s - self.start_s <= _CNG_S[1]

    @property
    def is_answering_fax(self) -> bool:
        return abs(self.hz - _FAX_HZ[1]) <= 20 and self.end_s - self.start_s >= _CED_S


@dataclass(slots=True)
class _Run:
    first: int
    last: int
    hz: float
    looks: int = 1
    before_db: float = 0.0
    loudness_db: float = 0.0
    spread: float = 0.0
    held: int = 0
    """Frames that stand for lost packets, or for silence: they count once the line is there again."""


class Lines:
    """Follows the lines of many streams; told of each frame after `Voices` was."""

    def __init__(self) -> None:
        self._runs: dict[int, _Run] = {}

    def reset(self, stream: int) -> None:
        self._runs.pop(stream, None)

    def sounds(self, stream: int) -> bool:
        """A line that may become a beep."""
        run = self._runs.get(stream)
        return run is not None and run.looks >= _SURELY_LOOKS

    def feed(self, streams: Indices, voices: Voices) -> Iterator[tuple[int, Tone, bool]]:
        """Tones that have ended (True), and those that go on like a fax's answer (False)."""
        place = np.asarray(voices.frames[streams] - voices.dropped[streams] - 1, np.intp)
        hz, share = voices.tone_hz[streams, place], voices.tone_share[streams, place]
        level = voices.level[streams, place]
        pure = self._pure(hz, share, level)
        held = voices.held(streams)
        due = [row for row, stream in enumerate(streams.tolist()) if pure[row] or stream in self._runs]
        for row in due:
            stream, frame = int(streams[row]), int(voices.frames[streams[row]]) - 1
            run = self._runs.get(stream)
            if held[row] and pure[row] and run is not None:
                run.held += 1
                continue
            said = self._follow(
                stream,
                frame,
                float(hz[row]),
                float(level[row]),
                bool(pure[row]),
                int(place[row]),
                voices,
            )
            if said is not None:
                yield stream, *said

    @staticmethod
    def _pure(hz: Floats, share: Floats, level: Floats) -> Flags:
        in_range = (hz > LOWEST_HZ - 20) & (hz < HIGHEST_HZ + 20)
        return np.asarray((share > _SHARE) & in_range & (level > -55.0))

    def _follow(
        self, stream: int, frame: int, hz: float, level: float, pure: bool, place: int, voices: Voices
    ) -> tuple[Tone, bool] | None:
        run = self._runs.get(stream)
        if run is not None and pure and abs(hz - run.hz) <= _DRIFT_HZ:
            run.looks += 1 + run.held
            run.held = 0
            run.hz += (hz - run.hz) / run.looks
            run.spread += (abs(hz - run.hz) - run.spread) / run.looks
            run.loudness_db = max(run.loudness_db, level)
            run.last = frame
            tone = _tone(run, stands_out=True)
            return (tone, False) if tone.is_answering_fax else None
        if run is not None and frame - run.last <= _GAP_FRAMES:
            return None
        ended = None
        if run is not None:
            del self._runs[stream]
            ended = self._ended(run, level)
        if pure:
            before = voices.level[stream, max(0, place - _BEFORE_FRAMES) : max(0, place - 1)]
            self._runs[stream] = _Run(
                frame, frame, hz, before_db=float(before.max(initial=-90.0)), loudness_db=level
            )
        return ended

    @staticmethod
    def _ended(run: _Run, level: float) -> tuple[Tone, bool] | None:
        length = run.last - run.first + 1
        if length * FRAME_S < SHORTEST_S or run.looks < 0.6 * length:
            return None
        apart = run.loudness_db - max(run.before_db, level)
        return _tone(run, stands_out=apart >= _STANDS_OUT_DB and _is_pure(run, length)), True


def _is_pure(run: _Run, length: int) -> bool:
    """A vowel's first harmonic may be the strongest line for a moment, but wavers, and is low."""
    short = length < _SHORT_FRAMES
    if short and run.hz < _VOWEL_HZ:
        return False
    return run.spread <= _EVEN_HZ and run.looks >= (0.85 if short else 0.75) * length


def _tone(run: _Run, stands_out: bool) -> Tone:
    # a look goes over two frames: the first and the last are half in the tone
    return Tone(run.first * FRAME_S, run.last * FRAME_S + FRAME_S / 2, run.hz, stands_out)
