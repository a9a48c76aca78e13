"""Studies as pictures: what occupancy costs in abandonment, and how abandonment went over the day."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dialer.errors import BadInput
from dialer.simulation.comparison import Row, grouped, row
from dialer.simulation.figures import BLOCK_MINUTES, CAP
from dialer.simulation.study import Outcome
from dialer.words import Language, say

KINDS = (".png", ".svg")
# the first of these that is installed can write Chinese; without one a picture is in English
_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
)


def check(file: Path) -> None:
    """Before hours of simulation, not after them."""
    if file.suffix.lower() not in KINDS:
        raise BadInput(f"{file}: a picture ends in {' or '.join(KINDS)}", "plot")
    if not file.parent.is_dir():
        raise BadInput(f"{file}: there is no folder {file.parent}", "plot")


def draw(outcomes: Sequence[Outcome], file: Path, language: Language) -> None:
    """Left the frontier, one line for each rule and team; right abandonment since the morning."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    font = _font(language)
    words: Callable[[str], str] = lambda key: say(f"plot.{key}", language if font else "en")  # noqa: E731
    rows = [row(cell, of) for cell, of in grouped(outcomes).items()]
    with pyplot.rc_context({"font.family": [font, "sans-serif"]} if font else {}):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(13, 5.5), layout="constrained")
        _frontier(left, rows, words)
        _day(right, outcomes, words)
        figure.savefig(file, dpi=120, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)
        pyplot.close(figure)


def _frontier(axes: Any, rows: Sequence[Row], words: Callable[[str], str]) -> None:
    rules: dict[str, list[Row]] = {}
    for each in rows:
        cell = each.cell
        rules.setdefault(f"{cell.policy} · {cell.scenario} · {cell.agents}", []).append(each)
    for name, of in rules.items():
        of.sort(key=lambda each: each.abandonment)
        x = [100 * each.abandonment for each in of]
        y = [100 * each.occupancy.mean for each in of]
        spread = [100 * each.occupancy.half_width if each.seeds > 1 else 0.0 for each in of]
        axes.errorbar(x, y, yerr=spread, marker="o", markersize=4, capsize=2, label=name)
    axes.axvline(100 * CAP, color="firebrick", linestyle=":", label=words("cap"))
    axes.set(xlabel=words("abandonment"), ylabel=words("occupancy"))
    _finish(axes)


def _day(axes: Any, outcomes: Sequence[Outcome], words: Callable[[str], str]) -> None:
    """Of all days together: abandoned of answered since the day began."""
    for cell, of in grouped(outcomes).items():
        days = [day for outcome in of for day in outcome.days]
        answered = np.cumsum(np.sum([day.answered_blocks for day in days], axis=0))
        abandoned = np.cumsum(np.sum([day.abandoned_blocks for day in days], axis=0))
        hours = np.minimum(np.arange(1, len(answered) + 1) * BLOCK_MINUTES / 60, days[0].day_s / 3600)
        label = f"{cell.described} · {cell.scenario} · {cell.agents}"
        axes.plot(hours, 100 * abandoned / np.maximum(answered, 1), label=label)
    axes.axhline(100 * CAP, color="firebrick", linestyle=":", label=words("cap"))
    axes.set(xlabel=words("hours"), ylabel=words("abandonment_so_far"))
    _finish(axes)


def _finish(axes: Any) -> None:
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def _font(language: Language) -> str | None:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None) if language == "zh" else None
