"""A damaged file is set aside, with one warning, and a new one begins."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from evidence_records import LIVE, NOON_S, Clock, busy_interval, edge, interval, keep

from amoeba.evidence.store import Evidence, Store, StoreError

ASIDE = "evidence.db.damaged-20231114T220000Z"


def random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(50_000))


def truncated(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def cut_within_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def zeros(path: Path) -> None:
    path.write_bytes(bytes(len(path.read_bytes())))


def a_damaged_page(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[-20_000:-4000] = random.Random(1).randbytes(16_000)
    path.write_bytes(whole)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").touch()


DAMAGES = [random_bytes, truncated, cut_within_a_page, zeros, a_damaged_page, a_folder]


@pytest.fixture(params=DAMAGES, ids=lambda damage: damage.__name__.replace("_", " "))
def damaged(request: pytest.FixtureRequest, path: Path) -> Path:
    keep(path, *[busy_interval(NOON_S + 10 * n, seed=n) for n in range(20)])
    request.param(path)
    return path


def test_a_damaged_file_is_set_aside_and_a_new_one_begins(damaged, caplog):
    with Store.open(damaged, clock=Clock()) as store:
        store.went_live(LIVE)
        store.add(interval(calls=3))
    (warning,) = caplog.messages
    assert warning.startswith(f"{damaged}: ")
    assert warning.endswith(f"; it was set aside as {ASIDE}")
    assert damaged.with_name(ASIDE).exists()
    with Evidence.open(damaged) as evidence:
        assert evidence.edges() == [edge(3)]


def test_reading_a_damaged_file_is_a_clear_error(damaged):
    with pytest.raises(StoreError) as caught, Evidence.open(damaged) as evidence:
        list(evidence.export())
    assert caught.value.reason in ("damaged", "missing")
    assert "\n  hint: " in str(caught.value)


def test_an_empty_file_is_a_new_one(path, caplog):
    path.parent.mkdir()
    path.touch()
    keep(path, interval())
    assert caplog.messages == []


def test_of_the_damaged_files_the_last_is_kept(path):
    keep(path)
    for hours in range(3):
        random_bytes(path)
        Store.open(path, clock=Clock(NOON_S + 3600 * hours)).close()
    assert [each.name for each in path.parent.glob("*damaged*")] == [
        "evidence.db.damaged-20231115T000000Z"
    ]


def test_damage_that_shows_while_it_is_written_is_set_aside_then(path, caplog):
    with Store.open(path, clock=Clock()) as store:
        store.went_live(LIVE)
        for number in range(30):
            store.add(busy_interval(NOON_S + 10 * number, seed=number))
        connection_of(store).execute("PRAGMA wal_checkpoint(TRUNCATE)")
        damage_all_but_the_header(path)
        connection_of(store).execute("PRAGMA shrink_memory")
        for number in range(30):
            store.add(interval(NOON_S + 400 + 10 * number))
    assert len(caplog.messages) == 1
    with Evidence.open(path) as evidence:
        assert evidence.edges()[0].calls == 30
        assert [each.live for each in evidence.lives()] == [LIVE]


def connection_of(store: Store) -> sqlite3.Connection:
    assert store._transactions.file is not None
    return store._transactions.file.connection


def damage_all_but_the_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(1).randbytes(path.stat().st_size - 4096))


def test_a_row_that_cannot_be_unpacked_is_damage_too(path, caplog):
    clock = Clock()
    with Store.open(path, clock=clock) as store:
        store.went_live(LIVE)
        store.add(interval(NOON_S))
        connection_of(store).execute("UPDATE edge_rows SET data = x'00ff'")
        with Evidence.open(path) as evidence, pytest.raises(StoreError) as caught:
            evidence.edges()
        assert caught.value.reason == "damaged"
        clock.now_s += 7200
        store.add(interval(NOON_S + 7200, calls=5))
    assert "a row of it cannot be read" in caplog.text
    with Evidence.open(path) as evidence:
        assert evidence.edges() == [edge(5)]


def test_a_file_that_is_deleted_while_it_is_written_begins_anew(path):
    with Store.open(path, clock=Clock()) as store:
        store.went_live(LIVE)
        store.add(interval(NOON_S))
        shutil.rmtree(path.parent)
        store.add(interval(NOON_S + 10, calls=5))
        with pytest.raises(StoreError, match="another run"):
            Store.open(path)
    with Evidence.open(path) as evidence:
        assert evidence.edges() == [edge(5)]
        assert [each.live for each in evidence.lives()] == [LIVE]
