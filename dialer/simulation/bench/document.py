"""The benchmark's result as a JSON document, which the Markdown tables are written from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from dialer.simulation.bench.contest import Contest, Entry
from dialer.simulation.bench.plan import Plan
from dialer.simulation.comparison import Comparison, Row
from dialer.simulation.student import Interval


def document(
    plan: Plan, contests: Sequence[Contest], cost: Mapping[str, Any] | None, about: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        **about,
        "plan": asdict(plan),
        "decision_cost": cost,
        "cases": [_case(contest) for contest in contests if contest.entries],
        "not_run": [f"{c.case}: {policy}" for c in contests for policy in c.not_run],
        "left_out": [f"{c.case}: {reason}" for c in contests for reason in c.left_out],
    }


def _case(contest: Contest) -> dict[str, Any]:
    scenario = contest.case.scenario
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "agents": contest.case.agents,
        "entries": [_entry(entry) for entry in contest.entries],
        "searches": [asdict(search) for search in contest.searches],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "chosen": entry.chosen.value,
        "best": entry.best,
        "bound": entry.bound,
        **_row(entry.row),
        "abandonment": _interval(entry.abandonment),
        "against": None if entry.against is None else _comparison(entry.against),
    }


def _row(row: Row) -> dict[str, Any]:
    found = asdict(row)
    del found["cell"]
    return {
        "policy": row.cell.policy,
        "settings": dict(row.cell.settings),
        **found,
        "occupancy": _interval(row.occupancy),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {**_interval(comparison.difference), "verdict": comparison.verdict.value}


def _interval(interval: Interval) -> dict[str, float | None]:
    """JSON knows no infinity: without a second seed nothing is said of the width."""
    return {
        "mean": interval.mean,
        "half_width": interval.half_width if isfinite(interval.half_width) else None,
    }
