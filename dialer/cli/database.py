"""fairdial migrate …"""

from typing import Annotated

import typer

from dialer.cli import console
from dialer.clock import SystemClock
from dialer.storage.postgres import migrate

commands = console.group("Bring the database's schema up to date.")


def _url() -> str:
    return console.settings().database_url.get_secret_value()


@commands.command()
def up() -> None:
    """Apply what is missing. Safe to run again, and by several programs at once."""
    applied = console.run(migrate.up(_url(), migrate.default_folder(), SystemClock().now()))
    for label in applied:
        typer.echo(label)
    if not applied:
        console.tell("cli.migrated_none")


@commands.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the migrations, with the time at which each was applied."""
    found = console.run(migrate.status(_url(), migrate.default_folder()))
    if as_json:
        console.show_json(found)
    else:
        console.show(("version", "applied"), [(one.label, one.applied_at) for one in found])


@commands.command()
def verify() -> None:
    """Compare the files with the database's history; status 1 when they differ."""
    wrong = console.run(migrate.verify(_url(), migrate.default_folder()))
    if wrong:
        console.refuse("\nfairdial: ".join(wrong))
    console.tell("cli.schema_good")
