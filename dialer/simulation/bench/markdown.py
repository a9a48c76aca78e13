"""The tables of a benchmark document in Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MARKS = {"ours": "", "default": "default", "tuned": "tuned", "neighbour": "hindsight"}
_MAIN = (
    *("Rule", "Setting", "Occupancy %", "Fairdial less this", "Verdict", "Abandoned", "%", "Worst 30 min %"),
    *("Days over 3 %", "Talk min/h", "Idle s, mean", "p90", "Wait s, mean", "p99", "Dials per connect"),
)
_VERDICTS = ("win", "tie", "loss")


def written(document: Mapping[str, Any]) -> str:
    parts = ["\n".join(_head(document))]
    parts.extend("\n".join(_case(case)) for case in document["cases"])
    parts.extend(
        "\n".join(part) for part in (_cost(document), _searches(document), _missing(document)) if part
    )
    return "\n\n".join(parts) + "\n"


# --- summary ----------------------------------------------------------------------------------------------------------


def _head(document: Mapping[str, Any]) -> Iterator[str]:
    plan = document["plan"]
    yield (
        f"{document['at']}, {document['cores']} cores, Python {document['python']}; {plan['seeds']} paired seeds of "
        f"{plan['days']} day{'s' * (plan['days'] > 1)}, rivals tuned on {plan['tuning_seeds']} other seeds. "
        "± is a 95 % t-interval; a win or a loss is a paired difference whose interval excludes 0."
    )
    yield ""
    yield from _table(
        (
            "Rival, at its best setting within 3 %",
            "Fairdial wins",
            "Ties",
            "Fairdial loses",
            "Never within 3 %",
        ),
        _verdicts(document["cases"]),
    )


def _verdicts(cases: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    best = [entry for case in cases for entry in case["entries"] if entry["best"] and not entry["bound"]]
    for policy in dict.fromkeys(entry["policy"] for entry in best):
        of = [entry for entry in best if entry["policy"] == policy]
        within = [entry["against"]["verdict"] for entry in of if not entry["over_cap"]]
        yield (policy, *(within.count(verdict) for verdict in _VERDICTS), len(of) - len(within))


# --- one floor --------------------------------------------------------------------------------------------------------


def _case(case: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {case['scenario']}, {case['agents']} agents"
    yield ""
    yield f"{case['title']}."
    yield ""
    yield from _table(_MAIN, [_row(entry) for entry in case["entries"]])


def _row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    against = entry["against"]
    return (
        f"**{entry['policy']}**" if entry["best"] or against is None else entry["policy"],
        _setting(entry),
        _percent(entry["occupancy"]),
        "" if against is None else _percent(against, "+"),
        "" if against is None else against["verdict"],
        f"{entry['abandoned']} / {entry['answered']}",
        f"{entry['abandonment_percent']:.2f}" + " over" * entry["over_cap"],
        _half_hour(entry["worst_judged_half_hour"]),
        f"{entry['days_over']} / {entry['days']}",
        f"{entry['talk_minutes']:.1f}",
        f"{entry['idle_mean']:.1f}",
        f"{entry['idle_p90']:.1f}",
        f"{entry['wait_mean']:.2f}",
        f"{entry['wait_p99']:.2f}",
        f"{entry['dials_per_connect']:.2f}",
    )


def _setting(entry: Mapping[str, Any]) -> str:
    settings = " ".join(f"{name}={_value(value)}" for name, value in entry["settings"].items())
    mark = "bound" if entry["bound"] else _MARKS[entry["chosen"]]
    return f"{mark}: {settings}" if mark and settings else mark or settings


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _half_hour(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _percent(interval: Mapping[str, Any], sign: str = "") -> str:
    mean = f"{100 * interval['mean']:{sign}.2f}"
    return mean if interval["half_width"] is None else f"{mean} ± {100 * interval['half_width']:.2f}"


# --- the rest ---------------------------------------------------------------------------------------------------------


def _cost(document: Mapping[str, Any]) -> list[str]:
    cost = document["decision_cost"]
    if cost is None:
        return []
    rows = [
        (
            each["agents"],
            each["lines"],
            *(f"{each[of]:.0f}" for of in ("quiet_us", "median_us", "p90_us")),
        )
        for each in cost["decisions"]
    ]
    return [
        "### Cost of a decision",
        "",
        "Of one taken right after an answer, among lines of contacts that differ.",
        "",
        *_table(("Agents", "Lines ringing", "CPU µs, undisturbed", "median", "p90"), rows),
        "",
        f"The engine plays a floor of 50 agents {cost['engine_times_real']:.0f} times faster than real time on one core.",
    ]


def _searches(document: Mapping[str, Any]) -> list[str]:
    rows = [
        (
            f"{case['scenario']}, {case['agents']}",
            search["policy"],
            search["tried"],
            ", ".join(search["on_edge"]) or "–",
            "" if search["within_cap"] else "none within 3 %",
        )
        for case in document["cases"]
        for search in case["searches"]
    ]
    if not rows:
        return []
    columns = ("Floor", "Rule", "Settings tried", "Best at an end of its range", "")
    return ["### How the rivals were tuned", "", *_table(columns, rows)]


def _missing(document: Mapping[str, Any]) -> list[str]:
    missing = [
        *(f"- {each}" for each in document["not_run"]),
        *(f"- {each}" for each in document["left_out"]),
    ]
    return ["### Not run", "", *missing] if missing else []


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[object]] | Iterator[tuple[object, ...]]
) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
