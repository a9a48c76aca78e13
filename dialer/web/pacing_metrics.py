"""Gauges of pacing: what the last decision of each campaign was made from, and each abandonment window against its cap."""

from collections.abc import Iterator, Mapping
from math import isfinite

from prometheus_client.core import GaugeMetricFamily

from dialer.pacing.decision import Binding, WindowState
from dialer.ports.floor import Snapshot

# by field of the decision; a mode that does not reckon with one has no sample of it
_FIGURES: Mapping[str, tuple[str, str]] = {
    "target_lines": ("fairdial_pacing_lines_wanted", "Lines without an answer that the pacer wants out"),
    "risk": ("fairdial_pacing_risk", "Risk that one more answer finds no agent free"),
    "accepted_risk": ("fairdial_pacing_accepted_risk", "The risk that is accepted"),
    "answer_probability": ("fairdial_pacing_answer_probability", "Chance that the next contact answers"),
    "expected_answers": ("fairdial_pacing_expected_answers", "Answers expected of the lines that ring"),
}


def pacing_families(snapshot: Snapshot) -> Iterator[GaugeMetricFamily]:
    decided = [(each.name, each.decision) for each in snapshot.campaigns if each.decision is not None]
    for field, (name, what) in _FIGURES.items():
        figures = {campaign: getattr(decision, field) for campaign, decision in decided}
        yield _gauge(name, what, figures)
    binding = GaugeMetricFamily(
        "fairdial_pacing_binding", "1 for what keeps the number of lines down", labels=["campaign", "binding"]
    )
    for campaign, decision in decided:
        for each in Binding:
            binding.add_metric([campaign, each.value], each is decision.binding)
    yield binding
    yield from _windows([(campaign, window) for campaign, decision in decided for window in decision.windows])


def _gauge(name: str, what: str, figures: Mapping[str, float | None]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=["campaign"])
    for campaign, value in figures.items():
        if value is not None and isfinite(value):
            family.add_metric([campaign], value)
    return family


def _windows(windows: list[tuple[str, WindowState]]) -> Iterator[GaugeMetricFamily]:
    labels = ["campaign", "window", "profile"]
    rate = GaugeMetricFamily("fairdial_pacing_window_rate", "Abandoned of those answered", labels=labels)
    cap = GaugeMetricFamily("fairdial_pacing_window_cap", "The cap of that share", labels=labels)
    allowed = GaugeMetricFamily(
        "fairdial_pacing_window_allowed_rate",
        "Share of the answers to come that may be abandoned; none when nothing limits it",
        labels=labels,
    )
    for campaign, window in windows:
        which = [campaign, window.kind.value, window.profile]
        cap.add_metric(which, window.cap)
        if window.answered:
            rate.add_metric(which, window.abandoned / window.answered)
        if isfinite(window.rate):
            allowed.add_metric(which, window.rate)
    yield from (rate, cap, allowed)
