"""The truth about a scenario, for rules that are tuned with hindsight or told it."""

from collections.abc import Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.pacer import LineEnd
from dialer.simulation.fate import CallFate
from dialer.simulation.laws import Floats
from dialer.simulation.policies.world_facts import WorldFacts
from dialer.simulation.scenario import Scenario
from dialer.simulation.world import ScenarioWorld

_DIALS = 40_000
_SEED = 987_654_321  # of no study


def world_facts(scenario: Scenario, agents: int | None = None) -> WorldFacts:
    """Figures of 40,000 dials spread evenly over the day; changes of the day are thus averaged."""
    world = ScenarioWorld(scenario, _SEED, agents)
    fates = [world.fate(n, n * scenario.day_s / _DIALS) for n in range(_DIALS)]
    return facts_of(fates, world.agents, scenario.trunk.ring_for_s, scenario.answer_within_s, scenario.day_s)


def facts_of(
    fates: Sequence[CallFate], agents: int, ring_for_s: float, answer_within_s: float, day_s: float
) -> WorldFacts:
    answered = [f for f in fates if f.end is LineEnd.PERSON and (f.answers_after or 0.0) <= ring_for_s]
    rings = np.array([f.ends_after for f in answered])
    kept = set(map(id, answered))
    failures = np.array([min(f.ends_after, ring_for_s) for f in fates if id(f) not in kept])
    talks = np.array([f.talk for f in answered])
    wrap_ups = np.array([f.wrap_up for f in answered])
    return WorldFacts(
        agents=agents,
        answer_probability=len(answered) / len(fates),
        mean_talk_s=_mean(talks),
        mean_wrap_up_s=_mean(wrap_ups),
        mean_ring_s=_mean(rings),
        mean_failed_s=_mean(failures),
        answer_within_s=answer_within_s,
        day_s=day_s,
        rings=rings,
        failures=failures,
        talks=talks,
        wrap_ups=wrap_ups,
    )


def discrimination(scenario: Scenario) -> float:
    """AUC of the true answer probabilities: the best that any model of who answers could reach. 0.5 says nothing."""
    world = ScenarioWorld(scenario, _SEED)
    at, dials = 0.5 * scenario.day_s, _DIALS // 2
    scores = np.array([world.answer_probability(n, at) for n in range(dials)])
    answered = np.array([world.fate(n, at).end is LineEnd.PERSON for n in range(dials)])
    return area_under_curve(scores, answered)


def area_under_curve(scores: Floats, answered: NDArray[np.bool_]) -> float:
    """Probability that one who answered scores above one who did not; ties count half."""
    values, places = np.unique(scores, return_inverse=True)
    yes = np.bincount(places[answered], minlength=len(values))
    no = np.bincount(places[~answered], minlength=len(values))
    below = np.cumsum(no) - no
    return float((yes * (below + no / 2)).sum() / max(yes.sum() * no.sum(), 1))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else inf
