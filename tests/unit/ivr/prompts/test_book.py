"""What a call hears: whole wordings, values between them, and what happens when something is not there."""

import logging
from pathlib import Path

import pytest

from ivr.errors import MissingPrompt
from ivr.prompts import FileBook, build
from ivr.spoken import Spoken
from tests.support.spoken_prompts import flow_of
from tests.unit.ivr.prompts.conftest import Samples

pytestmark = pytest.mark.unit


def spoken(*pieces: str, language: str = "en", prompt: str = "hello", rate: str = "normal") -> Spoken:
    return Spoken("".join(pieces), language, rate=rate, prompt=prompt, pieces=pieces, flow="line")


def test_values_stand_between_fixed_words(samples: Samples) -> None:
    book = FileBook(samples.folder)
    order = spoken(
        "订单",
        "一二三",
        "，金额",
        "十二元五角",
        "，预计",
        "二零二六年四月一日，星期三",
        "送达。",
        language="zh",
    )
    sounds = book.sounds(order)
    assert len(sounds) == 4 + 3 + 4 + 11
    assert sounds[1:4] == [book.sounds(spoken("", digit, "", language="zh"))[0] for digit in "一二三"]
    assert len(set(sounds)) == 19  # 一, 二 and 三 sound the same wherever they stand


def test_a_slow_prompt_has_slow_numbers(samples: Samples) -> None:
    book = FileBook(samples.folder)
    normal, slow = (book.sounds(spoken("", "two", "", rate=rate)) for rate in ("normal", "slow"))
    assert normal != slow


def test_what_is_not_there_is_told(samples: Samples) -> None:
    with pytest.raises(
        MissingPrompt, match=r"prompt hello has no sound in en for 'Never made\.': run .* build line"
    ):
        FileBook(samples.folder).sounds(spoken("Never made."))
    with pytest.raises(MissingPrompt, match="a prompt written in place"):
        FileBook(samples.folder).sounds(Spoken("", "en", "music/none"))


def test_names(samples: Samples, prepared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Left out unless made beforehand; the log names the prompt once and never the name."""
    flow = flow_of('  hello: {en: "Hello {contact.name}, welcome.", zh: "{contact.name}您好。"}')
    voices, folder = samples.settings, prepared
    build([flow], folder, voices, 1.0)
    book = FileBook(folder)
    with caplog.at_level(logging.WARNING):
        heard = [book.sounds(spoken("Hello ", "Alice", ", welcome.")) for _ in range(2)]
    assert [len(sounds) for sounds in heard] == [2, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "flow line, prompt hello, en: a value is left out, nothing was made beforehand for it"
    ]
    assert len(book.sounds(spoken("Hello ", "Bob", ", welcome."))) == 3  # the flow's own example
    build([flow], folder, voices, 2.0, names=["Alice", " "])
    assert len(book.sounds(spoken("Hello ", "Alice", ", welcome."))) == 2  # a look-up reads no file
    assert (book.refresh(), book.refresh()) == (True, False)
    assert len(book.sounds(spoken("Hello ", "Alice", ", welcome."))) == 3


def test_nothing_is_left_out_of_a_disclosure(samples: Samples, prepared: Path) -> None:
    flow = flow_of(
        '  hello: {en: "It costs {contact.name} a month.", zh: "每月{contact.name}。"}',
        node="{type: say, prompt: hello, disclosure: price, barge_in: no, next: end}\n  end: {type: hang_up}",
    )
    build([flow], prepared, samples.settings, 1.0)
    book = FileBook(prepared)
    assert len(book.sounds(spoken("It costs ", "ten dollars", " a month."))) == 4
    with pytest.raises(MissingPrompt, match="for 'a little'"):
        book.sounds(spoken("It costs ", "a little", " a month."))


def test_values_known_beforehand_are_made(samples: Samples, prepared: Path) -> None:
    flow = flow_of(
        '  hello: {en: "You chose {topic}. {holiday_name}", zh: "您选了{topic}。{holiday_name}"}',
        more="variables: {topic: \"'our prices'\"}\nholidays: [{name: x, first: 2026-01-01, label: {en: New Year, zh: 元旦}}]",
    )
    build([flow], prepared, samples.settings, 1.0)
    assert len(FileBook(prepared).sounds(spoken("You chose ", "our prices", ". ", "New Year", ""))) == 3


def test_an_empty_folder_is_an_empty_book(tmp_path: Path) -> None:
    book = FileBook(tmp_path)
    assert book.sounds(spoken(" ")) == []
    with pytest.raises(MissingPrompt):
        book.sounds(spoken("Hello."))
