"""Downsampling: what is old is kept coarser, and still adds up to the same.

    level 0: as it was added (10 s)  for an hour
    level 1: a minute                for a day
    level 2: ten minutes             for 30 days
    level 3: an hour                 until the room is needed

Intervals of one slot (a minute, ten minutes, an hour of the clock) of one period become one; slots
nest, so nothing ever crosses an hour. A few intervals are merged at a time, into the coarser one if
that is there already, so that no write waits for much. Width adds up too: it is the time measured.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from amoeba.evidence.adding import add_edge, add_process
from amoeba.evidence.store import intervals
from amoeba.evidence.store.packing import (
    pack_edge,
    pack_process,
    unpack_edge,
    unpack_process,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.evidence.records import EdgeTotals, ProcessTotals

HOUR_S, DAY_S = 3600, 86400
_AT_A_TIME = 2


class _Coarser(NamedTuple):
    width_s: int
    after_s: int


_LEVELS = (_Coarser(60, HOUR_S), _Coarser(600, DAY_S), _Coarser(HOUR_S, 30 * DAY_S))


class _Part(NamedTuple):
    id: int
    level: int
    period: int
    start_s: float
    width_s: float


def downsample(connection: sqlite3.Connection, now_s: float) -> int:
    """One step, within the caller's transaction; how many intervals it moved, 0 if none is due.

    An interval that is alone in its slot is passed on, and the next level has its turn too: else
    intervals as wide as a slot would take every turn for themselves.
    """
    moved = 0
    for level, into in enumerate(_LEVELS):
        due_s = (now_s - into.after_s) // into.width_s * into.width_s
        parts = _due(connection, level, into.width_s, due_s)
        if parts:
            _merge(connection, parts, level + 1)
            moved += sum(part.level == level for part in parts)
        if len(parts) > 1:
            break
    return moved


def _due(connection: sqlite3.Connection, level: int, width_s: int, before_s: float) -> list[_Part]:
    """The oldest due intervals of one slot and period, and the coarser one they belong to."""
    oldest = connection.execute(
        """SELECT start_s, period FROM intervals WHERE level = ? AND start_s < ?
            ORDER BY start_s LIMIT 1""",
        (level, before_s),
    ).fetchone()
    if oldest is None:
        return []
    slot_s = oldest[0] // width_s * width_s
    rows = connection.execute(
        """SELECT id, level, period, start_s, width_s FROM intervals
            WHERE level IN (?, ?) AND start_s >= ? AND start_s < ? AND period = ?
            ORDER BY level DESC, start_s LIMIT ?""",
        (level, level + 1, slot_s, slot_s + width_s, oldest[1], _AT_A_TIME + 1),
    )
    return [_Part(*row) for row in rows]


def _merge(connection: sqlite3.Connection, parts: Sequence[_Part], level: int) -> None:
    edges: dict[int, EdgeTotals] = {}
    processes: dict[int, tuple[ProcessTotals, float]] = {}
    for part in parts:
        _add_edges(connection, part, edges)
        _add_processes(connection, part, processes)
        intervals.delete(connection, part.level, part.id)
    cursor = connection.execute(
        "INSERT INTO intervals (id, level, period, start_s, width_s) VALUES (?, ?, ?, ?, ?)",
        (
            parts[0].id if parts[0].level == level else None,
            level,
            parts[0].period,
            min(part.start_s for part in parts),
            sum(part.width_s for part in parts),
        ),
    )
    number = cursor.lastrowid
    connection.executemany(
        "INSERT INTO edge_rows (level, interval, edge, calls, data) VALUES (?, ?, ?, ?, ?)",
        [(level, number, edge, each.calls, pack_edge(each)) for edge, each in edges.items()],
    )
    connection.executemany(
        "INSERT INTO process_rows (level, interval, replica, gpu_s, data) VALUES (?, ?, ?, ?, ?)",
        [
            (level, number, replica, gpu_s, pack_process(each))
            for replica, (each, gpu_s) in processes.items()
        ],
    )


def _add_edges(connection: sqlite3.Connection, part: _Part, to: dict[int, EdgeTotals]) -> None:
    rows = connection.execute(
        "SELECT edge, calls, data FROM edge_rows WHERE level = ? AND interval = ?",
        (part.level, part.id),
    )
    for edge, calls, data in rows:
        more = unpack_edge("", "", "", calls, data)
        if edge in to:
            add_edge(to[edge], more)
        else:
            to[edge] = more


def _add_processes(
    connection: sqlite3.Connection, part: _Part, to: dict[int, tuple[ProcessTotals, float]]
) -> None:
    rows = connection.execute(
        "SELECT replica, gpu_s, data FROM process_rows WHERE level = ? AND interval = ?",
        (part.level, part.id),
    )
    for replica, gpu_s, data in rows:
        more = unpack_process(data)
        if replica in to:
            into, before_s = to[replica]
            to[replica] = into, add_process(into, before_s, more, gpu_s)
        else:
            to[replica] = more, gpu_s
