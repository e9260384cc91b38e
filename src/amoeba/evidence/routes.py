"""Where the time of the gateway's routes goes: the critical paths of many requests, added up."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amoeba.evidence.critical import Part, Request

ONE_IN = 10
"""So many requests make one that is called slow."""


class CallShare(msgspec.Struct):
    """What one method is in a number of requests. Nanoseconds are of the critical path, summed.

    `crossing_ns` is the way to it from another process, and back. `sequential` and `parallel` count
    calls, on the path or not: the parallel ones ran while their caller had another one running.
    """

    module: str
    method: str
    cpu_ns: int = 0
    wait_ns: int = 0
    crossing_ns: int = 0
    unseen_ns: int = 0
    sequential: int = 0
    parallel: int = 0

    @property
    def path_ns(self) -> int:
        """The time on the critical path, of every kind."""
        return self.cpu_ns + self.wait_ns + self.crossing_ns + self.unseen_ns


class PathTotals(msgspec.Struct):
    """A number of requests. `calls`, most time on the path first, add up to `took_ns`."""

    requests: int = 0
    took_ns: int = 0
    calls: list[CallShare] = []


class RouteTime(msgspec.Struct):
    """The requests of one route, or of all when `route` is empty; `slowest`: the slowest tenth.

    `not_traced` were seen from outside alone, and are in no sum.
    """

    route: str
    all: PathTotals
    slowest: PathTotals
    not_traced: int = 0


def time_by_route(requests: Iterable[Request]) -> list[RouteTime]:
    """Where the time of each route went; the route that took most of it first."""
    found: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        if request.whole:
            found[request.first.method].append(request)
    routes = [route_time(each, route) for route, each in found.items()]
    return sorted(routes, key=lambda each: (-each.all.took_ns, each.route))


def route_time(requests: Sequence[Request], route: str = "") -> RouteTime:
    """Where the time of these requests went."""
    traced = [each for each in requests if each.whole and each.looked_at]
    by_time = sorted(traced, key=lambda each: -each.first.duration_ns)
    slowest = by_time[: -(-len(traced) // ONE_IN)]
    not_traced = sum(each.whole and not each.looked_at for each in requests)
    return RouteTime(route, _totals(traced), _totals(slowest), not_traced)


def _totals(requests: Iterable[Request]) -> PathTotals:
    shares: dict[tuple[str, str], CallShare] = {}
    totals = PathTotals()
    for request in requests:
        totals.requests += 1
        for part in request.parts:
            key = part.span.module, part.span.method
            _add(shares.setdefault(key, CallShare(*key)), part)
            totals.took_ns += part.own_ns
    totals.calls = sorted(
        shares.values(), key=lambda each: (-each.path_ns, each.module, each.method)
    )
    return totals


def _add(share: CallShare, part: Part) -> None:
    share.cpu_ns += part.cpu_ns
    share.wait_ns += part.wait_ns
    share.crossing_ns += part.crossing_ns
    share.unseen_ns += part.unseen_ns
    if part.span.side != "server" or not part.depth:  # the caller's side stands for both
        share.parallel += part.parallel
        share.sequential += not part.parallel
