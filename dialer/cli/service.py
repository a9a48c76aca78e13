"""fairdial serve, doctor, demo, asterisk render: the service as a whole. What they start is slow to import."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from dialer.cli import console

asterisk_commands = console.group("Configure Asterisk.")


def serve() -> None:
    """Run the service until SIGTERM or SIGINT."""
    from dialer.bootstrap import serve as serve_until_told

    serve_until_told(console.settings())


def doctor() -> None:
    """Look at every part of the installation and say what to do; status 1 when something is wrong."""
    healthy = import_module("dialer.bootstrap").doctor(console.settings())
    if not healthy:
        raise typer.Exit(1)


def demo(context: typer.Context) -> None:
    """A whole call centre on this machine, to look at: needs no telephone line."""
    import_module("dialer.lab.demo").run(context.args)


@asterisk_commands.command()
def render(
    target: Annotated[Path, typer.Argument(help="The folder to write to, such as /etc/asterisk.")],
    source: Annotated[Path | None, typer.Option(help="Other templates than ours.")] = None,
) -> None:
    """Write Asterisk's configuration from the settings. The files hold passwords: mode 0600."""
    from dialer.telephony.asterisk import render as rendering

    for file in rendering.render(console.settings(), source or rendering.source_folder(), target):
        typer.echo(file)
