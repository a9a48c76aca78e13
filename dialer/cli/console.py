"""How the command line speaks: tables for people, plain lines for pipes, JSON for programs."""

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import orjson
import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperGroup

from dialer.domain.phone_number import PhoneNumber
from dialer.errors import FairdialError, Misconfigured, SchemaMismatch, StorageDown
from dialer.settings import Settings, load
from dialer.words import Language, say

Result = TypeVar("Result")

_ADVICE: Mapping[type[FairdialError], str] = {
    SchemaMismatch: "run `fairdial migrate up`, or install the version that fits",
    StorageDown: "start Postgres, or set FAIRDIAL_DATABASE_URL to where it is",
    Misconfigured: "`fairdial config check` shows what is wrong with the settings",
}


class CommandGroup(TyperGroup):
    """Refusals become one clear line on stderr and status 1; usage errors stay status 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except FairdialError as error:
            fail(error)


def fail(error: FairdialError) -> NoReturn:
    advice = next((words for kind, words in _ADVICE.items() if isinstance(error, kind)), "")
    if "fairdial" in str(error) or "FAIRDIAL" in str(error) or isinstance(error, Misconfigured):
        advice = ""  # the message already says what to do
    lines = [line for line in str(error).splitlines() if line.strip()] or [error.error_id]
    for line in lines:
        typer.echo(f"fairdial: {line}{f' — {advice}' if advice and line is lines[-1] else ''}", err=True)
    raise typer.Exit(1)


def refuse(message: str) -> NoReturn:
    typer.echo(f"fairdial: {message}", err=True)
    raise typer.Exit(1)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


@cache
def _loaded(_environment: tuple[tuple[str, str], ...], _folder: Path) -> Settings:
    return load()


def settings() -> Settings:
    """Raises `Misconfigured`. Read once per environment: a command asks in several places."""
    ours = tuple(sorted(item for item in os.environ.items() if item[0].startswith("FAIRDIAL_")))
    return _loaded(ours, Path.cwd())


def language() -> Language:
    try:
        return settings().language
    except Misconfigured:
        return "en"


def words(key: str, **values: object) -> str:
    return say(key, language(), **values)


def tell(key: str, **values: object) -> None:
    typer.echo(words(key, **values))


def moment(at: datetime | None) -> str:
    """In the operator's zone, with it."""
    return (
        "" if at is None else at.astimezone(ZoneInfo(settings().time_zone)).strftime("%Y-%m-%d %H:%M:%S %Z")
    )


def show(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """`columns` are keys of the catalogue. Without a terminal: tab-separated lines, headings first."""
    show_table([say(f"column.{name}", language()) for name in columns], rows)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """As `show`, for headings that are words already; what is in them is cleaned as cells are."""
    headings = [_cell(heading) for heading in headings]
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _draw(headings, cells)
        return
    typer.echo("\t".join(headings))
    for row in cells:
        typer.echo("\t".join(row))


def _draw(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    if not cells:
        tell("cli.nothing")
        return
    table = Table(header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in cells:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def _cell(value: object) -> str:
    """One line without control characters: a name in a list must not steer a terminal."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, PhoneNumber):
        return value.e164
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else " " for char in text)


def show_json(value: object) -> None:
    typer.echo(orjson.dumps(value, default=_plain, option=_JSON).decode())


_JSON = (
    orjson.OPT_INDENT_2
    | orjson.OPT_UTC_Z
    | orjson.OPT_NON_STR_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)


def _plain(value: object) -> object:
    if isinstance(value, PhoneNumber):
        return value.e164
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    return str(value)


def group(help_text: str) -> typer.Typer:
    return typer.Typer(help=help_text, no_args_is_help=True, cls=CommandGroup)
