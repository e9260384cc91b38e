"""The writer: one at a time, synchronous, each call one transaction."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from amoeba.evidence.store import bounding, intervals, periods, spans
from amoeba.evidence.store.downsampling import downsample
from amoeba.evidence.store.names import Names
from amoeba.evidence.store.schema import EVIDENCE
from amoeba.evidence.store.transactions import Transactions

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from amoeba.evidence.records import Interval, Live

MOST_BYTES = 256 << 20


class Store:
    """Evidence being written. Use it from one thread at a time.

    Every method but `close` may raise StoreError; what it was given is then not kept, what was
    kept before is unharmed, and the next call may succeed.
    """

    def __init__(self, path: Path, most_bytes: int, clock: Callable[[], float]) -> None:
        """Use `Store.open`."""
        self.path, self.most_bytes = path, most_bytes
        self.schema = EVIDENCE
        self._clock = clock
        self._transactions = Transactions(path, most_bytes, clock, self)
        self._names = Names()
        self._live: Live | None = None
        self._began_s = 0.0
        self._period = 0

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open the file, made when it is not there; a damaged one is set aside with a warning.

        `most_bytes` bounds the file and SQLite's log, beyond which goes at most what one interval
        writes. `clock`: seconds since the epoch. A period that a kill left open is ended.
        Raises StoreError when another process writes the file, it belongs to another user, it is
        of a newer version, or cannot be written.
        """
        store = cls(path, max(most_bytes, bounding.LEAST_BYTES), clock)
        try:
            store._transactions.run(periods.end_the_killed)
        except BaseException:
            store.close()
            raise
        return store

    def went_live(self, live: Live) -> int:
        """A new period begins, and the one before ends. Returns its number.

        If it raises, the period begins with the next `add` that succeeds.
        """
        self._live, self._began_s, self._period = live, self._clock(), 0
        self._period = self._transactions.run(self._begun)
        return self._period

    def add(self, interval: Interval) -> None:
        """Keep an interval of the live period: once this returns, a kill does not lose it."""
        if self._live is None:
            msg = "no period is live: call went_live first"
            raise RuntimeError(msg)
        self._period = self._transactions.run(lambda connection: self._add(connection, interval))

    def ended(self) -> None:
        """The live period ends, and none begins."""
        now = self._clock()
        self._live, self._period = None, 0
        self._transactions.run(lambda connection: periods.end(connection, now))

    def close(self) -> None:
        """Give the file up. A period that is still live is ended at its last interval, later."""
        self._transactions.close()

    def opened_anew(self) -> None:
        """See Contents."""
        self._names.forget()
        self._period = 0

    def rolled_back(self) -> None:
        """See Contents."""
        self._names.forget()

    def free_some(self, connection: sqlite3.Connection, pages: int) -> bool:
        """See Contents. When the disk is full, and not the file, only spans are given up."""
        return bounding.free_some(connection, pages)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, connection: sqlite3.Connection, interval: Interval) -> int:
        arriving = len(interval.spans)
        bounding.make_room(connection, bounding.most_pages(self.most_bytes), arriving)
        period = self._begun(connection)
        intervals.write(connection, self._names, period, interval)
        spans.write(connection, self._names, period, interval.spans)
        periods.reached(connection, period, interval.start_s + interval.width_s)
        downsample(connection, self._clock())
        return period

    def _begun(self, connection: sqlite3.Connection) -> int:
        """The live period's number; it is begun here if that failed before, or the file is new."""
        if self._period or self._live is None:
            return self._period
        return periods.begin(connection, self._live, self._began_s)
