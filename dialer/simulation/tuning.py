"""The best setting of a rule at a cap on abandonment: a sweep in rounds, or a bisection where abandonment only grows.

On seeds of its own: a setting chosen on the seeds that are reported would be chosen with hindsight.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dialer.simulation.comparison import Row, grouped, row
from dialer.simulation.figures import CAP
from dialer.simulation.policies import registry
from dialer.simulation.policies.setting import Setting, Value
from dialer.simulation.study import Job, Outcome

FIRST_SEED = 500_001
_BISECTIONS = 10
_KEPT_SHARE = 0.25
_LEAST_KEPT = 6
_LEEWAY = 1.5  # in a first round of one seed a setting within the cap may look worse
_MOST_WIDENINGS = 6

Play = Callable[[Sequence[Job]], Iterable[Outcome]]
Settings = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Tuned:
    """`rows`: everything tried on all tuning seeds, best first. `on_edge`: settings whose best value is the last tried."""

    policy: str
    best: Row | None
    rows: Sequence[Row]
    tried: int
    on_edge: tuple[str, ...] = ()


def tune(
    policy: str, base: Job, seeds: int, play: Play, cap: float = CAP, sweep: Sequence[Settings] | None = None
) -> Tuned:
    """`base` says scenario, agents, days and floor. None of the settings may hold the cap: then `best` is None.

    `sweep` takes the place of the policy's own.
    """
    setting = registry.bisected(policy)
    if setting is not None:
        return _bisect(policy, setting, base, seeds, play, cap)
    return _sweep(policy, sweep or registry.grid(policy), base, seeds, play, cap)


def _jobs(policy: str, base: Job, settings: Iterable[Settings], seeds: int) -> list[Job]:
    return [
        replace(base, policy=policy, settings=dict(each), seed=FIRST_SEED + n)
        for each in settings
        for n in range(seeds)
    ]


def _best_first(rows: Iterable[Row], cap: float) -> list[Row]:
    return sorted(rows, key=lambda each: (each.abandonment > cap, -each.occupancy.mean))


def _played(policy: str, base: Job, settings: Iterable[Settings], seeds: int, play: Play) -> list[Row]:
    outcomes = play(_jobs(policy, base, settings, seeds))
    return [row(cell, of) for cell, of in grouped(outcomes).items()]


# --- bisection --------------------------------------------------------------------------------------------------------


def _bisect(policy: str, setting: Setting, base: Job, seeds: int, play: Play, cap: float) -> Tuned:
    """The largest value within the cap, between the ends of the sweep, which are widened as far as need be."""
    values = [float(value) for value in setting.tune if not isinstance(value, str)]
    low, high = min(values), max(values)
    rows: list[Row] = []

    def within(value: float) -> bool:
        rows.extend(_played(policy, base, [{setting.name: value}], seeds, play))
        return rows[-1].abandonment <= cap

    while not within(low) and low > setting.least:
        low = max(setting.least, low / 2)
    while within(high) and high < setting.most:
        low, high = high, min(setting.most, high * 2)
    for _ in range(_BISECTIONS):
        middle = round((low + high) / 2, 6)
        low, high = (middle, high) if within(middle) else (low, middle)
    ordered = _best_first(rows, cap)
    best = ordered[0] if ordered[0].abandonment <= cap else None
    edge = (setting.name,) if best is None or dict(best.cell.settings)[setting.name] == setting.most else ()
    return Tuned(policy, best, ordered, len(rows), edge)


# --- sweep ------------------------------------------------------------------------------------------------------------


def _sweep(policy: str, sweep: Sequence[Settings], base: Job, seeds: int, play: Play, cap: float) -> Tuned:
    grid = list(sweep)
    tried = len(grid)
    if seeds > 1 and len(grid) > _LEAST_KEPT:
        grid = _promising(_played(policy, base, grid, 1, play), cap)
    rows = _played(policy, base, grid, seeds, play)
    for _ in range(_MOST_WIDENINGS):
        best = _best_first(rows, cap)[0]
        further = _further(policy, dict(best.cell.settings), rows)
        if not further:
            break
        tried += len(further)
        rows += _played(policy, base, further, seeds, play)
    ordered = _best_first(rows, cap)
    best = ordered[0]
    known = dict(best.cell.settings)
    untried = _further(policy, known, rows)
    edge = tuple(name for each in untried for name, value in each.items() if known[name] != value)
    return Tuned(policy, best if best.abandonment <= cap else None, ordered, tried, edge)


def _promising(rows: Sequence[Row], cap: float) -> list[Settings]:
    """After one seed: the best quarter of those near the cap."""
    near = _best_first([each for each in rows if each.abandonment <= _LEEWAY * cap] or rows, _LEEWAY * cap)
    kept = near[: max(_LEAST_KEPT, round(_KEPT_SHARE * len(near)))]
    return [dict(each.cell.settings) for each in kept]


def _further(policy: str, best: dict[str, Value], rows: Sequence[Row]) -> list[Settings]:
    """One step beyond the sweep for every number whose best value is its last, unless it was tried already."""
    seen = {each.cell.settings for each in rows}
    beyond: list[Settings] = []
    for setting in registry.settings_of(policy):
        value = _step_beyond(setting, best.get(setting.name))
        if value is None:
            continue
        settings = {**best, setting.name: value}
        if tuple(sorted(settings.items())) not in seen:
            beyond.append(settings)
    return beyond


def _step_beyond(setting: Setting, best: Value | None) -> float | None:
    numbers = sorted({float(v) for v in setting.tune if not isinstance(v, str | bool)})
    if len(numbers) < 2 or best is None or isinstance(best, str | bool):
        return None
    if best >= numbers[-1]:
        value = best + numbers[-1] - numbers[-2]
    elif best <= numbers[0]:
        value = best - (numbers[1] - numbers[0])
    else:
        return None
    return value if setting.accepts(value) else None
