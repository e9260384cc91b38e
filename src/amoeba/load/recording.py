"""What came of the requests of a run, counted per kind of request and per slice of time.

Slices are of the moment of arrival, so that a stall of the target shows where it hit; answers are
counted in the slice in which they came, too: that is the throughput achieved.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from amoeba.evidence.histogram import bucket_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amoeba.load.scenario import Scenario

MOST_SLICES = 600
Buckets = dict[int, int]


class Slice:
    """Requests of one kind that arrived within one slice of time."""

    __slots__ = ("arrived", "failures", "latency")

    def __init__(self) -> None:
        self.arrived = 0
        self.failures: defaultdict[str, int] = defaultdict(int)
        self.latency: defaultdict[int, int] = defaultdict(int)


class Series:
    """All requests of one kind. `sum_ns` and `max_ns` are of the answers that were expected."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.slices: defaultdict[int, Slice] = defaultdict(Slice)
        self.statuses: defaultdict[int, int] = defaultdict(int)
        self.sum_ns = self.max_ns = 0


class Recording:
    """All requests of a run, but those of the warm-up.

    Moments are nanoseconds since the first that counts. `late` is how long after its arrival each
    request was sent, per slice. `ended_ns`: when arrivals ended, `answered_ns`: the last answer.
    """

    def __init__(self, scenario: Scenario, slice_s: float | None = None) -> None:
        """Slices are of whole seconds, or of `slice_s`."""
        whole_s = max(1, math.ceil(scenario.arrivals.duration_s / MOST_SLICES))
        self.width_s: float = slice_s or whole_s
        self._width_ns = round(self.width_s * 1_000_000_000)
        self.series = {request.name: Series(request.name) for request in scenario.requests}
        self.late: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
        self.answered: defaultdict[int, int] = defaultdict(int)
        self.in_flight = self.unfinished = 0
        self.ended_ns = self.answered_ns = 0

    def arrived(self, name: str, arrival_ns: int) -> Slice:
        """Count an arrival; its slice is where its outcome belongs."""
        found = self.series[name].slices[arrival_ns // self._width_ns]
        found.arrived += 1
        return found

    def sent(self, arrival_ns: int, moment_ns: int) -> None:
        """A request that arrived then was sent now."""
        self.late[arrival_ns // self._width_ns][bucket_of(max(0, moment_ns - arrival_ns))] += 1

    def succeeded(self, name: str, where: Slice, arrival_ns: int, moment_ns: int) -> None:
        """An answer as expected is complete."""
        taken_ns = max(0, moment_ns - arrival_ns)
        where.latency[bucket_of(taken_ns)] += 1
        series = self.series[name]
        series.sum_ns += taken_ns
        series.max_ns = max(series.max_ns, taken_ns)
        self.answered[moment_ns // self._width_ns] += 1
        self.answered_ns = max(self.answered_ns, moment_ns)


def merged(many: Iterable[Buckets]) -> Buckets:
    """The sum of histograms."""
    total: defaultdict[int, int] = defaultdict(int)
    for buckets in many:
        for bucket, count in buckets.items():
            total[bucket] += count
    return dict(total)
