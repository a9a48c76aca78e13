"""A campaign's pacing over time as a picture: lines and agents, risk, and each abandonment window against its cap."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from textwrap import fill
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib

from dialer.domain.abandonment import OWN_WINDOWS, WindowKind
from dialer.web.pacing import DecisionOut, InputsOut, PacingOut, WindowStateOut
from dialer.words import Language, name_of, say

# Okabe and Ito's palette: told apart by people who see colours differently
_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#5b6570"
_BINDING_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999", "#F0E442")
_CHINESE_FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "SimHei")
_NAME_WIDTH = 28
_GAP_S = 60.0  # no samples for so long: the line is broken

Moments = Sequence[datetime]


def draw(told: PacingOut, file: Path, zone: ZoneInfo, language: Language) -> None:
    """Of the samples with inputs, of which there must be one. Raises `OSError` when the file cannot be written."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    font = _font(language)
    words = language if font or language == "en" else "en"
    fonts = [font, "sans-serif"] if font else ["sans-serif"]
    with pyplot.rc_context({"font.family": fonts, "axes.unicode_minus": False, "font.size": 9}):
        figure, axes = pyplot.subplots(
            6,
            1,
            figsize=(11, 13),
            sharex=True,
            layout="constrained",
            height_ratios=(1.1, 2.2, 1.5, 1.3, 1.3, 1.3),
        )
        try:
            _Chart(told, zone, words).on(figure, axes)
            figure.savefig(file, dpi=120)
        finally:
            pyplot.close(figure)


def _font(language: Language) -> str | None:
    """One that has Chinese, when that is wanted; boxes instead of words help nobody."""
    if language != "zh":
        return None
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None)


class _Chart:
    def __init__(self, told: PacingOut, zone: ZoneInfo, language: Language) -> None:
        self._told = told
        self._zone = zone
        self._language = language
        self._samples = [(each, each.inputs) for each in told.samples if each.inputs is not None]
        self._breaks = list(_breaks([each.at for each, _ in self._samples]))
        self._at = self._broken([each.at.astimezone(zone) for each, _ in self._samples])

    def on(self, figure: Any, axes: Sequence[Any]) -> None:
        name = f"{self._told.name} · {name_of('mode', self._told.mode, self._language)}"
        figure.suptitle(f"{self._say('chart.title')}: {name}".replace("$", r"\$"), fontsize=13)
        binding, lines, risk, *windows = axes
        self._bindings(binding)
        self._lines(lines)
        self._risk(risk)
        for place, kind in zip(windows, OWN_WINDOWS, strict=True):
            self._window(place, kind)
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(tz=self._zone)  # type: ignore[no-untyped-call]
        axes[-1].xaxis.set_major_locator(locator)
        in_short = ConciseDateFormatter(locator, tz=self._zone)  # type: ignore[no-untyped-call]
        axes[-1].xaxis.set_major_formatter(in_short)
        axes[-1].set_xlabel(f"{self._say('column.time')} ({self._zone.key})")
        for place in axes:
            place.grid(axis="x", alpha=0.25)
            place.spines[["top", "right"]].set_visible(False)

    def _say(self, key: str) -> str:
        return say(key, self._language)

    def _broken(self, values: Sequence[Any]) -> list[Any]:
        """With the last value again and a nothing after it wherever samples are missing."""
        whole: list[Any] = []
        for place, value in enumerate(values):
            if place in self._breaks:
                whole.append(None if not isinstance(value, datetime) else values[place - 1])
            whole.append(value)
        return whole

    def _curve(self, read: Any) -> list[float]:
        found = self._broken([read(decision, inputs) for decision, inputs in self._samples])
        return [float("nan") if value is None else value for value in found]

    # --- the panels -----------------------------------------------------------------------------------------------------

    def _bindings(self, axes: Any) -> None:
        """One row for each thing that was binding, with bars while it was."""
        runs = list(_runs(self._told.samples))
        rows = list(dict.fromkeys(binding for binding, _, _ in runs))
        for row, binding in enumerate(rows):
            spans = [
                (begin.astimezone(self._zone), end - begin) for which, begin, end in runs if which == binding
            ]
            axes.broken_barh(spans, (row - 0.38, 0.76), color=_BINDING_COLOURS[row % len(_BINDING_COLOURS)])
        names = [fill(name_of("binding", each, self._language), _NAME_WIDTH) for each in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.tick_params(axis="y", labelsize=7.5)
        axes.invert_yaxis()
        axes.set_title(self._say("chart.bindings"), loc="left", fontsize=10)

    def _lines(self, axes: Any) -> None:
        step = {"drawstyle": "steps-post"}
        target = self._curve(lambda decision, inputs: inputs.ringing + decision.dial)
        axes.plot(self._at, target, color=_ORANGE, lw=1.1, label=self._say("chart.target"), **step)
        ringing = self._curve(lambda _, inputs: inputs.ringing)
        axes.plot(self._at, ringing, color=_BLUE, lw=1.1, label=self._say("pacing.ringing"), **step)
        ready = self._curve(lambda _, inputs: inputs.ready)
        axes.fill_between(
            self._at, ready, step="post", color=_GREEN, alpha=0.35, lw=0, label=self._say("pacing.ready")
        )
        waiting = self._curve(lambda _, inputs: inputs.waiting)
        axes.fill_between(
            self._at, waiting, step="post", color=_RED, alpha=0.9, lw=0, label=self._say("pacing.waiting")
        )
        axes.set_ylim(bottom=0)
        self._finish(axes, "chart.lines")

    def _risk(self, axes: Any) -> None:
        for name, colour, style in (
            ("risk", _BLUE, "-"),
            ("accepted_risk", _RED, "--"),
            ("answer_probability", _GREY, ":"),
        ):
            share = self._curve(lambda _, inputs, name=name: getattr(inputs, name))
            axes.plot(self._at, share, color=colour, ls=style, lw=1.2, label=self._say(f"pacing.{name}"))
        axes.yaxis.set_major_formatter(_percent(0))
        axes.set_ylim(bottom=0)
        self._finish(axes, "chart.risk")

    def _window(self, axes: Any, kind: WindowKind) -> None:
        actual = self._curve(lambda _, inputs: _actual(_of(inputs, kind)))
        expected = self._curve(lambda _, inputs: _expected(_of(inputs, kind), inputs))
        axes.plot(self._at, expected, color=_ORANGE, lw=1.1, ls="--", label=self._say("chart.expected"))
        axes.plot(self._at, actual, color=_BLUE, lw=1.4, label=self._say("chart.actual"))
        caps = [state.cap for _, inputs in self._samples if (state := _of(inputs, kind)) is not None]
        if caps:
            axes.axhline(caps[-1], color=_RED, lw=1.0, label=f"{self._say('column.cap')} {caps[-1]:.1%}")
            known = [value for value in (*actual, *expected) if value == value]
            axes.set_ylim(0, max(1.25 * caps[-1], min(1.1 * max(known, default=0.0), 4 * caps[-1])))
        axes.yaxis.set_major_formatter(_percent(1))
        window = name_of("window", kind, self._language)
        self._finish(axes, "chart.window", window=window)

    def _finish(self, axes: Any, title: str, **values: str) -> None:
        axes.set_title(say(title, self._language, **values), loc="left", fontsize=10)
        axes.grid(axis="y", alpha=0.25)
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=4, frameon=False, fontsize=8, borderaxespad=0
        )


def _percent(decimals: int) -> Any:
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(xmax=1.0, decimals=decimals)


def _of(inputs: InputsOut, kind: WindowKind) -> WindowStateOut | None:
    return next((state for state in inputs.windows if state.kind is kind), None)


def _actual(state: WindowStateOut | None) -> float | None:
    return None if state is None or not state.answered else state.abandoned / state.answered


def _expected(state: WindowStateOut | None, inputs: InputsOut) -> float | None:
    """The share once the lines that are out now have ended as the pacer expects."""
    if state is None or inputs.promised is None or inputs.expected_answers is None:
        return None
    answered = state.answered + inputs.expected_answers
    return (state.abandoned + inputs.promised) / answered if answered >= 1 else None


def _breaks(moments: Moments) -> Iterator[int]:
    """Places before which samples are missing."""
    for place in range(1, len(moments)):
        if (moments[place] - moments[place - 1]).total_seconds() > _GAP_S:
            yield place


def _runs(samples: Sequence[DecisionOut]) -> Iterator[tuple[str, datetime, datetime]]:
    """What was binding, from when, until when: until the next sample, or the last one before a break."""
    breaks = set(_breaks([each.at for each in samples]))
    first = 0
    for place in range(1, len(samples) + 1):
        over = place == len(samples)
        if over or place in breaks or samples[place].binding is not samples[first].binding:
            end = samples[place - 1 if over or place in breaks else place].at
            yield samples[first].binding, samples[first].at, end
            first = place
