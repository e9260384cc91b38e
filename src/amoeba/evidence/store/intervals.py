"""Intervals: the rows that one consists of, written and read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec

from amoeba.evidence.adding import gpu_seconds, merge_at_once
from amoeba.evidence.records import EdgeTotals, Interval
from amoeba.evidence.store.packing import (
    pack_edge,
    pack_process,
    unpack_edge,
    unpack_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amoeba.evidence.store.names import Names

_IN_RANGE = """i.level IN (0, 1, 2, 3) AND i.start_s >= :since AND i.start_s < :until
    AND (:topology IS NULL OR i.period IN (SELECT id FROM periods WHERE topology = :topology))"""


class Kept(msgspec.Struct):
    """An interval, without its spans, and the period it belongs to.

    `gpu_s`: for each replica, over how many seconds `gpu_busy` is the mean.
    """

    period: int
    interval: Interval
    gpu_s: dict[str, float]


def write(connection: sqlite3.Connection, names: Names, period: int, interval: Interval) -> None:
    """Insert an interval's sums."""
    cursor = connection.execute(
        "INSERT INTO intervals (level, period, start_s, width_s) VALUES (0, ?, ?, ?)",
        (period, interval.start_s, interval.width_s),
    )
    number = cursor.lastrowid
    connection.executemany(
        "INSERT INTO edge_rows (level, interval, edge, calls, data) VALUES (0, ?, ?, ?, ?)",
        [
            (number, names.edge(connection, *_key(each)), each.calls, pack_edge(each))
            for each in _one_per_edge(interval.edges)
        ],
    )
    connection.executemany(
        "INSERT INTO process_rows (level, interval, replica, gpu_s, data) VALUES (0, ?, ?, ?, ?)",
        [
            (
                number,
                names.replica(connection, replica),
                gpu_seconds(totals, interval.width_s),
                pack_process(totals),
            )
            for replica, totals in interval.processes.items()
        ],
    )


def read(
    connection: sqlite3.Connection, since_s: float, until_s: float, topology: str | None
) -> Iterator[Kept]:
    """The intervals that began in the range, by time; unpacked one at a time.

    Every row is fetched before this returns, so the caller's snapshot may end.
    """
    within = {"since": since_s, "until": until_s, "topology": topology}
    headers = connection.execute(
        f"""SELECT i.id, i.period, i.start_s, i.width_s FROM intervals i
             WHERE {_IN_RANGE} ORDER BY i.start_s, i.id""",  # noqa: S608 - a constant
        within,
    ).fetchall()
    edges = connection.execute(
        f"""SELECT i.id, e.caller, e.module, e.method, r.calls, r.data FROM intervals i
             JOIN edge_rows r ON r.level = i.level AND r.interval = i.id
             JOIN edges e ON e.id = r.edge WHERE {_IN_RANGE}""",  # noqa: S608 - a constant
        within,
    ).fetchall()
    processes = connection.execute(
        f"""SELECT i.id, p.name, r.gpu_s, r.data FROM intervals i
             JOIN process_rows r ON r.level = i.level AND r.interval = i.id
             JOIN replicas p ON p.id = r.replica WHERE {_IN_RANGE}""",  # noqa: S608 - a constant
        within,
    ).fetchall()
    return _unpacked(headers, edges, processes)


def delete(connection: sqlite3.Connection, level: int, number: int) -> None:
    """Delete an interval and its rows."""
    key = (level, number)
    connection.execute("DELETE FROM edge_rows WHERE level = ? AND interval = ?", key)
    connection.execute("DELETE FROM process_rows WHERE level = ? AND interval = ?", key)
    connection.execute("DELETE FROM intervals WHERE id = ?", (number,))


def delete_oldest(connection: sqlite3.Connection, count: int) -> bool:
    """Delete as many of the oldest, whatever their level; False when there are none."""
    oldest = connection.execute(
        "SELECT level, id FROM intervals ORDER BY start_s LIMIT ?", (count,)
    ).fetchall()
    for level, number in oldest:
        delete(connection, level, number)
    return bool(oldest)


def _unpacked(
    headers: Sequence[tuple[int, int, float, float]],
    edges: Sequence[tuple[int, str, str, str, int, bytes]],
    processes: Sequence[tuple[int, str, float, bytes]],
) -> Iterator[Kept]:
    edges_of: dict[int, list[tuple[str, str, str, int, bytes]]] = {}
    for number, caller, module, method, calls, packed in edges:
        edges_of.setdefault(number, []).append((caller, module, method, calls, packed))
    processes_of: dict[int, list[tuple[str, float, bytes]]] = {}
    for number, replica, gpu_s, data in processes:
        processes_of.setdefault(number, []).append((replica, gpu_s, data))
    for number, period, start_s, width_s in headers:
        found = [unpack_edge(*edge) for edge in sorted(edges_of.pop(number, []))]
        ours = sorted(processes_of.pop(number, []))
        used = {name: unpack_process(data) for name, _, data in ours}
        seconds = {name: gpu_s for name, gpu_s, _ in ours}
        yield Kept(period, Interval(start_s, width_s, found, used), seconds)


def _key(each: EdgeTotals) -> tuple[str, str, str]:
    return each.caller, each.module, each.method


def _one_per_edge(totals: list[EdgeTotals]) -> list[EdgeTotals]:
    return totals if len({_key(each) for each in totals}) == len(totals) else merge_at_once(totals)
