"""`--keys 1,2,timeout,hangup`: what the caller and the world do, one after the other."""

import re
from dataclasses import dataclass
from typing import Final

from ivr.errors import IvrError

OUTCOMES: Final = ("answered", "busy", "no_answer", "failed")
WORDS: Final = (
    "0-9*#", "timeout", "record", "record:SECONDS", "silence", *OUTCOMES, "return:ENTRY", "ok", "fail", "wait:SECONDS",
    "hangup",
)  # fmt: skip


class KeysRefused(IvrError):
    """A word that means nothing."""


@dataclass(frozen=True, slots=True)
class Key:
    """`kind`: digits, timeout, record, silence, an outcome of a transfer, return, ok, fail, wait, hangup."""

    kind: str
    value: str = ""


def parse_keys(text: str) -> list[Key]:
    """Raises `KeysRefused`."""
    return [parse_key(word) for word in text.split(",") if word.strip()]


def parse_key(word: str) -> Key:
    word = word.strip()
    if re.fullmatch(r"[0-9*#]{1,64}", word):
        return Key("digits", word)
    kind, _, value = word.partition(":")
    if word in ("timeout", "silence", "ok", "fail", "hangup", *OUTCOMES):
        return Key(word)
    if kind in ("record", "wait") and re.fullmatch(r"[0-9]{0,5}", value):
        return Key(kind, value or ("5" if kind == "record" else "1"))
    if kind == "return" and value:
        return Key("return", value)
    raise KeysRefused(word)
