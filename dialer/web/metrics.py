"""Metrics for Prometheus, read off the floor when asked. No phone number and no agent's name is a label."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dialer.domain.agent import AgentState
from dialer.domain.air import Trouble
from dialer.domain.attempt import AttemptState
from dialer.domain.contact import ContactState
from dialer.ports.floor import Floor, Gauges, Snapshot
from dialer.web.ears_metrics import ears_families
from dialer.web.pacing_metrics import pacing_families
from dialer.web.queue_metrics import queue_families
from dialer.web.text_metrics import text_families

OPENMETRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SETUP_BUCKETS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 20.0, 30.0, 60.0)
_JOIN_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_LATEST = 10_000


class Durations:
    """A histogram that only grows, from a port that shows just the latest durations."""

    def __init__(self, buckets: tuple[float, ...]) -> None:
        self._buckets = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0
        self._seen: tuple[float, ...] = ()

    def take(self, latest: tuple[float, ...]) -> None:
        for seconds in latest[_overlap(self._seen, latest) :]:
            self._sum += seconds
            place = next((i for i, most in enumerate(self._buckets) if seconds <= most), len(self._buckets))
            self._counts[place] += 1
        self._seen = latest

    def family(self, name: str, what: str) -> HistogramMetricFamily:
        bounds = [*map(str, self._buckets), "+Inf"]
        running, total = [], 0
        for bound, count in zip(bounds, self._counts, strict=True):
            total += count
            running.append((bound, total))
        family = HistogramMetricFamily(name, what)
        family.add_metric([], buckets=running, sum_value=self._sum)
        return family


def _overlap(before: tuple[float, ...], now: tuple[float, ...]) -> int:
    """How many of the first values of `now` were already in `before`, which lost values at its front."""
    if now[: len(before)] == before:
        return len(before)
    for lost in range(1, len(before) + 1):
        rest = before[lost:]
        if now[: len(rest)] == rest:
            return len(rest)
    return 0


class FloorMetrics:
    def __init__(self) -> None:
        self._setup = Durations(_SETUP_BUCKETS)
        self._join = Durations(_JOIN_BUCKETS)

    def exposed(self, floor: Floor) -> bytes:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Once(list(self._families(floor))))
        return generate_latest(registry)

    def _families(self, floor: Floor) -> Iterator[Metric]:
        snapshot, gauges = floor.snapshot(), floor.gauges()
        self._setup.take(tuple(gauges.setup_s))
        self._join.take(tuple(gauges.answer_to_join_s))
        yield from _calls(snapshot, gauges)
        yield from pacing_families(snapshot)
        yield from _floor(snapshot)
        yield from queue_families(snapshot)
        yield from _link(floor, gauges)
        yield from ears_families(gauges.ears)
        yield from text_families(gauges.texts)
        yield _air(gauges)
        yield self._setup.family("dialer_call_setup_seconds", "From dialling to the first ringing")
        yield self._join.family("dialer_answer_to_join_seconds", "From the answer to the agent")


class _Once(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _calls(snapshot: Snapshot, gauges: Gauges) -> Iterator[Metric]:
    calls = CounterMetricFamily("dialer_calls", "Calls that have ended", labels=["campaign", "result"])
    for (campaign, result), count in gauges.calls_total.items():
        calls.add_metric([campaign, result], count)
    yield calls
    current = Counter({state: 0 for state in AttemptState})
    for campaign_now in snapshot.campaigns:
        current.update(campaign_now.calls)
    yield _by_state("dialer_calls_in_progress", "Calls now by state", current)
    yield _abandonment(snapshot)


def _abandonment(snapshot: Snapshot) -> GaugeMetricFamily:
    ratio = GaugeMetricFamily(
        "dialer_abandon_ratio", "Abandoned of those answered by people", labels=["campaign", "window"]
    )
    for campaign in snapshot.campaigns:
        for window, counts in campaign.abandonment.items():
            if counts.answered:
                ratio.add_metric([campaign.name, window], counts.abandoned / counts.answered)
    return ratio


def _floor(snapshot: Snapshot) -> Iterator[Metric]:
    agents = Counter({state: 0 for state in AgentState})
    agents.update(agent.state for agent in snapshot.agents)
    yield _by_state("dialer_agents", "Agents by state", agents)
    leads: Counter[str] = Counter({state: 0 for state in ContactState})
    for campaign in snapshot.campaigns:
        leads.update(campaign.contacts.by_state)
    yield _by_state("dialer_leads", "Contacts by state", leads)
    lines = GaugeMetricFamily("dialer_trunk_lines", "Lines of a trunk", labels=["trunk", "kind"])
    for trunk in snapshot.trunks:
        lines.add_metric([trunk.name, "in_use"], trunk.in_use)
        lines.add_metric([trunk.name, "limit"], trunk.channels)
    yield lines
    yield GaugeMetricFamily(
        "dialer_snapshot_timestamp_seconds", "When these figures were made", snapshot.at.timestamp()
    )


def _link(floor: Floor, gauges: Gauges) -> Iterator[Metric]:
    parts = {part.name: part.ok for part in floor.parts()}
    up = GaugeMetricFamily("dialer_part_up", "Whether a part of the service works", labels=["part"])
    for name, ok in parts.items():
        up.add_metric([name], ok)
    yield up
    yield GaugeMetricFamily(
        "dialer_ami_up", "Whether the telephone link is up", parts.get("telephony", False)
    )
    yield CounterMetricFamily("dialer_ami_reconnects", "Reconnections of the link", gauges.link_reconnects)
    yield GaugeMetricFamily(
        "dialer_originate_inflight", "Calls sent and not yet confirmed", gauges.originates_in_flight
    )


def _air(gauges: Gauges) -> CounterMetricFamily:
    family = CounterMetricFamily("dialer_air_troubles", "Troubles found in conversations", labels=["kind"])
    for kind in Trouble:
        family.add_metric([kind], gauges.air.get(kind, 0))
    return family


def _by_state(name: str, what: str, counts: Mapping[Any, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=["state"])
    for state, count in counts.items():
        family.add_metric([str(state)], count)
    return family


METRICS: web.AppKey[FloorMetrics] = web.AppKey("metrics", FloorMetrics)
