"""fairdial survey …: what callers answered."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, TypeVar
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from dialer.cli import console
from dialer.cli.session import Session, with_session
from dialer.domain.survey import NUMERIC
from dialer.errors import BadInput
from dialer.flows import FlowShelf, KeptFlows, publish_flow
from dialer.web.survey import (
    CrossQuery,
    CrossTableOut,
    QuestionResult,
    SurveyQuery,
    SurveyResults,
    cross_table,
    results_of,
    span,
)
from dialer.web.survey_export import as_csv, as_json
from dialer.words import name_of
from ivr import ports
from ivr.cli.console import opened as opened_flow

Published = TypeVar("Published")

commands = console.group("What callers answered: results, exports, cross-tables.")

Flow = Annotated[str, typer.Argument(help="The flow's name.")]
Version = Annotated[str, typer.Option(help="Beginning of a version's hash; default: all calls.")]
Since = Annotated[str | None, typer.Option(help="The first day, 2026-03-01; default: the beginning.")]
Until = Annotated[str | None, typer.Option(help="The last day; default: today.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@commands.command()
def results(
    flow: Flow, version: Version = "", since: Since = None, until: Until = None, as_json: Json = False
) -> None:
    """Every question: how many were asked, what they said, and how the others ended."""
    asked = _asked(version, since, until)
    told = with_session(lambda session: _results(session, flow, asked))
    if as_json:
        typer.echo(told.model_dump_json(indent=2))
        return
    console.tell(
        "survey.head",
        title=told.title,
        flow=told.flow,
        version=told.version[:12],
        calls=told.calls,
        begun=told.begun,
        complete=told.complete,
        partial=told.partial,
        running=told.running,
    )
    console.show(
        ("question", "option", "count", "share"), [row for each in told.questions for row in _rows(each)]
    )
    _tell_free(told)


async def _results(session: Session, flow: str, asked: SurveyQuery) -> SurveyResults:
    shelf = FlowShelf(session.store.ivr_flows)
    return await results_of(session.store.surveys, shelf, flow, asked, session.clock.now())


def _rows(question: QuestionResult) -> list[tuple[object, ...]]:
    words = console.language()
    rows: list[tuple[object, ...]] = [(question.label, console.words("column.asked"), question.asked, "")]
    rows += [
        ("", each.label, each.count, "" if each.percent is None else f"{each.percent:.1f} %")
        for each in question.options
    ]
    if question.kind in NUMERIC and question.mean is not None:
        spread = "–" if question.deviation is None else f"{question.deviation:.2f}"
        median = "–" if question.median is None else f"{question.median:g}"
        figures = console.words(
            "survey.numbers", mean=f"{question.mean:.2f}", median=median, deviation=spread
        )
        rows.append(("", figures, "", ""))
    rows += [
        ("", f"({name_of('survey.status', status, words)})", count, _of(count, question.asked, status))
        for status, count in question.ends.items()
        if count or status == "answered"
    ]
    return rows


def _of(count: int, asked: int, status: str) -> str:
    return "" if status == "not_asked" or not asked else f"{100 * count / asked:.1f} %"


def _tell_free(told: SurveyResults) -> None:
    if not told.free_answers:
        return
    console.tell("survey.free")
    console.show(
        ("question", "time", "call", "option", "clip"),
        [(each.question, each.at, each.call, each.value, each.clip) for each in told.free_answers],
    )
    if told.more_free_answers:
        console.tell("survey.more_free", count=told.more_free_answers)


# --- export -------------------------------------------------------------------------------------------------------------


@commands.command()
def export(
    flow: Flow,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .csv or .json file; default: the screen.")
    ] = None,
    form: Annotated[
        Literal["csv", "json"] | None, typer.Option("--format", help="Default: by the file's name, else csv.")
    ] = None,
    version: Version = "",
    since: Since = None,
    until: Until = None,
) -> None:
    """Every call with its answers, one row each."""
    asked = _asked(version, since, until)
    kind = form or (out.suffix.lower().removeprefix(".") if out is not None else "csv")
    if kind not in ("csv", "json"):
        raise BadInput(f"{out}: the file's name must end in .csv or .json, or say --format", "out")
    if out is None:
        with_session(lambda session: _write(session, flow, asked, kind, sys.stdout.buffer))
        return
    draft = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with draft.open("xb") as file:
            with_session(lambda session: _write(session, flow, asked, kind, file))
        draft.replace(out)
    except OSError as unwritable:
        raise BadInput(f"cannot write {out}: {unwritable.strerror}", "out") from None
    finally:
        draft.unlink(missing_ok=True)
    typer.echo(str(out))


async def _write(session: Session, flow: str, asked: SurveyQuery, kind: str, target: BinaryIO) -> None:
    book = await FlowShelf(session.store.ivr_flows).questionnaire(flow, asked.version or None)
    found = session.store.ivr_calls.interviews(flow, asked.version, *span(asked, session.clock.now()))
    await session.audit("survey.export", flow, format=kind, version=asked.version)
    zone = ZoneInfo(session.settings.time_zone)
    pieces: AsyncIterator[bytes] = (
        as_json(found, book) if kind == "json" else as_csv(found, book, zone, console.language())
    )
    async for piece in pieces:
        target.write(piece)
    target.flush()


# --- cross-tables -------------------------------------------------------------------------------------------------------


@commands.command()
def crosstab(
    flow: Flow,
    row: Annotated[str, typer.Argument(help="A question, contact.FIELD, language, day, result or version.")],
    column: Annotated[str, typer.Argument(help="The same.")],
    version: Version = "",
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
) -> None:
    """Two questions against each other, or a question and a property of the calls."""
    plain = _asked(version, since, until)
    asked = CrossQuery(**plain.model_dump(), row=row, column=column)
    told = with_session(lambda session: _cross(session, flow, asked))
    if as_json:
        typer.echo(told.model_dump_json(indent=2))
        return
    console.tell("survey.cross_head", row=told.row, column=told.column, n=told.n, left_out=told.left_out)
    console.tell("survey.cross_how")
    _show_cross(told)


async def _cross(session: Session, flow: str, asked: CrossQuery) -> CrossTableOut:
    zone = ZoneInfo(session.settings.time_zone)
    shelf = FlowShelf(session.store.ivr_flows)
    return await cross_table(session.store.surveys, shelf, flow, asked, session.clock.now(), zone)


def _show_cross(told: CrossTableOut) -> None:
    cells = {(each.row, each.column): each for each in told.cells}
    total = console.words("survey.total")
    lines = [
        [
            heading.label,
            *(
                f"{cell.n}  {cell.percent_of_row:.1f} %  {cell.percent_of_column:.1f} %"
                for column in told.columns
                for cell in [cells[heading.value, column.value]]
            ),
            heading.n,
        ]
        for heading in told.rows
    ]
    lines.append([total, *(column.n for column in told.columns), told.n])
    console.show_table(["", *(column.label for column in told.columns), total], lines)


# --- what was asked for -------------------------------------------------------------------------------------------------


def _asked(version: str, since: str | None, until: str | None) -> SurveyQuery:
    zone = ZoneInfo(console.settings().time_zone)
    try:
        return SurveyQuery(
            version=version,
            since=_midnight(since, zone, "since"),
            until=_midnight(until, zone, "until", timedelta(days=1)),
            language=console.language(),
        )
    except ValidationError:
        raise BadInput(f"--version {version}: six or more characters of a hash", "version") from None


def _midnight(
    written: str | None, zone: ZoneInfo, option: str, later: timedelta = timedelta(0)
) -> datetime | None:
    try:
        day = None if written is None else date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"--{option} {written}: must be a day such as 2026-03-01", option) from None
    return None if day is None else datetime.combine(day + later, time(), zone).astimezone(UTC)


# --- into the database --------------------------------------------------------------------------------------------------


def deploy(
    flow: Annotated[str, typer.Argument(help="A flow file, or the name of a flow that ships.")],
) -> None:
    """Check a flow and make it the current version in the database, where calls and agents get it from."""
    made = opened_flow(flow)

    async def put(session: Session) -> None:
        await publish_flow(session.store.ivr_flows, made, session.clock.now(), session.actor)
        await session.audit("ivr.deploy", made.name, version=made.version)

    with_session(put)
    console.tell("ivr.deployed", flow=made.name, version=made.version[:12])


def deployed_flows(work: Callable[[ports.FlowStore], Awaitable[Published]]) -> Published:
    """Flows in the database, for commands of `ivr` that look at everything that is published."""
    return with_session(lambda session: work(KeptFlows(session.store.ivr_flows)))
