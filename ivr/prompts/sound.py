"""Any recording becomes what the exchange plays without converting: even loudness, no silence at its ends."""

import io
import math
import shutil
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ivr.errors import PromptsRefused

Samples = NDArray[np.float64]

MOST_BYTES: Final = 50_000_000
MOST_SECONDS: Final = 300
ENDINGS: Final = {
    "slin": "sln",
    "ulaw": "ulaw",
    "alaw": "alaw",
    "wav": "wav",
    "slin16": "sln16",
    "g722": "g722",
}
RATES: Final = {"slin16": 16_000, "g722": 16_000}
_FRAME_S: Final = 0.01
_FADE_S: Final = 0.003
_QUIET_DB: Final = -35.0
"""Below the loud parts: silence. An untreated line noise lies at -50 dB and lower, the ends of words at -30."""
_RAW: Final = {
    ".ulaw": 8_000,
    ".ul": 8_000,
    ".pcm": 8_000,
    ".alaw": 8_000,
    ".al": 8_000,
    ".sln": 8_000,
    ".sln16": 16_000,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """`loudness_db`: RMS of the voiced parts, `peak_db`: the highest sample; of full scale. `keep_s` of
    silence stand at both ends, also where the recording has less."""

    loudness_db: float = -19.0
    peak_db: float = -3.0
    keep_s: float = 0.05


# --- reading ----------------------------------------------------------------------------------------------------------


def decoded(data: bytes, ending: str = "") -> tuple[Samples, int]:
    """Mono samples within ±1 and their rate. `ending` (.ulaw) tells formats that have no header. Raises
    `PromptsRefused`; blocks, and ffmpeg is run for what is neither WAV nor raw."""
    if len(data) > MOST_BYTES:
        raise PromptsRefused(f"is larger than {MOST_BYTES // 1_000_000} MB")
    if ending in _RAW:
        return _raw(data, ending)
    kind = _kind(data, ending)
    if not kind:
        raise PromptsRefused(
            "is no sound in a format that is known: use WAV, FLAC, MP3, Ogg, M4A, or raw .sln .ulaw .alaw"
        )
    with warnings.catch_warnings():  # pydub warns of its own use of audioop, and when ffmpeg is absent
        warnings.simplefilter("ignore")
        import pydub
        from pydub.exceptions import CouldntDecodeError, PydubException

        try:
            # the format is named, so that nothing else is guessed from what the file says of itself
            segment = pydub.AudioSegment.from_file(io.BytesIO(data), format=kind, duration=MOST_SECONDS + 1)
        except FileNotFoundError:
            raise PromptsRefused(
                f"needs ffmpeg to read {kind}: install the package ffmpeg, or give a WAV file"
            ) from None
        except (CouldntDecodeError, PydubException, OSError, ValueError, IndexError, KeyError) as broken:
            said = [line for line in str(broken).splitlines() if line.strip()]
            raise PromptsRefused(
                f"cannot be read as {kind}: {said[-1][:120] if said else 'broken'}"
            ) from None
        return _samples(segment), int(segment.frame_rate)


def _kind(data: bytes, ending: str) -> str:
    if ending in (".g722", ".gsm"):
        return ending[1:]
    head = data[:12]
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mp4"
    signs = {b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"FORM": "aiff", b".snd": "au", b"caff": "caf"}
    for sign, kind in signs.items():
        if head.startswith(sign):
            return kind
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0xF6 == 0xF0 else "mp3"
    return ""


def _samples(segment: Any) -> Samples:
    whole = np.frombuffer(
        segment.raw_data, dtype={1: np.int8, 2: np.int16, 4: np.int32}[segment.sample_width]
    )
    count = len(whole) // segment.channels * segment.channels
    mixed = whole[:count].reshape(-1, segment.channels).mean(axis=1)
    samples: Samples = mixed / float(1 << (8 * segment.sample_width - 1))
    return samples


def _raw(data: bytes, ending: str) -> tuple[Samples, int]:
    audioop = _audioop()
    if ending in (".ulaw", ".ul", ".pcm"):
        data = audioop.ulaw2lin(data, 2)
    elif ending in (".alaw", ".al"):
        data = audioop.alaw2lin(data, 2)
    samples = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2") / 32768.0
    return samples, _RAW[ending]


def _audioop() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop
    return audioop


# --- treating ---------------------------------------------------------------------------------------------------------


def treated(samples: Samples, rate: int, wanted: int, shape: Shape) -> Samples:
    """At the `wanted` rate, without hum, at the loudness of `shape`, trimmed. Raises `PromptsRefused` when it is silent."""
    if len(samples) > rate * MOST_SECONDS:
        raise PromptsRefused(f"is longer than {MOST_SECONDS // 60} minutes")
    if len(samples) < rate * 0.02 or float(np.abs(samples).max()) < 10 ** (-60 / 20):
        raise PromptsRefused("is silent")
    made = resampled(samples, rate, wanted)
    made, levels = _trimmed(made, wanted, shape.keep_s)
    return _limited(made * _gain(levels, shape), wanted, 10 ** (shape.peak_db / 20))


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """In one transform of the whole, with a smooth edge below half the new rate (nothing folds back) and without what
    lies under 60 Hz, which no telephone carries."""
    step = rate // math.gcd(rate, wanted)
    blocks = _smooth(math.ceil(len(samples) / step) + 1)
    size, new = blocks * step, blocks * step * wanted // rate
    spectrum = np.fft.rfft(samples, size)
    kept = spectrum[: new // 2 + 1] if new <= size else np.pad(spectrum, (0, new // 2 + 1 - len(spectrum)))
    frequencies = np.arange(len(kept)) * (rate / size)
    top = min(rate, wanted) / 2
    falling = np.clip((top * 0.995 - frequencies) / (top * 0.06), 0, 1)
    rising = np.clip((frequencies - 60) / 40, 0, 1)
    made: Samples = np.fft.irfft(kept * falling * rising, new) * (new / size)
    return made[: max(1, len(samples) * wanted // rate)]


def _smooth(least: int) -> int:
    """The next number that is a product of 2, 3 and 5: transforms of others take many times as long."""
    while True:
        rest = least
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return least
        least += 1


def _levels(samples: Samples, rate: int) -> Samples:
    """RMS of each frame."""
    size = int(rate * _FRAME_S)
    frames = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size)
    levels: Samples = np.sqrt((frames**2).mean(axis=1))
    return levels


def _voiced(levels: Samples) -> NDArray[np.bool_]:
    voiced: NDArray[np.bool_] = levels >= np.percentile(levels, 95) * 10 ** (_QUIET_DB / 20)
    return voiced


def _trimmed(samples: Samples, rate: int, keep_s: float) -> tuple[Samples, Samples]:
    levels = _levels(samples, rate)
    heard = np.flatnonzero(_voiced(levels))
    first, last = (round(at * _FRAME_S * rate) for at in (heard[0], heard[-1] + 1))
    keep = round(keep_s * rate)
    before, after = max(0, keep - first), max(0, last + keep - len(samples))
    padded = np.pad(samples, (before, after))[max(0, first - keep) : before + last + keep]
    edge = np.linspace(0, 1, max(1, round(_FADE_S * rate)))
    padded[: len(edge)] *= edge
    padded[-len(edge) :] *= edge[::-1]
    return padded, levels[heard[0] : heard[-1] + 1]


def _gain(levels: Samples, shape: Shape) -> float:
    voiced = levels[levels >= levels.max() * 10 ** (-25 / 20)]
    return float(10 ** (shape.loudness_db / 20) / np.sqrt((voiced**2).mean()))


def _limited(samples: Samples, rate: int, most: float) -> Samples:
    """Peaks turned down for some milliseconds around them, never cut."""
    size = max(1, rate // 500)
    padded = np.pad(np.abs(samples), (0, -len(samples) % size))
    peaks = padded.reshape(-1, size).max(axis=1)
    if peaks.max() <= most:
        return samples
    gains = np.minimum(1.0, most / np.maximum(peaks, 1e-9))
    around = np.pad(gains, 2, mode="edge")
    gains = np.min([around[at : at + len(gains)] for at in range(5)], axis=0)
    middles = np.arange(len(gains)) * size + size / 2
    limited: Samples = np.clip(samples * np.interp(np.arange(len(samples)), middles, gains), -most, most)
    return limited


# --- writing ----------------------------------------------------------------------------------------------------------


def encoded(samples: Samples, form: str) -> bytes:
    """`samples` have the format's rate. Raises `PromptsRefused`."""
    plain = np.round(np.clip(samples, -1, 32767 / 32768) * 32768).astype("<i2").tobytes()
    match form:
        case "slin" | "slin16":
            return plain
        case "ulaw":
            return bytes(_audioop().lin2ulaw(plain, 2))
        case "alaw":
            return bytes(_audioop().lin2alaw(plain, 2))
        case "g722":
            return _g722(plain)
        case _:
            return _wav_header(len(plain)) + plain


def _wav_header(size: int) -> bytes:
    head = b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = [(1, 2), (1, 2), (8000, 4), (16_000, 4), (2, 2), (16, 2)]
    return (
        head
        + b"".join(value.to_bytes(width, "little") for value, width in form)
        + b"data"
        + size.to_bytes(4, "little")
    )


def _g722(plain: bytes) -> bytes:
    program = shutil.which("ffmpeg")
    if program is None:
        raise PromptsRefused("needs ffmpeg to write g722: install the package ffmpeg, or take slin16")
    command = [
        program,
        "-v",
        "error",
        "-f",
        "s16le",
        "-ar",
        "16000",
        "-ac",
        "1",
        "-i",
        "-",
        "-f",
        "g722",
        "-",
    ]
    done = subprocess.run(command, input=plain, capture_output=True, timeout=120, check=False)  # noqa: S603
    if done.returncode != 0 or not done.stdout:
        raise PromptsRefused(
            f"ffmpeg cannot write g722: {done.stderr.decode('utf-8', 'replace')[-200:].strip()}"
        )
    return done.stdout


def seconds(file: Path) -> float:
    """The length of a file written here, from its size."""
    form = next(form for form, ending in ENDINGS.items() if file.suffix == f".{ending}")
    size = file.stat().st_size - (44 if form == "wav" else 0)
    a_second = {"slin": 16_000, "wav": 16_000, "slin16": 32_000}.get(form, 8_000)
    return round(size / a_second, 3)
