"""One floor: our rule, then every rival at its default and at the settings that were best on other seeds.

A win is claimed only over the better of a rival's setting chosen beforehand and the best one with hindsight, which is
sought among its neighbours in the sweep.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dialer.simulation.bench.plan import BOUNDS, Case, Plan
from dialer.simulation.bench.playing import OutOfTime, Stage
from dialer.simulation.comparison import Comparison, Row, abandonment, cell_of, compare, row
from dialer.simulation.contenders import OURS
from dialer.simulation.figures import CAP
from dialer.simulation.policies import registry
from dialer.simulation.policies.setting import Value
from dialer.simulation.student import Interval, t_interval
from dialer.simulation.study import Job, Outcome
from dialer.simulation.tuning import Tuned, tune

Settings = Mapping[str, Value]
_CALMER, _BOLDER = 0.9, 1.1  # nearer ones would be the same setting again


class Chosen(StrEnum):
    """How a setting came to be played on the reported seeds."""

    OURS = "ours"
    DEFAULT = "default"
    TUNED = "tuned"
    NEIGHBOUR = "neighbour"


@dataclass(frozen=True, slots=True)
class Entry:
    """`against`: ours less this one, None for ours. `best`: the one within the cap that a win must be claimed over."""

    chosen: Chosen
    row: Row
    abandonment: Interval
    against: Comparison | None = None
    best: bool = False
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    policy: str
    tried: int
    on_edge: Sequence[str]
    within_cap: bool


@dataclass(slots=True)
class Contest:
    case: Case
    entries: list[Entry] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def hold(case: Case, plan: Plan, stage: Stage) -> Contest:
    """Whatever the time allows; the rest is named in `not_run`."""
    contest = Contest(case)
    waiting = [policy for policy in plan.policies if not plan.left_out(policy, case)]
    contest.left_out = [reason for policy in plan.policies if (reason := plan.left_out(policy, case))]
    contest.not_run = [OURS, *waiting]
    try:
        stage.begins(f"{case}: {OURS}")
        ours = stage(_seeded(case.job(OURS, plan.days), plan.seeds))
        contest.entries.append(_entry(Chosen.OURS, ours))
        contest.not_run.remove(OURS)
        for policy in waiting:
            stage.begins(f"{case}: {policy}")
            search, entries = _rival(policy, case, plan, stage, ours)
            contest.searches.extend(search)
            contest.entries.extend(entries)
            contest.not_run.remove(policy)
    except OutOfTime:
        pass
    return contest


def _rival(
    policy: str, case: Case, plan: Plan, stage: Stage, ours: Sequence[Outcome]
) -> tuple[list[Search], list[Entry]]:
    base, bound = case.job(policy, plan.days), policy in BOUNDS
    searches: list[Search] = []
    wanted: list[tuple[Chosen, Settings]] = [] if bound else [(Chosen.DEFAULT, {})]
    if registry.settings_of(policy):
        tuned = tune(policy, base, plan.tuning_seeds, stage, sweep=plan.sweep(policy))
        searches.append(Search(policy, tuned.tried, tuned.on_edge, tuned.best is not None))
        wanted += _to_report(tuned, bound)
    entries = []
    for chosen, settings in wanted:
        theirs = stage(_seeded(replace(base, settings=settings), plan.seeds))
        entries.append(replace(_entry(chosen, theirs), against=compare(ours, theirs), bound=bound))
    return searches, _with_best(entries)


def _to_report(tuned: Tuned, bound: bool) -> Iterator[tuple[Chosen, Settings]]:
    """The best one, and on each side of it one that other seeds may prefer."""
    if tuned.best is None:
        nearest = min(tuned.rows, key=lambda each: each.abandonment)
        yield Chosen.TUNED, dict(nearest.cell.settings)
        return
    best, *others = tuned.rows
    yield Chosen.TUNED, dict(best.cell.settings)
    if bound:
        return
    calmer = [each for each in others if each.abandonment <= _CALMER * best.abandonment]
    bolder = [each for each in others if each.abandonment >= _BOLDER * max(CAP, best.abandonment)]
    if calmer:
        yield Chosen.NEIGHBOUR, dict(max(calmer, key=lambda each: each.occupancy.mean).cell.settings)
    if bolder:
        nearest = min(bolder, key=lambda each: (each.abandonment, -each.occupancy.mean))
        yield Chosen.NEIGHBOUR, dict(nearest.cell.settings)


def _with_best(entries: Sequence[Entry]) -> list[Entry]:
    """Within the cap on the reported seeds the busiest; if none is within it, the one chosen beforehand."""
    within = [each for each in entries if not each.row.over_cap]
    chosen = [each for each in entries if each.chosen is Chosen.TUNED] or list(entries)
    best = max(within, key=lambda each: each.row.occupancy.mean) if within else chosen[0]
    return [replace(each, best=each is best) for each in entries]


def _entry(chosen: Chosen, outcomes: Sequence[Outcome]) -> Entry:
    figures = row(cell_of(outcomes[0]), outcomes)
    return Entry(chosen, figures, t_interval([abandonment(each) for each in outcomes]))


def _seeded(job: Job, seeds: int) -> list[Job]:
    return [replace(job, seed=seed) for seed in range(1, seeds + 1)]
