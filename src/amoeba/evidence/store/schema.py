"""The tables, and how a file of an earlier version becomes one of this version.

    periods ──< intervals ──< edge_rows >── edges       what was live │ when │ how much │ which edge
                          └─< process_rows >── replicas
    spans >── edges, replicas, periods

`level` tells how coarse an interval is (see `downsampling`) and leads the keys of the rows, so that
rows of one age lie together and whole pages become free when they are merged. `gpu_s`: over how
many seconds `gpu_busy` is the mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amoeba.evidence.store.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    Migration = Callable[[sqlite3.Connection], None]


class Schema(NamedTuple):
    """A kind of file: what it is called, its mark, and how it came to be as it is now.

    The n-th migration makes version n out of n - 1. A new file goes through all of them.
    """

    name: str
    application_id: int
    migrations: tuple[Migration, ...]


APPLICATION_ID = 0x416D6F65
"""`Amoe`: marks a SQLite file as evidence."""


def add_intervals(connection: sqlite3.Connection) -> None:
    """Version 1: what was live when, and sums per interval."""
    _run(
        connection,
        """CREATE TABLE periods (
             id INTEGER PRIMARY KEY, began_s REAL NOT NULL, last_s REAL NOT NULL, ended_s REAL,
             topology TEXT NOT NULL, live TEXT NOT NULL)""",
        """CREATE TABLE edges (
             id INTEGER PRIMARY KEY, caller TEXT NOT NULL, module TEXT NOT NULL,
             method TEXT NOT NULL, UNIQUE (caller, module, method))""",
        "CREATE TABLE replicas (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        """CREATE TABLE intervals (
             id INTEGER PRIMARY KEY, level INTEGER NOT NULL, period INTEGER NOT NULL,
             start_s REAL NOT NULL, width_s REAL NOT NULL)""",
        "CREATE INDEX intervals_by_time ON intervals (level, start_s)",
        """CREATE TABLE edge_rows (
             level INTEGER NOT NULL, interval INTEGER NOT NULL, edge INTEGER NOT NULL,
             calls INTEGER NOT NULL, data BLOB NOT NULL,
             PRIMARY KEY (level, interval, edge)) WITHOUT ROWID""",
        """CREATE TABLE process_rows (
             level INTEGER NOT NULL, interval INTEGER NOT NULL, replica INTEGER NOT NULL,
             gpu_s REAL NOT NULL, data BLOB NOT NULL,
             PRIMARY KEY (level, interval, replica)) WITHOUT ROWID""",
    )


def add_spans(connection: sqlite3.Connection) -> None:
    """Version 2: the spans of sampled requests. `root`: the first span of a request."""
    _run(
        connection,
        """CREATE TABLE spans (
             id INTEGER PRIMARY KEY, period INTEGER NOT NULL, trace BLOB NOT NULL,
             span BLOB NOT NULL, parent BLOB NOT NULL, edge INTEGER NOT NULL,
             replica INTEGER NOT NULL, start_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL,
             cpu_ns INTEGER NOT NULL, wait_ns INTEGER NOT NULL, argument_bytes INTEGER NOT NULL,
             answer_bytes INTEGER NOT NULL, error TEXT NOT NULL, root INTEGER NOT NULL)""",
        "CREATE INDEX spans_by_trace ON spans (trace)",
        "CREATE INDEX requests_by_time ON spans (start_ns) WHERE root",
    )


def add_sides(connection: sqlite3.Connection) -> None:
    """Version 3: which side of a call a span is."""
    _run(connection, "ALTER TABLE spans ADD COLUMN side TEXT NOT NULL DEFAULT 'internal'")


MIGRATIONS: tuple[Migration, ...] = (add_intervals, add_spans, add_sides)
EVIDENCE = Schema("evidence", APPLICATION_ID, MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: Path, schema: Schema = EVIDENCE) -> None:
    """Bring the file to the newest version, one transaction per step. Raises StoreError.

    A file of a newer version, or of another program, is not touched.
    """
    if version_of(connection, path, schema) == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
    newest = len(schema.migrations)
    for version in range(version_of(connection, path, schema), newest):
        connection.execute("BEGIN IMMEDIATE")
        try:
            schema.migrations[version](connection)
            connection.execute(f"PRAGMA application_id = {schema.application_id}")
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def version_of(connection: sqlite3.Connection, path: Path, schema: Schema = EVIDENCE) -> int:
    """The file's version, 0 when it is empty. Raises StoreError for a newer or foreign file."""
    mark: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    known = len(schema.migrations)
    if mark != schema.application_id and (mark or version or tables):
        what = "it is a SQLite file of something else"
        raise StoreError("foreign", what, str(path), f"{schema.name} of Amoeba", "move it away")
    if version > known:
        what = f"it was written by a newer Amoeba (schema {version})"
        hint = "install that version, or move the file away"
        raise StoreError("newer", what, str(path), f"schema {known} or older", hint)
    return version


def _run(connection: sqlite3.Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement)
