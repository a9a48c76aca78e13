"""What is kept of a simulated day: counts and seconds that can be added up, and what cannot."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from dialer.domain.abandonment import over
from dialer.errors import BadInput
from dialer.simulation.result import DayResult

CAP = 0.03  # 16 CFR 310.4(b)(4)(i)
BLOCK_MINUTES = 10
JUDGED_ANSWERS = 100


@dataclass(frozen=True, slots=True)
class DayFigures:
    """After the warm-up, except `day_…` and the blocks of ten minutes, which cover the whole day. Times are seconds.

    `idle_…`: between two calls of an agent. `wait_…`: of callers, from answer to agent. `late`: joined after the limit.
    `worst_half_hour` is of those with 30 answers; `worst_judged_half_hour` of those with 100, as the campaign's half-hour
    window is judged, None if there is none. `lines_p99` is 0 unless the lines were measured.
    """

    day_s: float
    counted_s: float
    paid_s: float
    talk_s: float
    wrap_up_s: float
    dials: int
    answered: int
    abandoned: int
    day_answered: int
    day_abandoned: int
    joined: int
    machines_joined: int
    dropped_early: int
    idle_mean: float
    idle_p90: float
    wait_mean: float
    wait_p95: float
    wait_p99: float
    late: int
    worst_half_hour: float
    decisions: int
    cpu_s: float
    lines_p99: float
    answered_blocks: tuple[int, ...]
    abandoned_blocks: tuple[int, ...]
    worst_judged_half_hour: float | None = None

    @property
    def occupancy(self) -> float:
        return (self.talk_s + self.wrap_up_s) / self.paid_s if self.paid_s else 0.0

    def over_cap(self, cap: float = CAP) -> bool:
        return over(cap, self.day_answered, self.day_abandoned)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "DayFigures":
        names = {field.name for field in fields(cls)}
        if set(document) != names:
            raise BadInput("figures of another version of the simulator: write to a new file")
        lists = {name: tuple(value) for name, value in document.items() if isinstance(value, list)}
        return cls(**{**document, **lists})


def figures_of(
    result: DayResult, answer_within_s: float, warm_up_s: float, cpu_s: float, lines_p99: float = 0.0
) -> DayFigures:
    idle, waits = result.idle, result.waits
    return DayFigures(
        day_s=result.day_s,
        counted_s=result.day_s - warm_up_s,
        paid_s=result.paid,
        talk_s=result.talk,
        wrap_up_s=result.wrap_up,
        dials=result.dials,
        answered=result.answered,
        abandoned=result.abandoned,
        day_answered=result.day_answered,
        day_abandoned=result.day_abandoned,
        joined=result.joined,
        machines_joined=result.machines_joined,
        dropped_early=result.dropped_early,
        idle_mean=_mean(idle),
        idle_p90=_quantile(idle, 0.9),
        wait_mean=_mean(waits),
        wait_p95=_quantile(waits, 0.95),
        wait_p99=_quantile(waits, 0.99),
        late=sum(wait > answer_within_s + 1e-9 for wait in waits),
        worst_half_hour=result.worst_half_hour() or 0.0,
        decisions=result.decisions,
        cpu_s=cpu_s,
        lines_p99=lines_p99,
        answered_blocks=_blocks(result.answered_by_minute),
        abandoned_blocks=_blocks(result.abandoned_by_minute),
        worst_judged_half_hour=result.worst_half_hour(JUDGED_ANSWERS),
    )


def percent_up(part: int, whole: int) -> float:
    """A share in percent, rounded up to two decimals: a share over the cap must not look like one within it."""
    return ceil(Fraction(part * 10_000, whole)) / 100 if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _quantile(values: Sequence[float], q: float) -> float:
    return float(np.quantile(values, q)) if values else 0.0


def _blocks(by_minute: Any) -> tuple[int, ...]:
    starts = np.arange(0, len(by_minute), BLOCK_MINUTES)
    return tuple(int(total) for total in np.add.reduceat(by_minute, starts))
