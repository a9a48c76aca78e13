"""The announcements that are known, laid out for comparing many streams with all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.audio.fingerprint import SPAN, Fingerprint, Patches
from dialer.domain.announcements import Announcement

_GRID = 2
"""Every second frame is a place where a stream may be; the best is then refined by one."""


@dataclass(frozen=True, eq=False)
class Clip:
    """One learned announcement. Several clips may be of one class."""

    name: str
    announcement: Announcement
    fingerprint: Fingerprint


class Library:
    """Immutable. About 40 kB for each second of announcements."""

    def __init__(self, clips: Sequence[Clip] = ()) -> None:
        self.clips = tuple(clips)
        both = [clip.fingerprint.patches() for clip in self.clips]
        self._fine = [fine for fine, _ in both]
        coarse = [rows[::_GRID] for _, rows in both]
        self._starts = np.cumsum([0, *map(len, coarse)])[:-1].astype(np.intp)
        self._coarse = (
            np.ascontiguousarray(np.concatenate(coarse).T) if both else np.zeros((1, 0), np.float32)
        )

    @property
    def seconds(self) -> float:
        return sum(clip.fingerprint.seconds for clip in self.clips)

    def likeness(self, coarse: Patches) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of [n] patches: with each place of each clip, and the best of each clip [n, clips]."""
        everywhere = coarse @ self._coarse
        return everywhere, np.maximum.reduceat(everywhere, self._starts, axis=1)

    def best_of_classes(self, best: NDArray[np.float32], least: float) -> list[int]:
        """Of each class the clip most alike, if that is at least so; `best` is of one stream."""
        found: dict[Announcement, int] = {}
        for clip in np.flatnonzero(best >= least).tolist():
            known = found.setdefault(self.clips[clip].announcement, clip)
            if best[clip] > best[known]:
                found[self.clips[clip].announcement] = clip
        return list(found.values())

    def place(self, clip: int, everywhere: NDArray[np.float32], fine: Patches) -> tuple[float, int]:
        """The similarity, and the frame of the clip that follows the patch; both of one stream."""
        first = self._starts[clip]
        rows = everywhere[first : first + (len(self._fine[clip]) + _GRID - 1) // _GRID]
        return self.near(clip, int(rows.argmax()) * _GRID + SPAN, fine)

    def near(self, clip: int, end: int, fine: Patches) -> tuple[float, int]:
        """As `place`, within a frame of where it is thought to be; 0 when the patch is not all in the clip."""
        begin = max(0, end - SPAN - 1)
        rows = self._fine[clip][begin : end - SPAN + 2]
        if end - SPAN + 1 < 0 or not len(rows):
            return 0.0, end
        scores = rows @ fine
        best = int(scores.argmax())
        return float(scores[best]), begin + best + SPAN
