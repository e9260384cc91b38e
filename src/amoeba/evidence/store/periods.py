"""Periods: from when to when one topology of one code was live."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec

from amoeba.evidence.records import Live
from amoeba.evidence.store.packing import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Period(msgspec.Struct, frozen=True):
    """What was live, and when. Seconds since the epoch.

    `last_s` is the end of the last interval in it. `ended_s` is None while it is live, and after
    its run was killed until another run begins, which ends it at `last_s`.
    """

    id: int
    began_s: float
    last_s: float
    ended_s: float | None
    live: Live


def begin(connection: sqlite3.Connection, live: Live, now_s: float) -> int:
    """A new period; the one before ends."""
    end(connection, now_s)
    text = msgspec.json.encode(live).decode()
    cursor = connection.execute(
        "INSERT INTO periods (began_s, last_s, topology, live) VALUES (?, ?, ?, ?)",
        (now_s, now_s, live.topology, text),
    )
    return int(cursor.lastrowid or 0)


def end(connection: sqlite3.Connection, now_s: float) -> None:
    """The live period, if there is one, ends now."""
    connection.execute("UPDATE periods SET ended_s = ? WHERE ended_s IS NULL", (now_s,))


def end_the_killed(connection: sqlite3.Connection) -> None:
    """A period that was left without an end was so by a kill: it ended with its last interval."""
    connection.execute("UPDATE periods SET ended_s = last_s WHERE ended_s IS NULL")


def reached(connection: sqlite3.Connection, period: int, until_s: float) -> None:
    """An interval of the period was kept that ends at `until_s`."""
    connection.execute("UPDATE periods SET last_s = max(last_s, ?) WHERE id = ?", (until_s, period))


def forget_the_empty(connection: sqlite3.Connection) -> None:
    """Delete ended periods that are older than every interval kept."""
    connection.execute(
        """DELETE FROM periods WHERE ended_s < (SELECT min(start_s) FROM intervals)
             AND id NOT IN (SELECT period FROM intervals)"""
    )


def read(
    connection: sqlite3.Connection, since_s: float, until_s: float, topology: str | None
) -> Iterator[Period]:
    """The periods that were live at any time of the range, oldest first."""
    rows = connection.execute(
        """SELECT id, began_s, last_s, ended_s, live FROM periods
            WHERE began_s < ? AND coalesce(ended_s, 1e300) >= ? AND coalesce(?, topology) = topology
            ORDER BY id""",
        (until_s, since_s, topology),
    )
    for number, began_s, last_s, ended_s, live in rows.fetchall():
        yield Period(number, began_s, last_s, ended_s, _live(live))


def _live(text: str) -> Live:
    try:
        return msgspec.json.decode(text, type=Live)
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from None
