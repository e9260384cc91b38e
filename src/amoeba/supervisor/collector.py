"""Takes what hosts report, and makes intervals of it: what was added lately, over all processes.

A host reports totals since it started. What a process that has ended had counted is kept, so totals
never fall while the run lasts.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from amoeba.evidence.adding import edges_since, merge_at_once, process_after, process_since
from amoeba.evidence.payloads import Payload, Shelf
from amoeba.evidence.records import EdgeTotals, Interval, ProcessTotals, Span
from amoeba.evidence.snapshots import Snapshot, Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.runtime import Report

_MOST_SPANS = 5000
_GAP_S, _LATELY_S = 60.0, 240.0
"""The last minutes, of which `lately` tells: a snapshot each minute, the oldest 4 to 5 ago."""
_MOST_PAYLOAD_BYTES = 16 << 20


class Collector:
    """The reports of one run. `clock` is for tests."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._since = clock()
        self._generations: dict[str, int] = {}
        self._edges: dict[str, list[EdgeTotals]] = {}  # of the living, by replica
        self._told: dict[str, list[EdgeTotals]] = {}  # the same at the last interval
        self._ended: list[EdgeTotals] = []  # of processes that are gone
        self._added: list[EdgeTotals] = []  # what they added since the last interval
        self._processes: dict[str, ProcessTotals] = {}
        self._told_processes: dict[str, ProcessTotals] = {}
        self._ended_processes: dict[str, ProcessTotals] = {}  # former ones of each replica
        self._added_processes: dict[str, ProcessTotals] = {}  # since the last interval
        self._spans: deque[Span] = deque(maxlen=_MOST_SPANS)
        self._minutes = Snapshots(_GAP_S, _LATELY_S)
        self._minutes.add(self._snapshot())
        self._payloads = Shelf(_MOST_PAYLOAD_BYTES)

    def take(self, replica: str, generation: int, report: Report) -> None:
        """A host has reported; of a process that was started anew the former one is over."""
        if self._generations.get(replica, generation) != generation:
            self._over(replica)
        self._generations[replica] = generation
        self._edges[replica] = report.edges
        self._processes[replica] = report.process
        self._spans.extend(report.spans)
        if self._minutes.due(self._clock()):
            self._minutes.add(self._snapshot())
        self._payloads.add(report.payloads)

    def totals(self) -> list[EdgeTotals]:
        """What all processes counted in this run."""
        living = (edge for edges in self._edges.values() for edge in edges)
        return merge_at_once([*self._ended, *living])

    def processes(self) -> dict[str, ProcessTotals]:
        """What each replica used in this run; of the moment is what its present process has."""
        return {
            replica: process_after(self._ended_processes.get(replica), process)
            for replica, process in self._processes.items()
        }

    def lately(self) -> Interval | None:
        """What was added in the last minutes."""
        return self._minutes.lately(self._snapshot())

    def spans(self) -> list[Span]:
        """The spans that no interval has yet."""
        return list(self._spans)

    def take_payloads(self) -> list[Payload]:
        """The requests that were recorded since the last time."""
        return self._payloads.take(_MOST_PAYLOAD_BYTES)

    def interval(self) -> Interval:
        """What was added since the last one."""
        now, since = self._clock(), self._since
        added = list(self._added)
        for replica, edges in self._edges.items():
            added += edges_since(edges, self._told.get(replica, ()))
        interval = Interval(
            start_s=since,
            width_s=now - since,
            edges=merge_at_once(added),
            processes={
                replica: process_after(
                    self._added_processes.get(replica),
                    process_since(process, self._told_processes.get(replica)),
                )
                for replica, process in self._processes.items()
            },
            spans=list(self._spans),
        )
        self._since, self._added, self._added_processes = now, [], {}
        self._told, self._told_processes = dict(self._edges), dict(self._processes)
        self._spans.clear()
        return interval

    def _snapshot(self) -> Snapshot:
        return Snapshot(self._clock(), self.totals(), self.processes())

    def _over(self, replica: str) -> None:
        edges = self._edges.pop(replica, [])
        self._added += edges_since(edges, self._told.pop(replica, ()))
        for edge in edges:
            edge.in_flight = 0
        self._ended = merge_at_once([*self._ended, *edges])
        process, told = self._processes.pop(replica), self._told_processes.pop(replica, None)
        for sums, more in (
            (self._ended_processes, process),
            (self._added_processes, process_since(process, told)),
        ):
            sums[replica] = process_after(sums.get(replica), more)
