"""Results counted in the database are those counted call by call, whatever the calls are like."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dialer.domain.survey import (
    STATUSES,
    Dimension,
    Interview,
    Option,
    Question,
    Questionnaire,
    QuestionTally,
    Results,
)
from dialer.storage.postgres.store import PostgresStore
from tests.integration.storage.rig import NOW
from tests.support.survey_by_hand import counted, crossed, said

pytestmark = pytest.mark.postgres

BOOK = Questionnaire(
    "line",
    "a" * 64,
    {"en": "Line"},
    (
        Question("shop", "single", {}, (Option("a"), Option("b"), Option("other"))),
        Question("why", "multiple", {}, (Option("x"), Option("y"), Option("z"))),
        Question("grade", "rating", least=1, most=5),
        Question("age", "number", least=0, most=120),
        Question("words", "record"),
    ),
    ("place", "name"),
)
KINDS = {**{each.name: each.kind for each in BOOK.questions}, "gone": "single", "count": "number"}
ZONE = ZoneInfo("Asia/Shanghai")
ALWAYS = (NOW - timedelta(days=400), NOW + timedelta(days=400))


def value(random: random.Random, kind: str) -> Any:
    match kind:
        case "single":
            return random.choice(["a", "b", "other", "of an earlier version"])
        case "multiple":
            return random.sample(["x", "y", "z"], random.randint(0, 3))
        case "rating":
            return random.choice([1, 2, 3, 4, 5, 9, "good"])
        case "number":
            return random.randint(0, 4)
    return None


async def fill(store: PostgresStore, calls: int, seed: int) -> None:
    """Calls of three versions and of another flow, with answers of every kind and end; and those without any."""
    chance = random.Random(seed)
    sessions: list[tuple[Any, ...]] = []
    answers: list[tuple[Any, ...]] = []
    for nth in range(calls):
        call, begun = f"call-{nth}", NOW + timedelta(minutes=chance.randint(-5000, 5000))
        result = chance.choice(["completed", "hung_up", "error", "no_answer", "refused", None])
        ended = None if result is None else begun + timedelta(minutes=3)
        contact = {
            "place": chance.choice(["古蔺县", "泸州", "", None]),
            "name": f"Person {chance.randint(1, 3)}",
        }
        state = {"contact": contact} if chance.random() < 0.8 else {}
        sessions.append((
            call, chance.choice(["line", "line", "line", "other"]), chance.choice("abc") * 64, chance.choice(["zh", "en"]), "", "",
            None, None, "q1", state, 3, begun, begun + timedelta(minutes=3), ended, result, {},
        ))  # fmt: skip
        asked = [] if chance.random() < 0.1 else [name for name in KINDS if chance.random() < 0.8]
        for place, name in enumerate(asked):
            status = chance.choice([*STATUSES, *["answered"] * 6])
            given = value(chance, KINDS[name]) if status == "answered" else None
            clip = f"{call}-{place}.wav" if status == "answered" and chance.random() < 0.3 else ""
            if status == "answered" and KINDS[name] == "record":
                clip = given = f"{call}-{place}.wav"
            answers.append((call, name, place, status, given, {}, clip, "zh", begun, float(place), False, ""))
    await store.pool.copy_records_to_table("ivr_sessions", records=sessions)
    await store.pool.copy_records_to_table("ivr_answers", records=answers)


async def by_hand(
    store: PostgresStore, version: str = "", since: datetime = ALWAYS[0], until: datetime = ALWAYS[1]
) -> list[Interview]:
    return [each async for each in store.ivr_calls.interviews("line", version, since, until)]


def figures(results: Results) -> dict[str, Any]:
    plain = {
        name: getattr(results, name)
        for name in ("calls", "begun", "complete", "partial", "running", "ends", "versions", "languages")
    }
    return {**plain, **{name: of(tally) for name, tally in results.tallies.items()}}


def of(tally: QuestionTally) -> dict[str, Any]:
    names = ("question", "asked", "ends", "recordings", "mean", "median", "deviation")
    return {**{name: getattr(tally, name) for name in names}, "rows": tally.rows()}


@pytest.mark.parametrize("seed", range(3))
async def test_results_and_own_words(store: PostgresStore, seed: int) -> None:
    await fill(store, 300, seed)
    for version, span in (
        ("", ALWAYS),
        ("aaaaaa", ALWAYS),
        ("", (NOW, NOW + timedelta(days=2))),
        ("fff", ALWAYS),
    ):
        calls = await by_hand(store, version, *span)
        found = await store.surveys.count(BOOK, version, *span)
        assert figures(found) == figures(counted(BOOK, calls))
        heard = said(BOOK, calls)
        assert await store.surveys.free_answers(BOOK, version, *span, 20) == (heard[:20], len(heard))


DIMENSIONS = ("shop", "why", "grade", "contact.place", "contact.name", "language", "day", "result", "version")


@pytest.mark.parametrize("seed", range(2))
async def test_cross_tables(store: PostgresStore, seed: int) -> None:
    await fill(store, 200, seed)
    calls = await by_hand(store)
    known = [Dimension.named(name, BOOK) for name in DIMENSIONS]
    for row in known:
        for column in known:
            assert row is not None
            assert column is not None
            found = await store.surveys.cross(BOOK, "", *ALWAYS, row, column, ZONE)
            assert found == crossed(row, column, ZONE, calls)
    assert any(len(each.replies) for each in calls)


async def test_nobody_called(store: PostgresStore) -> None:
    found = await store.surveys.count(BOOK, "", *ALWAYS)
    assert (found.calls, [tally.asked for tally in found.tallies.values()]) == (0, [0] * 5)
    row = Dimension("shop", "question")
    assert await store.surveys.cross(BOOK, "", *ALWAYS, row, row, ZONE) == crossed(row, row, ZONE, [])
    assert await store.surveys.free_answers(BOOK, "", *ALWAYS, 5) == ([], 0)
    nothing = replace(BOOK, questions=())
    assert (await store.surveys.count(nothing, "", *ALWAYS)).tallies == {}
