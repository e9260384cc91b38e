"""The writer's transactions: each is tried again where that helps, and ends as one exception.

damaged → set aside, a new file → again      full → the oldest deleted → again      deleted → anew
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Protocol, TypeVar

from amoeba.evidence.store import bounding
from amoeba.evidence.store.errors import StoreError, from_sqlite
from amoeba.evidence.store.files import beside, size_bytes
from amoeba.evidence.store.opening import OpenFile, warn_and_set_aside
from amoeba.evidence.store.packing import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from amoeba.evidence.store.schema import Schema

T = TypeVar("T")

_ATTEMPTS = 4


class Contents(Protocol):
    """What a file holds, as far as its transactions have to know."""

    schema: Schema

    def opened_anew(self) -> None:
        """Nothing that was remembered of the file holds: it may be another one."""

    def rolled_back(self) -> None:
        """What the last transaction gave out was never committed."""

    def free_some(self, connection: sqlite3.Connection, pages: int) -> bool:
        """Delete some of the oldest; False when there was nothing to delete."""


class Transactions:
    """One file, written by this process. Use it from one thread at a time."""

    def __init__(
        self, path: Path, most_bytes: int, clock: Callable[[], float], contents: Contents
    ) -> None:
        """`most_bytes` bounds the file and SQLite's log. `clock`: seconds since the epoch."""
        self._path, self._most_bytes, self._clock = path, most_bytes, clock
        self._contents = contents
        self.file: OpenFile | None = None

    def run(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """Run `action` in one transaction. Raises StoreError; nothing of it is kept then."""
        for _ in range(_ATTEMPTS):
            try:
                connection = self._connected()
                self._shorten_log(connection)
                with _transaction(connection):
                    return action(connection)
            except (sqlite3.Error, ValueError, OverflowError) as error:
                self._contents.rolled_back()
                trouble = _trouble(error, self._path)
                if not self._mended(connection, trouble):
                    raise trouble from error
        raise trouble

    def close(self) -> None:
        """Give the file up."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _connected(self) -> sqlite3.Connection:
        if self.file is not None and self.file.is_gone():
            self.close()
        if self.file is None:
            self._contents.opened_anew()
            schema = self._contents.schema
            self.file = OpenFile(self._path, self._most_bytes, self._clock(), schema)
        return self.file.connection

    def _shorten_log(self, connection: sqlite3.Connection) -> None:
        if size_bytes(beside(self._path, "-wal")) <= bounding.log_bytes(self._most_bytes):
            return
        if not bounding.checkpoint(connection, "TRUNCATE"):
            what = "a reader holds it for so long that SQLite's log has no more room"
            raise StoreError("held", what, str(self._path), hint="end what reads the file")

    def _mended(self, connection: sqlite3.Connection, trouble: StoreError) -> bool:
        """Whether it is worth trying again."""
        if trouble.reason == "damaged":
            connection.close()
            warn_and_set_aside(self._path, self._clock(), trouble)
            self.close()
            return True
        return trouble.reason == "full" and self._freed(connection)

    def _freed(self, connection: sqlite3.Connection) -> bool:
        """Whether the next attempt has more room: within the file, whose free pages need no disk.

        A file that has grown to its bound needs no more disk, so it goes on; a smaller one may have
        to wait.
        """
        try:
            bounding.checkpoint(connection, "PASSIVE")
            with _transaction(connection):
                pages = bounding.most_pages(self._most_bytes)
                return self._contents.free_some(connection, pages)
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
