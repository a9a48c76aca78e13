"""Chinese text as pinyin with tone digits.

espeak-ng 1.51, which Debian 12 and 13 have, spells the letters out when its voice `cmn` is given characters; its voice
`cmn-latn-pinyin` speaks. That voice takes every digit for a tone, so numbers are written out first.
"""

import re
from collections.abc import Mapping
from typing import Final

from ivr.spoken import speak

_RUN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_DIALLED: Final = re.compile(r"(?:拨|拨打|致电|热线|电话)[:：]?$")
_KEYED: Final = re.compile(r"(?:输入|号|号码|尾号)[:：]?$")
_MARKS: Final = str.maketrans("，。！？；：、（）“”《》％", ",.!?;:,,,  ,,%")
_READINGS: Final = {
    "重听": "chong2 ting1",
    "重播": "chong2 bo1",
    "重拨": "chong2 bo1",
    "重录": "chong2 lu4",
    "重按": "chong2 an4",
}
"""What telephone menus say and dictionaries lack."""
_LONG: Final = 5  # digits from which a number is read out digit by digit


def has_han(text: str) -> bool:
    return _HAN.search(text) is not None


def numbers_written(text: str) -> str:
    """Short numbers as numbers; years, long ones, codes and those with a leading zero digit by digit; 幺 in telephone
    numbers."""
    text = re.sub(r"([0-9.]+)[%％]", r"百分之\1", text)
    return _RUN.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    digits, before, after = (
        found[0],
        found.string[: found.start()],
        found.string[found.end() : found.end() + 1],
    )
    if _DIALLED.search(before):
        return "".join(speak(digit, "digits", "zh") for digit in digits if digit != ".").replace("一", "幺")
    single = "." not in digits and (len(digits) >= _LONG or (digits[0] == "0" and len(digits) > 1))
    keyed = len(digits) > 2 and _KEYED.search(before) is not None
    if single or keyed or (after == "年" and len(digits) == 4):
        return speak(digits, "digits", "zh")
    return speak(digits, "number", "zh")


def pinyin(text: str, lexicon: Mapping[str, str] | None = None) -> str:
    """`请按1。` becomes `qing3 an4 yi1 .`: the sandhi of 一 and 不 as the dictionary has it, that of the third tone is left
    to the synthesiser. `lexicon`: words whose reading the dictionary does not know."""
    readings = {**_READINGS, **(lexicon or {})}
    alternatives = "|".join(map(re.escape, sorted(readings, key=len, reverse=True)))
    parts = re.split(f"({alternatives})", text)
    return " ".join(readings[part] if part in readings else _syllables(part) for part in parts if part)


def _syllables(text: str) -> str:
    from pypinyin import Style, lazy_pinyin  # a dictionary of some megabytes: only where Chinese is spoken

    syllables = lazy_pinyin(numbers_written(text), style=Style.TONE3, neutral_tone_with_five=True)
    return " ".join(syllables).translate(_MARKS)
