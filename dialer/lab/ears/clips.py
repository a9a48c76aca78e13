"""Recordings as a dialler would hear them before the answer: any level, any noise, any codec, packets lost."""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from dialer.lab.ears.codecs import CODECS, FRAME, Audio
from dialer.lab.ears.other_zones import Written
from dialer.lab.ears.rendering import RATE, rendered
from dialer.lab.prompts import for_telephone

CLIP_S = 15.0
_DETUNES = (-0.005, -0.0025, 0.0, 0.0025, 0.005)
_FULL_SCALE_DBM0 = 6.15  # of a square wave; a sine of full scale has 3.14 dBm0
_LEVELS_DBM0 = (-40.0, -8.0)
_SNR_DB = (10.0, 40.0)
_LOSS = (0.0, 0.05)


@dataclass(frozen=True, slots=True)
class Clip:
    audio: Audio
    onset_s: float
    """Where the tone is first heard."""
    codec: str
    loss: float
    snr_db: float
    dbm0: float


def of_tone(tone: Written, random: Random, seconds: float = CLIP_S) -> Clip:
    """The tone begins after up to a second, anywhere in its cadence."""
    lead = np.zeros(round(random.uniform(0.1, 1.0) * RATE), np.float32)
    period = sum(element.seconds or 1.0 for element in tone.elements())
    clean = rendered(tone, seconds + period, random.choice(_DETUNES))
    start = random.randrange(max(1, round(period * RATE)))
    body = clean[start : start + round(seconds * RATE) - len(lead)]
    return on_the_line(np.concatenate([lead, body]), random)


def on_the_line(clean: NDArray[np.float32], random: Random, snr_db: float | None = None) -> Clip:
    """`clean` at a random level, with noise, through a random codec."""
    clean = clean[: len(clean) // FRAME * FRAME]
    sounding = np.flatnonzero(np.abs(clean) > 1)
    dbm0 = random.uniform(*_LEVELS_DBM0)
    snr_db = random.uniform(*_SNR_DB) if snr_db is None else snr_db
    rms = float(np.sqrt(np.mean(np.square(clean[sounding])))) if len(sounding) else 1.0
    wanted = 32768 * 10 ** ((dbm0 - _FULL_SCALE_DBM0) / 20)
    generator = np.random.default_rng(random.getrandbits(63))
    noise = generator.normal(0, wanted / 10 ** (snr_db / 20), len(clean))
    samples = np.clip(clean * (wanted / rms) + noise, -32768, 32767).astype(np.int16)
    codec, loss = random.choice(list(CODECS)), random.uniform(*_LOSS)
    lost = generator.random(len(samples) // FRAME) < loss
    heard = CODECS[codec](samples, lost)
    onset = float(sounding[0]) / RATE if len(sounding) else 0.0
    return Clip(heard, onset, codec, loss, snr_db, dbm0)


def recording(file: Path) -> NDArray[np.float32]:
    """A WAV file, 8 kHz."""
    with wave.open(str(file)) as source:
        if source.getframerate() == RATE and source.getnchannels() == 1:
            return np.frombuffer(source.readframes(source.getnframes()), "<i2").astype(np.float32)
    telephone = for_telephone(file.read_bytes())
    return np.frombuffer(telephone[44:], "<i2").astype(np.float32)


def excerpt(audio: NDArray[np.float32], random: Random, seconds: float = CLIP_S) -> NDArray[np.float32]:
    size = round(seconds * RATE)
    if len(audio) <= size:
        return np.resize(audio, size)
    start = random.randrange(len(audio) - size)
    return audio[start : start + size]


def spoken(
    prompts: Sequence[NDArray[np.float32]], random: Random, seconds: float = CLIP_S
) -> NDArray[np.float32]:
    """Prompts of one voice after each other, with pauses."""
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < seconds * RATE:
        parts += [random.choice(prompts), np.zeros(round(random.uniform(0, 1.0) * RATE), np.float32)]
    return np.concatenate(parts)[: round(seconds * RATE)]


def melody(random: Random, seconds: float = CLIP_S) -> NDArray[np.float32]:
    """The hardest music there is for a tone detector: pure and nearly pure notes of the tempered scale, with rests."""
    parts: list[NDArray[np.float32]] = []
    harmonics = random.choice([(1.0,), (1.0, 0.2), (1.0, 0.5, 0.25), (1.0, 0.1, 0.4, 0.1)])
    decay = random.choice([0.0, 0.5, 3.0])
    while sum(map(len, parts)) < seconds * RATE:
        length = random.choice([0.12, 0.25, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0])
        time = np.arange(round(length * RATE)) / RATE
        base = [440 * 2 ** (random.randint(-14, 10) / 12) for _ in range(random.choice([1, 1, 1, 2, 3]))]
        note = sum(
            (a * np.sin(2 * np.pi * hz * (n + 1) * time) for hz in base for n, a in enumerate(harmonics)),
            np.zeros(len(time)),
        )
        parts.append((8000 * note * np.exp(-decay * time)).astype(np.float32))
        if random.random() < 0.4:
            parts.append(np.zeros(round(random.choice([0.1, 0.2, 0.5, 1.0, 2.0]) * RATE), np.float32))
    return np.concatenate(parts)[: round(seconds * RATE)]
