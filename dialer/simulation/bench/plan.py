"""What the benchmark plays: which floors, which rules, how many seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from dialer.errors import BadInput
from dialer.simulation.contenders import OURS
from dialer.simulation.policies import registry
from dialer.simulation.policies.setting import Value
from dialer.simulation.policies.vicidial_levels import Tally
from dialer.simulation.scenario import Scenario
from dialer.simulation.scenario_reader import load, shipped
from dialer.simulation.study import Floor, Job

STATIONARY = ("s1", "s2", "s3")
RIVALS = (
    *("progressive", "super-progressive", "level", "mean-based", "open-loop"),
    *("vicidial-ratio", "vicidial-hard-limit", "issabel"),
)
BOUNDS = ("memoryless", "oracle")  # told what no floor knows: how far there is to go, not whom to beat
LEARNS_FROM_PACING = frozenset({OURS, "oracle", "fixed-risk"})  # built from the parts of our own pacer

_MEMORYLESS_MOST_AGENTS = 20  # its model has a state for every number of lines and free agents
_REDUCED: Mapping[str, Mapping[str, Sequence[Value]]] = {
    name: {
        "maximum_level": (1.5, 3.0, 6.0),
        "difference_target": (0.0, -1.0, -3.0),
        "drop_limit": (1.0, 3.0),
        "tally": (Tally.EVERYONE.value, Tally.AVAILABLE.value),
    }
    for name in ("vicidial-hard-limit", "vicidial-average", "vicidial-tapered")
}


@dataclass(frozen=True, slots=True)
class Case:
    """One floor on which every rule is played."""

    scenario: Scenario
    agents: int

    def job(self, policy: str, days: int) -> Job:
        return Job(self.scenario, self.agents, policy, {}, 1, days, Floor.MODEL)

    def __str__(self) -> str:
        return f"{self.scenario.name}, {self.agents} agents"


@dataclass(frozen=True, slots=True)
class Plan:
    """`shock_agents` None: as many as each shock's scenario has."""

    teams: Sequence[int]
    scenarios: Sequence[str]
    shocks: Sequence[str]
    policies: Sequence[str]
    seeds: int = 20
    tuning_seeds: int = 2
    days: int = 1
    shock_agents: int | None = None
    full_sweeps: bool = False

    def __post_init__(self) -> None:
        """Raises BadInput on a policy nobody knows, before anything is played."""
        for name in self.policies:
            registry.settings_of(name)
        if OURS in self.policies:
            raise BadInput(f"{OURS} is always played: name only the others", "policies")

    def cases(self) -> list[Case]:
        """The stationary ones first, small teams before large ones. Raises BadInput on an unknown scenario."""
        stationary = [Case(load(name), agents) for agents in sorted(self.teams) for name in self.scenarios]
        shocks = [load(name) for name in self.shocks]
        return stationary + [Case(shock, shock.agents(self.shock_agents)) for shock in shocks]

    def left_out(self, policy: str, case: Case) -> str:
        """Why a policy is not for this floor; empty if it is."""
        if policy == "memoryless" and case.agents > _MEMORYLESS_MOST_AGENTS:
            return f"memoryless: solved up to {_MEMORYLESS_MOST_AGENTS} agents only"
        return ""

    def sweep(self, policy: str) -> list[dict[str, Value]] | None:
        """In the place of the policy's own sweep, which has a thousand settings; None: its own."""
        reduced = None if self.full_sweeps else _REDUCED.get(policy)
        if reduced is None:
            return None
        return [dict(zip(reduced, chosen, strict=True)) for chosen in product(*reduced.values())]


def shocks_named(wish: str) -> list[str]:
    """`all`, `none`, or names by commas."""
    if wish == "none":
        return []
    return [name for name in shipped() if name not in STATIONARY] if wish == "all" else listed(wish)


def listed(text: str) -> list[str]:
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
