"""Figures of a study as tables and as a JSON document."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import orjson
import typer

from dialer.cli import console
from dialer.simulation.comparison import Comparison, Row
from dialer.simulation.sizing import Need
from dialer.simulation.student import Interval
from dialer.words import name_of

_MAIN = (
    *("scenario", "agents", "policy", "seeds", "occupancy", "abandonment_rate", "abandoned_of"),
    *("worst_half_hour", "days_over", "talk_minutes", "idle_mean", "idle_p90"),
)
_MORE = (
    *("scenario", "agents", "policy", "wait_mean", "wait_p95", "wait_p99", "late", "dials_per_connect"),
    *("contacts_per_agent_hour", "machines_joined", "dropped_early"),
    *("decisions_per_second", "cpu_s", "times_real"),
)
_AGAINST = ("scenario", "agents", "policy", "against", "difference", "verdict", "over_cap")
_SIZE = (
    *("agents", "occupancy", "abandonment_rate", "days_over", "lines_p99", "contacts_per_agent_hour"),
    *("contacts_needed", "talk_minutes"),
)


def show_rows(rows: Sequence[Row]) -> None:
    console.show(_MAIN, [_main(row) for row in rows])
    typer.echo()
    console.show(_MORE, [_more(row) for row in rows])


def _main(row: Row) -> tuple[object, ...]:
    return (
        *_cell(row),
        row.seeds,
        percent(row.occupancy),
        f"{row.abandonment_percent:.2f}",
        f"{row.abandoned} / {row.answered}",
        f"{100 * row.worst_half_hour:.1f}",
        f"{row.days_over} / {row.days}",
        f"{row.talk_minutes:.1f}",
        f"{row.idle_mean:.1f}",
        f"{row.idle_p90:.1f}",
    )


def _more(row: Row) -> tuple[object, ...]:
    return (
        *_cell(row),
        f"{row.wait_mean:.3f}",
        f"{row.wait_p95:.2f}",
        f"{row.wait_p99:.2f}",
        f"{100 * row.late_share:.2f}",
        f"{row.dials_per_connect:.2f}",
        f"{row.contacts_per_agent_hour:.1f}",
        row.machines_joined,
        row.dropped_early,
        f"{row.decisions_per_second:.2f}",
        f"{row.cpu_s:.1f}",
        f"{row.times_real:.0f}",
    )


def _cell(row: Row) -> tuple[object, ...]:
    return row.cell.scenario, row.cell.agents, row.cell.described


def show_comparisons(comparisons: Sequence[Comparison]) -> None:
    """Nothing when there is nothing to compare."""
    if not comparisons:
        return
    typer.echo()
    language = console.language()
    rows = []
    for each in comparisons:
        over = [each.ours.described] * each.ours_over_cap + [each.theirs.described] * each.theirs_over_cap
        rows.append(
            (
                each.ours.scenario,
                each.ours.agents,
                each.ours.described,
                each.theirs.described,
                percent(each.difference, signed=True),
                name_of("verdict", each.verdict, language),
                ", ".join(over),
            )
        )
    console.show(_AGAINST, rows)


def show_needs(needs: Sequence[Need]) -> None:
    rows = [
        (
            each.agents,
            f"{100 * each.occupancy:.1f}",
            f"{each.abandonment_percent:.2f}",
            f"{each.days_over} / {each.days}",
            each.lines,
            f"{each.contacts_per_agent_hour:.1f}",
            each.contacts,
            f"{each.talk_minutes:.1f}",
        )
        for each in needs
    ]
    console.show(_SIZE, rows)


def percent(interval: Interval, signed: bool = False) -> str:
    mean = f"{100 * interval.mean:+.2f}" if signed else f"{100 * interval.mean:.2f}"
    return f"{mean} ± {100 * interval.half_width:.2f}" if isfinite(interval.half_width) else mean


# --- JSON -------------------------------------------------------------------------------------------------------------


def study_document(rows: Sequence[Row], comparisons: Sequence[Comparison]) -> dict[str, Any]:
    return {
        "rows": [row_document(row) for row in rows],
        "comparisons": [asdict(each) for each in comparisons],
    }


def row_document(row: Row) -> dict[str, Any]:
    document = asdict(row)
    cell = document.pop("cell")
    return {**cell, "settings": dict(row.cell.settings), **document}


def write_json(document: Any, to: Path | None) -> bool:
    """`-` is the terminal. True if the tables are still to be shown."""
    if to is None:
        return True
    if str(to) == "-":
        console.show_json(document)
        return False
    to.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")
    return True
