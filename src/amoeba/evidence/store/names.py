"""Edges and replicas by number, so that a row does not repeat their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


class Names:
    """The writer's memory of the numbers. Forget it when a transaction is rolled back."""

    def __init__(self) -> None:
        self._edges: dict[tuple[str, str, str], int] = {}
        self._replicas: dict[str, int] = {}

    def forget(self) -> None:
        """Look every number up again: some may never have been committed."""
        self._edges.clear()
        self._replicas.clear()

    def edge(self, connection: sqlite3.Connection, caller: str, module: str, method: str) -> int:
        """The edge's number, given when it is first met."""
        key = (caller, module, method)
        number = self._edges.get(key)
        if number is None:
            connection.execute(
                "INSERT OR IGNORE INTO edges (caller, module, method) VALUES (?, ?, ?)", key
            )
            found = "SELECT id FROM edges WHERE caller = ? AND module = ? AND method = ?"
            number = self._edges[key] = int(connection.execute(found, key).fetchone()[0])
        return number

    def replica(self, connection: sqlite3.Connection, name: str) -> int:
        """The replica's number, given when it is first met."""
        number = self._replicas.get(name)
        if number is None:
            connection.execute("INSERT OR IGNORE INTO replicas (name) VALUES (?)", (name,))
            found = connection.execute("SELECT id FROM replicas WHERE name = ?", (name,))
            number = self._replicas[name] = int(found.fetchone()[0])
        return number
