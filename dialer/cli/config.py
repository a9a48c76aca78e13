"""fairdial config …"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from dialer.cli import console
from dialer.settings import redacted

commands = console.group("Check and show the settings.")


@commands.command()
def check() -> None:
    """Say OK, or name everything that is wrong."""
    console.settings()
    console.tell("cli.config_ok")


@commands.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show the settings in force, without secrets."""
    shown = redacted(console.settings())
    if as_json:
        console.show_json(shown)
    else:
        console.show(("setting", "value"), flat("", shown))


def flat(path: str, tree: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from flat(f"{path}{name}.", value)
        else:
            yield f"{path}{name}", ", ".join(map(str, value)) if isinstance(value, list) else value
