"""Every call of a flow with its answers, one row each: CSV for spreadsheets, JSON for programs. Row by row, never all at once."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

import orjson

from dialer.domain.survey import Interview, Question, Questionnaire, Reply, values_of
from dialer.words import Language, say

_OF_CALL = (
    "call", "started", "ended", "language", "version", "result", "complete", "caller", "attempt", "checks",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9][0-9.]*")
_FORMULA = ("=", "@", "-", "+", "\t", "\r")


async def as_csv(
    found: AsyncIterator[Interview], book: Questionnaire, zone: tzinfo, language: Language
) -> AsyncIterator[bytes]:
    """Times in `zone`. A byte order mark lets spreadsheets read Chinese; codes stand for options, `;` between several."""
    yield b"\xef\xbb\xbf" + _line(_headings(book, language))
    async for interview in found:
        yield _line(_row(interview, book, zone))


async def as_json(found: AsyncIterator[Interview], book: Questionnaire) -> AsyncIterator[bytes]:
    """One array; times are UTC."""
    yield b"["
    separator = b"\n"
    async for interview in found:
        yield separator + orjson.dumps(_document(interview, book), option=orjson.OPT_UTC_Z)
        separator = b",\n"
    yield b"\n]\n"


def _headings(book: Questionnaire, language: Language) -> list[str]:
    headings = [say(f"survey.column.{name}", language) for name in _OF_CALL]
    headings += [f"contact.{name}" for name in book.contact_fields]
    for question in book.questions:
        label = question.label(language)
        title = question.name if label == question.name else f"{question.name} {label}"
        headings += [title, f"{question.name}: {say('survey.column.end', language)}"]
        if _may_be_recorded(question):
            headings.append(f"{question.name}: {say('survey.column.recording', language)}")
    return headings


def _may_be_recorded(question: Question) -> bool:
    """A question in own words, or one with options, of which any may ask for them."""
    return question.kind in ("record", "single", "multiple")


def _row(interview: Interview, book: Questionnaire, zone: tzinfo) -> list[object]:
    last = book.questions[-1].name if book.questions else ""
    row: list[object] = [
        interview.call,
        _local(interview.started_at, zone),
        _local(interview.ended_at, zone),
        interview.language,
        interview.version[:12],
        interview.result,
        interview.complete(last),
        interview.caller,
        interview.attempt,
        " ".join(f"{name}={'yes' if met else 'no'}" for name, met in sorted(interview.checks.items())),
        *(interview.contact.get(name) for name in book.contact_fields),
    ]
    for question in book.questions:
        row += _cells(interview.replies.get(question.name), question)
    return row


def _cells(reply: Reply | None, question: Question) -> Iterator[object]:
    own_words = question.kind == "record"
    yield "" if reply is None or own_words else ";".join(map(str, values_of(reply)))
    yield "" if reply is None else reply.status
    if _may_be_recorded(question):
        yield "" if reply is None else reply.clip


def _local(at: datetime | None, zone: tzinfo) -> str:
    return "" if at is None else at.astimezone(zone).isoformat(timespec="seconds")


def _line(cells: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_cell(each) for each in cells])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """A text that a spreadsheet would take for a formula is marked as text; a number with its sign is none."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _document(interview: Interview, book: Questionnaire) -> dict[str, Any]:
    last = book.questions[-1].name if book.questions else ""
    return {
        "call": interview.call,
        "started_at": interview.started_at,
        "ended_at": interview.ended_at,
        "language": interview.language,
        "flow": book.flow,
        "version": interview.version,
        "result": interview.result,
        "complete": interview.complete(last),
        "caller": interview.caller,
        "attempt": interview.attempt,
        "checks": dict(interview.checks),
        "contact": dict(interview.contact),
        "answers": {
            name: {
                "end": reply.status,
                "value": None if reply.clip and reply.value == reply.clip else reply.value,
                "recording": reply.clip or None,
                "language": reply.language,
                "at": reply.at,
                "offset_s": reply.offset_s,
                "consent": reply.consent,
            }
            for name, reply in interview.replies.items()
        },
    }
