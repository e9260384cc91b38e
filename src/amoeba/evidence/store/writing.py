"""The writer: one at a time, synchronous, each call one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Self, TypeVar

from amoeba.evidence.store import bounding, intervals, periods, spans
from amoeba.evidence.store.downsampling import downsample
from amoeba.evidence.store.errors import StoreError, from_sqlite
from amoeba.evidence.store.files import beside, size_bytes
from amoeba.evidence.store.names import Names
from amoeba.evidence.store.opening import OpenFile, warn_and_set_aside
from amoeba.evidence.store.packing import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from amoeba.evidence.records import Interval, Live

T = TypeVar("T")

MOST_BYTES = 256 << 20
_ATTEMPTS = 4


class Store:
    """Evidence being written. Use it from one thread at a time.

    Every method but `close` may raise StoreError; what it was given is then not kept, what was
    kept before is unharmed, and the next call may succeed.
    """

    def __init__(self, path: Path, most_bytes: int, clock: Callable[[], float]) -> None:
        """Use `Store.open`."""
        self.path, self.most_bytes = path, most_bytes
        self._clock = clock
        self._file: OpenFile | None = None
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
            store._write(periods.end_the_killed)
        except BaseException:
            store.close()
            raise
        return store

    def went_live(self, live: Live) -> int:
        """A new period begins, and the one before ends. Returns its number.

        If it raises, the period begins with the next `add` that succeeds.
        """
        self._live, self._began_s, self._period = live, self._clock(), 0
        self._period = self._write(self._begun)
        return self._period

    def add(self, interval: Interval) -> None:
        """Keep an interval of the live period: once this returns, a kill does not lose it."""
        if self._live is None:
            msg = "no period is live: call went_live first"
            raise RuntimeError(msg)
        self._period = self._write(lambda connection: self._add(connection, interval))

    def ended(self) -> None:
        """The live period ends, and none begins."""
        now = self._clock()
        self._live, self._period = None, 0
        self._write(lambda connection: periods.end(connection, now))

    def close(self) -> None:
        """Give the file up. A period that is still live is ended at its last interval, later."""
        if self._file is not None:
            self._file.close()
            self._file = None

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

    def _write(self, action: Callable[[sqlite3.Connection], T]) -> T:
        for _ in range(_ATTEMPTS):
            try:
                connection = self._connected()
                self._shorten_log(connection)
                with _transaction(connection):
                    return action(connection)
            except (sqlite3.Error, ValueError, OverflowError) as error:
                self._names.forget()
                trouble = _trouble(error, self.path)
                if not self._mended(connection, trouble):
                    raise trouble from error
        raise trouble

    def _connected(self) -> sqlite3.Connection:
        if self._file is not None and self._file.is_gone():
            self.close()
        if self._file is None:
            self._names.forget()
            self._period = 0
            self._file = OpenFile(self.path, self.most_bytes, self._clock())
        return self._file.connection

    def _shorten_log(self, connection: sqlite3.Connection) -> None:
        if size_bytes(beside(self.path, "-wal")) <= bounding.log_bytes(self.most_bytes):
            return
        if not bounding.checkpoint(connection, "TRUNCATE"):
            what = "a reader holds it for so long that SQLite's log has no more room"
            raise StoreError("held", what, str(self.path), hint="end what reads the file")

    def _mended(self, connection: sqlite3.Connection, trouble: StoreError) -> bool:
        """Whether it is worth trying again."""
        if trouble.reason == "damaged":
            connection.close()
            warn_and_set_aside(self.path, self._clock(), trouble)
            self.close()
            return True
        return trouble.reason == "full" and self._freed(connection)

    def _freed(self, connection: sqlite3.Connection) -> bool:
        """Whether the next attempt has more room: within the file, whose free pages need no disk.

        When it is the disk that is full, and not the file, only spans are given up. A file that has
        grown to its bound needs no more disk, so it goes on; a smaller one may have to wait.
        """
        try:
            bounding.checkpoint(connection, "PASSIVE")
            with _transaction(connection):
                return bounding.free_some(connection, bounding.most_pages(self.most_bytes))
        except sqlite3.Error:
            return False


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _trouble(error: Exception, path: Path) -> StoreError:
    if isinstance(error, sqlite3.Error):
        return from_sqlite(error, path)
    if isinstance(error, Unreadable):
        return StoreError("damaged", f"a row of it cannot be read: {error}", str(path))
    return StoreError("invalid", f"what was to be kept is not valid: {error}", str(path))
