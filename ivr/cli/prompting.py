"""prompts list, build, check, import, prune; `prompts FLOW` says which wordings are missing."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ivr.cli.authoring import FlowFile, Json, prompts
from ivr.cli.console import (
    CommandGroup,
    either,
    every_version,
    language,
    opened,
    published,
    refuse,
    show_json,
    tell,
)
from ivr.flow.model import Flow
from ivr.prompts import Built, Line, build, catalogue, settings_of
from ivr.prompts.checking import Finding, findings, prune
from ivr.prompts.importing import take_in
from ivr.prompts.index import Entry, read_index
from ivr.words import say

Store = Annotated[
    Path, typer.Option("--store", envvar="FAIRDIAL_IVR_STORE", help="Folder of the published flows.")
]
Sounds = Annotated[
    Path, typer.Option("--prompts", envvar="FAIRDIAL_IVR_PROMPTS", help="Folder of the sound files.")
]
Flows = Annotated[
    list[str] | None,
    typer.Argument(
        help="Flow files, flows that ship, or NAME@ of the store; without any all published ones."
    ),
]
Values = Annotated[
    Path | None,
    typer.Option(
        "--values", help="A text file of values, one a line, that are to be heard: names, products."
    ),
]
STORE, SOUNDS = Path("ivr-store"), Path("ivr-prompts")


class _Group(CommandGroup):
    """`prompts hotline.yaml` goes on meaning `prompts missing hotline.yaml`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["missing", *args]
        return super().parse_args(ctx, args)


def commands() -> typer.Typer:
    group = typer.Typer(
        help="What callers hear: list, build, check, import, prune; with a flow alone: which wordings are missing.",
        no_args_is_help=True,
        cls=_Group,
        add_completion=False,
    )
    group.command("missing", hidden=True)(prompts)
    group.command("list")(list_)
    group.command("build")(build_)
    group.command("check")(check)
    group.command("import")(import_)
    group.command("prune")(prune_)
    return group


def list_(ctx: typer.Context, flow: FlowFile, folder: Sounds = SOUNDS, as_json: Json = False) -> None:
    """Everything a flow may say: id, language, variant, part, text, file, seconds, source."""
    index = read_index(folder)
    lines = [(line, index.of(line)) for line in catalogue(opened(flow)).lines]
    if as_json:
        show_json([_listed(line, entry) for line, entry in lines])
        return
    for line, entry in lines:
        sound = f"{entry.seconds:.1f} s\t{entry.source}" if entry is not None else "-\t-"
        typer.echo(f"{line.stem}\t{sound}\t{line.text or f'[{line.file}]'}")
    made = [entry for _, entry in lines if entry is not None]
    tell(
        ctx,
        "cli.prompts_listed",
        lines=len(lines),
        made=len(made),
        seconds=round(sum(one.seconds for one in made)),
    )


def _listed(line: Line, entry: Entry | None) -> dict[str, Any]:
    return {
        "prompt": line.prompt,
        "language": line.language,
        "variant": line.variant,
        "part": line.part,
        "text": line.text,
        "rate": line.rate,
        "name": line.stem,
        "file": entry.file if entry is not None else None,
        "seconds": entry.seconds if entry is not None else None,
        "source": entry.source if entry is not None else None,
    }


def build_(
    ctx: typer.Context,
    flows: Flows = None,
    folder: Sounds = SOUNDS,
    store: Store = STORE,
    values: Values = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; else one for each core.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the sound files that are not there yet. Can be broken off and started again."""
    wanted = [either(one, store) for one in flows] if flows else published(ctx, store)
    if not wanted:
        refuse(say("cli.nothing_published", language(ctx), store=store))
    built = built_for(ctx, wanted, folder, _lines_of(values), workers)
    if as_json:
        show_json(
            {
                "made": built.made,
                "kept": built.kept,
                "seconds": round(built.seconds, 1),
                "failed": built.failed,
            }
        )
    else:
        tell(
            ctx,
            "cli.prompts_built",
            made=built.made,
            kept=built.kept,
            seconds=round(built.seconds),
            folder=folder,
        )
    if built.failed:
        raise typer.Exit(1)


def built_for(
    ctx: typer.Context, flows: list[Flow], folder: Path, names: list[str], workers: int | None = None
) -> Built:
    """With progress and failures on stderr."""
    shown = sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        if shown:
            typer.echo(f"\r{done}/{total}" + ("\n" if done == total else ""), nl=False, err=True)

    now = datetime.now(UTC).timestamp()  # noqa: TID251  when an operator has them built
    built = build(flows, folder, settings_of(folder), now, names=names, workers=workers, progress=progress)
    for reason in built.failed:
        typer.echo(f"ivr: {reason}", err=True)
    return built


def _lines_of(values: Path | None) -> list[str]:
    if values is None:
        return []
    try:
        return [line.strip() for line in values.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as wrong:
        refuse(f"{values}: {wrong}")


def check(
    ctx: typer.Context,
    flows: Flows = None,
    folder: Sounds = SOUNDS,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """What callers would not hear, what is out of date, what is too long. Status 1 when something is missing."""
    settings = settings_of(folder)
    wanted = [either(one, store) for one in flows] if flows else published(ctx, store)
    found = [one for flow in wanted for one in findings(flow, folder, settings)]
    if as_json:
        show_json([asdict(one) for one in found])
    else:
        for one in found:
            typer.echo(_line_of(ctx, one))
        missing = sum(one.severe for one in found)
        tell(ctx, "cli.prompts_checked", flows=len(wanted), missing=missing, others=len(found) - missing)
    if any(one.severe for one in found):
        raise typer.Exit(1)


def _line_of(ctx: typer.Context, one: Finding) -> str:
    which = ".".join(part for part in (one.prompt, one.language, one.variant, str(one.part or "")) if part)
    what = say(f"finding.{one.code}", language(ctx), seconds=one.seconds)
    return f"{one.flow}\t{which}\t{what}\t{one.words}"


def import_(
    ctx: typer.Context,
    flow: FlowFile,
    source: Annotated[
        Path, typer.Argument(help="A folder of recordings, or a CSV file: file,prompt,language,…")
    ],
    folder: Sounds = SOUNDS,
    as_json: Json = False,
) -> None:
    """Take recordings in: <prompt>.<language>[.<variant>][.<part>].<ending>, of any format. `build` then uses them."""
    made = opened(flow)
    taken, wrong = take_in(made, source, folder)
    if as_json:
        show_json({"taken": [{**asdict(one), "file": str(one.file)} for one in taken], "failed": wrong})
    for reason in wrong:
        typer.echo(f"ivr: {reason}", err=True)
    if not as_json:
        tell(ctx, "cli.prompts_taken", taken=len(taken), failed=len(wrong), flow=flow)
    if wrong:
        raise typer.Exit(1)


def prune_(
    ctx: typer.Context,
    folder: Sounds = SOUNDS,
    store: Store = STORE,
    values: Values = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove them; else they are only told.")] = False,
    as_json: Json = False,
) -> None:
    """Sound files that no version of any published flow needs."""
    now = datetime.now(UTC).timestamp()  # noqa: TID251  when an operator cleans up
    flows = every_version(ctx, store)
    if not flows:  # the wrong folder, more likely than nothing to keep
        refuse(say("cli.nothing_published", language(ctx), store=store))
    done = prune(flows, folder, settings_of(folder), now, names=_lines_of(values), remove=remove)
    if as_json:
        show_json({**asdict(done), "files": [str(file) for file in done.files]})
        return
    for file in done.files:
        typer.echo(str(file))
    megabytes = f"{done.bytes / 1e6:.1f}"
    tell(
        ctx,
        "cli.prompts_pruned",
        files=len(done.files),
        megabytes=megabytes,
        removed=done.removed,
        waiting=done.waiting,
    )
