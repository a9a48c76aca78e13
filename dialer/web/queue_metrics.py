"""Queues of callers as metrics. A queue's name is a label: flows call it by it."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dialer.ports.floor import Snapshot


def queue_families(snapshot: Snapshot) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("dialer_queue_waiting", "Callers who wait for an agent", labels=["queue"])
    longest = GaugeMetricFamily(
        "dialer_queue_longest_wait_seconds",
        "How long the first of those who wait has waited",
        labels=["queue"],
    )
    answered = CounterMetricFamily(
        "dialer_queue_answered", "Callers who were joined to an agent", labels=["queue"]
    )
    in_time = CounterMetricFamily(
        "dialer_queue_answered_in_time",
        "Those among them who waited no longer than the goal",
        labels=["queue"],
    )
    left = CounterMetricFamily("dialer_queue_left", "Callers who waited in vain", labels=["queue"])
    for queue in snapshot.queues:
        waiting.add_metric([queue.name], queue.waiting)
        longest.add_metric([queue.name], queue.longest_wait_s)
        answered.add_metric([queue.name], queue.answered)
        in_time.add_metric([queue.name], queue.in_time)
        left.add_metric([queue.name], queue.left)
    yield from (waiting, longest, answered, in_time, left)
