"""A caller's line: words and silence out, keys and recordings in.

Keys count from wherever they come: during a prompt, after it, while something is looked up. Prompts and the wait after
them are one command (Background with Asterisk's silent files at the end), so that there is no moment in between in which
Asterisk would drop a key; after a key there is time, because the exchange never delivers two within 100 ms.
"""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeVar

from ivr.agi.protocol import KEYS, Conversation
from ivr.asterisk.sounds import LISTENING, Sounds, length_of_silence, silences
from ivr.errors import CallerHungUp
from ivr.spoken import Spoken

_LONGEST_PLAY_S: Final = 3600.0
_NO_EXTENSIONS: Final = "fairdial-no-extensions"
"""A context that does not exist: Background would take a key for an extension of one that does."""

_SLACK_S: Final = 0.15
_RATE: Final = 8000
_AFTER_A_KEY_S: Final = 0.08
"""Asterisk lets the ends of two keys come no closer than 125 ms (a key counts as 80 ms at least, the gap as 45): so long after
one nobody has to listen for the next."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Recordings:
    """`folder` as Asterisk sees it."""

    folder: str = "/var/spool/fairdial/recordings"
    format: str = "wav"


@dataclass(frozen=True, slots=True)
class Recorded:
    clip: str
    seconds: float


class Line:
    def __init__(self, conversation: Conversation, sounds: Sounds) -> None:
        self._agi = conversation
        self._sounds = sounds
        self._keys = ""
        self._key_at = -_AFTER_A_KEY_S

    def drop_keys(self) -> None:
        self._keys = ""

    # --- words out --------------------------------------------------------------------------------------------------------

    async def say(self, prompts: Sequence[Spoken]) -> bool:
        """Whether all of it was heard: no key came in between, and no sound was missing."""
        self._still_there()
        # what has no sound was not heard, however much of the rest was: a disclosure must not count then
        whole = all(self._sounds.of(spoken) for spoken in prompts if spoken.text)
        for barge_in, files in self._stretches(prompts):
            if not barge_in:
                self._keys = ""
                whole = await self._unbroken(files) and whole
            elif self._keys:
                whole = False
            else:
                whole = await self._until_key(files) and whole
        return whole

    async def ask(self, prompts: Sequence[Spoken], first_s: float) -> None:
        """Prompts, then silence until a key or for `first_s`. `take` gives the keys."""
        self._still_there()
        *before, (barge_in, files) = self._stretches(prompts) or [(True, [])]
        for stretch_barge_in, stretch in before:
            await self._stretch(stretch_barge_in, stretch)
        if not barge_in:
            await self._stretch(barge_in, files)
            files = []
        if self._keys:
            return
        quiet, rest_s = silences(first_s)
        await self._until_key([*files, *quiet])
        if not self._keys and rest_s:
            await self._digit(rest_s)

    def files(self, prompts: Sequence[Spoken]) -> list[str]:
        return [file for _, files in self._stretches(prompts) for file in files]

    async def _stretch(self, barge_in: bool, files: list[str]) -> None:
        if not barge_in:
            self._keys = ""
            await self._unbroken(files)
        elif not self._keys:
            await self._until_key(files)

    def _stretches(self, prompts: Sequence[Spoken]) -> list[tuple[bool, list[str]]]:
        """Sound files in a row that a key stops, or does not."""
        return [
            (barge_in, [file for spoken in some for file in self._sounds.of(spoken)])
            for barge_in, some in groupby(prompts, key=lambda spoken: spoken.barge_in)
        ]

    async def _unbroken(self, files: Sequence[str]) -> bool:
        heard = bool(files)
        for file in files:
            reply = await self._agi.command("STREAM FILE", file, "", 0, within_s=_LONGEST_PLAY_S)
            heard = self._settled(file, reply.ok) and heard
        return heard

    async def _until_key(self, files: Sequence[str]) -> bool:
        """Files played to their end without a key."""
        if not files:
            return False
        if self._sounds.proven(files):
            return await self._together(files)
        heard = True
        for file in files:
            reply = await self._agi.command("STREAM FILE", file, KEYS, 0, within_s=_LONGEST_PLAY_S)
            if reply.key:
                self._sounds.played(file)
                self._pressed(reply.key)
                return False
            heard = self._settled(file, reply.ok) and heard
            if not reply.ok and (missing_s := length_of_silence(file)):
                await self._digit(missing_s)
                if self._keys:
                    return False
        return heard

    def _settled(self, file: str, ok: bool) -> bool:
        (self._sounds.played if ok else self._sounds.absent)(file)
        return ok

    async def _together(self, files: Sequence[str]) -> bool:
        begun = _now_s()
        reply = await self._agi.command(
            "EXEC", "Background", f"{'&'.join(files)},n,,{_NO_EXTENSIONS}", within_s=_LONGEST_PLAY_S
        )
        if reply.key:
            self._pressed(reply.key)
            return False
        # Background leaves off at a file that is not there, and says so nowhere in its result
        left_s = sum(map(length_of_silence, files)) - (_now_s() - begun)
        if left_s > _SLACK_S:
            self._still_there()
            self._sounds.doubt(files)
            await self._digit(left_s)
            return False
        return True

    # --- keys in ----------------------------------------------------------------------------------------------------------

    async def take(self, within_s: float) -> str:
        """The next key, one that came before or one that comes in time; else an empty text."""
        if not self._keys and within_s > 0:
            await self._digit(within_s)
        key, self._keys = self._keys[:1], self._keys[1:]
        return key

    async def _digit(self, within_s: float) -> None:
        self._still_there()
        wait_ms = max(1, round(within_s * 1000))
        reply = await self._agi.command("WAIT FOR DIGIT", wait_ms, within_s=within_s + 10)
        if reply.key:
            self._pressed(reply.key)

    def _pressed(self, key: str) -> None:
        self._keys += key
        self._key_at = _now_s()

    async def meanwhile(self, work: Awaitable[Result]) -> Result:
        """Keys pressed while the work takes its time are kept."""
        quiet_s = self._key_at + _AFTER_A_KEY_S - _now_s()
        result, keys = await self._agi.meanwhile(work, LISTENING, quiet_s)
        self._keys = (self._keys + keys)[-64:]
        return result

    # --- a voice in -------------------------------------------------------------------------------------------------------

    async def record(
        self, where: Recordings, name: str, longest_s: float, silence_s: float, terminator: str, beep: bool
    ) -> Recorded:
        """What was said until the caller hung up is kept. Nothing was recorded: an empty clip."""
        self._still_there()
        self._keys = ""
        reply = await self._agi.last_words(
            "RECORD FILE",
            f"{where.folder}/{name}",
            where.format,
            terminator,
            round(longest_s * 1000),
            *(["BEEP"] if beep else []),
            *([f"s={max(1, round(silence_s))}"] if silence_s > 0 else []),
            within_s=longest_s + 30,
        )
        samples = reply.extra.get("endpos", "")
        seconds = int(samples) / _RATE if samples.isascii() and samples.isdigit() else 0.0
        return Recorded(f"{name}.{where.format}" if seconds else "", round(seconds, 3))

    def _still_there(self) -> None:
        if self._agi.hangup_seen:
            raise CallerHungUp("between two commands")


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def file_name(call: str, turn: int) -> str:
    """For a recording: nothing of a session's id can lead out of the folder."""
    return f"{file_stem(call)}-{turn}"


def file_stem(call: str) -> str:
    """What the recordings of one call begin with; `-` and digits follow."""
    return re.sub(r"[^A-Za-z0-9-]", "_", call)[:80]
