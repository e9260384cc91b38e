"""Rates: what happened in an interval, by the second, and how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amoeba.evidence.histogram import quantile_ns
from amoeba.evidence.records import HTTP

if TYPE_CHECKING:
    from amoeba.evidence.records import EdgeTotals, Interval, ProcessTotals


class EdgeRate(msgspec.Struct):
    """An edge in an interval. Quantiles are of the calls that ended in it; None when none did."""

    caller: str
    module: str
    method: str
    per_s: float
    errors_per_s: float
    in_flight: int
    p50_ns: float | None
    p95_ns: float | None
    p99_ns: float | None

    @property
    def route(self) -> bool:
        """Whether it is one of the gateway's routes."""
        return self.caller == HTTP


class ProcessRate(msgspec.Struct):
    """A replica in an interval. `cpus`: how many CPUs it kept busy, 1.5 is one and a half.

    `blocked_by` is the module that kept its event loop longest from running, for `blocked` of the
    time; empty when none was caught. `gc` is the share of the time that garbage collection took.
    """

    cpus: float
    rss_bytes: int
    descriptors: int
    loop_lag_p99_ns: float | None
    blocked_by: str
    blocked: float
    gc: float
    gpu_bytes: int | None
    gpu_busy: float | None


class Rates(msgspec.Struct):
    """An application in an interval of `width_s`. `failed`: the share of requests that did.

    Edges are sorted, the busiest first; processes are by replica.
    """

    width_s: float
    requests_per_s: float
    failed: float
    edges: list[EdgeRate]
    processes: dict[str, ProcessRate]


def rates_of(interval: Interval) -> Rates:
    """The rates of an interval of some length."""
    width_s = interval.width_s
    edges = [_edge(each, width_s) for each in interval.edges]
    routes = [each for each in edges if each.route]
    asked = sum(each.per_s for each in routes)
    failed = sum(each.errors_per_s for each in routes)
    return Rates(
        width_s=width_s,
        requests_per_s=asked,
        failed=failed / asked if asked else 0.0,
        edges=sorted(edges, key=_busiest_first),
        processes={name: _process(each, width_s) for name, each in interval.processes.items()},
    )


def _busiest_first(edge: EdgeRate) -> tuple[float, int, str, str, str]:
    return -edge.per_s, -edge.in_flight, edge.caller, edge.module, edge.method


def _edge(edge: EdgeTotals, width_s: float) -> EdgeRate:
    p50, p95, p99 = (_quantile(edge.latency, q) for q in (0.5, 0.95, 0.99))
    return EdgeRate(
        edge.caller,
        edge.module,
        edge.method,
        per_s=edge.calls / width_s,
        errors_per_s=sum(edge.errors.values()) / width_s,
        in_flight=edge.in_flight,
        p50_ns=p50,
        p95_ns=p95,
        p99_ns=p99,
    )


def _process(used: ProcessTotals, width_s: float) -> ProcessRate:
    width_ns = width_s * 1e9
    most = max(used.blocked_by, key=lambda each: (used.blocked_by[each], each), default="")
    return ProcessRate(
        cpus=used.cpu_ns / width_ns,
        rss_bytes=used.rss_bytes,
        descriptors=used.descriptors,
        loop_lag_p99_ns=_quantile(used.loop_lag, 0.99),
        blocked_by=most,
        blocked=used.blocked_by.get(most, 0) / width_ns,
        gc=used.gc_pause_ns / width_ns,
        gpu_bytes=used.gpu_bytes,
        gpu_busy=used.gpu_busy,
    )


def _quantile(buckets: dict[int, int], q: float) -> float | None:
    return quantile_ns(buckets, q) if buckets else None
