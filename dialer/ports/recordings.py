"""What the engine needs of the recording store."""

from datetime import timedelta
from pathlib import Path
from typing import Protocol

from dialer.ports.storage import RecordingMarks, StoredRecording


class RecordingMissing(Exception):
    """There is nothing to store; the message says what was looked for and where."""


class RecordingStore(Protocol):
    async def finish(
        self, name: str, talk: timedelta | None, marks: RecordingMarks
    ) -> tuple[StoredRecording, str]:
        """Make one stereo file (caller left, agent right) of the two sides that have landed, verify and store it.

        The second part of the answer says what is wrong with the recording, empty when nothing is: length against
        `talk` (None: the talk time is not known), silence on either side. What `marks` say is not to be heard is silence,
        and after their end there is nothing, whatever has landed. Raises `RecordingMissing`. Safe to repeat.
        """
        ...

    def discard(self, name: str) -> None:
        """Destroy what has landed under this name. Again."""
        ...

    def purge(self, name: str) -> bool:
        """Destroy the stored file. False when there was none. Again. Raises `OSError` when it cannot be destroyed."""
        ...

    def path(self, name: str) -> Path | None:
        """The stored file, None when there is none. Accepts only names that this store makes."""
        ...

    def problem(self) -> str | None:
        """Why nothing can be stored, for the readiness check; None when all is well."""
        ...
