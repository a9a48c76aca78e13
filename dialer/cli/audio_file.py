"""Reads a recording as 8 kHz, mono, 16 bit: WAV by itself, other formats through soundfile or pydub (ffmpeg)."""

import audioop
import io
import warnings
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.errors import BadInput

RATE = 8000
LONGEST_S = 3600
_LARGEST_BYTES = 400 * 1024 * 1024
_RATES = range(4000, 384_001)

Sound = NDArray[np.float64]
"""[samples, channels], full scale is 32768."""


def read(file: Path) -> NDArray[np.int16]:
    """Raises `BadInput` when it is no recording, or a far too long one."""
    try:
        size = file.stat().st_size
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror or error}", "file") from None
    if not file.is_file():
        raise BadInput(f"{file}: not a file", "file")
    if size > _LARGEST_BYTES:
        raise BadInput(
            f"{file}: larger than {_LARGEST_BYTES >> 20} MiB: cut the part before the answer out", "file"
        )
    sound, rate = _decoded(file)
    if rate not in _RATES:
        raise BadInput(
            f"{file}: a rate of {rate} Hz: {_RATES.start} to {_RATES.stop - 1} can be read", "file"
        )
    if not sound.size:
        raise BadInput(f"{file}: holds no sound", "file")
    if len(sound) > LONGEST_S * rate:
        raise BadInput(
            f"{file}: longer than {LONGEST_S // 60} minutes: cut the part before the answer out", "file"
        )
    return np.clip(np.round(resampled(sound.mean(axis=1), rate)), -32768, 32767).astype(np.int16)


def write(file: Path, samples: NDArray[np.int16]) -> None:
    """A WAV file. Raises `BadInput` when it cannot be written."""
    try:
        with file.open("wb") as target, wave.open(target, "wb") as audio:
            audio.setnchannels(1)
            audio.setsampwidth(2)
            audio.setframerate(RATE)
            audio.writeframes(samples.astype("<i2").tobytes())
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror or error}", "file") from None


def _decoded(file: Path) -> tuple[Sound, int]:
    content = file.read_bytes()
    if not content:
        raise BadInput(f"{file}: the file is empty", "file")
    for decode in (_wave, _soundfile, _pydub):
        found = decode(content)
        if found is not None:
            return found
    raise BadInput(
        f"{file}: not a recording that can be read here: WAV always can; other formats need the Python package "
        "soundfile, or the program ffmpeg",
        "file",
    )


def _wave(content: bytes) -> tuple[Sound, int] | None:
    """Linear WAV of 8 to 32 bit; None when it is something else."""
    try:
        with wave.open(io.BytesIO(content)) as audio:
            channels, width, rate = audio.getnchannels(), audio.getsampwidth(), audio.getframerate()
            data = audio.readframes(min(audio.getnframes(), len(content)))
    except (wave.Error, EOFError, ValueError):
        return None
    data = data[: len(data) // (channels * width) * channels * width]
    if width == 1:
        data = audioop.bias(data, 1, -128)
    samples = np.frombuffer(audioop.lin2lin(data, width, 4), "<i4") / 65536
    return samples.reshape(-1, channels), rate


def _soundfile(content: bytes) -> tuple[Sound, int] | None:
    try:
        import soundfile  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except (ImportError, OSError):
        return None
    try:
        samples, rate = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
    except (RuntimeError, TypeError, ValueError):
        return None
    return samples * 32768, int(rate)


def _pydub(content: bytes) -> tuple[Sound, int] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is no ffmpeg
        from pydub import AudioSegment
        from pydub.exceptions import CouldntDecodeError

        try:
            segment = AudioSegment.from_file(io.BytesIO(content))
        except (CouldntDecodeError, OSError, IndexError, ValueError, KeyError):
            return None
    # pydub turns 8 and 24 bit into what array can hold; 4 bytes is full scale 2^31
    samples = np.array(segment.get_array_of_samples(), np.float64) / 2.0 ** (8 * segment.sample_width - 16)
    return samples.reshape(-1, segment.channels), int(segment.frame_rate)


def resampled(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """At 8 kHz; nothing above 4 kHz folds back."""
    if rate == RATE:
        return samples
    wanted = max(1, round(len(samples) * RATE / rate))
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(wanted // 2 + 1, complex)
    common = min(len(kept), len(spectrum))
    kept[:common] = spectrum[:common]
    return np.fft.irfft(kept, wanted) * (wanted / len(samples))
