"""What an operator or a caller reads of the IVR, in English and Chinese: two catalogues with the same keys."""

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    text = resources.files("ivr").joinpath(f"words.{language}.json").read_text("utf-8")
    return MappingProxyType(json.loads(text))


def say(key: str, language: Language, /, **values: object) -> str:
    """The words for `key`. An unknown key is a mistake of ours and raises `KeyError`."""
    words = catalogue(language)[key]
    return words.format_map(values) if values else words


def of_environment() -> Language:
    """`FAIRDIAL_LANGUAGE`, else the terminal's language, else English."""
    wanted = os.environ.get("FAIRDIAL_LANGUAGE") or os.environ.get("LANG", "")
    return "zh" if wanted.lower().startswith("zh") else "en"
