"""The terms of the marginal rule for a world whose laws are known: from samples, without anything learnt."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dialer.pacing.marginal import BINS, EDGES, MOMENTS, moments
from dialer.simulation.policies.world_facts import Floats, WorldFacts

RING_STEP_S = 0.25
TALK_STEP_S = 1.0
WRAP_UP_STEP_S = 0.5

_LONGEST_TALK_S = 1200.0
_LONGEST_WRAP_UP_S = 200.0
_LEAST_SAMPLES = 30  # an age that fewer have reached is taken for the last one that enough have


@dataclass(frozen=True, slots=True)
class TrueLaws:
    """Tables of `moments` rows by age in steps, the last row for everything older; shape (ages, 3 BINS).

    `ringing`: whether the line is answered before each moment, its first row a line just started. `talking` and
    `wrapping_up`: whether the agent is still occupied at each moment and the grace. `weights`, shape (BINS,): when a new
    line is answered.
    """

    ringing: Floats
    talking: Floats
    wrapping_up: Floats
    weights: Floats


def true_laws(facts: WorldFacts) -> TrueLaws:
    samples = (facts.rings, facts.failures, facts.talks, facts.wrap_ups)
    return _laws(
        facts.answer_probability,
        facts.answer_within_s,
        *(sample.astype(np.float64).tobytes() for sample in samples),
    )


@lru_cache(maxsize=4)  # by what the samples say: every day of a study asks for the same tables
def _laws(p: float, grace_s: float, *samples: bytes) -> TrueLaws:
    rings, failures, talks, wrap_ups = (np.frombuffer(sample) for sample in samples)
    rings = np.sort(rings)
    size = min(len(talks), len(wrap_ups))
    occupied = talks[:size] + wrap_ups[:size]
    ahead = MOMENTS + grace_s
    arrived = np.append(np.searchsorted(rings, EDGES, "right") / len(rings), 1.0)
    return TrueLaws(
        moments(_ringing(p, rings, np.sort(failures))),
        moments(_still(talks[:size], occupied, ahead, TALK_STEP_S, _LONGEST_TALK_S)),
        moments(_still(wrap_ups, wrap_ups, ahead, WRAP_UP_STEP_S, _LONGEST_WRAP_UP_S)),
        np.diff(arrived) / np.diff(arrived).sum(),
    )


def _ringing(p: float, rings: Floats, failures: Floats) -> Floats:
    ages = np.arange(0.0, max(rings[-1], failures[-1]) + RING_STEP_S, RING_STEP_S)
    answered = np.searchsorted(rings, ages, "right") / len(rings)
    failed = np.searchsorted(failures, ages, "right") / len(failures)
    later = np.searchsorted(rings, ages[:, None] + MOMENTS, "right") / len(rings)
    alive = p * (1 - answered) + (1 - p) * (1 - failed)
    soon: Floats = p * (later - answered[:, None]) / np.maximum(alive, 1e-12)[:, None]
    return soon


def _still(lasts: Floats, occupies: Floats, ahead: Floats, step: float, longest: float) -> Floats:
    """P(occupies > age + ahead | lasts > age) for ages in steps, shape (ages, BINS)."""
    rows: list[Floats] = []
    for age in np.arange(0.0, longest + step, step):
        reached = occupies[lasts > age] if age else occupies
        if rows and len(reached) < _LEAST_SAMPLES:
            break
        beyond = len(reached) - np.searchsorted(np.sort(reached), age + ahead, "right")
        rows.append(beyond / max(1, len(reached)))
    return np.array(rows).reshape(-1, BINS)
