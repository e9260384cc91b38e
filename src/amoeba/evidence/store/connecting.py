"""Connections to the file: one that writes, and any number that read while it is written."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from typing import TYPE_CHECKING

from amoeba.evidence.store import bounding
from amoeba.evidence.store.errors import StoreError, from_sqlite, primary_code
from amoeba.evidence.store.files import beside, size_bytes
from amoeba.evidence.store.schema import EVIDENCE, Schema, migrate, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BUSY_S = 1.0
_CHECKED_BYTES = 32 << 20
"""A file up to this size is checked whole when it is opened for writing; a larger one as far as it
is used, since a check must not hold up the start of an application."""


def connect_writer(path: Path, most_bytes: int, schema: Schema = EVIDENCE) -> sqlite3.Connection:
    """A connection to a file of the newest version. Raises sqlite3.Error or StoreError.

    `synchronous = NORMAL`: a killed process loses nothing that was committed; a power cut may lose
    what came after the last checkpoint, and never damages the file.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        migrate(connection, path, schema)
        bounding.set_most_pages(connection, bounding.most_pages(most_bytes))
        if size_bytes(path) <= _CHECKED_BYTES:
            _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError("damaged", f"it is damaged: {found}", str(path))


def connect_reader(path: Path, schema: Schema = EVIDENCE) -> sqlite3.Connection:
    """A connection that only reads, also while the file is written. Raises StoreError.

    After a kill, SQLite recovers the log, for which it needs to write beside the file. Where the
    folder is read-only nobody else writes: then the file is read as it lies, or, with a log beside
    it, as a copy.
    """
    if not path.is_file():
        raise _missing(path, schema)
    try:
        return _reader(path, "mode=ro", schema)
    except sqlite3.Error as error:
        if primary_code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise from_sqlite(error, path) from None
    with reported(path):
        if size_bytes(beside(path, "-wal")) == 0:
            return _reader(path, "immutable=1", schema)
        return _reader_of_a_copy(path, schema)


def _missing(path: Path, schema: Schema) -> StoreError:
    what, hint = f"there is no {schema.name}", "run the application: amoeba run"
    return StoreError("missing", what, str(path), hint=hint)


def _reader(path: Path, how: str, schema: Schema) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        version, newest = version_of(connection, path, schema), len(schema.migrations)
        if version == 0:
            raise _missing(path, schema)
        if version < newest:
            what = f"it was written by an older Amoeba (schema {version})"
            hint = "the next `amoeba run` brings it up to date"
            raise StoreError("older", what, str(path), f"schema {newest}", hint)
    except BaseException:
        connection.close()
        raise
    return connection


def _reader_of_a_copy(path: Path, schema: Schema) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="amoeba-evidence-") as folder:
        copy = shutil.copy(path, folder)
        shutil.copy(beside(path, "-wal"), folder)
        return _reader(path.__class__(copy), "mode=ro", schema)


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    """SQLite's errors leave as StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise from_sqlite(error, path) from None
