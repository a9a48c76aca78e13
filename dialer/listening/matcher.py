"""The place of what recognises recorded announcements before the answer; without a collection it hears nothing."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Match:
    """`at_s`: seconds of sound heard by then; `similarity`: 0 to 1; `clip`: its name in the collection."""

    at_s: float
    announcement: str
    similarity: float
    clip: str


class Matcher(Protocol):
    """Like `ToneEar`: streams are opened and closed one by one and fed together, 20 ms each."""

    def open(self) -> int: ...

    def feed(self, frames: NDArray[np.int16], streams: NDArray[np.integer]) -> list[tuple[int, Match]]: ...

    def close(self, stream: int) -> object: ...

    def refresh(self) -> bool:
        """Asked every few seconds: whether what it knows has changed, and was taken up."""
        ...


class NoMatcher:
    def open(self) -> int:
        return 0

    def feed(self, frames: NDArray[np.int16], streams: NDArray[np.integer]) -> list[tuple[int, Match]]:
        return []

    def close(self, stream: int) -> None:
        pass

    def refresh(self) -> bool:
        return False
