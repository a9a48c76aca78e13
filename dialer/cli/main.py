"""fairdial: the commands and their groups."""

from typing import Annotated

import typer

from dialer import __version__
from dialer.cli import (
    agents,
    amd,
    announcements,
    benchmarks,
    caller_ids,
    campaign_message,
    campaigns,
    config,
    consent,
    console,
    contacts,
    database,
    do_not_call,
    explain,
    inbound,
    overrides,
    pacing,
    privacy,
    recordings,
    report,
    rules,
    service,
    simulate,
    sms,
    survey,
    tones,
    users,
)
from ivr.cli.main import commands as ivr_commands
from ivr.cli.main import prompt_commands

app = typer.Typer(
    help="Fairdial dials campaigns and answers callers, fairly.",
    no_args_is_help=True,
    cls=console.CommandGroup,
    pretty_exceptions_show_locals=False,  # they may hold secrets
)

app.command()(service.serve)
app.command()(service.doctor)
app.command()(benchmarks.bench)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(service.demo)
app.add_typer(config.commands, name="config")
app.add_typer(database.commands, name="migrate")
campaigns.commands.command("message")(campaign_message.message)
campaigns.commands.command("override")(overrides.override)
app.add_typer(campaigns.commands, name="campaign")
app.add_typer(caller_ids.commands, name="caller-id")
app.add_typer(contacts.commands, name="contacts")
app.add_typer(agents.commands, name="agents")
app.add_typer(do_not_call.commands, name="dnc")
app.add_typer(consent.commands, name="consent")
app.add_typer(privacy.privacy_commands, name="privacy")
app.add_typer(privacy.retention_commands, name="retention")
app.add_typer(privacy.hold_commands, name="hold")
app.add_typer(recordings.commands, name="recordings")
app.add_typer(rules.commands, name="rules")
app.add_typer(users.commands, name="users")
app.add_typer(explain.commands, name="explain")
app.add_typer(pacing.commands, name="pacing")
app.add_typer(report.commands, name="report")
app.add_typer(simulate.commands, name="simulate")
app.add_typer(tones.commands, name="tones")
app.add_typer(amd.commands, name="amd")
app.add_typer(announcements.commands, name="announcements")
app.add_typer(service.asterisk_commands, name="asterisk")
app.add_typer(inbound.commands, name="inbound")
app.add_typer(sms.commands, name="sms")
app.add_typer(survey.commands, name="survey")
flow_commands = ivr_commands(console.language, survey.deployed_flows)
flow_commands.command()(survey.deploy)
app.add_typer(flow_commands, name="ivr")
app.add_typer(prompt_commands(console.language, survey.deployed_flows), name="prompts")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fairdial {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def run() -> None:
    app()
