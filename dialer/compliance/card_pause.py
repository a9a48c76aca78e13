"""What a recording holds when it is paused while card data are spoken.

PCI DSS v4.0.1, 3.3.1: the card validation code must not be stored after authorisation, in audio neither. The pause fails
closed: an exchange that does not say that it stopped listening is not trusted, and the recording is ended. What was not to
be heard is silence in the file and is not left out, so that every moment of the file is a moment of the call.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class PausedFile:
    """Times from the beginning of the recording. `silent` is None when it was not silenced but ended."""

    goes_on: bool
    length: timedelta
    silent: tuple[timedelta, timedelta] | None


def paused_file(
    asked: timedelta,
    acknowledged: bool,
    resumed: timedelta | None,
    call: timedelta,
    resume_after: timedelta | None = None,
) -> PausedFile:
    """`resumed` None: nobody resumed; then `resume_after` the pause it goes on by itself, or is silent to the end of the call."""
    if not acknowledged:
        return PausedFile(False, min(asked, call), None)
    ends = [call]
    if resumed is not None:
        ends.append(max(resumed, asked))
    if resume_after is not None:
        ends.append(asked + resume_after)
    return PausedFile(True, call, (min(asked, call), min(ends)))
