"""Spans: written as they come, never merged, and the first to go when room is needed."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec

from amoeba.evidence.records import HTTP, Span

if TYPE_CHECKING:
    from amoeba.evidence.store.names import Names

_COLUMNS = """s.trace, s.span, s.parent, e.caller, e.module, e.method, r.name, s.start_ns,
    s.duration_ns, s.cpu_ns, s.wait_ns, s.argument_bytes, s.answer_bytes, s.error, s.side"""
_JOINED = "spans s JOIN edges e ON e.id = s.edge JOIN replicas r ON r.id = s.replica"
_DIGITS = 32
_HEX = re.compile(f"[0-9a-fA-F]{{0,{_DIGITS}}}")


class Trace(msgspec.Struct, frozen=True):
    """A sampled request: its first span, and how many spans and failed ones its trace has."""

    first: Span
    spans: int
    failed: int


def write(connection: sqlite3.Connection, names: Names, period: int, spans: list[Span]) -> None:
    """Insert spans. Raises ValueError for an identifier that is not hexadecimal."""
    connection.executemany(
        "INSERT INTO spans VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(connection, names, period, span) for span in spans],
    )


def _row(
    connection: sqlite3.Connection, names: Names, period: int, span: Span
) -> tuple[int | bytes | str, ...]:
    return (
        period,
        bytes.fromhex(span.trace_id),
        bytes.fromhex(span.span_id),
        bytes.fromhex(span.parent_id),
        names.edge(connection, span.caller, span.module, span.method),
        names.replica(connection, span.replica),
        span.start_ns,
        span.duration_ns,
        span.cpu_ns,
        span.wait_ns,
        span.argument_bytes,
        span.answer_bytes,
        span.error,
        int(span.caller == HTTP or not span.parent_id),
        span.side,
    )


def delete_oldest(connection: sqlite3.Connection, count: int) -> bool:
    """Delete about as many of the oldest; False when there are none."""
    oldest = connection.execute("SELECT min(id) FROM spans").fetchone()[0]
    if oldest is None:
        return False
    connection.execute("DELETE FROM spans WHERE id < ?", (oldest + count,))
    return True


def read_after(
    connection: sqlite3.Connection, after: int, since_s: float, until_s: float, limit: int
) -> list[tuple[int, int, Span]]:
    """The next spans behind the span numbered `after`: number, period, span."""
    rows = connection.execute(
        f"""SELECT s.id, s.period, {_COLUMNS} FROM {_JOINED}
             WHERE s.id > ? AND s.start_ns >= ? AND s.start_ns < ? ORDER BY s.id LIMIT ?""",  # noqa: S608 - constants
        (after, since_s * 1e9, until_s * 1e9, limit),
    )
    return [(row[0], row[1], _span(row[2:])) for row in rows.fetchall()]


def read_traces(
    connection: sqlite3.Connection, limit: int, route: str | None, slowest: bool
) -> list[Trace]:
    """Requests, newest or slowest first; `route` is the method, or module.method, that began it."""
    order = "s.duration_ns" if slowest else "s.start_ns"
    rows = connection.execute(
        f"""SELECT {_COLUMNS} FROM {_JOINED}
             WHERE s.root AND (:route IS NULL OR :route IN (e.method, e.module || '.' || e.method))
             ORDER BY {order} DESC LIMIT :limit""",  # noqa: S608 - constants
        {"route": route, "limit": limit},
    )
    return [Trace(_span(row), *_counts(connection, row[0])) for row in rows.fetchall()]


def _counts(connection: sqlite3.Connection, trace: bytes) -> tuple[int, int]:
    counted = connection.execute(
        "SELECT count(*), total(error <> '') FROM spans WHERE trace = ?", (trace,)
    ).fetchone()
    return int(counted[0]), int(counted[1])


def find_traces(connection: sqlite3.Connection, prefix: str, limit: int) -> list[str]:
    """Traces whose identifier begins with `prefix`; none does when that is not hexadecimal."""
    if not _HEX.fullmatch(prefix):
        return []
    low = bytes.fromhex(prefix.ljust(_DIGITS, "0"))
    high = bytes.fromhex(prefix.ljust(_DIGITS, "f"))
    rows = connection.execute(
        "SELECT DISTINCT trace FROM spans WHERE trace BETWEEN ? AND ? ORDER BY trace LIMIT ?",
        (low, high, limit),
    )
    return [row[0].hex() for row in rows.fetchall()]


def read_trace(connection: sqlite3.Connection, trace_id: str) -> list[Span]:
    """The spans of one trace, by their start."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {_JOINED} WHERE s.trace = ? ORDER BY s.start_ns, s.id",  # noqa: S608 - constants
        (bytes.fromhex(trace_id),),
    )
    return [_span(row) for row in rows.fetchall()]


def _span(row: tuple[Any, ...]) -> Span:
    trace, span, parent, *rest = row
    return Span(trace.hex(), span.hex(), parent.hex(), *rest)
