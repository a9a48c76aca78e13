"""fairdial serve, doctor, demo, asterisk render: the service as a whole. What they start is slow to import."""

import asyncio
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from dialer.cli import console
from dialer.doctor.examination import examine
from dialer.doctor.finding import Finding, Grade
from dialer.settings import Settings

_MARKS = {Grade.GOOD: "ok  ", Grade.DOUBTFUL: "warn", Grade.BROKEN: "FAIL"}

asterisk_commands = console.group("Configure Asterisk.")


def serve() -> None:
    """Run the service until SIGTERM or SIGINT."""
    from dialer.bootstrap import serve as serve_until_told

    serve_until_told(console.settings())


def doctor(json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False) -> None:
    """Look at every part of the installation and say what to do; status 1 when something is broken."""
    logging.disable()  # the link's own log would say the same twice
    findings = asyncio.run(_examined(console.settings(), quiet=json))
    if json:
        console.show_json([asdict(each) for each in findings])
    if any(each.grade is Grade.BROKEN for each in findings):
        raise typer.Exit(1)


async def _examined(settings: Settings, quiet: bool) -> list[Finding]:
    """Each finding is shown as soon as it is made: some parts take seconds to answer."""
    findings = []
    async for each in examine(settings):
        findings.append(each)
        if not quiet:
            typer.echo(
                f"{_MARKS[each.grade]} {each.part}: {each.what}"
                + (f"\n    -> {each.remedy}" if each.remedy else "")
            )
    return findings


def demo(
    contacts: Annotated[int, typer.Option(envvar="DEMO_CONTACTS", help="How many people to call.")] = 200,
    agents: Annotated[int, typer.Option(envvar="DEMO_AGENTS", help="How many agents answer.")] = 8,
    json: Annotated[Path | None, typer.Option(envvar="DEMO_JSON", help="Write the figures here.")] = None,
) -> None:
    """A whole call centre on this machine, to look at: needs no telephone line."""
    from dialer.lab.demo.run import run

    raise typer.Exit(run(contacts, agents, json, console.language()))


@asterisk_commands.command()
def render(
    target: Annotated[Path, typer.Argument(help="The folder to write to, such as /etc/asterisk.")],
    source: Annotated[Path | None, typer.Option(help="Other templates than ours.")] = None,
) -> None:
    """Write Asterisk's configuration from the settings. The files hold passwords: mode 0600."""
    from dialer.telephony.asterisk import render as rendering

    for file in rendering.render(console.settings(), source or rendering.source_folder(), target):
        typer.echo(file)
