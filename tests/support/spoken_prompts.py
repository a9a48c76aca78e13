"""A synthesiser that is quick and says the same tone for every text, and flows with prompts of one's choosing."""

import io
import wave
from pathlib import Path

import numpy as np

from ivr.flow.model import Flow
from ivr.flow.reader import from_text
from ivr.prompts import Settings
from ivr.prompts.settings import Voice

BUILT_IN = 4  # words after a failure and after an error, in two languages


def tone(seconds: float = 0.5, rate: int = 8_000, level: float = 0.3, silence: float = 0.0) -> np.ndarray:
    """440 Hz between two stretches of silence."""
    sound = level * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    return np.concatenate([np.zeros(int(silence * rate)), sound, np.zeros(int(silence * rate))])


def wav(samples: np.ndarray, rate: int = 8_000, channels: int = 1) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.repeat(samples, channels) * 32767).astype("<i2").tobytes())
    return written.getvalue()


def stub_settings(folder: Path, formats: tuple[str, ...] = ("slin",)) -> Settings:
    """`cat` of a file with a tone speaks both languages."""
    file = folder / "said.wav"
    file.write_bytes(wav(tone(1.5)))
    voice = Voice(kind="program", program=("cat", str(file)))
    return Settings(voices={"en": voice, "zh": voice}, formats=formats)


def flow_of(
    prompts: str, more: str = "", node: str = "{type: hang_up, prompt: hello}", name: str = "line"
) -> Flow:
    """A flow of a single node and the `BUILT_IN` lines every flow has; `prompts` and `more` are lines of YAML."""
    return from_text(
        f"flow: {name}\ntitle: {{en: Line, zh: 热线}}\nlanguages: [en, zh]\nstart: only\n"
        f"day_parts: {{morning: '00:00', day: '12:00'}}\ncontact_fields: {{name: Bob, order: '12'}}\n{more}\n"
        f"prompts:\n{prompts}\nnodes:\n  only: {node}\n"
    )
