"""One stereo file from the two sides of a call: caller left, agent right. Runs in a worker process: pydub holds whole
files in memory and blocks.

Right is what was sent to the caller: the agent, and whatever was said into the conversation. Asterisk may lose that for minutes
and write silence (docs/ears.md, "What Debian's Asterisk loses"); there stands what came from the agent's phone.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydub import AudioSegment

_FRAME = 20 * 16  # bytes of 20 ms
# ten hours of 8 kHz 16-bit mono: more is not a call but a fault
LARGEST_SIDE = 600 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Mixed:
    """`…_dbfs` is the loudness of a side over its whole length; None is digital silence."""

    duration_ms: int
    bytes: int
    sha256: str
    caller_dbfs: float | None
    agent_dbfs: float | None


class SideUnreadable(Exception):
    """A side is there but is no audio; the message names the file."""


def mix(
    caller: Path,
    agent: Path,
    target: Path,
    silences: Sequence[tuple[int, int | None]] = (),
    ends: int | None = None,
    phone: Path | None = None,
) -> Mixed:
    """Write `target` whole or not at all. A side that is missing counts as silence.

    `phone` is what came from the agent's phone; it stands in where `agent` is digital silence, and never makes the file longer:
    the phone stays, and what comes from it later belongs to nobody's recording. One that cannot be read is none.

    `silences` (ms, None: to the end) are silent on both sides, and nothing is left after `ends` ms. The exchange was asked
    for the same; here it is made certain.
    """
    left, right = _load(caller), _load(agent)
    length = max(len(left), len(right))
    left, right = _padded(left, length), _padded(right, length)
    if phone is not None:
        with suppress(SideUnreadable):
            right = _filled(right, _padded(_load(phone), length))
    left, right = (_hushed(side, silences, ends) for side in (left, right))
    length = len(left)
    partial = target.with_suffix(".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    AudioSegment.from_mono_audiosegments(left, right).export(str(partial), format="wav").close()
    digest = _settle_on_disk(partial)
    size = partial.stat().st_size
    partial.replace(target)
    return Mixed(length, size, digest, _loudness(left), _loudness(right))


def _load(side: Path) -> AudioSegment:
    if not side.exists():
        return AudioSegment.silent(0, frame_rate=8000)
    if side.stat().st_size > LARGEST_SIDE:
        raise SideUnreadable(f"{side.name} is larger than any call")
    try:
        with side.open("rb") as stream:
            return AudioSegment.from_wav(stream).set_frame_rate(8000).set_channels(1).set_sample_width(2)
    except Exception as broken:
        raise SideUnreadable(f"{side.name} is not a readable WAV file: {broken}") from broken


def _hushed(side: AudioSegment, silences: Sequence[tuple[int, int | None]], ends: int | None) -> AudioSegment:
    data = bytearray(side.raw_data if ends is None else side.raw_data[: ends * 16])
    for since, until in silences:
        part = slice(since * 16, len(data) if until is None else until * 16)
        data[part] = bytes(len(data[part]))
    return AudioSegment(bytes(data), frame_rate=8000, sample_width=2, channels=1)


def _padded(side: AudioSegment, length_ms: int) -> AudioSegment:
    """To exactly as many frames as the longer side: pydub refuses to merge channels that differ by one."""
    frames = length_ms * 8
    data = side.raw_data[: frames * 2]
    return AudioSegment(data + b"\0" * (frames * 2 - len(data)), frame_rate=8000, sample_width=2, channels=1)


def _filled(side: AudioSegment, phone: AudioSegment) -> AudioSegment:
    data, instead, nothing = bytearray(side.raw_data), phone.raw_data, bytes(_FRAME)
    for at in range(0, len(data), _FRAME):
        if data[at : at + _FRAME] == nothing[: len(data) - at]:
            data[at : at + _FRAME] = instead[at : at + _FRAME]
    return AudioSegment(bytes(data), frame_rate=8000, sample_width=2, channels=1)


def _settle_on_disk(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        os.fsync(stream.fileno())
    return digest


def _loudness(side: AudioSegment) -> float | None:
    return None if not len(side) or side.rms == 0 else float(side.dBFS)
