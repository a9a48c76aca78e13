"""fairdial simulate and fairdial simulate tune."""

from collections.abc import Sequence
from pathlib import Path

import typer

from dialer.cli import console
from dialer.cli.simulate import Wish
from dialer.cli.simulation import tables, wishes
from dialer.cli.simulation.playing import Playing
from dialer.simulation import plots
from dialer.simulation.comparison import Row, against_first, rows
from dialer.simulation.study import Job
from dialer.simulation.tuning import Tuned, tune


def study(wish: Wish, settings: Sequence[str], plot: Path | None) -> None:
    jobs = wishes.jobs(wish, settings)
    if plot is not None:
        plots.check(plot)
    with Playing(wish) as play:
        outcomes = play(jobs)
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
    bases = wishes.bases(wish)
    with Playing(wish) as play:
        found = [(base, tune(base.policy, base, wish.seeds, play)) for base in bases]
        best = [_with(base, tuned.best) for base, tuned in found if tuned.best is not None]
        reported = rows(play([job for each in best for job in wishes.seeded(each, report_seeds)]))
    document = {
        "tuned": [_tuned_document(base, tuned) for base, tuned in found],
        "reported": [tables.row_document(row) for row in reported],
    }
    if tables.write_json(document, wish.document):
        _show_tuned(found)
        _show_reported(reported)


def _show_tuned(found: Sequence[tuple[Job, Tuned]]) -> None:
    columns = ("scenario", "agents", "policy", "tried", "occupancy", "abandonment_rate", "on_edge")
    console.show(columns, [_tuned_row(base, tuned) for base, tuned in found])
    for base, tuned in found:
        if tuned.best is None:
            console.tell("cli.simulate_none_within", policy=base.policy)


def _show_reported(reported: Sequence[Row]) -> None:
    if not reported:
        return
    typer.echo()
    console.tell("cli.simulate_tuned")
    tables.show_rows(reported)
    used = [
        f"--set {row.cell.policy}.{name}={_written(value)}"
        for row in reported
        for name, value in row.cell.settings
    ]
    if used:
        console.tell("cli.simulate_use", options=" ".join(dict.fromkeys(used)))


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with(base: Job, row: Row) -> Job:
    return Job(base.scenario, base.agents, base.policy, dict(row.cell.settings), 1, base.days, base.floor)


def _tuned_row(base: Job, tuned: Tuned) -> tuple[object, ...]:
    best, edge = tuned.best, ", ".join(tuned.on_edge)
    if best is None:
        return base.scenario.name, base.agents, base.policy, tuned.tried, "", "", edge
    described, occupancy = best.cell.described, tables.percent(best.occupancy)
    share = f"{best.abandonment_percent:.2f}"
    return base.scenario.name, base.agents, described, tuned.tried, occupancy, share, edge


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
