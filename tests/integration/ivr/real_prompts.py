"""The walks with prompts as they are built, and proof that each of their sounds was heard, in its turn."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ivr.flow.model import Flow
from ivr.prompts import FileBook
from ivr.spoken import Spoken
from tests.integration.ivr.callers import WITHIN_S, Line
from tests.integration.ivr.hearing import FRAME, RATE
from tests.integration.ivr.walkers import Walker
from tests.support.walks import Heard, Step, Walk, said

_THINKS_S: Final = 0.6
_LOOK_S: Final = 0.05
_INTERRUPTS_S: Final = 1.0
_SAMPLE: Final = int(0.4 * RATE)
_ALIKE: Final = (
    0.6  # 1 is the very same sound; µ-law and a late packet take something off, other words are below 0.3
)


@dataclass
class NotingBook:
    """Keeps what it was asked for, once for each time it is said."""

    book: FileBook
    flow: Flow
    said: dict[int, tuple[Spoken, Sequence[str]]] = field(default_factory=dict)

    def sounds(self, spoken: Spoken) -> Sequence[str]:
        files = self.book.sounds(spoken)
        self.said.setdefault(id(spoken), (spoken, files))
        return files

    def prompts(self) -> list[Heard]:
        return [said(self.flow, spoken) for spoken, _ in self.said.values()]

    def files(self, first: int) -> list[str]:
        return [file for _, files in list(self.said.values())[first:] for file in files]


class RealWalker(Walker):
    """Keys when what was to be said must be over."""

    def __init__(self, walk: Walk, line: Line, folder: Path, clips: str) -> None:
        self.book = NotingBook(FileBook(folder), walk.flow)
        super().__init__(walk, line, self.book, clips)
        self._cut: set[int] = set()

    async def walks(self) -> None:
        await self.line.call()
        await asyncio.wait_for(self.line.open.wait(), WITHIN_S)
        told = 0
        for step in self.walk.steps:
            if step.does is not None:
                await self._heard(step, told)
                told += len(step.heard)
                await self.line.press(step.does.value)
        await asyncio.wait_for(self.line.closed.wait(), WITHIN_S)

    async def _heard(self, step: Step, told: int) -> None:
        begun = len(self.line.sound)
        await _until(lambda: self.book.prompts()[told:] == list(step.heard))
        length_s = self.book.book.length_s(self.book.files(told))
        if step.early:
            self._cut.update(range(told, told + len(step.heard)))
        until_s = _INTERRUPTS_S if step.early else length_s + _THINKS_S
        await _until(lambda: (len(self.line.sound) - begun) * FRAME / RATE >= until_s)

    def differs(self) -> str:
        heard = [one for step in self.walk.steps for one in step.heard]
        if self.book.prompts() != heard:
            return f"{self.book.prompts()}, not {heard}"
        sound, at = np.concatenate(self.line.sound), 0
        for nth, (spoken, files) in enumerate(self.book.said.values()):
            for file in files[:1] if nth in self._cut else files:
                words = np.frombuffer(Path(f"{file}.sln").read_bytes(), "<i2").astype(float)
                found = _where(sound[at:], words[:_SAMPLE])
                if found is None:
                    return f"{spoken.prompt}: {file} was not heard after {at / RATE:.1f} s"
                at += found + (0 if nth in self._cut else len(words) * 3 // 4)
        return ""


async def _until(so: Callable[[], bool]) -> None:
    for _ in range(round(WITHIN_S / _LOOK_S)):
        if so():
            return
        await asyncio.sleep(_LOOK_S)
    raise AssertionError("the caller waited in vain")


def _where(sound: np.ndarray, words: np.ndarray) -> int | None:
    """The first place at which these words begin."""
    if len(sound) <= len(words):
        return None
    size = 1 << (len(sound) + len(words)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(words, size)), size)
    alike = alike[: len(sound) - len(words) + 1]
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    around = np.sqrt(np.maximum(energy[len(words) :] - energy[: -len(words)], 1.0) * float(words @ words))
    shares = alike / around
    if shares.max() < _ALIKE:
        return None
    first = int(np.argmax(shares > _ALIKE))
    return first + int(np.argmax(shares[first : first + 80]))
