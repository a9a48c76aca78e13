"""Voices by other hands, each for training or for testing, never both: recorded prompts, flite, espeak-ng.

Asterisk's prompts come from Debian: Allison (English and Spanish), Carlo and Menardi (Italian), June (Canadian French),
IvrvoiceRU (Russian). Of espeak-ng's voices the variants and the languages are kept apart as well.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.errors import Misconfigured
from dialer.lab.ears.clips import recording
from dialer.lab.ears.material import fetched, material
from dialer.lab.prompts import for_telephone

Sound = NDArray[np.float32]

_PACKAGES = ("flite", "asterisk-core-sounds-it-wav", "asterisk-prompt-it-menardi-wav")
_RELEASES = ("bookworm", "trixie", "forky")
_FLITE = {"train": ("kal", "awb"), "test": ("rms", "slt")}
_ESPEAK = {
    "train": {"en-us": ("m1", "f2", "Annie", "Michael"), "es": ("m3", "f4"), "zh": ("f1", "m2"), "de": ("m1", "f3")},
    "test": {"en-gb": ("m5", "f5", "Linda", "Alex"), "fr": ("m7", "f5"), "zh": ("m5", "f4"), "pt": ("m7", "f4")},
}  # fmt: skip
_CALLED = {"zh": "cmn-latn-pinyin"}
_SILENT = 200  # of 32768
_EDGE = 160


@dataclass(frozen=True)
class Synthesizer:
    """One synthetic voice. `language` is of the texts in `greetings`."""

    name: str
    language: str
    engine: str
    voice: str

    def say(self, text: str, words_per_minute: int) -> Sound:
        """8 kHz, without silence at its ends. Raises `Misconfigured`."""
        said = _spoken(self.engine, self.voice, text, words_per_minute)
        return trimmed(np.frombuffer(for_telephone(said)[44:], "<i2").astype(np.float32))


@dataclass(frozen=True)
class Reader:
    """One recorded voice: prompts of at least a second."""

    name: str
    prompts: tuple[Path, ...]

    def read(self, number: int) -> Sound:
        return _prompt(self.prompts[number % len(self.prompts)])


def synthesizers(part: str) -> list[Synthesizer]:
    """`part`: train or test."""
    flite = [Synthesizer(f"flite {voice}", "en", "flite", voice) for voice in _FLITE[part]]
    return flite + [
        Synthesizer(f"espeak-ng {language} {variant}", language[:2], "espeak-ng", f"{called}+{variant}")
        for language, variants in _ESPEAK[part].items()
        for called in (_CALLED.get(language, language),)
        for variant in variants
    ]


def readers(part: str) -> list[Reader]:
    own, shared = _fetched() / "usr/share/asterisk/sounds", material()
    sounds = shared.root / "usr/share/asterisk/sounds"
    folders = {
        "train": [shared.english, *sounds.glob("es_*"), *own.glob("it_IT_m_Carlo")],
        "test": [
            *sounds.glob("fr_*"),
            *sounds.glob("ru_*"),
            *own.glob("it_IT_f_Menardi"),
            *own.glob("it_IT_*enardi*"),
        ],
    }
    found = [Reader(folder.name, _long_enough(folder)) for folder in dict.fromkeys(folders[part])]
    return [reader for reader in found if reader.prompts]


def beeps() -> list[Path]:
    return [material().english / "beep.wav"]


def trimmed(sound: Sound) -> Sound:
    """Without the silence before and after."""
    loud = np.flatnonzero(np.abs(sound) > _SILENT)
    return sound[max(0, loud[0] - _EDGE) : loud[-1] + _EDGE] if len(loud) else sound[:0]


_TONES_AND_JOKES = re.compile(r"beep|tone|monkeys|screams|weasels|silence|ring|glorious|binaural")


def _long_enough(folder: Path) -> tuple[Path, ...]:
    files = [each for each in sorted(folder.glob("*.wav")) if not _TONES_AND_JOKES.search(each.stem)]
    return tuple(each for each in files if each.stat().st_size > 24_000)


@lru_cache(maxsize=256)
def _prompt(file: Path) -> Sound:
    return trimmed(recording(file))


@lru_cache(maxsize=4096)
def _spoken(engine: str, voice: str, text: str, words_per_minute: int) -> bytes:
    if engine == "flite":
        stretch = f"duration_stretch={160 / words_per_minute:.2f}"
        command = [*_flite(), "-voice", voice, "--setf", stretch, "-t", text, "-o", "/dev/stdout"]
    else:
        program = shutil.which("espeak-ng")
        if program is None:
            raise Misconfigured("espeak-ng is missing: run `make setup`, or install the package espeak-ng")
        command = [program, "-v", voice, "-s", str(words_per_minute), "--stdout", text]
    done = subprocess.run(command, capture_output=True)
    if done.returncode or not done.stdout:
        raise Misconfigured(
            f"{engine} cannot speak with {voice}: {done.stderr.decode('utf-8', 'replace')[-200:]}"
        )
    return done.stdout


@lru_cache(maxsize=1)
def _flite() -> tuple[str, ...]:
    """Runs in place through the loader and the libraries unpacked with it."""
    root = _fetched()
    loader = next(
        (each for place in ("lib64", "lib/*", "usr/lib64") for each in root.glob(f"{place}/ld-linux-*.so.*")),
        None,
    )
    if loader is None:
        raise Misconfigured(f"{root} holds no loader: remove it, and it will be fetched again")
    folders = {str(each.parent) for name in ("libflite.so.*", "libc.so.6") for each in root.rglob(name)}
    return str(loader), "--library-path", ":".join(sorted(folders)), str(root / "usr/bin/flite")


@lru_cache(maxsize=1)
def _fetched() -> Path:
    """Fetches the voices when they are not there yet (30 MB). Raises `Misconfigured`."""
    return fetched("voices-1", _PACKAGES, _RELEASES)
