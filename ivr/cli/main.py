"""The commands of the IVR, to be mounted under another program or run by themselves."""

from collections.abc import Callable

import typer

from ivr.cli import authoring, prompting, publishing, rehearsing, serving
from ivr.cli.console import CommandGroup, Desk, Elsewhere
from ivr.words import Language, of_environment


def commands(
    language: Callable[[], Language] = of_environment, elsewhere: Elsewhere | None = None
) -> typer.Typer:
    """`language` says which language operators read; `elsewhere` is where flows are published besides the folder."""
    group = typer.Typer(
        help="Flows: what callers hear and may choose.",
        no_args_is_help=True,
        cls=CommandGroup,
        add_completion=False,
    )

    for work in (
        authoring.new, authoring.validate, authoring.diagram, authoring.script, authoring.schema,
        rehearsing.rehearse, publishing.publish, publishing.versions, publishing.diff, serving.serve,
    ):  # fmt: skip
        group.command()(work)
    group.add_typer(prompting.commands(), name="prompts")
    return _at_desk(group, language, elsewhere)


def prompt_commands(language: Callable[[], Language], elsewhere: Elsewhere | None) -> typer.Typer:
    """The group `prompts` by itself, for another program; arguments as of `commands`."""
    return _at_desk(prompting.commands(), language, elsewhere)


def _at_desk(
    group: typer.Typer, language: Callable[[], Language], elsewhere: Elsewhere | None
) -> typer.Typer:
    """Each call of the group's commands begins with this."""

    @group.callback()
    def _begin(ctx: typer.Context) -> None:
        ctx.obj = Desk(language(), elsewhere)

    return group


def run() -> None:
    commands()()
