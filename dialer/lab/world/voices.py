"""What subscribers say when they answer, and what is played instead of a ring-back tone.

People's greetings are synthetic voices other than those with which the answer model was trained, and one recorded one. The
machines' greetings are Asterisk's own English prompts: a real voice, as long as voicemail is. That recorded voice is one
of those the model was trained with; how well it does with others is what `fairdial bench amd` measures.
"""

import hashlib
import os
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from dialer.lab.asterisk_program import cache_folder
from dialer.lab.ears.clips import melody
from dialer.lab.prompts import RATE, speak

Sound = NDArray[np.int16]

PERSON, MACHINE, TUNE = "person", "machine", "tune"
LISTENS_S = 1.5
"""How long a person waits for a word after the greeting."""
_PEOPLE: Sequence[tuple[float, str, str]] = (  # (s before it, voice, text); no voice: a prompt's name
    (0.30, "", "hello"),
    (0.15, "en-gb+m5", "Hello?"),
    (0.55, "en-gb+f5", "Yes, hello?"),
    (0.40, "en-gb+Linda", "Hello, this is Mary."),
    (0.25, "en-gb+Alex", "Hi, John speaking."),
)
_MACHINES: Sequence[Sequence[str]] = (
    ("vm-nobodyavail", "vm-intro"),
    ("vm-theperson", "digits/2", "digits/0", "digits/7", "vm-isunavail", "vm-intro"),
    ("vm-intro",),
)
_BEFORE_MACHINE_S, _BEFORE_BEEP_S, _WORD_GAP_S = 0.3, 0.4, 0.05
_TUNE_S, _TUNE_SEED = 10.0, 5
_VOICED, _BLOCK = 200, 80  # rms of 32768, samples


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it is played from the moment of `CallRecord.spoke`; seconds from there. `beep_s` is where the beep ends."""

    name: str
    samples: Sound
    start_s: float
    end_s: float
    beep_s: float | None = None


def of_line(number: str, kind: str, english: Path) -> Said:
    """What the subscriber of this number says, by its last digit. `kind`: PERSON or MACHINE."""
    there_are = answers(english)[kind]
    return there_are[int(number[-1]) % len(there_are)]


@cache
def answers(english: Path) -> dict[str, list[Said]]:
    """`english`: the folder of Asterisk's English prompts. The n-th of a kind is of lines whose last digit is n modulo their number."""
    return {
        PERSON: [_person(n, *each, english) for n, each in enumerate(_PEOPLE)],
        MACHINE: [_machine(n, each, english) for n, each in enumerate(_MACHINES)],
    }


def write_voices(folder: Path, english: Path) -> None:
    """Writes person-0.wav, …, machine-0.wav, … and tune.wav."""
    folder.mkdir(parents=True)
    for said in (each for kind in answers(english).values() for each in kind):
        (folder / f"{said.name}.wav").write_bytes(_wav(said.samples))
    (folder / f"{TUNE}.wav").write_bytes(_wav(_tune()))


def _person(n: int, before_s: float, voice: str, text: str, english: Path) -> Said:
    hello = _trimmed(_synthetic(voice, text) if voice else _prompt(english, text))
    samples = np.concatenate([_silence(before_s), hello, _silence(LISTENS_S)])
    return Said(f"{PERSON}-{n}", samples, before_s, before_s + len(hello) / RATE)


def _machine(n: int, prompts: Sequence[str], english: Path) -> Said:
    words = [part for name in prompts for part in (_trimmed(_prompt(english, name)), _silence(_WORD_GAP_S))]
    greeting = np.concatenate(words[:-1])
    end_s = _BEFORE_MACHINE_S + len(greeting) / RATE
    samples = np.concatenate(
        [_silence(_BEFORE_MACHINE_S), greeting, _silence(_BEFORE_BEEP_S), _trimmed(_prompt(english, "beep"))]
    )
    return Said(f"{MACHINE}-{n}", samples, _BEFORE_MACHINE_S, end_s, len(samples) / RATE)


def _prompt(english: Path, name: str) -> Sound:
    return _samples((english / f"{name}.wav").read_bytes())


def _synthetic(voice: str, text: str) -> Sound:
    """Rendered once: it takes longer than anything else here."""
    known = hashlib.sha256(f"{voice}|{text}".encode()).hexdigest()[:12]
    file = cache_folder() / "world-1" / f"{known}.wav"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{known}.{os.getpid()}.new")
        fresh.write_bytes(speak(voice, text))
        fresh.replace(file)
    return _samples(file.read_bytes())


def _tune() -> Sound:
    """Half as loud as it could be."""
    notes = melody(Random(_TUNE_SEED), _TUNE_S)
    return np.asarray(notes * (16000 / np.abs(notes).max()), np.int16)


def _trimmed(sound: Sound) -> Sound:
    """From its first sound to its last."""
    blocks = sound[: len(sound) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).astype(np.float64)
    loud = np.flatnonzero(np.sqrt(np.mean(blocks**2, axis=1)) > _VOICED)
    return sound[loud[0] * _BLOCK : (loud[-1] + 1) * _BLOCK]


def _silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.int16)


def _samples(file: bytes) -> Sound:
    with wave.open(BytesIO(file)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2")


def _wav(samples: Sound) -> bytes:
    written = BytesIO()
    with wave.open(written, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(samples.astype("<i2").tobytes())
    return written.getvalue()
