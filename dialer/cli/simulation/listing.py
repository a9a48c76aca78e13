"""fairdial simulate list."""

import typer

from dialer.cli import console
from dialer.simulation.contenders import setting_names
from dialer.simulation.policies import registry
from dialer.simulation.scenario_reader import load, shipped
from dialer.words import name_of


def catalogue(as_json: bool) -> None:
    scenarios = [(scenario.name, scenario.team.count, scenario.title) for scenario in map(load, shipped())]
    language = console.language()
    policies = [(name, name_of("policy", name, language), setting_names(name)) for name in registry.names()]
    if as_json:
        console.show_json(
            {
                "scenarios": [{"name": n, "agents": count, "title": title} for n, count, title in scenarios],
                "policies": [{"name": n, "title": title, "settings": known} for n, title, known in policies],
            }
        )
        return
    console.show(("scenario", "agents", "title"), scenarios)
    typer.echo()
    rows = [(name, title, ", ".join(known)) for name, title, known in policies]
    console.show(("policy", "title", "settings"), rows)
