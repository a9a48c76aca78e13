"""publish, versions, diff."""

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.cli.authoring import FlowFile, Json
from ivr.cli.console import either, language, opened, refuse, run, show_json, tell
from ivr.cli.prompting import SOUNDS, STORE, Sounds, Store, built_for
from ivr.flow.model import Flow
from ivr.prompts import settings_of
from ivr.prompts.checking import findings
from ivr.publishing import FileStore, difference
from ivr.publishing import publish as put
from ivr.publishing.difference import Change
from ivr.words import say


def publish(
    ctx: typer.Context,
    flow: FlowFile,
    store: Store = STORE,
    folder: Sounds = SOUNDS,
    build: Annotated[
        bool, typer.Option("--build", help="Make the sound files that are missing first.")
    ] = False,
) -> None:
    """Check a flow and publish it; its hash is the version. Earlier versions stay for the calls that use them.

    Where there are sound files, a flow of which some are missing is refused.
    """
    made = opened(flow)
    _heard(ctx, made, flow, folder, build)
    now = datetime.now(UTC)  # noqa: TID251  when an operator published it
    publication, new = run(put(FileStore(store), made, now, getpass.getuser()))
    tell(ctx, "cli.published" if new else "cli.published_before", name=made.name, version=publication.version)


def _heard(ctx: typer.Context, made: Flow, which: str, folder: Path, build: bool) -> None:
    """A flow nobody could hear is not published, unless nothing is ever heard here: no folder of sounds at all."""
    if build and built_for(ctx, [made], folder, []).failed:
        raise typer.Exit(1)
    if not folder.exists():
        typer.echo(say("cli.no_prompts", language(ctx), folder=folder), err=True)
        return
    missing = [one for one in findings(made, folder, settings_of(folder)) if one.severe]
    for one in missing[:10]:
        typer.echo(f"ivr: {one.prompt} ({one.language}): {one.words}", err=True)
    if missing:
        refuse(say("cli.prompts_missing", language(ctx), missing=len(missing), folder=folder, flow=which))


def versions(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A flow; without it all flows are listed.")] = None,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """The published versions, the current one last."""
    kept = FileStore(store)
    flows = [name] if name is not None else run(kept.flows())
    history = [one for flow in flows for one in run(kept.history(flow))]
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
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """What differs, node by node. Status 1 when something does, as with diff."""
    changes = difference(either(before, store), either(after, store))
    if as_json:
        show_json([asdict(change) for change in changes])
    for change in [] if as_json else changes:
        _show(ctx, change)
    if not changes and not as_json:
        tell(ctx, "cli.same")
    if changes:
        raise typer.Exit(1)


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
