"""What people read, in English and Chinese: two catalogues with the same keys and the same {placeholders}."""

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    text = resources.files("dialer").joinpath(f"words.{language}.json").read_text("utf-8")
    return MappingProxyType(json.loads(text))


def say(key: str, language: Language, **values: object) -> str:
    """The words for `key`. An unknown key is a mistake of ours and raises `KeyError`."""
    words = catalogue(language)[key]
    return words.format_map(values) if values else words


def name_of(group: str, value: StrEnum | str, language: Language) -> str:
    """A state or disposition in words: `name_of("agent", AgentState.PAUSED, "zh")`. Unknown ones as they are."""
    return catalogue(language).get(f"{group}.{value}", str(value))


def preferred(accept_language: str) -> Language:
    """The better of our two languages for an Accept-Language header; English when it names neither."""
    best: tuple[float, Language] = (0.0, "en")
    for choice in accept_language[:200].split(","):
        tag, _, quality = choice.strip().lower().partition(";q=")
        for language in LANGUAGES:
            if tag.split("-")[0] == language and (weight := _weight(quality)) > best[0]:
                best = (weight, language)
    return best[1]


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0
