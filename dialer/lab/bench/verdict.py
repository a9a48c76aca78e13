"""What a benchmark says at the end: figures for machines, lines for people, and what went wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Line:
    """One figure beside its rival or floor of the same run; without a rival the goal is for the figure itself."""

    what: str
    ours: float
    unit: str
    rival: str = ""
    theirs: float | None = None
    goal: float | None = None
    less_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.theirs else None

    @property
    def met(self) -> bool | None:
        """None when no goal is set."""
        if self.goal is None:
            return None
        reached = self.ours if self.ratio is None else self.ratio
        return reached <= self.goal if self.less_is_better else reached >= self.goal


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wrong` is about results that are not right; a goal that was missed is a figure, not a fault."""

    lines: Sequence[Line]
    figures: Mapping[str, Any]
    wrong: Sequence[str] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Any]:
        lines = [asdict(line) | {"ratio": line.ratio, "met": line.met} for line in self.lines]
        return {"lines": lines, "figures": dict(self.figures), "wrong": list(self.wrong)}


def table(results: Mapping[str, Mapping[str, Any]]) -> Table:
    """Of the JSON of several verdicts, by the benchmarks' names."""
    shown = Table(title="Fairdial on this machine")
    for heading in ("benchmark", "figure", "measured", "beside", "measured", "ratio", "goal", ""):
        shown.add_column(heading, justify="right" if heading in ("measured", "ratio", "goal") else "left")
    for name, result in results.items():
        for number, line in enumerate(result["lines"]):
            shown.add_row(name if number == 0 else "", *_cells(line))
        for wrong in result["wrong"]:
            shown.add_row(name, f"[red]{escape(wrong)}[/]", "", "", "", "", "", "[red]failed[/]")
    return shown


def _cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    theirs = "" if line["theirs"] is None else _number(line["theirs"])
    ratio = "" if line["ratio"] is None else f"{line['ratio']:.2f}"
    return (
        line["what"],
        f"{_number(line['ours'])} {line['unit']}".rstrip(),
        line["rival"],
        theirs,
        ratio,
        _goal(line),
        {True: "[green]met[/]", False: "[yellow]missed[/]", None: ""}[line["met"]],
    )


def _goal(line: Mapping[str, Any]) -> str:
    if line["goal"] is None:
        return ""
    sign = "≤" if line["less_is_better"] else "≥"
    return f"{sign} {_number(line['goal'])}" + (" ×" if line["ratio"] is not None else "")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.2f}"


def failed(because: str) -> Verdict:
    return Verdict((), {}, (because,))
