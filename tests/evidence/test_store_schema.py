"""A file of an earlier version is brought up to date; one of a later version is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from evidence_records import LIVE, edge, interval, keep, span

from amoeba.evidence.records import Interval
from amoeba.evidence.store import Evidence, Store, StoreError, schema

VERSION_1 = Path(__file__).parent / "evidence-1.sql"


def run(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for each in statements for row in connection.execute(each).fetchall()]


@pytest.fixture
def old(path: Path) -> Path:
    """As the first version left it: without spans."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text())
    return path


def test_a_file_of_version_1_is_brought_to_the_newest_and_keeps_what_it_has(old):
    with Store.open(old) as store:
        assert run(old, "PRAGMA user_version") == [(3,)]
        store.went_live(LIVE)
        store.add(Interval(2000.0, 10.0, [edge(2)], spans=[span(5)]))
    with Evidence.open(old) as evidence:
        assert evidence.edges() == [edge(7)]
        assert [each.live.topology for each in evidence.lives()] == ["monolith", "apart"]
        assert len(evidence.trace("0")) == 1


def test_a_file_of_version_1_is_not_read_before(old):
    with pytest.raises(StoreError, match="next `amoeba run` brings it up to date") as caught:
        Evidence.open(old)
    assert caught.value.reason == "older"


def test_a_migration_that_fails_leaves_the_file_as_it_was(old):
    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE periods")
        raise InterruptedError

    half = schema.EVIDENCE._replace(migrations=(schema.add_intervals, fails))
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        with pytest.raises(InterruptedError):
            schema.migrate(connection, old, half)
        assert not connection.in_transaction
        assert schema.version_of(connection, old) == 1
    assert run(old, "SELECT count(*) FROM periods") == [(1,)]


def test_a_file_of_a_newer_version_is_refused_and_not_touched(path):
    keep(path, interval())
    run(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    for opening in (Store.open, Evidence.open):
        with pytest.raises(StoreError) as caught:
            opening(path)
        assert caught.value.reason == "newer"
        assert str(caught.value) == (
            f"{path}: it was written by a newer Amoeba (schema 99)\n"
            "  expected: schema 3 or older\n"
            "  hint: install that version, or move the file away"
        )
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*damaged*"))


def test_somebody_elses_database_is_refused_and_not_touched(path):
    path.parent.mkdir()
    run(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    for opening in (Store.open, Evidence.open):
        with pytest.raises(StoreError, match="a SQLite file of something else") as caught:
            opening(path)
        assert caught.value.reason == "foreign"
    assert path.read_bytes() == before
