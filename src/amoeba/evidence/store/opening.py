"""The writer's file, opened: locked, private, of the newest version, and whole.

absent → open      damaged → set aside, with a warning → open      deleted while open → open anew
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from amoeba.evidence.store.connecting import connect_writer, reported
from amoeba.evidence.store.errors import StoreError, from_sqlite
from amoeba.evidence.store.files import (
    WriterLock,
    file_id,
    make_folder,
    make_private,
    set_aside,
)

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.evidence.store.schema import Schema

log = logging.getLogger("amoeba.evidence")


class OpenFile:
    """The lock and the connection of the one process that writes."""

    def __init__(self, path: Path, most_bytes: int, now_s: float, schema: Schema) -> None:
        """Raises StoreError: busy, foreign, newer, full, unusable."""
        self._path = path
        make_folder(path)
        self._lock = WriterLock(path)
        try:
            self.connection = _connect(path, most_bytes, now_s, schema)
            self._id = file_id(path)
        except BaseException:
            self._lock.release()
            raise

    def is_gone(self) -> bool:
        """Whether somebody deleted the file, or put another in its place."""
        return file_id(self._path) != self._id

    def close(self) -> None:
        """Give the file up."""
        with suppress(sqlite3.Error):
            self.connection.close()
        self._lock.release()


def warn_and_set_aside(path: Path, now_s: float, trouble: StoreError) -> None:
    """Make place for a new file. Raises StoreError when that is impossible."""
    aside = set_aside(path, now_s)
    log.warning("%s: %s; it was set aside as %s", path, trouble.what, aside.name)


def _connect(path: Path, most_bytes: int, now_s: float, schema: Schema) -> sqlite3.Connection:
    trouble = StoreError("damaged", "a folder stands in its place", str(path))
    if not path.is_dir():
        make_private(path)
        try:
            return connect_writer(path, most_bytes, schema)
        except sqlite3.Error as error:
            trouble = from_sqlite(error, path)
        except StoreError as error:
            trouble = error
    if trouble.reason != "damaged":
        raise trouble
    warn_and_set_aside(path, now_s, trouble)
    make_private(path)
    with reported(path):
        return connect_writer(path, most_bytes, schema)
