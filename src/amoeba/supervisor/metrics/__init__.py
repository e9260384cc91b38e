"""`/metrics`: what all processes measured, in Prometheus' text form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from amoeba.evidence import EdgeTotals
from amoeba.evidence.histogram import bucket_middle_ns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from amoeba.runtime import ReplicaStatus, Status

_EDGE = ["caller", "module", "method"]
_BOUNDS_S = (1e-6, 1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1,
             0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # fmt: skip


def render_metrics(status: Status) -> bytes:
    """The exposition of one moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StatusCollector(status))
    return generate_latest(registry)


class _StatusCollector(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterable[Metric]:
        yield from _replicas(self._status.replicas)
        yield from _edges(self._status.totals)


def _replicas(replicas: list[ReplicaStatus]) -> Iterable[Metric]:
    labels = ["process", "replica"]
    ready = GaugeMetricFamily("amoeba_replica_ready", "1 when calls are served", labels=labels)
    memory = GaugeMetricFamily(
        "amoeba_replica_memory_bytes", "Resident memory of the process", labels=labels
    )
    restarts = CounterMetricFamily(
        "amoeba_replica_restarts", "Times it was started again", labels=labels
    )
    for each in replicas:
        values = [each.process, each.replica]
        ready.add_metric(values, float(each.state == "ready"))
        memory.add_metric(values, each.rss_bytes)
        restarts.add_metric(values, each.restarts)
    return [ready, memory, restarts]


def _edges(totals: list[EdgeTotals]) -> Iterable[Metric]:
    errors = CounterMetricFamily(
        "amoeba_call_errors", "Calls that raised, by exception", labels=[*_EDGE, "error"]
    )
    flying = GaugeMetricFamily("amoeba_calls_in_flight", "Calls without an end", labels=_EDGE)
    latency = HistogramMetricFamily(
        "amoeba_call_duration_seconds", "From call to answer, at the caller", labels=_EDGE
    )
    for each in totals:
        values = [each.caller, each.module, each.method]
        flying.add_metric(values, each.in_flight)
        for name, count in each.errors.items():
            errors.add_metric([*values, name], count)
        buckets, total_s = _cumulative(each)
        latency.add_metric(values, buckets=buckets, sum_value=total_s)
    return [errors, flying, latency]


def _cumulative(totals: EdgeTotals) -> tuple[list[tuple[str, float]], float]:
    spans = [(bucket_middle_ns(bucket) / 1e9, count) for bucket, count in totals.latency.items()]
    counted = [(f"{b:g}", float(sum(n for span, n in spans if span <= b))) for b in _BOUNDS_S]
    return [*counted, ("+Inf", float(totals.calls))], sum(span * n for span, n in spans)
