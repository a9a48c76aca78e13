"""What a call asks: the sounds of what is said, looked up in tables in memory."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivr.errors import MissingPrompt
from ivr.ports import PromptBook
from ivr.prompts.index import FILE, Table, read_index
from ivr.prompts.pieces import fixed, words_of
from ivr.spoken import Spoken

_log: Final = logging.getLogger(__name__)


class FileBook:
    """Of a folder that `build` has filled. `seen_as` is that folder as the exchange knows it, when that is another path.

    Raises `PromptsRefused` when the index cannot be read.
    """

    def __init__(self, folder: Path, seen_as: str = "") -> None:
        self._folder = folder
        self._prefix = (seen_as or str(folder.resolve())).rstrip("/") + "/"
        self._stamp: tuple[int, int, int] | None = None
        self._recorded: Mapping[str, Mapping[str, str]] = {}
        self._words: Mapping[str, Mapping[str, str]] = {}
        self._vocabulary: Mapping[str, Mapping[str, str]] = {}
        self._files: Mapping[str, str] = {}
        self._seconds: Mapping[str, float] = {}
        self._strict: set[tuple[str, str]] = set()
        self._left_out: set[tuple[str, str, str]] = set()
        self.refresh()

    def refresh(self) -> bool:
        """Reads the index again when it has changed. Reads a file: to be called in a thread, every few seconds."""
        try:
            status = os.stat(self._folder / FILE)
        except FileNotFoundError:
            return False
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if stamp == self._stamp:
            return False
        index = read_index(self._folder)
        self._recorded = {name: self._sounds(table) for name, table in index.recorded.items()}
        self._words = {name: self._sounds(table) for name, table in index.words.items()}
        self._vocabulary = {name: self._sounds(table) for name, table in index.vocabulary.items()}
        self._files = self._sounds(index.files)
        tables = (*index.recorded.values(), *index.words.values(), *index.vocabulary.values(), index.files)
        self._seconds = {
            self._prefix + entry.file: entry.seconds for table in tables for entry in table.values()
        }
        self._strict = {(flow, prompt) for flow, prompts in index.strict.items() for prompt in prompts}
        self._stamp = stamp
        return True

    def _sounds(self, table: Table) -> dict[str, str]:
        return {text: self._prefix + entry.file for text, entry in table.items()}

    def length_s(self, sounds: Sequence[str]) -> float:
        """Of sounds this book has named; 0 for others."""
        return sum(self._seconds.get(each, 0.0) for each in sounds)

    def sounds(self, spoken: Spoken) -> Sequence[str]:
        """Microseconds. A value that is no number, no code and no name made beforehand is left out, but not of a
        disclosure or a consent: those are heard whole or not at all."""
        if spoken.file is not None and (recorded := self._files.get(spoken.file)) is not None:
            return (recorded,)
        pieces = spoken.pieces or (spoken.text,)
        found: list[str] = []
        for number, piece in enumerate(pieces):
            words = piece.strip() if number % 2 else fixed(piece)
            if not words:
                continue
            sound = self._of_words(spoken, words)
            if sound is not None:
                found.append(sound)
            elif number % 2:
                found += self._of_value(spoken, piece)
            else:
                raise MissingPrompt(spoken.prompt, spoken.language, words, spoken.flow)
        if not found and spoken.file is not None:
            raise MissingPrompt(spoken.prompt, spoken.language, f"[{spoken.file}]", spoken.flow)
        return found

    def _of_words(self, spoken: Spoken, words: str) -> str | None:
        tables = (
            self._recorded.get(f"{spoken.flow}/{spoken.language}"),
            self._words.get(f"{spoken.language}/{spoken.rate}"),
            self._words.get(f"{spoken.language}/normal"),
        )
        for table in tables:
            if table is not None and (sound := table.get(words)) is not None:
                return sound
        return None

    def _of_value(self, spoken: Spoken, value: str) -> list[str]:
        language = spoken.language
        known = self._vocabulary.get(f"{language}/{spoken.rate}") or self._vocabulary.get(
            f"{language}/normal"
        )
        if known is None:
            raise MissingPrompt(spoken.prompt, language, "numbers", spoken.flow)
        words = words_of(value, language, known)
        if words is None:
            if (spoken.flow, spoken.prompt) in self._strict:
                raise MissingPrompt(spoken.prompt, language, value, spoken.flow)
            self._leave_out(spoken)
            return []
        return [known[word] for word in words]

    def _leave_out(self, spoken: Spoken) -> None:
        """Once for each prompt, and without the value, which may be somebody's name."""
        which = (spoken.flow, spoken.prompt, spoken.language)
        if which not in self._left_out:
            self._left_out.add(which)
            _log.warning(
                "flow %s, prompt %s, %s: a value is left out, nothing was made beforehand for it", *which
            )


_port: type[PromptBook] = FileBook
