"""Keeping the file within its size: room for the next write is made before it is needed.

    most_bytes  =  the database (max_page_count)  +  SQLite's log (log_bytes), which is in the -wal

The oldest spans go first, then the oldest intervals; their pages are used again, and given back to
the disk when the file is larger than it may be, because the bound was lowered.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Literal

from amoeba.evidence.store import intervals, periods, spans

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE_BYTES = 4096
LEAST_BYTES = 1 << 20
_MOST_LOG_BYTES = 16 << 20
_RESERVE_PAGES = 64
_SPAN_BYTES = 256
_SPANS_AT_A_TIME, _INTERVALS_AT_A_TIME, _STEPS, _PAGES_GIVEN_BACK = 500, 4, 16, 256


def log_bytes(most_bytes: int) -> int:
    """The part of `most_bytes` that is SQLite's log's."""
    return min(_MOST_LOG_BYTES, most_bytes // 8)


def most_pages(most_bytes: int) -> int:
    """The pages that the database itself may have."""
    return (most_bytes - log_bytes(most_bytes)) // PAGE_BYTES


def make_room(connection: sqlite3.Connection, pages: int, arriving_spans: int) -> None:
    """Delete the oldest, a few steps at most, until the next write has room.

    Runs within the caller's transaction.
    """
    at_a_time = max(_SPANS_AT_A_TIME, arriving_spans)
    arriving_bytes = arriving_spans * _SPAN_BYTES
    make_room_by(lambda: _delete_oldest(connection, at_a_time), connection, pages, arriving_bytes)


def make_room_by(
    delete_oldest: Callable[[], bool],
    connection: sqlite3.Connection,
    pages: int,
    arriving_bytes: int,
) -> None:
    """The same for any file: `delete_oldest` is False when there was nothing to delete."""
    reserve = max(_RESERVE_PAGES, pages // 32) + arriving_bytes // PAGE_BYTES
    for _ in range(_STEPS):
        if _used_pages(connection) + reserve <= pages or not delete_oldest():
            break
    excess = _number(connection, "page_count") - pages
    for _ in range(min(excess, _PAGES_GIVEN_BACK)):  # one execution gives one page back
        connection.execute("PRAGMA incremental_vacuum(1)")


def free_some(connection: sqlite3.Connection, pages: int) -> bool:
    """Delete some of the oldest spans; and some intervals, if the file is as large as it may be.

    False when there was nothing to delete.
    """
    if _number(connection, "page_count") >= pages:
        return _delete_oldest(connection, _SPANS_AT_A_TIME)
    return spans.delete_oldest(connection, _SPANS_AT_A_TIME)


def _delete_oldest(connection: sqlite3.Connection, spans_at_a_time: int) -> bool:
    if spans.delete_oldest(connection, spans_at_a_time):
        return True
    deleted = intervals.delete_oldest(connection, _INTERVALS_AT_A_TIME)
    periods.forget_the_empty(connection)
    return deleted


def _used_pages(connection: sqlite3.Connection) -> int:
    """The pages with something in them."""
    return _number(connection, "page_count") - _number(connection, "freelist_count")


def set_most_pages(connection: sqlite3.Connection, pages: int) -> None:
    """Have SQLite itself refuse to grow beyond; it never goes below what there is."""
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def checkpoint(connection: sqlite3.Connection, how: Literal["PASSIVE", "TRUNCATE"]) -> bool:
    """Write the log into the database, without waiting; False when a reader is in the way.

    `PASSIVE` leaves the log's file as long as it is, which a full disk cannot take away.
    """
    before = _number(connection, "busy_timeout")
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        busy: int = connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {before}")
    return not busy


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    found: int = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return found
