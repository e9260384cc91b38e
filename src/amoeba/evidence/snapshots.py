"""Totals at several moments: their differences are what happened between."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from amoeba.evidence.adding import edges_since, process_since
from amoeba.evidence.records import EdgeTotals, Interval, ProcessTotals


class Snapshot(NamedTuple):
    """Totals of a moment, `at_s` on any clock that only goes forward; processes by replica."""

    at_s: float
    edges: list[EdgeTotals]
    processes: dict[str, ProcessTotals]

    def since(self, before: Snapshot) -> Interval:
        """What was added between; edges on which nothing happened are left out."""
        return Interval(
            start_s=before.at_s,
            width_s=self.at_s - before.at_s,
            edges=edges_since(self.edges, before.edges),
            processes={
                replica: process_since(process, before.processes.get(replica))
                for replica, process in self.processes.items()
            },
        )


class Snapshots:
    """Snapshots of the last `length_s` seconds and the one before, at least `gap_s` apart."""

    def __init__(self, gap_s: float, length_s: float) -> None:
        self._gap_s, self._length_s = gap_s, length_s
        self._kept: deque[Snapshot] = deque()

    def due(self, now_s: float) -> bool:
        """Whether the last one is a gap ago."""
        return not self._kept or now_s - self._kept[-1].at_s >= self._gap_s

    def add(self, snapshot: Snapshot) -> None:
        """Keep one, and forget those that no later moment will be compared with."""
        self._kept.append(snapshot)
        while len(self._kept) > 1 and snapshot.at_s - self._kept[1].at_s >= self._length_s:
            self._kept.popleft()

    def clear(self) -> None:
        """Forget all: what they were of is over."""
        self._kept.clear()

    def lately(self, now: Snapshot) -> Interval | None:
        """What was added since the newest one that is `length_s` ago, or else since the oldest.

        None when there is none before `now`.
        """
        before = [each for each in self._kept if each.at_s < now.at_s]
        if not before:
            return None
        ago = [each for each in before if now.at_s - each.at_s >= self._length_s]
        return now.since(ago[-1] if ago else before[0])
