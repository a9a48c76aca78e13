"""How the command line speaks: one line for each refusal, JSON for programs, words in the operator's language."""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar

import typer
from typer.core import TyperGroup

from ivr.errors import IvrError
from ivr.flow.model import Flow
from ivr.flow.problems import FlowRefused
from ivr.flow.reader import load
from ivr.ports import FlowStore
from ivr.publishing import FileStore, fetch
from ivr.samples import names, sample
from ivr.words import Language, say

Result = TypeVar("Result")


class Elsewhere(Protocol):
    """A second place where flows are published, such as the database of a dialler."""

    def __call__(self, work: Callable[[FlowStore], Coroutine[Any, Any, Result]]) -> Result:
        """What `work` makes of the store, which is open meanwhile. Raises rather than give an empty store when it is away."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What whoever mounted the commands says of them."""

    language: Language
    elsewhere: Elsewhere | None = None


class CommandGroup(TyperGroup):
    """Refusals become lines on stderr and status 1; usage errors stay status 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except FlowRefused as refused:
            for problem in refused.problems:
                typer.echo(problem.line_of_text(language(ctx)), err=True)
            raise typer.Exit(1) from None
        except IvrError as error:
            refuse(str(error))


def language(ctx: Any) -> Language:
    """Set by whoever mounted the commands."""
    desk = ctx.find_object(Desk)
    return "en" if desk is None else desk.language


def refuse(message: str) -> NoReturn:
    typer.echo(f"ivr: {message}", err=True)
    raise typer.Exit(1)


def tell(ctx: typer.Context, key: str, **values: object) -> None:
    typer.echo(say(key, language(ctx), **values))


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def opened(which: str) -> Flow:
    """A file, or a flow that ships, by name. Raises `FlowRefused`."""
    if not Path(which).exists() and which in names():
        return sample(which)
    return load(Path(which))


def either(which: str, store: Path) -> Flow:
    """A file, a flow that ships, or NAME@VERSION of the store, NAME@ for the current version."""
    named = re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)@([0-9a-f]*)", which)
    if named is None or Path(which).exists():
        return opened(which)
    return run(fetch(FileStore(store), named[1], named[2] or None))


def published(ctx: Any, store: Path) -> list[Flow]:
    """The current version of every flow, in the folder and elsewhere."""
    return _of_every_store(ctx, store, _current)


def every_version(ctx: Any, store: Path) -> list[Flow]:
    """Of every flow, in the folder and elsewhere: calls may still be on one that is not current any more."""
    return _of_every_store(ctx, store, _ever)


def _of_every_store(
    ctx: Any, store: Path, flows_of: Callable[[FlowStore], Coroutine[Any, Any, list[Flow]]]
) -> list[Flow]:
    desk = ctx.find_object(Desk)
    found = run(flows_of(FileStore(store)))
    if desk is not None and desk.elsewhere is not None:
        found += desk.elsewhere(flows_of)
    return list({(flow.name, flow.version): flow for flow in found}.values())


async def _current(store: FlowStore) -> list[Flow]:
    return [await fetch(store, name) for name in await store.flows()]


async def _ever(store: FlowStore) -> list[Flow]:
    versions = {
        (name, one.version): None for name in await store.flows() for one in await store.history(name)
    }
    return [await fetch(store, name, version) for name, version in versions]


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as wrong:
        refuse(f"{output}: {wrong.strerror}")
