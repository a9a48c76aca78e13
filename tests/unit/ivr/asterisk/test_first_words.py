import asyncio
from collections.abc import Sequence

import pytest

from ivr.asterisk.first_words import FirstWords, Listened

pytestmark = pytest.mark.unit


def listened(length_s: float) -> tuple[Listened, list[str]]:
    told: list[str] = []

    def length(files: Sequence[str]) -> float:
        return length_s * len(files)

    return Listened("a call", FirstWords(told.append, length)), told


async def test_the_end_of_a_question_is_told_by_its_length() -> None:
    words, told = listened(0.01)
    words.begins(["how", "was", "it"])
    assert told == []
    await asyncio.sleep(0.05)
    assert told == ["a call"]
    words.whole()
    assert told == ["a call"], "once"


async def test_who_leaves_before_has_not_heard_it() -> None:
    words, told = listened(0.01)
    words.begins(["how"])
    words.broken()
    await asyncio.sleep(0.03)
    assert told == []


async def test_without_sounds_nothing_is_heard_before_the_answer() -> None:
    words, told = listened(0.0)
    words.begins([])
    await asyncio.sleep(0)
    assert told == []
    words.whole()
    assert told == ["a call"]
