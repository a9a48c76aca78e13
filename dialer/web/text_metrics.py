"""Text messages as metrics."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dialer.ports.texts import TextFigures


def text_families(figures: TextFigures) -> Iterator[Metric]:
    handed = CounterMetricFamily(
        "dialer_texts", "Text messages: taken by the gateway, failed for good, put off", labels=["result"]
    )
    for result in ("sent", "failed", "put_off"):
        handed.add_metric([result], getattr(figures, result))
    yield handed
    yield GaugeMetricFamily("dialer_texts_waiting", "Text messages that wait", value=figures.waiting)
    yield GaugeMetricFamily(
        "dialer_texts_oldest_seconds", "Since when the first of them waits", value=figures.oldest_s
    )
