"""`prompts.yaml` in the folder of the prompts: who speaks which language, and what comes out. Without it: espeak-ng."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ivr.flow.kinds import Duration, OneOf, Pattern, Reading, Whole, Words, Wrong, has
from ivr.flow.places import read_file
from ivr.flow.problems import FlowRefused, Problem
from ivr.flow.prompts import LANGUAGE
from ivr.flow.records import ListOf, MapOf, Record, read_fields

FILE: Final = "prompts.yaml"
FORMATS: Final = ("slin", "ulaw", "alaw", "wav", "slin16", "g722")
VOICES: Final = {"en": ("en-us", 140), "zh": ("cmn-latn-pinyin", 180)}
"""Voice and speed of espeak-ng; its words of Mandarin are syllables."""
_ADDRESS: Final = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s]*)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks a language. `program` is run as it stands, without a shell: text comes in on stdin, sound of any
    format goes out on stdout. `http` posts the text as UTF-8 and takes sound of any format."""

    kind: str = has(OneOf(("espeak", "program", "http")), "espeak, program or http", "espeak")
    voice: str = has(Pattern(r"[A-Za-z0-9_+.-]{1,60}", "en-us"), "the voice", "")
    speed: int = has(Whole(80, 450), "words a minute of espeak-ng; else 140, in Mandarin 180", 0)
    program: tuple[str, ...] = has(
        ListOf(Words(), most=40), "the program and its arguments; {voice} and {rate} are put in", ()
    )
    url: str = has(Pattern(_ADDRESS, "https://speech.example.com/v1"), "where the text is posted to", "")
    token_env: str = has(
        Pattern(r"[A-Z][A-Z0-9_]{0,60}", "SPEECH_TOKEN"), "the variable of the environment with the token", ""
    )
    timeout: float = has(Duration(1, 300), "how long one text may take", 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    voices: Mapping[str, Voice] = has(
        MapOf(Record(Voice), LANGUAGE, most=20, example="en"), "who speaks, by language", {}
    )
    formats: tuple[str, ...] = has(
        ListOf(OneOf(FORMATS), least=1, most=len(FORMATS)),
        "what is written: one file each, the exchange takes the nearest",
        ("slin",),
    )
    loudness: int = has(Whole(10, 35), "RMS of the voiced parts in dB below full scale", 19)
    peak: int = has(Whole(1, 12), "the highest peak in dB below full scale", 3)
    lexicon: Mapping[str, Mapping[str, str]] = has(
        MapOf(MapOf(Words(), r".{1,60}", most=2000, example="重听"), LANGUAGE, example="zh"),
        "what is spoken in place of words, by language: 重听: chong2 ting1",
        {},
    )

    def voice(self, language: str) -> Voice:
        given = self.voices.get(language, Voice())
        if given.kind != "espeak":
            return given
        voice, speed = VOICES.get(language, (language, 140))
        return replace(given, voice=given.voice or voice, speed=given.speed or speed)


def settings_of(folder: Path) -> Settings:
    """Raises `FlowRefused` with file and line."""
    file = folder / FILE
    if not file.exists():
        return Settings()
    reading = Reading()
    try:
        settings: Settings = read_fields(Settings, read_file(file), reading)
    except Wrong as wrong:
        raise FlowRefused(
            [*reading.problems, *([wrong.problem] if wrong.problem is not None else [])]
        ) from None
    problems = [*reading.problems, *_incomplete(settings, str(file))]
    if problems:
        raise FlowRefused(problems)
    return settings


def _incomplete(settings: Settings, file: str) -> list[Problem]:
    problems = []
    for language, voice in settings.voices.items():
        wanted = {"program": "program", "http": "url"}.get(voice.kind)
        if wanted is not None and not getattr(voice, wanted):
            values = {"key": wanted, "doc": f"kind: {voice.kind}"}
            problems.append(Problem("missing_key", file, 0, where=f"voices.{language}", values=values))
    return problems
