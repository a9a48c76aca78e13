"""Counts, percentages of those asked, means, and cross-tables."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.domain.survey import (
    STATUSES,
    CrossTable,
    Dimension,
    Interview,
    Option,
    Question,
    Questionnaire,
    Results,
    ordered,
)
from dialer.web.survey_export import as_csv, as_json
from tests.support.memory_ivr import interview, reply
from tests.support.survey_by_hand import counted, crossed

pytestmark = pytest.mark.unit

BOOK = Questionnaire(
    "survey",
    "0" * 64,
    {"en": "Survey"},
    (
        Question("shop", "single", {"en": "Shop", "zh": "商店"}, (Option("a", {"en": "A"}), Option("b"))),
        Question("why", "multiple", {}, (Option("x"), Option("y"), Option("z"))),
        Question("grade", "rating", least=1, most=5),
        Question("words", "record"),
    ),
    ("name",),
)


def call(nth: int = 0, **replies: Any) -> Interview:
    return interview(nth, replies=replies)


def results(*calls: Interview) -> Results:
    return counted(BOOK, calls)


def test_percentages_are_of_those_asked() -> None:
    found = results(
        call(shop=reply("a")),
        call(shop=reply("a")),
        call(shop=reply(None, "refused")),
        call(shop=reply(None, "no_answer")),
        call(shop=reply(None, "not_asked")),
    )
    tally = found.tallies["shop"]
    assert (tally.asked, tally.rows(), tally.percent(2)) == (4, [("a", 2), ("b", 0)], 50.0)
    assert {status: tally.statuses[status] for status in STATUSES} == {
        "answered": 2,
        "refused": 1,
        "no_answer": 1,
        "cut_off": 0,
        "not_asked": 1,
    }


def test_of_several_answers_each_counts() -> None:
    tally = results(call(why=reply(["x", "z"])), call(why=reply(["x"]))).tallies["why"]
    assert tally.rows() == [("x", 2), ("y", 0), ("z", 1)]
    assert tally.asked == 2


def test_ratings() -> None:
    tally = results(*(call(grade=reply(grade)) for grade in (1, 2, 2, 5))).tallies["grade"]
    assert tally.rows() == [(1, 1), (2, 2), (3, 0), (4, 0), (5, 1)]
    assert (tally.mean, tally.median) == (2.5, 2.0)
    assert tally.deviation == pytest.approx(1.7320508)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=50))
def test_figures_are_those_of_the_textbook(grades: list[int]) -> None:
    from statistics import mean, median, stdev

    tally = results(*(call(grade=reply(grade)) for grade in grades)).tallies["grade"]
    assert tally.mean == pytest.approx(mean(grades))
    assert tally.median == median(grades)
    assert tally.deviation == pytest.approx(stdev(grades))


@pytest.mark.parametrize(
    ("one", "counted"),
    [
        (call(shop=reply("a"), words=reply("c.wav", clip="c.wav")), "complete"),
        (call(shop=reply("a"), why=reply(None, "refused")), "partial"),
        (call(shop=reply("a"), why=reply(None, "cut_off")), "partial"),
        (interview(0, result="hung_up", replies={"shop": reply("a")}), "partial"),
        (interview(0, result="hung_up", replies={"shop": reply("a"), "words": reply(None, "no_answer")}), "complete"),
        (interview(0, result=None, ended_at=None, replies={"shop": reply("a")}), "running"),
        (call(shop=reply(None, "refused")), None),
        (call(), None),
    ],
)  # fmt: skip
def test_what_an_interview_counts_as(one: Interview, counted: str | None) -> None:
    found = results(one)
    assert found.calls == 1
    assert [name for name in ("complete", "partial", "running") if getattr(found, name)] == (
        [counted] if counted else []
    )
    assert found.begun == bool(counted)


def test_a_question_of_an_earlier_version_is_told_too() -> None:
    assert results(call(old=reply("gone"))).tallies["old"].rows() == [("gone", 1)]


def test_a_question_that_was_of_another_kind_is_told_with_both() -> None:
    tally = results(call(grade=reply("good")), call(grade=reply(4)), call(grade=reply(9))).tallies["grade"]
    assert tally.rows() == [(1, 0), (2, 0), (3, 0), (4, 1), (5, 0), (9, 1), ("good", 1)]
    assert tally.mean == 6.5


class TestCrossTables:
    def table(self, row: str, column: str, *calls: Interview) -> CrossTable:
        by = [Dimension.named(name, BOOK) for name in (row, column)]
        assert by[0] is not None
        assert by[1] is not None
        return crossed(by[0], by[1], ZoneInfo("UTC"), calls)

    def test_rows_columns_and_those_without_both(self) -> None:
        table = self.table(
            "shop",
            "grade",
            call(shop=reply("a"), grade=reply(5)),
            call(shop=reply("a"), grade=reply(1)),
            call(shop=reply("b"), grade=reply(5)),
            call(shop=reply("b"), grade=reply(None, "refused")),
        )
        assert (table.n, table.left_out) == (3, 1)
        assert (table.of_row("a", "5"), table.of_column("a", "5")) == (50.0, 50.0)
        assert table.of_row("b", "5") == 100.0

    def test_a_call_in_several_cells_is_one_call(self) -> None:
        table = self.table(
            "why",
            "shop",
            call(why=reply(["x", "y"]), shop=reply("a")),
            call(why=reply(["x"]), shop=reply("a")),
        )
        assert (table.n, table.rows["x"], table.rows["y"], table.columns["a"]) == (2, 2, 1, 2)
        assert table.of_column("y", "a") == 50.0

    def test_what_calls_are_told_apart_by(self) -> None:
        known = [Dimension.named(name, BOOK) for name in ("shop", "contact.name", "day")]
        assert [(each.of, each.key) for each in known if each] == [
            ("question", "shop"),
            ("contact", "name"),
            ("day", "day"),
        ]
        for name in ("contact.nothing", "name", "nothing", ""):
            assert Dimension.named(name, BOOK) is None

    def test_in_the_order_of_the_question(self) -> None:
        assert ordered({"y", "x", "10", "9", "old"}, BOOK.question("why")) == ["x", "y", "9", "10", "old"]


async def pieces(found: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in found])


async def several(*calls: Interview) -> AsyncIterator[Interview]:
    for each in calls:
        yield each


async def test_csv_has_a_row_for_each_call_and_no_formulas() -> None:
    trap = interview(
        1, contact={"name": '=HYPERLINK("http://evil.test")'}, replies={"shop": reply("a"), "grade": reply(4)}
    )
    raw = await pieces(as_csv(several(trap, call(why=reply(["x", "z"]))), BOOK, UTC, "zh"))
    assert raw.startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))
    assert first["contact.name"].startswith("'=HYPERLINK")
    assert first["主叫号码"] == "+12025550100"
    assert (first["shop 商店"], first["grade"], first["shop: 作答情况"]) == ("a", "4", "answered")
    assert second["why"] == "x;z"


@pytest.mark.parametrize("text", ["=1+1", "@x", "-2+3", "+cmd|x", "\t=1", "\r=1"])
async def test_what_a_spreadsheet_would_calculate(text: str) -> None:
    raw = await pieces(as_csv(several(interview(1, contact={"name": text})), BOOK, UTC, "en"))
    (row,) = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert row["contact.name"] == f"'{text}"


async def test_json_is_one_array_also_of_nothing() -> None:
    assert json.loads(await pieces(as_json(several(), BOOK))) == []
    (one,) = json.loads(await pieces(as_json(several(call(words=reply("c.wav", clip="c.wav"))), BOOK)))
    assert one["answers"]["words"]["recording"] == "c.wav"
    assert one["answers"]["words"]["value"] is None
