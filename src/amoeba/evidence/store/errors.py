"""What can be wrong with the store, in words a user can act on."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Literal

from amoeba.errors import AmoebaError, Problem, render

if TYPE_CHECKING:
    from pathlib import Path

Reason = Literal[
    "ambiguous",
    "busy",
    "damaged",
    "foreign",
    "full",
    "held",
    "invalid",
    "missing",
    "newer",
    "older",
    "unusable",
]

_REASONS: dict[int, Reason] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_CONSTRAINT: "invalid",
    sqlite3.SQLITE_TOOBIG: "invalid",
}
_HINTS: dict[Reason, str] = {
    "full": "free some space there; what was measured until then is kept",
    "damaged": "the next `amoeba run` sets the file aside and starts a new one",
    "busy": "end what has the file open",
    "invalid": "this is a mistake of Amoeba: please report it",
    "unusable": "the folder must be yours, writable and on a local disk",
}


class StoreError(AmoebaError):
    """The evidence could not be kept or read; the application itself is not touched.

    `reason` is for programs: a writer goes on without evidence, whatever it is, and may try the
    next interval after `full`, `busy` and `held`.
    """

    reason: Reason
    what: str
    path: str
    expected: str
    hint: str

    def __init__(
        self, reason: Reason, what: str, path: str, expected: str = "", hint: str = ""
    ) -> None:
        self.reason, self.what, self.path = reason, what, path
        self.expected, self.hint = expected, hint
        super().__init__(reason, what, path, expected, hint)

    def __str__(self) -> str:
        problem = Problem(what=self.what, file=self.path, expected=self.expected, hint=self.hint)
        return render(problem)


def from_sqlite(error: sqlite3.Error, path: Path) -> StoreError:
    """SQLite's own error as one of ours."""
    reason = _REASONS.get(primary_code(error), "unusable")
    name = getattr(error, "sqlite_errorname", "")
    what = f"the evidence cannot be used: {error}" + (f" ({name})" if name else "")
    return StoreError(reason, what, str(path), hint=_HINTS[reason])


def from_system(error: OSError, path: Path) -> StoreError:
    """An error of the operating system as one of ours."""
    what = f"the evidence cannot be used: {error.strerror or error}"
    return StoreError("unusable", what, str(path), hint=_HINTS["unusable"])


def primary_code(error: sqlite3.Error) -> int:
    """The result code without its extension; 0 when the error is not SQLite's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
