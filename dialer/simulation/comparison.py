"""Outcomes put side by side: one row for each setting of a rule, paired differences, wins, losses and ties.

A seed is one observation, its days added up. Differences are between the same seeds; a win or a loss is claimed only if
the 95 % t-interval of their mean excludes 0, everything else is a tie.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import pairwise
from math import nan

from dialer.domain.abandonment import over
from dialer.errors import BadInput
from dialer.simulation.figures import CAP, DayFigures, percent_up
from dialer.simulation.policies.setting import Value
from dialer.simulation.student import Interval, t_interval
from dialer.simulation.study import Outcome


class Verdict(StrEnum):
    WIN = "win"
    LOSS = "loss"
    TIE = "tie"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is held constant in a row: everything but the seed."""

    scenario: str
    agents: int
    policy: str
    settings: tuple[tuple[str, Value], ...]

    @property
    def described(self) -> str:
        return " ".join([self.policy, *(f"{name}={value}" for name, value in self.settings)])


@dataclass(frozen=True, slots=True)
class Row:
    """Times are seconds, shares 0 to 1; `abandonment_percent` is rounded up to two decimals.

    Quantiles are means over days of each day's quantile. `over_cap`: as a whole, over 3 % of those answered.
    """

    cell: Cell
    seeds: int
    days: int
    occupancy: Interval
    talk_minutes: float
    idle_mean: float
    idle_p90: float
    answered: int
    abandoned: int
    abandonment_percent: float
    worst_half_hour: float
    days_over: int
    over_cap: bool
    wait_mean: float
    wait_p95: float
    wait_p99: float
    late_share: float
    dials_per_connect: float
    contacts_per_agent_hour: float
    machines_joined: int
    dropped_early: int
    decisions_per_second: float
    cpu_s: float
    times_real: float
    lines_p99: float
    worst_judged_half_hour: float | None = None

    @property
    def abandonment(self) -> float:
        return self.abandoned / self.answered if self.answered else 0.0


def cell_of(outcome: Outcome) -> Cell:
    job = outcome.job
    return Cell(job.scenario.name, job.agents, job.policy, tuple(sorted(job.settings.items())))


def grouped(outcomes: Iterable[Outcome]) -> dict[Cell, list[Outcome]]:
    """By cell, each in the order of its seeds: whatever finished first, the figures are the same."""
    groups: dict[Cell, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(cell_of(outcome), []).append(outcome)
    return {cell: sorted(of, key=lambda each: each.job.seed) for cell, of in groups.items()}


def occupancy(outcome: Outcome) -> float:
    paid = sum(day.paid_s for day in outcome.days)
    return sum(day.talk_s + day.wrap_up_s for day in outcome.days) / paid if paid else 0.0


def abandonment(outcome: Outcome) -> float:
    answered = sum(day.answered for day in outcome.days)
    return sum(day.abandoned for day in outcome.days) / answered if answered else 0.0


def row(cell: Cell, outcomes: Sequence[Outcome]) -> Row:
    days = [day for outcome in outcomes for day in outcome.days]
    paid, joined = _sum(days, "paid_s"), int(_sum(days, "joined"))
    answered, abandoned = int(_sum(days, "answered")), int(_sum(days, "abandoned"))
    counted, cpu_s = _sum(days, "counted_s"), _sum(days, "cpu_s")
    return Row(
        cell=cell,
        seeds=len(outcomes),
        days=len(days),
        occupancy=t_interval([occupancy(outcome) for outcome in outcomes]),
        talk_minutes=_ratio(60.0 * _sum(days, "talk_s"), paid),
        idle_mean=_mean(days, "idle_mean"),
        idle_p90=_mean(days, "idle_p90"),
        answered=answered,
        abandoned=abandoned,
        abandonment_percent=percent_up(abandoned, answered),
        worst_half_hour=max((day.worst_half_hour for day in days), default=0.0),
        days_over=sum(day.over_cap() for day in days),
        over_cap=over(CAP, answered, abandoned),
        wait_mean=_ratio(sum(day.wait_mean * day.joined for day in days), joined),
        wait_p95=_mean(days, "wait_p95"),
        wait_p99=_mean(days, "wait_p99"),
        late_share=_ratio(_sum(days, "late"), joined),
        dials_per_connect=_ratio(_sum(days, "dials"), joined),
        contacts_per_agent_hour=_ratio(_sum(days, "dials"), paid / 3600.0),
        machines_joined=int(_sum(days, "machines_joined")),
        dropped_early=int(_sum(days, "dropped_early")),
        decisions_per_second=_ratio(_sum(days, "decisions"), counted),
        cpu_s=cpu_s,
        times_real=_ratio(_sum(days, "day_s"), cpu_s),
        lines_p99=_mean(days, "lines_p99"),
        worst_judged_half_hour=max(
            (day.worst_judged_half_hour for day in days if day.worst_judged_half_hour is not None),
            default=None,
        ),
    )


def rows(outcomes: Iterable[Outcome]) -> list[Row]:
    return [row(cell, of) for cell, of in grouped(outcomes).items()]


# --- pairs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference`: ours less theirs. What is gained over the cap is no gain: who was over 3 % is said."""

    ours: Cell
    theirs: Cell
    seeds: int
    difference: Interval
    verdict: Verdict
    ours_over_cap: bool
    theirs_over_cap: bool


def compare(
    ours: Sequence[Outcome],
    theirs: Sequence[Outcome],
    figure: Callable[[Outcome], float] = occupancy,
    more_is_better: bool = True,
) -> Comparison:
    """Raises `BadInput` if the two were not played on the same seeds of the same scenario with the same agents."""
    pairs = list(zip(_by_seed(ours), _by_seed(theirs), strict=False))
    if len(ours) != len(theirs) or any(_luck(one) != _luck(other) for one, other in pairs):
        raise BadInput("only the same days can be compared: same scenario, agents, seeds and number of days")
    difference = t_interval([figure(one) - figure(other) for one, other in pairs])
    verdict = Verdict.TIE
    if difference.excludes_zero:
        verdict = Verdict.WIN if (difference.mean > 0) == more_is_better else Verdict.LOSS
    return Comparison(
        cell_of(ours[0]),
        cell_of(theirs[0]),
        len(pairs),
        difference,
        verdict,
        row(cell_of(ours[0]), ours).over_cap,
        row(cell_of(theirs[0]), theirs).over_cap,
    )


def against_first(outcomes: Iterable[Outcome]) -> list[Comparison]:
    """Within each scenario and team: the first rule against every other."""
    teams: dict[tuple[str, int], list[list[Outcome]]] = {}
    for cell, of in grouped(outcomes).items():
        teams.setdefault((cell.scenario, cell.agents), []).append(of)
    return [compare(of[0], other) for of in teams.values() for other in of[1:]]


def occupancy_at(rows: Sequence[Row], share: float) -> float:
    """Of one rule at several settings: occupancy at an abandonment, in proportion between its neighbours; else nan.

    Rules with whole numbers cannot hit a share exactly: this compares them fairly. Only the rule's best counts: settings
    that give less occupancy for more abandonment than another are left out.
    """
    best: list[Row] = []
    for each in sorted(rows, key=lambda each: (each.abandonment, -each.occupancy.mean)):
        if not best or each.occupancy.mean > best[-1].occupancy.mean:
            best.append(each)
    for low, high in pairwise(best):
        if low.abandonment <= share <= high.abandonment:
            part = (share - low.abandonment) / (high.abandonment - low.abandonment)
            return low.occupancy.mean + part * (high.occupancy.mean - low.occupancy.mean)
    return best[-1].occupancy.mean if best and best[-1].abandonment == share else nan


def _by_seed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda outcome: outcome.job.seed)


def _luck(outcome: Outcome) -> tuple[object, ...]:
    job = outcome.job
    recorded = None if job.recorded is None else job.recorded.digest
    return (job.scenario, job.agents, job.seed, job.days, job.floor, recorded)


def _sum(days: Sequence[DayFigures], name: str) -> float:
    return float(sum(getattr(day, name) for day in days))


def _mean(days: Sequence[DayFigures], name: str) -> float:
    return _sum(days, name) / len(days) if days else 0.0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


ROW_FIGURES = tuple(field.name for field in fields(Row) if field.name != "cell")
