"""The recorder: per edge calls, errors, latency and calls in flight, always on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class EdgeTotals(msgspec.Struct):
    """What one process saw of one edge since it started. Buckets: see `evidence.histogram`."""

    caller: str
    module: str
    method: str
    calls: int
    errors: dict[str, int]
    in_flight: int
    latency: dict[int, int]


class Edge:
    """Counts the calls of one method of one module by one caller.

    Counts are exact for calls on the host's loop; under threads an update can be lost, so they
    are evidence, not accounting. `replica` is where the callee runs while that is the caller's own
    process, otherwise empty.
    """

    __slots__ = ("caller", "errors", "in_flight", "latency", "method", "module", "replica")

    def __init__(self, caller: str, module: str, method: str) -> None:
        self.caller, self.module, self.method = caller, module, method
        self.replica = ""
        self.in_flight = 0
        self.errors: defaultdict[str, int] = defaultdict(int)
        self.latency: defaultdict[int, int] = defaultdict(int)

    def failed(self, error: BaseException) -> None:
        """A call ended with `error`."""
        self.errors[type(error).__name__] += 1

    def totals(self) -> EdgeTotals:
        """The counts so far."""
        latency = dict(self.latency)
        return EdgeTotals(
            self.caller,
            self.module,
            self.method,
            sum(latency.values()),
            dict(self.errors),
            self.in_flight,
            latency,
        )


class Recorder:
    """The edges of one host."""

    def __init__(self) -> None:
        self._edges: dict[tuple[str, str, str], Edge] = {}

    def edge(self, caller: str, module: str, method: str) -> Edge:
        """The edge, made when first asked for."""
        key = (caller, module, method)
        if key not in self._edges:
            self._edges[key] = Edge(*key)
        return self._edges[key]

    def totals(self) -> list[EdgeTotals]:
        """The counts of every edge that was called or is being called."""
        found = [edge.totals() for edge in list(self._edges.values())]
        return [each for each in found if each.calls or each.in_flight]


def merge(totals: Iterable[EdgeTotals]) -> list[EdgeTotals]:
    """Totals of several processes as one, sorted by edge."""
    merged: dict[tuple[str, str, str], EdgeTotals] = {}
    for each in totals:
        key = (each.caller, each.module, each.method)
        into = merged.setdefault(key, EdgeTotals(*key, 0, {}, 0, {}))
        into.calls += each.calls
        into.in_flight += each.in_flight
        for name, count in each.errors.items():
            into.errors[name] = into.errors.get(name, 0) + count
        for bucket, count in each.latency.items():
            into.latency[bucket] = into.latency.get(bucket, 0) + count
    return [merged[key] for key in sorted(merged)]
