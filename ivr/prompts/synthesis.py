"""Who turns text into sound. Programs under other licences are only ever run as processes of their own."""

import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ivr.errors import PromptsRefused
from ivr.prompts.pinyin import has_han, pinyin
from ivr.prompts.settings import Settings, Voice

_MOST_BYTES: Final = 50_000_000
_SLOW: Final = 0.8
_LATIN: Final = re.compile(r"([A-Za-z][A-Za-z'’]*(?:[ ,]+[A-Za-z'’]+)*(?: [0-9]+)?[.!?]?)")


class NoSynthesiser(PromptsRefused):
    """It is not there at all: what goes on is the same for every text."""


class Synthesiser(Protocol):
    def speak(self, text: str, rate: str) -> bytes:
        """Sound in any format. `rate`: normal, slow. Blocks. Raises `PromptsRefused`, `NoSynthesiser`."""
        ...

    def source(self) -> str:
        """For lists: `espeak:en-us`."""
        ...


@dataclass(frozen=True, slots=True)
class Espeak:
    voice: Voice
    lexicon: Mapping[str, str]

    def source(self) -> str:
        return f"espeak:{self.voice.voice}"

    def speak(self, text: str, rate: str) -> bytes:
        speed = round(self.voice.speed * (_SLOW if rate == "slow" else 1))
        if self.voice.voice.endswith("pinyin"):
            text = pinyin(text, self.lexicon)
        else:
            text = _worded(text, self.lexicon)
        command = ["espeak-ng", "-v", self.voice.voice, "-s", str(speed), "-b", "1", "--stdin", "--stdout"]
        # in double square brackets it would take phonemes
        return _run(command, text.replace("[[", "[ ["), self.voice.timeout, package="espeak-ng")


@dataclass(frozen=True, slots=True)
class Program:
    voice: Voice
    lexicon: Mapping[str, str]

    def source(self) -> str:
        return f"program:{os.path.basename(self.voice.program[0])}"

    def speak(self, text: str, rate: str) -> bytes:
        put_in = {"{voice}": self.voice.voice, "{rate}": rate}
        command = [put_in.get(argument, argument) for argument in self.voice.program]
        return _run(command, _worded(text, self.lexicon), self.voice.timeout)


def _run(command: Sequence[str], text: str, timeout_s: float, package: str = "") -> bytes:
    """Raises `PromptsRefused`."""
    program = shutil.which(command[0])
    if program is None:
        what = f"install the package {package}" if package else "correct `program` in prompts.yaml"
        raise NoSynthesiser(f"{command[0]} is not on this machine: {what}")
    try:
        done = subprocess.run(  # noqa: S603  a list, no shell: the text is on stdin and never an argument
            [program, *command[1:]], input=text.encode(), capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise PromptsRefused(f"{command[0]} took more than {timeout_s:g} s") from None
    except OSError as wrong:
        raise NoSynthesiser(f"{command[0]} cannot be run: {wrong.strerror}") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise PromptsRefused(
            f"{command[0]} failed ({done.returncode}): {said[-1][:200] if said else 'no sound'}"
        )
    return done.stdout


@dataclass(frozen=True, slots=True)
class Http:
    """POST with the text as body; language and rate in headers, so that a URL alone is a setting."""

    voice: Voice
    lexicon: Mapping[str, str]
    language: str

    def source(self) -> str:
        return f"http:{self.voice.url.split('/')[2]}"

    def speak(self, text: str, rate: str) -> bytes:
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Accept": "audio/wav",
            "Content-Language": self.language,
            "X-Voice": self.voice.voice,
            "X-Rate": rate,
            **self._token(),
        }
        words = _worded(text, self.lexicon)
        # the settings allow http and https only
        request = urllib.request.Request(self.voice.url, words.encode(), headers)  # noqa: S310
        try:
            with _opener().open(request, timeout=self.voice.timeout) as reply:
                sound: bytes = reply.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as refused:
            raise PromptsRefused(f"{self.voice.url} answered {refused.code}") from None
        except OSError as wrong:
            raise PromptsRefused(f"{self.voice.url} cannot be asked: {wrong}") from None
        if not 0 < len(sound) <= _MOST_BYTES:
            raise PromptsRefused(f"{self.voice.url} answered with {'too much' if sound else 'nothing'}")
        return sound

    def _token(self) -> Mapping[str, str]:
        name = self.voice.token_env
        if not name:
            return {}
        if not (token := os.environ.get(name)):
            raise NoSynthesiser(f"the token for {self.voice.url} is missing: set {name}")
        return {"Authorization": f"Bearer {token}"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirect)


def voices(text: str, language: str, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Language and text of each part of a text, by who is to speak it: a line for callers who know no Chinese stands
    among the Chinese ones, in English, and a voice that is given pinyin takes English words for that."""
    if not has_han(text):
        english = language == "zh" and any(char.isascii() and char.isalpha() for char in text)
        return (("en" if english else language, text),)
    if not settings.voice("zh").voice.endswith("pinyin"):
        return (("zh", text),)
    parts = [part.strip() for part in _LATIN.split(text)]
    return tuple(
        ("en" if _LATIN.fullmatch(part) else "zh", part) for part in parts if any(map(str.isalnum, part))
    )


def synthesiser(settings: Settings, language: str) -> Synthesiser:
    voice, lexicon = settings.voice(language), settings.lexicon.get(language, {})
    match voice.kind:
        case "program":
            return Program(voice, lexicon)
        case "http":
            return Http(voice, lexicon, language)
        case _:
            return Espeak(voice, lexicon)


def _worded(text: str, lexicon: Mapping[str, str]) -> str:
    for word, spoken in lexicon.items():
        text = text.replace(word, spoken)
    return text
