"""A policy by name, ready for a day of a scenario, with the plan its campaign has."""

from collections.abc import Mapping
from dataclasses import replace

from dialer.domain.pacing_plan import PacingPlan
from dialer.errors import BadInput
from dialer.pacing.pacer import Pacer
from dialer.simulation.facts import world_facts
from dialer.simulation.policies import registry
from dialer.simulation.policies.setting import Value
from dialer.simulation.policies.world_facts import WorldFacts
from dialer.simulation.scenario import Scenario

OURS = "fairdial"
_PLAN_SETTINGS = ("day_cap", "half_hour_cap")
_facts: dict[str, WorldFacts] = {}


def contender(
    name: str,
    settings: Mapping[str, Value],
    scenario: Scenario,
    agents: int,
    seed: int,
    facts: WorldFacts | None = None,
) -> tuple[Pacer, PacingPlan]:
    """`facts` are the scenario's own unless given. Raises `BadInput` on an unknown policy or setting and on a value out of range.

    Ours has no settings but those of a campaign's plan: the caps it must hold.
    """
    facts = facts or _known_facts(scenario, agents)
    if name != OURS:
        return registry.policy(name, settings, facts, seed), PacingPlan()
    if unknown := sorted(set(settings) - set(_PLAN_SETTINGS)):
        raise BadInput(
            f"{OURS} has no setting {unknown[0]!r}; there are: {', '.join(_PLAN_SETTINGS)}", unknown[0]
        )
    try:
        default = PacingPlan()
        plan = replace(
            default,
            day_cap=float(settings.get("day_cap", default.day_cap)),
            half_hour_cap=float(settings.get("half_hour_cap", default.half_hour_cap)),
        )
    except ValueError as wrong:
        raise BadInput(f"{OURS}: {wrong}") from None
    return registry.policy(name, {}, facts, seed), plan


def setting_names(name: str) -> list[str]:
    return list(_PLAN_SETTINGS) if name == OURS else [each.name for each in registry.settings_of(name)]


def _known_facts(scenario: Scenario, agents: int) -> WorldFacts:
    key = repr(scenario)
    if key not in _facts:
        _facts.clear()  # a study works scenario by scenario
        _facts[key] = world_facts(scenario, agents)
    return replace(_facts[key], agents=agents)
