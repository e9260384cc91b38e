"""Metrics of the run: what it is, since when, and whether its evidence is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba._version import __version__
from amoeba.supervisor.metrics.families import counter, gauge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from amoeba.runtime import Status, StoreHealth


def run_metrics(status: Status) -> Iterator[Metric]:
    """All families of the run."""
    about = gauge("amoeba_info", "What runs; always 1", ["application", "topology", "version"])
    about.add_metric([status.application, status.topology, __version__], 1)
    began = gauge("amoeba_start_time_seconds", "When the topology began to run, since the epoch")
    began.add_metric([], status.began_s)
    down = gauge("amoeba_module_down", "1 for a module that was given up", ["module"])
    for module in status.down:
        down.add_metric([module], 1)
    yield from (about, began, down)
    yield from _evidence(status.evidence)


def _evidence(health: StoreHealth | None) -> Iterator[Metric]:
    intervals = counter(
        "amoeba_evidence_intervals", "Intervals of evidence, by what became of them", ["result"]
    )
    last = gauge(
        "amoeba_evidence_last_kept_timestamp_seconds",
        "End of the last interval kept, since the epoch",
    )
    size = gauge("amoeba_evidence_size_bytes", "The evidence's file and its log")
    limit = gauge("amoeba_evidence_limit_bytes", "What it may grow to")
    if health is not None:
        intervals.add_metric(["kept"], health.kept)
        intervals.add_metric(["lost"], health.lost)
        last.add_metric([], health.last_kept_s)
        size.add_metric([], health.size_bytes)
        limit.add_metric([], health.limit_bytes)
    yield from (intervals, last, size, limit)
