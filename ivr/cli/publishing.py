"""publish, versions, diff."""

import asyncio
import getpass
import json
import re
from collections.abc import Coroutine
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from ivr.cli.authoring import FlowFile, Json
from ivr.cli.console import opened, show_json, tell
from ivr.flow.model import Flow
from ivr.publishing import FileStore, difference, fetch
from ivr.publishing import publish as put
from ivr.publishing.difference import Change

Result = TypeVar("Result")
Store = Annotated[
    Path, typer.Option("--store", envvar="FAIRDIAL_IVR_STORE", help="Folder of the published flows.")
]
_STORE = Path("ivr-store")


def publish(ctx: typer.Context, flow: FlowFile, store: Store = _STORE) -> None:
    """Check a flow and publish it; its hash is the version. Earlier versions stay for the calls that use them."""
    made = opened(flow)
    now = datetime.now(UTC)  # noqa: TID251  when an operator published it
    publication, new = _run(put(FileStore(store), made, now, getpass.getuser()))
    tell(ctx, "cli.published" if new else "cli.published_before", name=made.name, version=publication.version)


def versions(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A flow; without it all flows are listed.")] = None,
    store: Store = _STORE,
    as_json: Json = False,
) -> None:
    """The published versions, the current one last."""
    kept = FileStore(store)
    flows = [name] if name is not None else _run(kept.flows())
    history = [one for flow in flows for one in _run(kept.history(flow))]
    if as_json:
        show_json([{**asdict(one), "at": one.at.isoformat()} for one in history])
        return
    for one in history:
        typer.echo(f"{one.flow}\t{one.version[:12]}\t{one.at:%Y-%m-%d %H:%M:%SZ}\t{one.by}")
    if not history:
        tell(ctx, "cli.nothing_published", store=store)


def diff(
    ctx: typer.Context,
    before: Annotated[str, typer.Argument(help="A file, a flow that ships, or NAME@VERSION of the store.")],
    after: Annotated[str, typer.Argument(help="The other one; NAME@ is the current version.")],
    store: Store = _STORE,
    as_json: Json = False,
) -> None:
    """What differs, node by node. Status 1 when something does, as with diff."""
    changes = difference(_either(before, store), _either(after, store))
    if as_json:
        show_json([asdict(change) for change in changes])
    for change in [] if as_json else changes:
        _show(ctx, change)
    if not changes and not as_json:
        tell(ctx, "cli.same")
    if changes:
        raise typer.Exit(1)


def _either(which: str, store: Path) -> Flow:
    published = re.fullmatch(r"([A-Za-z0-9_][A-Za-z0-9_.-]*)@([0-9a-f]*)", which)
    if published is None or Path(which).exists():
        return opened(which)
    return _run(fetch(FileStore(store), published[1], published[2] or None))


def _show(ctx: typer.Context, change: Change) -> None:
    place = f"{change.part} {change.name}".strip() + (f": {change.field}" if change.field else "")
    if change.what != "changed":
        sign = "+" if change.what == "added" else "-"
        typer.echo(f"{sign} {place}  {_short(change.after if sign == '+' else change.before)}")
        return
    typer.echo(f"~ {place}  {_short(change.before)} -> {_short(change.after)}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 90 else text[:89] + "…"


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)
