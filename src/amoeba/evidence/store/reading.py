"""The readers: any number of them, also while the file is written or after its writer was killed.

No reader holds SQLite's log up: each takes a snapshot of an hour at a time and fetches it at once.
That is exact, since downsampling never merges across the hours of the clock.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Self, TypeVar

from amoeba.evidence.adding import add_process, merge_over_time
from amoeba.evidence.store import exporting, intervals, periods, spans
from amoeba.evidence.store.connecting import connect_reader, reported
from amoeba.evidence.store.downsampling import HOUR_S
from amoeba.evidence.store.errors import StoreError
from amoeba.evidence.store.packing import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from amoeba.evidence.records import EdgeTotals, Interval, ProcessTotals, Span
    from amoeba.evidence.store.exporting import Kind
    from amoeba.evidence.store.intervals import Kept
    from amoeba.evidence.store.periods import Period
    from amoeba.evidence.store.spans import Trace

R = TypeVar("R")

ALWAYS_S, FOREVER_S = 0.0, 1e11
_SPANS_AT_A_TIME, _CANDIDATES = 5000, 8


class Evidence:
    """Evidence being read.

    A range has what began at `since_s` or later and before `until_s`, in seconds since the epoch:
    adjacent ranges add up. What is old was merged, up to hours, so its ranges should be of hours.
    Methods raise StoreError when the file turns out to be damaged.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Use `Evidence.open`."""
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file; it is never written. Raises StoreError: missing, damaged, newer, older."""
        return cls(path, connect_reader(path))

    def close(self) -> None:
        """Give the file up."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def edges(
        self,
        since_s: float = ALWAYS_S,
        until_s: float = FOREVER_S,
        topology: str | None = None,
    ) -> list[EdgeTotals]:
        """Each edge's sum over the range, sorted; of one topology's periods if that is given."""
        found = self.series(since_s, until_s, topology)
        return merge_over_time(edge for interval in found for edge in interval.edges)

    def processes(
        self,
        since_s: float = ALWAYS_S,
        until_s: float = FOREVER_S,
        topology: str | None = None,
    ) -> dict[str, ProcessTotals]:
        """Each replica's sum over the range; what is of the moment is the highest seen."""
        sums: dict[str, tuple[ProcessTotals, float]] = {}
        for kept in self.kept(since_s, until_s, topology):
            for replica, more in kept.interval.processes.items():
                gpu_s = kept.gpu_s[replica]
                if replica in sums:
                    into, before_s = sums[replica]
                    sums[replica] = into, add_process(into, before_s, more, gpu_s)
                else:
                    sums[replica] = more, gpu_s
        return {replica: sums[replica][0] for replica in sorted(sums)}

    def series(
        self,
        since_s: float = ALWAYS_S,
        until_s: float = FOREVER_S,
        topology: str | None = None,
    ) -> Iterator[Interval]:
        """The intervals of the range by time, as coarse as their age made them, without spans.

        `width_s` is the time measured in it.
        """
        return (kept.interval for kept in self.kept(since_s, until_s, topology))

    def kept(
        self,
        since_s: float = ALWAYS_S,
        until_s: float = FOREVER_S,
        topology: str | None = None,
    ) -> Iterator[Kept]:
        """As `series`, each interval with the number of its period."""
        while (hour_s := self._next_hour(since_s, until_s)) is not None:
            end_s = hour_s + HOUR_S
            within = max(since_s, hour_s), min(until_s, end_s), topology
            with self._snapshot() as connection:
                found = intervals.read(connection, *within)
            yield from self._readable(found)
            since_s = end_s

    def lives(
        self,
        since_s: float = ALWAYS_S,
        until_s: float = FOREVER_S,
        topology: str | None = None,
    ) -> list[Period]:
        """What was live at any time of the range, oldest first."""
        with self._snapshot() as connection:
            return list(self._readable(periods.read(connection, since_s, until_s, topology)))

    def traces(
        self, limit: int = 20, route: str | None = None, *, slowest: bool = False
    ) -> list[Trace]:
        """The newest sampled requests, or the slowest; of one route: `POST /tickets`."""
        with self._snapshot() as connection:
            return spans.read_traces(connection, limit, route, slowest)

    def trace(self, prefix: str) -> list[Span]:
        """The spans of the trace whose identifier begins so, by their start; none if unknown.

        Raises StoreError when several traces begin so.
        """
        with self._snapshot() as connection:
            found = spans.find_traces(connection, prefix, _CANDIDATES)
            if len(found) > 1:
                what = f"several traces begin with {prefix!r}: {', '.join(found)}"
                raise StoreError("ambiguous", what, str(self.path), hint="give more digits")
            return spans.read_trace(connection, found[0]) if found else []

    def spans(
        self, since_s: float = ALWAYS_S, until_s: float = FOREVER_S
    ) -> Iterator[tuple[int, Span]]:
        """The spans that began in the range, in the order they were kept, each with its period."""
        after = 0
        while True:
            with self._snapshot() as connection:
                found = spans.read_after(connection, after, since_s, until_s, _SPANS_AT_A_TIME)
            if not found:
                return
            for after, period, span in found:  # noqa: B007 - the last one is where to go on
                yield period, span

    def export(
        self,
        kinds: Iterable[Kind] = exporting.KINDS,
        since_s: float = ALWAYS_S,
        until_s: float = FOREVER_S,
    ) -> Iterator[dict[str, object]]:
        """The range as plain data, one record at a time: docs/reference/evidence.md."""
        return exporting.export(self, frozenset(kinds), since_s, until_s)

    def _next_hour(self, since_s: float, until_s: float) -> float | None:
        with self._snapshot() as connection:
            first = connection.execute(
                """SELECT min(start_s) FROM intervals
                    WHERE level IN (0, 1, 2, 3) AND start_s >= ? AND start_s < ?""",
                (since_s, until_s),
            ).fetchone()[0]
        return None if first is None else float(first // HOUR_S * HOUR_S)

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        with reported(self.path):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _readable(self, found: Iterator[R]) -> Iterator[R]:
        try:
            yield from found
        except Unreadable as error:
            what = f"a row of it cannot be read: {error}"
            raise StoreError("damaged", what, str(self.path)) from None
