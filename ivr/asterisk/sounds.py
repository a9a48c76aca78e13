"""Which sound files stand for what is said, and which of them Asterisk has."""

import logging
import math
import re
from collections.abc import Sequence
from typing import Final

from ivr.asterisk.prompt_report import Once
from ivr.errors import MissingPrompt
from ivr.ports import PromptBook
from ivr.spoken import Spoken

log = logging.getLogger(__name__)

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./+-]{1,200}")
_MOST_PROVEN: Final = 50_000
LISTENING: Final = "silence/10"


class Sounds:
    """A file that Asterisk has played once is proven: such files go out together in one command."""

    def __init__(self, book: PromptBook) -> None:
        self._book = book
        self._proven: set[str] = set()
        self._told = Once()

    def of(self, spoken: Spoken) -> Sequence[str]:
        """Empty when the words have no sound: that is logged once for each prompt, and the call goes on."""
        try:
            return self._book.sounds(spoken)
        except MissingPrompt as missing:
            # its words may hold what a caller said: they stay out of the log
            if self._told.first(missing.flow, missing.prompt, missing.language):
                log.warning(
                    "flow %s, prompt %s has no sound in %s: run `fairdial ivr prompts build`",
                    missing.flow,
                    missing.prompt or "written in place",
                    missing.language,
                    extra={"action": "ivr.prompt_missing", "prompt": missing.prompt},
                )
        except Exception:  # whatever a book does, the caller is not dropped for it
            if self._told.first("book", spoken.prompt, spoken.language):
                log.exception("no sound", extra={"action": "ivr.prompt_failed", "prompt": spoken.prompt})
        return ()

    def proven(self, files: Sequence[str]) -> bool:
        return self._proven.issuperset(files)

    def played(self, file: str) -> None:
        """Names with commas and ampersands mean something else where several stand in a row: they go out alone."""
        if _PLAIN.fullmatch(file) and len(self._proven) < _MOST_PROVEN:
            self._proven.add(file)

    def absent(self, file: str) -> None:
        self._proven.discard(file)
        if self._told.first("file", file):
            log.warning("Asterisk cannot play %s", file, extra={"action": "ivr.sound_absent", "sound": file})

    def doubt(self, files: Sequence[str]) -> None:
        """One of them was not there: each is tried by itself the next time."""
        self._proven.difference_update(files)


def silences(seconds: float) -> tuple[list[str], float]:
    """Asterisk's own silent files that last so many seconds, and what is left over."""
    whole = math.floor(max(0.0, seconds))
    files = ["silence/10"] * (whole // 10)
    if whole % 10:
        files.append(f"silence/{whole % 10}")
    return files, max(0.0, seconds) - whole


def length_of_silence(file: str) -> int:
    """Seconds; 0 for a file that is no silence."""
    folder, _, name = file.partition("/")
    return int(name) if folder == "silence" and name.isascii() and name.isdigit() else 0
