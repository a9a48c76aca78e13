"""Two small worlds with no shocks: a realistic one (S1 of the benchmark) and the memoryless model's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dialer.pacing.pacer import UNKNOWN_CONTACT, ContactFeatures, LineEnd
from dialer.simulation.fate import AgentMove, CallFate, Movement
from dialer.simulation.policies.world_facts import WorldFacts

Floats = NDArray[np.float64]

_BLOCK = 2048


@dataclass(frozen=True)
class Laws:
    """Each draws `size` times in seconds."""

    p: float
    ring: Callable[[np.random.Generator, int], Floats]
    fail: Callable[[np.random.Generator, int], Floats]
    talk: Callable[[np.random.Generator, int], Floats]
    wrap_up: Callable[[np.random.Generator, int], Floats]
    answer_within_s: float


def realistic(p: float = 0.3, talk_s: float = 90.0, wrap_up_s: float = 15.0, ring_s: float = 10.0) -> Laws:
    def talk(chance: np.random.Generator, size: int) -> Floats:
        variance = np.log(1 + 0.9**2)
        return chance.lognormal(np.log(talk_s) - variance / 2, np.sqrt(variance), size)

    def fail(chance: np.random.Generator, size: int) -> Floats:
        kind = chance.random(size)
        early, machine = chance.uniform(1, 4, size), np.clip(chance.normal(22, 4, size), 8, 28)
        return np.where(kind < 0.15, early, np.where(kind < 0.7, machine, 28.0))

    return Laws(
        p,
        lambda chance, size: np.minimum(chance.gamma(1 / 0.36, ring_s * 0.36, size), 27.9),
        fail,
        talk,
        lambda chance, size: chance.gamma(1 / 0.49, wrap_up_s * 0.49, size),
        2.0,
    )


def memoryless(p: float = 0.3, handling_s: float = 105.0, line_s: float = 15.0) -> Laws:
    def line(chance: np.random.Generator, size: int) -> Floats:
        return chance.exponential(line_s, size)

    return Laws(
        p,
        line,
        line,
        lambda chance, size: chance.exponential(handling_s, size),
        lambda chance, size: np.zeros(size),
        0.0,
    )


@dataclass
class SmallWorld:
    """Nobody leaves; most agents begin in a call, as in a day that has been running."""

    agents: int
    laws: Laws = field(default_factory=realistic)
    hours: float = 2.0
    seed: int = 1
    warm_up_s: float = 1800.0
    ring_for_s: float = 1e9
    lines: int = 1_000_000

    def __post_init__(self) -> None:
        self.block = lru_cache(4)(self._block)

    @property
    def day_s(self) -> float:
        return self.warm_up_s + self.hours * 3600.0

    @property
    def answer_within_s(self) -> float:
        return self.laws.answer_within_s

    @property
    def moves(self) -> Sequence[AgentMove]:
        return [AgentMove(0.0, agent, Movement.COME) for agent in range(self.agents)]

    @property
    def busy_at_start(self) -> Sequence[tuple[int, float]]:
        chance = np.random.default_rng([self.seed, 0])
        talks = self.laws.talk(chance, self.agents) * chance.random(self.agents)
        return [(agent, float(talks[agent])) for agent in range(self.agents) if chance.random() < 0.8]

    def contact(self, n: int, at: float) -> ContactFeatures | None:
        return UNKNOWN_CONTACT

    def fate(self, n: int, at: float) -> CallFate:
        answered, rings, fails, talks, wrap_ups = self.block(n // _BLOCK)
        i = n % _BLOCK
        if not answered[i]:
            return CallFate(float(fails[i]))
        ring = float(rings[i])
        return CallFate(ring, LineEnd.PERSON, ring, talk=float(talks[i]), wrap_up=float(wrap_ups[i]))

    def _block(self, number: int) -> tuple[NDArray[np.bool_], Floats, Floats, Floats, Floats]:
        chance, laws = np.random.default_rng([self.seed, 1, number]), self.laws
        answered = chance.random(_BLOCK) < laws.p
        times = [law(chance, _BLOCK) for law in (laws.ring, laws.fail, laws.talk, laws.wrap_up)]
        return answered, times[0], times[1], times[2], times[3]

    def facts(self, samples: int = 50_000) -> WorldFacts:
        chance, laws = np.random.default_rng([self.seed, 2]), self.laws
        rings, failures, talks, wrap_ups = (
            law(chance, samples) for law in (laws.ring, laws.fail, laws.talk, laws.wrap_up)
        )
        return WorldFacts(
            self.agents,
            laws.p,
            float(talks.mean()),
            float(wrap_ups.mean()),
            float(rings.mean()),
            float(failures.mean()),
            laws.answer_within_s,
            self.day_s,
            rings,
            failures,
            talks,
            wrap_ups,
        )
