"""fairdial simulate, tune and size: jobs played with a look at how far they are, and what came of them."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from dialer.cli import console
from dialer.cli.simulate import Wish
from dialer.cli.simulation import tables, wishes
from dialer.errors import BadInput
from dialer.simulation import plots
from dialer.simulation.comparison import Row, against_first, rows
from dialer.simulation.sizing import TEAMS, Need, need, smallest
from dialer.simulation.study import Job, Outcome, run
from dialer.simulation.tuning import Tuned, tune

_TOLD_EVERY = 0.1
_MOST_REFINEMENTS = 5
_INTERRUPTED = 130


class _Step(Protocol):
    def __call__(self, done: int) -> None: ...


# --- commands ---------------------------------------------------------------------------------------------------------


def study(wish: Wish, settings: Sequence[str], plot: Path | None) -> None:
    _check(wish, plot)
    outcomes = _play(wish, wishes.jobs(wish, settings))
    found, comparisons = rows(outcomes), against_first(outcomes)
    if plot is not None:
        plots.draw(outcomes, plot, console.language())
    if tables.write_json(tables.study_document(found, comparisons), wish.document):
        tables.show_rows(found)
        tables.show_comparisons(comparisons)
    for file in (wish.document, plot):
        if file is not None and str(file) != "-":
            typer.echo(console.words("cli.simulate_written", file=file), err=True)


def tuning(wish: Wish, report_seeds: int) -> None:
    _check(wish, None)
    found: list[tuple[Job, Tuned]] = [
        (base, tune(base.policy, base, wish.seeds, lambda jobs: _play(wish, jobs)))
        for base in wishes.bases(wish)
    ]
    best = [
        job
        for base, tuned in found
        if tuned.best is not None
        for job in wishes.seeded(_with(base, tuned.best), report_seeds)
    ]
    reported = rows(_play(wish, best))
    document = [_tuned_document(base, tuned) for base, tuned in found]
    if not tables.write_json(
        {"tuned": document, "reported": [*map(tables.row_document, reported)]}, wish.document
    ):
        return
    columns = ("scenario", "agents", "policy", "tried", "occupancy", "abandonment_rate", "on_edge")
    console.show(columns, [_tuned_row(base, tuned) for base, tuned in found])
    for base, tuned in found:
        if tuned.best is None:
            console.tell("cli.simulate_none_within", policy=base.policy)
    if reported:
        typer.echo()
        console.tell("cli.simulate_tuned")
        tables.show_rows(reported)
        used = [
            f"--set {row.cell.policy}.{name}={value}" for row in reported for name, value in row.cell.settings
        ]
        console.tell("cli.simulate_use", options=" ".join(dict.fromkeys(used)))


def sizing(wish: Wish, occupancy: str) -> None:
    _check(wish, None)
    aim = _share(occupancy)
    base = wishes.bases(wish)[0]
    sizes = wishes.teams(wish, base.scenario) if wish.agents is not None else list(TEAMS)
    needs = {each.agents: each for each in _needs(wish, base, sizes)}
    if wish.agents is None:
        _refine(wish, base, needs, aim)
    ordered = sorted(needs.values(), key=lambda each: each.agents)
    answer = smallest(ordered, aim)
    if tables.write_json({"aim": aim, "answer": answer, "teams": ordered}, wish.document):
        tables.show_needs(ordered)
        _say_size(answer, aim, ordered[-1].agents)


# --- playing ----------------------------------------------------------------------------------------------------------


def _check(wish: Wish, plot: Path | None) -> None:
    """Before hours of simulation, not after them."""
    if plot is not None:
        plots.check(plot)
    for file in (wish.document, wish.out):
        if file is not None and str(file) != "-" and not file.parent.is_dir():
            raise BadInput(f"{file}: there is no folder {file.parent}")


def _play(wish: Wish, jobs: Sequence[Job]) -> list[Outcome]:
    """In the order of the jobs, whichever was ready first. Ctrl-C ends it with status 130."""
    if not jobs:
        return []
    ready: dict[str, Outcome] = {}
    try:
        with _progress(len(jobs)) as step, closing(run(jobs, out=wish.out, workers=wish.workers)) as outcomes:
            for outcome in outcomes:
                ready[outcome.job.key] = outcome
                step(len(ready))
    except KeyboardInterrupt:
        typer.echo(console.words("cli.simulate_stopped", done=len(ready), all=len(jobs)), err=True)
        if wish.out is not None:
            typer.echo(console.words("cli.simulate_resume", file=wish.out), err=True)
        raise typer.Exit(_INTERRUPTED) from None
    return [ready[job.key] for job in jobs]


@contextmanager
def _progress(jobs: int) -> Iterator[_Step]:
    """A bar on a terminal, otherwise a line for every tenth; on stderr, so that results can be piped."""
    if sys.stderr.isatty():
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=jobs)
            yield lambda done: bar.update(task, completed=done)
        return
    told = 0.0

    def tell(done: int) -> None:
        nonlocal told
        if done / jobs >= told + _TOLD_EVERY or done == jobs:
            told = done / jobs
            typer.echo(console.words("cli.simulate_progress", done=done, all=jobs), err=True)

    yield tell


# --- tuning -----------------------------------------------------------------------------------------------------------


def _with(base: Job, row: Row) -> Job:
    return Job(base.scenario, base.agents, base.policy, dict(row.cell.settings), 1, base.days, base.floor)


def _tuned_row(base: Job, tuned: Tuned) -> tuple[object, ...]:
    best = tuned.best
    if best is None:
        return base.scenario.name, base.agents, base.policy, tuned.tried, "", "", ", ".join(tuned.on_edge)
    return (
        base.scenario.name,
        base.agents,
        best.cell.described,
        tuned.tried,
        tables.percent(best.occupancy),
        f"{best.abandonment_percent:.2f}",
        ", ".join(tuned.on_edge),
    )


def _tuned_document(base: Job, tuned: Tuned) -> dict[str, object]:
    return {
        "scenario": base.scenario.name,
        "agents": base.agents,
        "policy": base.policy,
        "tried": tuned.tried,
        "on_edge": list(tuned.on_edge),
        "best": None if tuned.best is None else tables.row_document(tuned.best),
        "rows": [tables.row_document(each) for each in tuned.rows],
    }


# --- sizing -----------------------------------------------------------------------------------------------------------


def _needs(wish: Wish, base: Job, sizes: Iterable[int]) -> list[Need]:
    jobs = [
        Job(base.scenario, agents, base.policy, {}, seed, base.days, base.floor, meter_lines=True)
        for agents in sizes
        for seed in range(1, wish.seeds + 1)
    ]
    return [need(row, base.scenario.day_s) for row in rows(_play(wish, jobs))]


def _refine(wish: Wish, base: Job, needs: dict[int, Need], aim: float) -> None:
    """Halve the gap between the largest team that will not do and the smallest that will."""
    for _ in range(_MOST_REFINEMENTS):
        answer = smallest(list(needs.values()), aim)
        if answer is None:
            return
        below = max((size for size in needs if size < answer.agents), default=answer.agents)
        if answer.agents - below <= max(1, answer.agents // 20):
            return
        size = (answer.agents + below) // 2
        needs[size] = _needs(wish, base, [size])[0]


def _say_size(answer: Need | None, aim: float, largest: int) -> None:
    typer.echo()
    occupancy = f"{aim:.0%}".replace("%", " %")
    if answer is None:
        console.tell("cli.simulate_size_none", agents=largest, occupancy=occupancy)
        return
    console.tell(
        "cli.simulate_size",
        occupancy=occupancy,
        agents=answer.agents,
        lines=answer.lines,
        contacts=answer.contacts,
        abandonment=f"{answer.abandonment_percent:.2f}",
    )


def _share(written: str) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", written)
    value = float(found[1]) / (100 if found[2] else 1) if found else 0.0
    if not 0.0 < value < 1.0:
        raise BadInput(f"occupancy: {written!r} is not a share: say 85 % or 0.85", "occupancy")
    return value
