"""Survey results counted call by call: what the database has to come to as well."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dialer.domain.survey import (
    AnswerCount,
    CallCount,
    CrossTable,
    Dimension,
    FreeAnswer,
    Interview,
    Questionnaire,
    Reply,
    Results,
    values_of,
)
from tests.support.memory_ivr import MemoryCalls


def own_words(reply: Reply) -> bool:
    return bool(reply.clip) and reply.value == reply.clip


def stage(call: Interview, book: Questionnaire) -> str:
    if not call.begun:
        return "silent"
    if call.ended_at is None:
        return "running"
    return "complete" if call.complete(book.questions[-1].name if book.questions else "") else "partial"


def counted(book: Questionnaire, calls: Iterable[Interview]) -> Results:
    results = Results(book)
    for call in calls:
        results.take_calls(CallCount(call.version, call.language, call.result, stage(call, book), 1))
        for name, reply in call.replies.items():
            value = None if own_words(reply) else reply.value
            results.take_answers(AnswerCount(name, reply.status, value, 1, bool(reply.clip)))
    return results


def said(book: Questionnaire, calls: Iterable[Interview]) -> list[FreeAnswer]:
    found = []
    for call in calls:
        for question in book.questions:
            reply = call.replies.get(question.name)
            if reply is not None and reply.clip:
                value = "" if own_words(reply) else ", ".join(map(str, values_of(reply)))
                found.append(
                    FreeAnswer(call.call, question.name, value, reply.clip, reply.language, reply.at)
                )
    return found


def values(by: Dimension, call: Interview, zone: ZoneInfo) -> list[str]:
    match by.of:
        case "question":
            reply = call.replies.get(by.name)
            if reply is None or reply.status != "answered" or own_words(reply):
                return []
            return [str(value) for value in values_of(reply)]
        case "contact":
            value = call.contact.get(by.key)
            return [] if value is None or value == "" else [str(value)]
        case "language":
            return [call.language]
        case "day":
            return [call.started_at.astimezone(zone).date().isoformat()]
        case "result":
            return [call.result] if call.result else []
    return [call.version[:12]]


def crossed(row: Dimension, column: Dimension, zone: ZoneInfo, calls: Iterable[Interview]) -> CrossTable:
    table = CrossTable(row, column)
    for call in calls:
        if not call.begun:
            continue
        rows, columns = dict.fromkeys(values(row, call, zone)), dict.fromkeys(values(column, call, zone))
        if not rows or not columns:
            table.left_out += 1
            continue
        table.n += 1
        table.rows.update(rows.keys())
        table.columns.update(columns.keys())
        table.cells.update((each, other) for each in rows for other in columns)
    return table


class MemorySurveys:
    def __init__(self, calls: MemoryCalls) -> None:
        self._calls = calls

    async def _asked(self, flow: str, version: str, since: datetime, until: datetime) -> list[Interview]:
        return [each async for each in self._calls.interviews(flow, version, since, until)]

    async def count(self, book: Questionnaire, version: str, since: datetime, until: datetime) -> Results:
        return counted(book, await self._asked(book.flow, version, since, until))

    async def free_answers(
        self, book: Questionnaire, version: str, since: datetime, until: datetime, most: int
    ) -> tuple[Sequence[FreeAnswer], int]:
        found = said(book, await self._asked(book.flow, version, since, until))
        return found[:most], len(found)

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
        return crossed(row, column, zone, await self._asked(book.flow, version, since, until))
