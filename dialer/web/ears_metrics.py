"""Metrics of the process that listens to lines; its counters begin anew when it does."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dialer.ports.ears import EarsFigures


def ears_families(ears: EarsFigures | None) -> Iterator[Metric]:
    """Nothing while they are switched off."""
    if ears is None:
        return
    yield GaugeMetricFamily("dialer_ears_streams", "Lines heard now", ears.streams)
    yield GaugeMetricFamily(
        "dialer_ears_longest_tick_seconds",
        "The longest time one round of listening took",
        ears.longest_tick_s,
    )
    counters = (
        ("dialer_ears_streams_opened", "Lines heard so far", ears.streams_total),
        ("dialer_ears_frames", "Sound heard, in frames of 20 ms", ears.frames),
        ("dialer_ears_silences", "Frames that did not come, heard as silence", ears.silences),
        ("dialer_ears_refused", "Connections refused or broken", ears.refused),
        ("dialer_ears_late_ticks", "Rounds of listening that began late", ears.late_ticks),
        ("dialer_ears_cpu_seconds", "CPU used by listening", ears.cpu_s),
    )
    for name, what, value in counters:
        yield CounterMetricFamily(name, what, value)
