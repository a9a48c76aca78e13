"""fairdial simulate …: days on a floor that does not exist. What it starts is slow to import."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from dialer.cli import console
from dialer.errors import BadInput

commands = typer.Typer(
    help="Play days of a scenario under several pacing rules, without one call.",
    cls=console.CommandGroup,
    invoke_without_command=True,
)

ScenarioNames = Annotated[
    str | None, typer.Option("--scenario", help="Shipped scenarios or files, separated by commas.")
]
FromCampaign = Annotated[
    str | None,
    typer.Option(
        "--from-campaign",
        help="Name or id of a real campaign: its calls and its agents' day are played again, beside what happened.",
    ),
]
RecordedOn = Annotated[
    str | None, typer.Option("--day", help="Of that campaign: 2026-01-05; default: when it dialled last.")
]
Policies = Annotated[
    str, typer.Option("--policy", help="Rules, separated by commas; differences are to the first.")
]
Teams = Annotated[
    str | None, typer.Option("--agents", help="Team sizes, by commas; default: the scenario's.")
]
Seeds = Annotated[
    int, typer.Option(min=1, max=10_000, help="Days with different luck, the same for every rule.")
]
Days = Annotated[
    int, typer.Option(min=1, max=366, help="Days of each seed; what is learnt is kept overnight.")
]
FloorKind = Annotated[
    Literal["engine", "model"],
    typer.Option("--floor", help="The service's own engine, or a quick model of it."),
]
Results = Annotated[
    Path | None, typer.Option("--out", help="Keep results here, and go on from them (JSON lines).")
]
Document = Annotated[Path | None, typer.Option("--json", help="Write the figures here; - for the terminal.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default: one for each core.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="policy.setting=value, or several values by commas. May be repeated."),
]


@dataclass(frozen=True, slots=True)
class Wish:
    """What every command asks for."""

    scenarios: str
    policies: str
    agents: str | None
    seeds: int
    days: int = 1
    floor: str = "model"
    out: Path | None = None
    document: Path | None = None
    workers: int | None = None


@commands.callback()
def simulate(
    context: typer.Context,
    scenario: ScenarioNames = None,
    from_campaign: FromCampaign = None,
    day: RecordedOn = None,
    policy: Policies = "fairdial,progressive",
    agents: Teams = None,
    seeds: Seeds = 20,
    days: Days = 1,
    settings: Set = None,
    floor: FloorKind = "engine",
    out: Results = None,
    json: Document = None,
    plot: Annotated[Path | None, typer.Option(help="Draw a picture: FILE.png or FILE.svg.")] = None,
    workers: Workers = None,
) -> None:
    """Play days of a scenario under several pacing rules, without one call."""
    if context.invoked_subcommand is not None:
        return
    if from_campaign is not None:
        if scenario is not None or agents is not None or plot is not None:
            raise BadInput(
                "--from-campaign takes the day as it was: leave --scenario, --agents and --plot out"
            )
        from dialer.cli.simulation.replaying import replay

        replay(
            Wish("", policy, None, seeds, days, floor, out, json, workers), from_campaign, day, settings or []
        )
        return
    if scenario is None:
        typer.echo(context.get_help())
        return
    from dialer.cli.simulation.studying import study

    study(Wish(scenario, policy, agents, seeds, days, floor, out, json, workers), settings or [], plot)


@commands.command("list")
def list_all(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Scenarios and rules, with their settings."""
    from dialer.cli.simulation.listing import catalogue

    catalogue(json)


@commands.command()
def tune(
    scenario: Annotated[str, typer.Option(help="Shipped scenarios or files, separated by commas.")],
    policy: Annotated[str, typer.Option(help="Rules to tune, separated by commas.")],
    agents: Teams = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds to choose on, which are never reported.")] = 3,
    report_seeds: Annotated[int, typer.Option(min=1, help="Seeds to report the best setting on.")] = 20,
    days: Days = 1,
    floor: FloorKind = "model",
    out: Results = None,
    json: Document = None,
    workers: Workers = None,
) -> None:
    """Find a rule's best setting within 3 % abandonment, and report it on other seeds."""
    from dialer.cli.simulation.studying import tuning

    tuning(Wish(scenario, policy, agents, seeds, days, floor, out, json, workers), report_seeds)


@commands.command()
def size(
    scenario: Annotated[str, typer.Option(help="A shipped scenario or a file.")],
    occupancy: Annotated[str, typer.Option(help="How busy agents should be: 85 % or 0.85.")] = "85 %",
    policy: Annotated[str, typer.Option(help="The pacing rule.")] = "fairdial",
    agents: Teams = None,
    seeds: Seeds = 3,
    days: Days = 1,
    floor: FloorKind = "model",
    out: Results = None,
    json: Document = None,
    workers: Workers = None,
) -> None:
    """How many agents, lines and contacts does it take, and how many callers will be lost?"""
    from dialer.cli.simulation.sizing import sizing

    sizing(Wish(scenario, policy, agents, seeds, days, floor, out, json, workers), occupancy)
