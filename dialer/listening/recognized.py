"""The matcher of the ears: the operator's collection, taken up again when it changes."""

import logging

import numpy as np
from numpy.typing import NDArray

from dialer.audio.announcements import AnnouncementEar
from dialer.listening.collection import Collection
from dialer.listening.matcher import Match

log = logging.getLogger(__name__)

TAKEN_BACK = ""
"""In the place of a class: the line went on otherwise than the clip that was told."""


class Recognizer:
    """A `Matcher`. Tells only what is decided, and when that is taken back; sets of classes are kept to itself."""

    def __init__(self, collection: Collection, capacity: int = 256) -> None:
        self._collection = collection
        self._ear = AnnouncementEar(collection.library(), capacity)
        self._told: set[int] = set()
        self._complain()

    def refresh(self) -> bool:
        """To be called now and then: one look at the folder; reads it when it has changed, and says so."""
        if not self._collection.changed():
            return False
        self._collection = Collection.load(self._collection.folder)
        self._ear.learn(self._collection.library())
        self._complain()
        return True

    def open(self) -> int:
        return self._ear.open()

    def feed(self, frames: NDArray[np.int16], streams: NDArray[np.integer]) -> list[tuple[int, Match]]:
        said = []
        for stream, match in self._ear.feed(frames, streams):
            decided = match.announcement
            if decided is not None:
                self._told.add(stream)
                said.append((stream, Match(match.at_s, decided.value, match.similarity, match.clip)))
            elif not match.among and stream in self._told:
                self._told.discard(stream)
                said.append((stream, Match(match.at_s, TAKEN_BACK, match.similarity, match.clip)))
        return said

    def close(self, stream: int) -> object:
        self._told.discard(stream)
        return self._ear.close(stream)

    def _complain(self) -> None:
        for each in self._collection.damaged:
            log.warning(
                "announcement left out",
                extra={"action": "announcements.left_out", "file": each.file, "why": each.because},
            )
