"""The exposition of one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from amoeba.supervisor.metrics.edges import edge_metrics
from amoeba.supervisor.metrics.replicas import replica_metrics
from amoeba.supervisor.metrics.runs import run_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from amoeba.runtime import Status


def render_metrics(status: Status) -> bytes:
    """What is known of the running application, in Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StatusCollector(status))
    return generate_latest(registry)


class _StatusCollector(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterable[Metric]:
        yield from run_metrics(self._status)
        yield from replica_metrics(self._status.replicas, self._status.processes)
        yield from edge_metrics(self._status.totals)
