"""Recorded requests have a file of their own: bounded, private, safe, and forgotten in time."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import payload_writer
import pytest
from payload_records import NOON_S, recorded

from amoeba.evidence.payloads import Shelf
from amoeba.evidence.store import (
    PayloadStore,
    StoreError,
    evidence_path,
    payloads_path,
    read_payloads,
)

DAY_S = 86400.0
MOST_BYTES = 2 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return payloads_path(evidence_path(tmp_path))


def opened(path: Path, now_s: float = NOON_S, **more: float) -> PayloadStore:
    given = {"most_bytes": MOST_BYTES, "keep_s": 7 * DAY_S} | more
    return PayloadStore.open(path, clock=lambda: now_s, **given)


def keep(path: Path, *numbers: int, now_s: float = NOON_S) -> None:
    with closing(opened(path, now_s)) as store:
        store.add([recorded(number, b"body %d" % number) for number in numbers])


def kept(path: Path, now_s: float = NOON_S) -> list[int]:
    return [int(each.trace_id, 16) for each in read_payloads(path, 7 * DAY_S, now_s)]


def test_what_is_recorded_is_read_again_the_newest_first(path):
    keep(path, 1, 2)
    keep(path, 3)
    assert kept(path) == [3, 2, 1]
    assert read_payloads(path, DAY_S, NOON_S)[0] == recorded(3, b"body 3")


def test_it_is_read_while_it_is_written(path):
    with closing(opened(path)) as store:
        store.add([recorded(1)])
        assert kept(path) == [1]


def test_the_file_is_for_its_user_alone(path):
    keep(path, 1)
    assert path.name == "payloads.db"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_is_too_old_is_neither_shown_nor_kept(path):
    keep(path, 1)
    later = NOON_S + 7 * DAY_S + 5
    assert kept(path, later) == []
    opened(path, later).close()
    assert b"body 1" not in path.read_bytes()
    assert kept(path) == []


def test_the_oldest_goes_when_the_bound_is_reached(path):
    rng = random.Random(1)
    with closing(opened(path)) as store:
        for number in range(100):
            store.add([recorded(number, rng.randbytes(100_000))])
            files = [each for each in path.parent.iterdir() if "payloads" in each.name]
            assert sum(each.stat().st_size for each in files if "shm" not in each.name) <= (
                MOST_BYTES + 250_000
            )
        found = kept(path)
    assert found == list(range(99, 99 - len(found), -1))
    assert len(found) >= 10


@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.acceptance)])
def test_a_kill_at_any_instant_loses_nothing_that_was_acknowledged(path, kills):
    rng = random.Random(7)
    path.parent.mkdir(parents=True)
    acknowledged = 0
    for _ in range(kills):
        acknowledged = max(acknowledged, write_and_kill(path, rng.uniform(0, 0.1)))
        found = payload_writer.numbers(path)
        if found:
            assert found == list(range(found[0], found[-1] + 1))
            assert acknowledged <= found[-1] <= acknowledged + 1
    assert acknowledged > kills
    assert not list(path.parent.glob("*damaged*"))


def write_and_kill(path: Path, after_s: float) -> int:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, payload_writer.__file__, path], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begins\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.kill()
        lines = process.stdout.read().split()
    return int(lines[-1]) if lines else 0


def test_a_damaged_file_is_set_aside(path, caplog):
    keep(path, *range(20))
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"not a database at all" * 400)
    with pytest.raises(StoreError) as caught:
        kept(path)
    assert caught.value.reason == "damaged"
    keep(path, 30)
    assert kept(path) == [30]
    assert [each.name[:20] for each in path.parent.glob("*.damaged-*")] == ["payloads.db.damaged-"]
    assert "set aside" in caplog.text


def test_a_record_that_cannot_be_read_is_told(path):
    keep(path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE payloads SET data = x'c1'")
    with pytest.raises(StoreError, match="cannot be read"):
        kept(path)


def test_a_file_of_something_else_is_left_alone(path, tmp_path):
    keep(path, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA application_id = 7")
    for attempt in (opened, kept):
        with pytest.raises(StoreError) as caught:
            attempt(path)
        assert caught.value.reason == "foreign"
        assert caught.value.expected == "recorded requests of Amoeba"


def test_a_full_disk_costs_what_comes_and_nothing_else(small_disk):
    path = small_disk(1 << 20) / "payloads.db"
    with closing(opened(path, most_bytes=8 << 20)) as store:
        store.add([recorded(1, b"first")])
        path.with_name("filler").write_bytes(bytes(300_000))
        rng = random.Random(2)
        with pytest.raises(StoreError) as caught:
            store.add([recorded(number, rng.randbytes(100_000)) for number in range(2, 50)])
        assert caught.value.reason == "full"
        assert kept(path)[-1] == 1
        path.with_name("filler").unlink()
        store.add([recorded(500)])
    assert kept(path)[0] == 500
    assert kept(path)[-1] == 1


def test_a_file_deleted_while_open_begins_anew(path):
    with closing(opened(path)) as store:
        store.add([recorded(1)])
        for each in list(path.parent.glob("payloads.db*")):
            if not each.name.endswith("-lock"):
                each.unlink()
        store.add([recorded(2)])
        assert kept(path) == [2]


def test_a_shelf_holds_so_much_and_gives_the_oldest_first():
    shelf = Shelf(10_000)
    shelf.add(recorded(number, bytes(1000)) for number in range(20))
    assert shelf.held_bytes <= 10_000
    first = shelf.take(4000)
    rest = shelf.take(10_000)
    numbers = [int(each.trace_id, 16) for each in first + rest]
    assert len(first) == 2
    assert numbers == list(range(20 - len(numbers), 20))
    assert (shelf.held_bytes, shelf.take(10_000)) == (0, [])
