"""Tells whoever sent a caller here that the first words of the flow were heard."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirstWords:
    """`tell` gets the session's id as soon as the first words were heard to their end, or a key was pressed; it may be told
    again after a transfer. `length_s` of sound files in seconds: of a question the end of its words is not seen otherwise.
    """

    tell: Callable[[str], None]
    length_s: Callable[[Sequence[str]], float]


class Listened:
    """Of one caller."""

    def __init__(self, session: str, words: FirstWords | None) -> None:
        self._session, self._words = session, words
        self._timer: asyncio.TimerHandle | None = None

    def begins(self, files: Sequence[str]) -> None:
        """These are said now, and nothing will be heard of their end."""
        if self._words is not None and files:
            length_s = self._words.length_s(files)
            self._timer = asyncio.get_running_loop().call_later(length_s, self.whole)

    def whole(self) -> None:
        self.broken()
        if self._words is not None:
            words, self._words = self._words, None
            words.tell(self._session)

    def broken(self) -> None:
        """The caller has gone, or the words were over before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
