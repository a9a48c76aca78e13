"""Options of `fairdial simulate` as jobs."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from dialer.cli.simulate import Wish
from dialer.errors import BadInput
from dialer.simulation.contenders import contender
from dialer.simulation.policies import registry
from dialer.simulation.policies.setting import Value
from dialer.simulation.scenario import Scenario
from dialer.simulation.scenario_reader import load
from dialer.simulation.study import Floor, Job

_MOST_AGENTS = 5000
_MOST_JOBS = 200_000


def check_files(wish: Wish) -> None:
    """Before hours of simulation, not after them."""
    for file in (wish.document, wish.out):
        if file is not None and str(file) != "-" and not file.parent.is_dir():
            raise BadInput(f"{file}: there is no folder {file.parent}")


def scenarios(wish: Wish) -> list[Scenario]:
    return [load(name) for name in _listed(wish.scenarios, "scenario")]


def policies(wish: Wish) -> list[str]:
    names = _listed(wish.policies, "policy")
    for name in names:
        registry.settings_of(name)  # refuses what it does not know
    return names


def teams(wish: Wish, scenario: Scenario) -> list[int]:
    if wish.agents is None:
        return [scenario.team.count]
    sizes = []
    for word in _listed(wish.agents, "agents"):
        if not (word.isascii() and word.isdigit() and 1 <= int(word) <= _MOST_AGENTS):
            raise BadInput(f"agents: {word!r} is not a team size from 1 to {_MOST_AGENTS}", "agents")
        sizes.append(int(word))
    return sizes


def bases(wish: Wish) -> list[Job]:
    """One job for each scenario, team and policy, with nothing set and the first seed."""
    check_files(wish)
    chosen = policies(wish)
    return [
        Job(scenario, agents, policy, {}, 1, wish.days, Floor(wish.floor))
        for scenario in scenarios(wish)
        for agents in teams(wish, scenario)
        for policy in chosen
    ]


def jobs(wish: Wish, written: Sequence[str]) -> list[Job]:
    """Every combination, the seeds innermost. Settings that no policy takes are refused before anything is played."""
    return set_and_seeded(bases(wish), written, wish.seeds)


def set_and_seeded(bases: Sequence[Job], written: Sequence[str], seeds: int) -> list[Job]:
    """The same from jobs with nothing set."""
    values = _settings(written, [base.policy for base in bases])
    found: list[Job] = []
    for base in bases:
        for settings in _combinations(values.get(base.policy, {})):
            contender(base.policy, settings, base.scenario, base.agents, base.seed)
            found.extend(seeded(replace(base, settings=settings), seeds))
    if len(found) > _MOST_JOBS:
        raise BadInput(f"{len(found)} runs are too many: at most {_MOST_JOBS}")
    return found


def seeded(job: Job, seeds: int) -> list[Job]:
    return [replace(job, seed=seed) for seed in range(1, seeds + 1)]


def _combinations(values: dict[str, list[Value]]) -> list[dict[str, Value]]:
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def _settings(written: Sequence[str], known: Sequence[str]) -> dict[str, dict[str, list[Value]]]:
    found: dict[str, dict[str, list[Value]]] = {}
    for text in written:
        name, separator, values = text.partition("=")
        policy, dot, setting = name.strip().partition(".")
        if not (separator and dot and setting and values.strip()):
            raise BadInput(f"--set {text}: write policy.setting=value, such as level.level=1.2", "set")
        if policy not in known:
            raise BadInput(
                f"--set {text}: {policy!r} is none of the policies here: {', '.join(known)}", "set"
            )
        found.setdefault(policy, {})[setting] = [_value(word) for word in _listed(values, "set")]
    return found


def _value(word: str) -> Value:
    if word in ("true", "false"):
        return word == "true"
    try:
        return float(word)
    except ValueError:
        return word


def _listed(text: str, name: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise BadInput(f"{name}: nothing named", name)
    return list(dict.fromkeys(words))
