"""What was answered in flows, counted in the database: the questions come back, not the calls."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg

from dialer.domain.survey import (
    AnswerCount,
    CallCount,
    CrossTable,
    Dimension,
    FreeAnswer,
    Questionnaire,
    Results,
)
from dialer.storage.postgres.pool import Database
from dialer.storage.postgres.queries import named

_CALLS = named("survey_calls")
_ANSWERS = named("survey_answers")
_FREE = named("survey_free_answers")
_CROSS = named("survey_cross")


class PostgresSurveys:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, book: Questionnaire, version: str, since: datetime, until: datetime) -> Results:
        last = book.questions[-1].name if book.questions else ""
        span = (book.flow, version, since, until)
        results = Results(book)

        async def counted(connection: asyncpg.Connection) -> None:
            for row in await connection.fetch(_CALLS.sql, *span, last):
                results.take_calls(CallCount(**dict(row)))
            for row in await connection.fetch(_ANSWERS.sql, *span):
                results.take_answers(AnswerCount(**dict(row)))

        await self._database.connected(counted)
        return results

    async def free_answers(
        self, book: Questionnaire, version: str, since: datetime, until: datetime, most: int
    ) -> tuple[Sequence[FreeAnswer], int]:
        questions = [each.name for each in book.questions]
        rows = await self._database.rows(_FREE, book.flow, version, since, until, questions, most)
        found = [
            FreeAnswer(
                row["call"], row["question"], row["value"] or "", row["clip"], row["language"], row["at"]
            )
            for row in rows
        ]
        return found, rows[0]["total"] if rows else 0

    async def cross(
        self,
        book: Questionnaire,
        version: str,
        since: datetime,
        until: datetime,
        row: Dimension,
        column: Dimension,
        zone: ZoneInfo,
    ) -> CrossTable:
        table = CrossTable(row, column)
        axes = (row.of, row.key, column.of, column.key, zone.key)
        for each in await self._database.rows(_CROSS, book.flow, version, since, until, *axes):
            match each["what"]:
                case "cell":
                    table.cells[each["row"], each["column"]] = each["calls"]
                case "row":
                    table.rows[each["row"]] = each["calls"]
                case "column":
                    table.columns[each["column"]] = each["calls"]
                case "both":
                    table.n = each["calls"]
                case _:
                    table.left_out = each["calls"]
        return table
