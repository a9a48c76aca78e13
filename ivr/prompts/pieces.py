"""Fixed words as they are looked up, and values taken apart into words of the vocabulary."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from ivr.spoken import speak

PAUSE: Final = ","
"""The entry of the vocabulary that is a moment of silence."""
_MARKS: Final = " \t\n,.;:!?…-–—、，。；：！？“”‘’\"'()（）《》【】"
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,4})?")
_CODE: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9 /.-]{0,30}[A-Z0-9])?")


@lru_cache(4096)
def fixed(text: str) -> str:
    """Without marks before and space behind, so that what follows a value is found; empty when nothing is to be said.
    The mark at the end stays: a synthesiser's voice falls with it."""
    text = text.strip().lstrip(_MARKS)
    return text if any(char.isalnum() for char in text) else ""


def words_of(value: str, language: str, known: Collection[str]) -> list[str] | None:
    """The entries of `known` that say a value, in order; None when it is no number, code, date or the like."""
    value = value.strip()
    found = _split(value, language, known)
    if found is not None:
        return found
    if _NUMBER.fullmatch(value):
        return _split(speak(value, "number", language), language, known)
    if _CODE.fullmatch(value):
        return _split(_spelled(value, language), language, known)
    return None


def _spelled(code: str, language: str) -> str:
    letters = [speak(char, "digits", language) if char.isdigit() else char for char in code if char.isalnum()]
    return " ".join(letters)


def _split(text: str, language: str, known: Collection[str]) -> list[str] | None:
    if language == "zh":
        return _longest(text.replace(" ", "").replace("，", PAUSE), known)
    return _longest_of_words(text.replace(",", f" {PAUSE}").split(), known)


def _longest(text: str, known: Collection[str]) -> list[str] | None:
    """The longest entry first: 二十一 is one word, and sounds like one."""
    found: list[str] = []
    at, end = 0, len(text)
    while at < end:
        for size in (4, 3, 2, 1):
            if (word := text[at : at + size]) in known:
                found.append(word)
                at += len(word)
                break
        else:
            return None
    return found


def _longest_of_words(words: list[str], known: Collection[str]) -> list[str] | None:
    """The same where words have spaces between them: Hong Kong dollars."""
    found: list[str] = []
    at = 0
    while at < len(words):
        for size in (3, 2, 1):
            if (word := " ".join(words[at : at + size])) in known:
                found.append(word)
                at += word.count(" ") + 1
                break
        else:
            return None
    return found
