"""What the evidence of a run says of its structure: hops, processes, who computes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from amoeba.evidence.records import HTTP
from amoeba.evidence.store import Evidence, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from amoeba.evidence import EdgeTotals, Span


class Shape(msgspec.Struct, frozen=True):
    """Means over requests, of routes weighted by how often they were called; nan when unknown.

    `hops`: calls that crossed to another process. `traces`: how many requests it is from.
    `cpu_by_module`: each module's share of the CPU time that calls and requests took.
    """

    processes: float
    hops: float
    spans: float
    traces: int
    cpu_by_module: dict[str, float]


class _Trace(msgspec.Struct):
    route: str = ""
    cpu_ns: int = 0
    processes: set[str] = msgspec.field(default_factory=set)
    hops: int = 0
    spans: int = 0


def shape_of(path: Path) -> Shape:
    """Read it from the evidence of one run; what cannot be read is unknown."""
    try:
        with Evidence.open(path) as evidence:
            traces = _traces(span for _, span in evidence.spans())
            edges = evidence.edges()
    except StoreError:
        return Shape(float("nan"), float("nan"), float("nan"), 0, {})
    calls = {edge.method: edge.calls for edge in edges if edge.caller == HTTP}
    used = computing(edges)
    total = sum(used.values())
    return Shape(
        processes=_mean(traces, calls, lambda trace: len(trace.processes)),
        hops=_mean(traces, calls, lambda trace: trace.hops),
        spans=_mean(traces, calls, lambda trace: trace.spans),
        traces=len(traces),
        cpu_by_module={name: cpu_ns / total for name, cpu_ns in sorted(used.items()) if total},
    )


def computing(edges: Iterable[EdgeTotals]) -> dict[str, float]:
    """CPU time by module, in nanoseconds: what a call took that was looked at, by all calls.

    Within 1 % for short calls too, which looks at threads would miss.
    """
    used: defaultdict[str, float] = defaultdict(float)
    for edge in edges:
        if edge.samples.calls:
            used[edge.module] += edge.samples.cpu_ns / edge.samples.calls * edge.calls
    return dict(used)


def _traces(spans: Iterable[Span]) -> list[_Trace]:
    """The traces of requests, without those of which only the request itself was kept."""
    found: defaultdict[str, _Trace] = defaultdict(_Trace)
    for span in spans:
        trace = found[span.trace_id]
        trace.spans += 1
        trace.hops += span.side == "client"
        if span.replica and span.side != "client":
            trace.processes.add(span.replica)
        if span.caller == HTTP:
            trace.route, trace.cpu_ns = span.method, span.cpu_ns
    return [trace for trace in found.values() if trace.route and trace.cpu_ns]


def _mean(traces: list[_Trace], calls: dict[str, int], figure: Callable[[_Trace], int]) -> float:
    """The mean over routes of each one's mean, by how often it was called."""
    by_route: defaultdict[str, list[int]] = defaultdict(list)
    for trace in traces:
        by_route[trace.route].append(figure(trace))
    weights = {route: calls.get(route, len(values)) for route, values in by_route.items()}
    total = sum(weights.values())
    if not total:
        return float("nan")
    return sum(weights[route] * sum(v) / len(v) for route, v in by_route.items()) / total
