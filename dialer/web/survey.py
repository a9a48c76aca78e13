"""Results of a flow's questions as documents: for the API and for the command line."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from dialer.domain.survey import (
    CONTACT,
    OF_CALL,
    CrossTable,
    Dimension,
    FreeAnswer,
    Questionnaire,
    QuestionTally,
    Results,
    ordered,
)
from dialer.errors import BadInput
from dialer.ports.ivr import Surveys
from dialer.web.deps import FlowReader
from dialer.web.models import In, Out, Time
from dialer.words import Language, name_of, say

MOST_FREE = 1000


class SurveyQuery(In):
    version: str = Field(
        default="", pattern=r"^([0-9a-f]{6,64})?$", description="beginning of a hash; empty: all"
    )
    since: Time | None = None
    until: Time | None = Field(default=None, description="not included")
    language: Language = "en"


class CrossQuery(SurveyQuery):
    row: str = Field(
        default="result",
        max_length=200,
        description="a question, contact.FIELD, language, day, result, version",
    )
    column: str = Field(default="language", max_length=200, description="the same")


class OptionResult(Out):
    """`percent` of those who were asked."""

    value: str | int
    label: str
    count: int
    percent: float | None


class QuestionResult(Out):
    """`ends` counts all five; `asked` is everybody but those it was skipped for. `mean`, `median` and `deviation` of numbers."""

    name: str
    label: str
    kind: str
    asked: int
    ends: dict[str, int]
    options: list[OptionResult]
    mean: float | None
    median: float | None
    deviation: float | None
    recordings: int


class FreeAnswerOut(Out):
    call: str
    question: str
    value: str
    clip: str
    language: str
    at: datetime


class SurveyResults(Out):
    """`calls` reached the flow; `begun` answered something: complete, partial or still running."""

    flow: str
    version: str
    title: str
    calls: int
    begun: int
    complete: int
    partial: int
    running: int
    results: dict[str, int]
    versions: dict[str, int]
    languages: dict[str, int]
    questions: list[QuestionResult]
    free_answers: list[FreeAnswerOut]
    more_free_answers: int


class CrossCell(Out):
    row: str
    column: str
    n: int
    percent_of_row: float
    percent_of_column: float


class CrossHeading(Out):
    value: str
    label: str
    n: int


class CrossTableOut(Out):
    """`n` calls have a value of both; `left_out` answered something, but not these."""

    flow: str
    row: str
    column: str
    n: int
    left_out: int
    rows: list[CrossHeading]
    columns: list[CrossHeading]
    cells: list[CrossCell]


def span(asked: SurveyQuery, now: datetime) -> tuple[datetime, datetime]:
    """From the beginning until now, where nothing else is asked for. Raises `BadInput`."""
    since = asked.since or now.replace(year=1970)
    until = asked.until or now
    if until <= since:
        raise BadInput("until must be after since", "until")
    return since, until


async def results_of(
    surveys: Surveys, flows: FlowReader, flow: str, asked: SurveyQuery, now: datetime
) -> SurveyResults:
    """With what was said in own words. Raises `NotFound`."""
    book, when = await flows.questionnaire(flow, asked.version or None), span(asked, now)
    results = await surveys.count(book, asked.version, *when)
    free, in_all = await surveys.free_answers(book, asked.version, *when, MOST_FREE)
    return _results_out(results, asked.language, free, in_all)


async def cross_table(
    surveys: Surveys, flows: FlowReader, flow: str, asked: CrossQuery, now: datetime, zone: ZoneInfo
) -> CrossTableOut:
    """Raises `NotFound`, `BadInput` for what is neither a question nor a property of calls."""
    book, when = await flows.questionnaire(flow, asked.version or None), span(asked, now)
    row, column = _dimension(book, asked.row, "row"), _dimension(book, asked.column, "column")
    table = await surveys.cross(book, asked.version, *when, row, column, zone)
    return _cross_out(table, book, asked.language)


def _dimension(book: Questionnaire, name: str, field: str) -> Dimension:
    dimension = Dimension.named(name, book)
    if dimension is None:
        contact = [CONTACT + each for each in book.contact_fields]
        known = ", ".join([*(each.name for each in book.questions), *OF_CALL, *contact])
        raise BadInput(f"{field}: {book.flow} has no {name!r}; there are {known}", field)
    question = book.question(name)
    if question is not None and question.kind == "record":
        raise BadInput(f"{field}: {name} is answered in own words, which cannot be counted", field)
    return dimension


# --- as documents -------------------------------------------------------------------------------------------------------


def _results_out(
    results: Results, language: Language, free: Sequence[FreeAnswer], in_all: int
) -> SurveyResults:
    book = results.questionnaire
    return SurveyResults(
        flow=book.flow,
        version=book.version,
        title=book.title(language),
        **{name: getattr(results, name) for name in ("calls", "begun", "complete", "partial", "running")},
        results=_sorted(results.ends),
        versions=_sorted(results.versions),
        languages=_sorted(results.languages),
        questions=[_question_out(tally, language) for tally in results.tallies.values()],
        free_answers=[FreeAnswerOut.model_validate(each) for each in free],
        more_free_answers=in_all - len(free),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _question_out(tally: QuestionTally, language: Language) -> QuestionResult:
    """The figures are the tally's own; here they get words, and as many places as anybody reads."""
    question = tally.question
    options = [
        OptionResult(
            value=value,
            label=question.option_label(str(value), language),
            count=count,
            percent=_rounded(tally.percent(count), 2),
        )
        for value, count in (tally.rows() if question.kind != "record" else [])
    ]
    return QuestionResult(
        name=question.name,
        label=question.label(language),
        kind=question.kind,
        options=options,
        mean=_rounded(tally.mean),
        deviation=_rounded(tally.deviation),
        **{name: getattr(tally, name) for name in ("asked", "ends", "median", "recordings")},
    )


def _rounded(value: float | None, places: int = 4) -> float | None:
    return None if value is None else round(value, places)


def _cross_out(table: CrossTable, book: Questionnaire, language: Language) -> CrossTableOut:
    rows = ordered(table.rows, book.question(table.row.name))
    columns = ordered(table.columns, book.question(table.column.name))
    return CrossTableOut(
        flow=book.flow,
        row=_dimension_label(table.row, book, language),
        column=_dimension_label(table.column, book, language),
        n=table.n,
        left_out=table.left_out,
        rows=[
            CrossHeading(value=each, label=_value_label(table.row, each, book, language), n=table.rows[each])
            for each in rows
        ],
        columns=[
            CrossHeading(
                value=each, label=_value_label(table.column, each, book, language), n=table.columns[each]
            )
            for each in columns
        ],
        cells=[
            CrossCell(
                row=row,
                column=column,
                n=table.cells[row, column],
                percent_of_row=round(table.of_row(row, column), 2),
                percent_of_column=round(table.of_column(row, column), 2),
            )
            for row in rows
            for column in columns
        ],
    )


def _dimension_label(dimension: Dimension, book: Questionnaire, language: Language) -> str:
    question = book.question(dimension.name)
    if question is not None:
        return question.label(language)
    return say(f"survey.by.{dimension.name}", language) if dimension.name in OF_CALL else dimension.name


def _value_label(dimension: Dimension, value: str, book: Questionnaire, language: Language) -> str:
    question = book.question(dimension.name)
    if question is not None:
        return question.option_label(value, language)
    return name_of("survey.value", value, language) if dimension.name in ("language", "result") else value
