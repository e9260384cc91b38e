"""Recorded requests: `.amoeba/payloads.db`, a file of their own, which can be deleted alone.

Bounded by size and by age; what is deleted is overwritten too. Written and read as the evidence is.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Self

import msgspec

from amoeba.evidence.payloads import Payload
from amoeba.evidence.store import bounding
from amoeba.evidence.store.connecting import connect_reader, reported
from amoeba.evidence.store.errors import StoreError
from amoeba.evidence.store.schema import Schema
from amoeba.evidence.store.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_NAME = "payloads.db"
_STEPS = 16


def payloads_path(evidence: Path) -> Path:
    """Where recorded requests are: beside the evidence."""
    return evidence.with_name(_NAME)


def _add_payloads(connection: sqlite3.Connection) -> None:
    """Version 1."""
    connection.execute(
        """CREATE TABLE payloads (
             id INTEGER PRIMARY KEY, trace BLOB NOT NULL, start_ns INTEGER NOT NULL,
             data BLOB NOT NULL)"""
    )
    connection.execute("CREATE INDEX payloads_by_trace ON payloads (trace)")
    connection.execute("CREATE INDEX payloads_by_time ON payloads (start_ns)")


PAYLOADS = Schema("recorded requests", 0x416D6F50, (_add_payloads,))


class PayloadStore:
    """Requests being recorded. Use it from one thread at a time.

    `most_bytes` bounds the file and SQLite's log, `keep_s` the age. `add` and `open` may raise
    StoreError; what was recorded before is then unharmed, and the next call may succeed.
    """

    def __init__(
        self, path: Path, most_bytes: int, keep_s: float, clock: Callable[[], float]
    ) -> None:
        """Use `PayloadStore.open`."""
        self.schema = PAYLOADS
        self._pages = bounding.most_pages(most_bytes)
        self._keep_s, self._clock = keep_s, clock
        self._transactions = Transactions(path, most_bytes, clock, self)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        most_bytes: int,
        keep_s: float,
        clock: Callable[[], float] = time.time,
    ) -> Self:
        """Open the file, made when it is not there, and forget what is too old."""
        store = cls(path, max(most_bytes, bounding.LEAST_BYTES), keep_s, clock)
        try:
            store.add(())
        except BaseException:
            store.close()
            raise
        return store

    def add(self, payloads: Sequence[Payload]) -> None:
        """Keep them, each in a transaction: once this returns, a kill does not lose them."""
        self._transactions.run(self._forget_the_old)
        for payload in payloads:
            self._add(payload)

    def close(self) -> None:
        """Give the file up."""
        self._transactions.close()

    def opened_anew(self) -> None:
        """See Contents: nothing is remembered."""

    def rolled_back(self) -> None:
        """See Contents: nothing is remembered."""

    def free_some(self, connection: sqlite3.Connection, pages: int) -> bool:
        """See Contents."""
        return _delete_oldest(connection, pages * bounding.PAGE_BYTES // _STEPS)

    def _add(self, payload: Payload) -> None:
        data = msgspec.msgpack.encode(payload)
        row = bytes.fromhex(payload.trace_id), payload.start_ns, data

        def insert(connection: sqlite3.Connection) -> None:
            def delete_oldest() -> bool:
                return _delete_oldest(connection, len(data))

            connection.execute("PRAGMA secure_delete = ON")
            bounding.make_room_by(delete_oldest, connection, self._pages, len(data))
            connection.execute("INSERT INTO payloads VALUES (NULL, ?, ?, ?)", row)

        self._transactions.run(insert)

    def _forget_the_old(self, connection: sqlite3.Connection) -> None:
        oldest_ns = int((self._clock() - self._keep_s) * 1e9)
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("DELETE FROM payloads WHERE start_ns < ?", (oldest_ns,))


def read_payloads(path: Path, keep_s: float, now_s: float) -> list[Payload]:
    """The recorded requests that are not too old, the newest first. Raises StoreError."""
    with contextlib.closing(connect_reader(path, PAYLOADS)) as connection, reported(path):
        rows = connection.execute(
            "SELECT data FROM payloads WHERE start_ns >= ? ORDER BY start_ns DESC, id DESC",
            (int((now_s - keep_s) * 1e9),),
        ).fetchall()
    try:
        return [msgspec.msgpack.decode(data, type=Payload) for (data,) in rows]
    except msgspec.MsgspecError as error:
        what = f"a request in it cannot be read: {error}"
        raise StoreError("damaged", what, str(path), hint="delete the file") from None


def _delete_oldest(connection: sqlite3.Connection, size: int) -> bool:
    """Delete the oldest until so many bytes are free; False when there are none."""
    last = None
    for number, length in connection.execute("SELECT id, length(data) FROM payloads ORDER BY id"):
        last, size = number, size - length
        if size <= 0:
            break
    if last is not None:
        connection.execute("DELETE FROM payloads WHERE id <= ?", (last,))
    return last is not None
