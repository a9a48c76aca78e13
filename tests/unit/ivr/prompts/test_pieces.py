"""Every value a flow can say is a row of words that were recorded beforehand."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.prompts.pieces import PAUSE, fixed, words_of
from ivr.spoken import speak, vocabulary

pytestmark = pytest.mark.unit

LANGUAGES = ("en", "zh")
KNOWN = {language: {PAUSE, *vocabulary(language)} for language in LANGUAGES}

NUMBERS = st.integers(-(10**16) + 1, 10**16 - 1).map(str) | st.decimals(
    Decimal("-99999999"), Decimal("99999999"), places=3
).map(lambda value: f"{value:f}")
VALUES = {
    "number": NUMBERS,
    "ordinal": st.integers(0, 10**16 - 1).map(str),
    "digits": st.text("0123456789", min_size=1, max_size=30),
    "money": NUMBERS,
    "phone": st.from_regex(r"\+?[0-9]{2,20}", fullmatch=True),
    "date": st.dates(date(1000, 1, 1)).map(date.isoformat),
    "time": st.times(time(0)).map(lambda value: f"{value:%H:%M}"),
    "moment": st.datetimes(datetime(1000, 1, 1)).map(  # noqa: DTZ001  local time, as callers hear it
        lambda value: value.isoformat(timespec="minutes")
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("how", VALUES)
@settings(max_examples=40)
@given(data=st.data())
def test_what_is_spoken_is_made_of_the_vocabulary(how: str, language: str, data: st.DataObject) -> None:
    currency = data.draw(st.sampled_from(["CNY", "USD", "EUR", "GBP", "HKD", "JPY"]))
    said = speak(data.draw(VALUES[how]), how, language, currency)
    words = words_of(said, language, KNOWN[language])
    assert words is not None
    marks = str.maketrans("", "", " ,，")
    assert "".join(words).translate(marks) == said.translate(marks)  # nothing lost, nothing added


@pytest.mark.parametrize(
    ("value", "language", "words"),
    [
        ("two thousand and twenty-one", "en", ["two", "thousand", "and", "twenty-one"]),
        ("二十一点", "zh", ["二十一", "点"]),
        ("一百一十二", "zh", ["一百", "一十二"]),
        ("幺三八，零零", "zh", ["幺", "三", "八", PAUSE, "零", "零"]),
        (
            "3 Hong Kong dollars",
            "en",
            None,
        ),  # digits are written, not spoken: no such value comes from a format
        ("three Hong Kong dollars", "en", ["three", "Hong Kong dollars"]),
        ("42", "en", ["forty-two"]),
        ("-3", "zh", ["负", "三"]),
        ("007", "en", ["zero", "zero", "seven"]),
        ("13800138000", "zh", list("一三八零零一三八零零零")),
        ("CB-205", "en", ["C", "B", "two", "zero", "five"]),
        ("Bob", "en", None),
        ("王女士", "zh", None),
        ("", "en", []),
    ],
)
def test_values(value: str, language: str, words: list[str] | None) -> None:
    assert words_of(value, language, KNOWN[language]) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [("，请按1。", "请按1。"), (", is due on ", "is due on"), ("。", ""), (" ", ""), ('("Yes")', 'Yes")')],
)
def test_fixed_words_begin_with_words(text: str, words: str) -> None:
    assert fixed(text) == words
