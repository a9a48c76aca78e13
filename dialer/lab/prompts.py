"""Renders the spoken messages of the lab's call centre with espeak-ng, in what Asterisk plays without converting."""

import audioop
import hashlib
import io
import math
import os
import shutil
import subprocess
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

from dialer.errors import Misconfigured
from dialer.lab.asterisk_program import cache_folder

RATE = 8000
_LOUDEST = 0.7 * 32767
_SLOW = "140"


@dataclass(frozen=True)
class Prompt:
    name: str
    voice: str
    text: str


def _english(name: str, text: str) -> Prompt:
    return Prompt(f"{name}-en", "en-us", text)


def _mandarin(name: str, pinyin: str) -> Prompt:
    # the voice that reads characters is broken in espeak-ng 1.51; the one that reads pinyin with tone digits is not
    return Prompt(f"{name}-zh", "cmn-latn-pinyin", pinyin)


PROMPTS = (
    _english(
        "abandoned",
        "This is the Fairdial demo. This call was for telemarketing purposes. "
        "To be placed on our do-not-call list press 9 now, or call 2 0 2. 5 5 5. 0 1 0 0.",
    ),
    _mandarin(
        "abandoned",
        "zhe4 li3 shi4 Fairdial yan3 shi4. ben3 ci4 lai2 dian4 yong4 yu2 dian4 hua4 ying2 xiao1. "
        "ru2 xu1 jia1 ru4 xie4 jue2 lai2 dian4 ming2 dan1, qing3 li4 ji2 an4 jiu3, "
        "huo4 bo1 da3 er4 ling2 er4, wu3 wu3 wu3, ling2 yi1 ling2 ling2.",
    ),
    _english(
        "closed", "You have reached the Fairdial demo. We are closed now. Please call again later. Goodbye."
    ),
    _mandarin(
        "closed",
        "zhe4 li3 shi4 Fairdial yan3 shi4. wo3 men5 xian4 zai4 bu4 ban4 gong1, qing3 shao1 hou4 zai4 da3. zai4 jian4.",
    ),
    _english("recorded", "This call is recorded for quality and training."),
    _mandarin(
        "recorded",
        "ben3 ci4 tong1 hua4 jiang1 bei4 lu4 yin1, yong4 yu2 zhi4 liang4 jian1 kong4 he2 pei2 xun4.",
    ),
    _english("dead-air", "We are connected. Can you hear me?"),
    _mandarin("dead-air", "dian4 hua4 yi3 jing1 jie1 tong1, qing3 wen4 nin2 neng2 ting1 dao4 ma5?"),
    _english(
        "dead-air-goodbye",
        "As we cannot hear you, we will end the call now. We may call you another time. We wish you well. Goodbye.",
    ),
    _mandarin(
        "dead-air-goodbye",
        "you2 yu2 ting1 bu2 dao4 nin2 de5 sheng1 yin1, wo3 men5 jiang1 jie2 shu4 ben3 ci4 tong1 hua4. "
        "yi3 hou4 you3 ji1 hui4 zai4 lian2 xi4 nin2. zhu4 nin2 sheng1 huo2 yu2 kuai4. zai4 jian4.",
    ),
    _english("welcome", "You have reached the Fairdial demo."),
    _mandarin("welcome", "zhe4 li3 shi4 Fairdial yan3 shi4."),
    _english("menu", "To receive no more calls from us, press 9. To hear this again, press 1."),
    _mandarin(
        "menu",
        "ru2 guo3 bu4 xiang3 zai4 jie1 dao4 wo3 men5 de5 dian4 hua4, qing3 an4 jiu3. chong2 ting1 qing3 an4 yi1.",
    ),
    _english("opted-out", "You will receive no more calls from us."),
    _mandarin("opted-out", "ni2 bu2 hui4 zai4 jie1 dao4 wo3 men5 de5 dian4 hua4."),
    _english("invalid", "That is not one of the choices."),
    _mandarin("invalid", "mei2 you3 zhe4 ge4 xuan3 ze2."),
    _english("goodbye", "Goodbye."),
    _mandarin("goodbye", "zai4 jian4."),
)


def cached_prompts() -> list[Path]:
    """The rendered prompts, in a folder named after their texts: a changed text is never served from before."""
    texts = hashlib.sha256(repr(PROMPTS).encode()).hexdigest()[:12]
    return render_prompts(cache_folder() / f"prompts-{texts}")


def render_prompts(folder: Path) -> list[Path]:
    """Writes the prompts that are not there yet, each in one step. Returns all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for prompt in PROMPTS:
        file = folder / f"{prompt.name}.wav"
        if not file.exists():
            fresh = folder / f".{prompt.name}.{os.getpid()}.new"
            fresh.write_bytes(speak(prompt.voice, prompt.text))
            fresh.replace(file)
        files.append(file)
    return files


def cached_music() -> Path:
    """A quiet broken chord for callers who wait, made by us: nobody else has rights in it."""
    file = cache_folder() / "hold-1.wav"
    if not file.exists():
        fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
        with wave.open(str(fresh), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes(_chords().tobytes())
        fresh.replace(file)
    return file


_CHORDS_HZ = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
_NOTE_S = 0.4


def _chords() -> "array[int]":
    """Each note fades within its time, so that none of them clicks."""
    length = round(_NOTE_S * RATE)
    notes = [hertz for chord in _CHORDS_HZ for hertz in (*chord, chord[1])] * 2
    return array(
        "h",
        (
            round(4000 * math.sin(math.tau * hertz * n / RATE) * min(1.0, n / 80) * (1 - n / length))
            for hertz in notes
            for n in range(length)
        ),
    )


def speak(voice: str, text: str) -> bytes:
    """A WAV file of 8 kHz, mono, 16 bit."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise Misconfigured("espeak-ng is missing: run `make setup`, or install the package espeak-ng")
    said = subprocess.run([program, "-v", voice, "-s", _SLOW, "--stdout", text], capture_output=True)
    if said.returncode != 0 or not said.stdout:
        raise Misconfigured(
            f"espeak-ng cannot speak with voice {voice}: {said.stderr.decode('utf-8', 'replace')}"
        )
    return for_telephone(said.stdout)


def for_telephone(audio: bytes) -> bytes:
    """Mono 16-bit WAV of any rate, resampled to 8 kHz and brought to an even loudness."""
    with wave.open(io.BytesIO(audio)) as source:
        if (source.getnchannels(), source.getsampwidth()) != (1, 2):
            raise Misconfigured(
                "espeak-ng gave something else than mono 16-bit audio: install version 1.50 or newer"
            )
        rate = source.getframerate()
        # espeak-ng cannot go back in a pipe to write the length, so it claims too many frames
        samples = source.readframes(source.getnframes())
    samples, _ = audioop.ratecv(samples[: len(samples) // 2 * 2], 2, 1, rate, RATE, None, 1, 1)
    if peak := audioop.max(samples, 2):
        samples = audioop.mul(samples, 2, _LOUDEST / peak)
    written = io.BytesIO()
    with wave.open(written, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(samples)
    return written.getvalue()
