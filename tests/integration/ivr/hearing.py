"""Prompts as tones that tell which flow, prompt, variant and language they are, and an ear that knows them again."""

import itertools
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ivr.flow.model import Flow
from ivr.spoken import Spoken
from tests.support.walks import Heard, said, sounds_of

RATE: Final = 8000
FRAME: Final = 160
_WINDOW: Final = 2 * FRAME
_HERTZ: Final = np.arange(300, 3300, 100)  # whole periods in a window, so that no tone leaks into another's
_WAVES: Final = np.exp(-2j * np.pi * np.outer(np.arange(_WINDOW) / RATE, _HERTZ))
_PAIRS: Final = tuple(itertools.combinations(range(len(_HERTZ)), 2))
_TONE_FRAMES, _PAUSE_FRAMES = 8, 6  # of 20 ms: a packet may be late on the way, or lost
_QUIET: Final = 300.0**2 * _WINDOW
_ENOUGH: Final = 3  # windows
_WAYS_OF_OPTIONS: Final = 4
_FOLDER: Final = "ivr-walks"

Known = tuple[str, Heard]
"""(flow, what of it)"""


@dataclass(frozen=True)
class Tones:
    """Two frequencies for each sound of the flows. They are put where Asterisk finds its sounds. What is said several times in
    a row, the options of a question, has several (`same` gives the first of them): pauses alone may get lost on the way."""

    codes: dict[Known, int]
    same: dict[int, int]

    @classmethod
    def of(cls, flows: Iterable[Flow], sounds: Path) -> "Tones":
        codes, same = dict[Known, int](), dict[int, int]()
        for flow in flows:
            for heard in sounds_of(flow):
                first = codes[flow.name, heard] = len(same)
                same.update(dict.fromkeys(range(first, first + _ways(heard)), first))
        assert len(same) <= len(_PAIRS)
        (sounds / _FOLDER).mkdir(exist_ok=True)
        for code in same:
            _write(sounds / _FOLDER / f"{code}.wav", code)
        return cls(codes, same)

    def file(self, code: int) -> str:
        return f"{_FOLDER}/{code}"

    def named(self) -> dict[int, Known]:
        return {code: known for known, code in self.codes.items()}


def _ways(heard: Heard) -> int:
    return _WAYS_OF_OPTIONS if heard[1] == "builtin/option" else 1


def _write(file: Path, code: int) -> None:
    when = np.arange(_TONE_FRAMES * FRAME) / RATE
    tone = sum(7000 * np.sin(2 * np.pi * _HERTZ[which] * when) for which in _PAIRS[code])
    samples = np.concatenate([tone, np.zeros(_PAUSE_FRAMES * FRAME)]).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


@dataclass(frozen=True)
class ToneBook:
    """The prompt book of one flow."""

    tones: Tones
    flow: Flow

    def sounds(self, spoken: Spoken) -> Sequence[str]:
        heard = said(self.flow, spoken)
        keys = [int(value) for value in spoken.pieces[1::2] if len(value) == 1 and value.isdecimal()]
        way = keys[-1] % _ways(heard) if keys else 0
        return [self.tones.file(self.tones.codes[self.flow.name, heard] + way)]


@dataclass
class Ear:
    """Hears one caller's line, frame by frame. A tone counts once it was there for 60 ms; a pause ends it."""

    heard: list[int] = field(default_factory=list)
    _last: np.ndarray = field(default_factory=lambda: np.zeros(FRAME))
    _energy: float = 0.0
    _code: int = -1
    _times: int = 0

    def frame(self, samples: np.ndarray) -> bool:
        """20 ms more. Whether something was heard that was not heard before."""
        energy = float(samples @ samples)
        both, before = energy + self._energy, self._last
        self._last, self._energy = samples, energy
        code = _code_of(np.concatenate([before, samples]), both) if both >= _QUIET else None
        if code is None:  # a pause
            self._code, self._times = -1, 0
        elif code >= 0:
            self._times = self._times + 1 if code == self._code else 1
            self._code = code
            if self._times == _ENOUGH:
                self.heard.append(code)
                return True
        return False


def _code_of(window: np.ndarray, energy: float) -> int:
    """-1 when it is no pair of tones, such as where one begins or a packet is lacking."""
    shares = np.abs(window @ _WAVES) ** 2 * 2 / (energy * _WINDOW)
    first, second = np.argsort(shares)[-2:]
    if shares[first] < 0.25 or shares[second] < 0.25:
        return -1
    pair = (min(first, second), max(first, second))
    return _CODES[int(pair[0]), int(pair[1])]


_CODES: Final = {pair: code for code, pair in enumerate(_PAIRS)}
