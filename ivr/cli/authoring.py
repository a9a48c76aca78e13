"""new, validate, diagram, script, schema, prompts."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.console import language, opened, refuse, show_json, tell, write
from ivr.diagram import as_mermaid, as_svg
from ivr.flow.problems import Problem, Weight
from ivr.flow.reader import Checked, check, check_text
from ivr.flow.schema import flow_schema
from ivr.flow.validation.prompts import missing
from ivr.prompts.checking import unheard
from ivr.samples import names, text
from ivr.script import as_markdown, script_of
from ivr.words import Language, say

FlowFile = Annotated[str, typer.Argument(help="A flow file, or the name of a flow that ships.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file instead of the terminal.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


class Spoken(StrEnum):
    EN = "en"
    ZH = "zh"


Wanted = Annotated[Spoken | None, typer.Option("--language", "-l", help="Language of the words shown.")]


def _chosen(ctx: typer.Context, wanted: Spoken | None) -> Language:
    if wanted is None:
        return language(ctx)
    return "zh" if wanted is Spoken.ZH else "en"


def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the flow; the file is NAME.yaml.")],
    sample: Annotated[str, typer.Option("--from", help="The flow that ships to start from.")] = "main-menu",
    folder: Annotated[Path, typer.Option("--folder", help="Where to put the file.")] = Path(),
) -> None:
    """Write a flow file to start from."""
    file = folder / f"{name}.yaml"
    if sample not in names():
        refuse(say("cli.no_sample", language(ctx), name=sample, known=", ".join(names())))
    written = text(sample).replace(f"\nflow: {sample}\n", f"\nflow: {name}\n", 1)
    checked = check_text(written, str(file))
    if not checked.usable:
        refuse(say("cli.bad_name", language(ctx), name=name))
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(written)
    except OSError as wrong:
        refuse(f"{file}: {wrong.strerror}")
    tell(ctx, "cli.written", file=file)


def validate(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Flow files.")],
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with flow files: file, line, node, and what to do."""
    results = [(file, _checked(file)) for file in files]
    words = language(ctx)
    if as_json:
        show_json([_as_json(file, checked, words) for file, checked in results])
    else:
        for file, checked in results:
            _report(ctx, file, checked)
    if not all(checked.usable for _, checked in results):
        raise typer.Exit(1)


def _checked(file: Path) -> Checked:
    """With warnings about values that cannot be heard."""
    checked = check(file)
    if checked.flow is None or not checked.usable:
        return checked
    return replace(checked, problems=(*checked.problems, *unheard(checked.flow)))


def _as_json(file: Path, checked: Checked, words: Language) -> dict[str, object]:
    return {
        "file": str(file),
        "usable": checked.usable,
        "version": checked.flow.version if checked.flow is not None and checked.usable else None,
        "problems": [problem.as_json(words) for problem in checked.problems],
    }


def _report(ctx: typer.Context, file: Path, checked: Checked) -> None:
    for problem in checked.problems:
        typer.echo(problem.line_of_text(language(ctx)))
    flow = checked.flow
    if flow is not None and checked.usable:
        nodes = sum(1 for name in flow.nodes if not name.startswith("builtin/"))
        tell(
            ctx,
            "cli.usable",
            file=file,
            nodes=nodes,
            version=flow.version[:12],
            warnings=len(checked.problems),
        )
    else:
        tell(ctx, "cli.not_usable", file=file, errors=sum(map(_is_error, checked.problems)))


def _is_error(problem: Problem) -> bool:
    return problem.weight is Weight.ERROR


class Picture(StrEnum):
    SVG = "svg"
    MERMAID = "mermaid"


def diagram(
    ctx: typer.Context,
    flow: FlowFile,
    form: Annotated[Picture, typer.Option("--format", "-f", help="SVG or Mermaid text.")] = Picture.MERMAID,
    output: Output = None,
    wanted: Wanted = None,
) -> None:
    """Draw a flow."""
    draw = as_svg if form is Picture.SVG else as_mermaid
    write(draw(opened(flow), _chosen(ctx, wanted)), output)


def script(
    ctx: typer.Context, flow: FlowFile, as_json: Json = False, output: Output = None, wanted: Wanted = None
) -> None:
    """The flow as a script that an agent reads."""
    words = _chosen(ctx, wanted)
    made = script_of(opened(flow), words)
    if as_json:
        show_json(made.as_json())
    else:
        write(as_markdown(made, words), output)


def schema() -> None:
    """The JSON Schema of flow files, for an editor."""
    show_json(flow_schema())


def prompts(ctx: typer.Context, flow: FlowFile, as_json: Json = False) -> None:
    """What is missing in which language."""
    made = opened(flow)
    lacking = missing(made)
    if as_json:
        show_json(
            [{"prompt": name, "variant": variant, "language": which} for name, variant, which in lacking]
        )
        return
    for name, variant, which in lacking:
        typer.echo(f"{name}{f' ({variant})' if variant else ''}\t{which}")
    tell(ctx, "cli.prompts", prompts=len(made.head.prompts), missing=len(lacking))
