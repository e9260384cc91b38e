"""A full disk costs evidence of that time at most: never what was kept, never the application."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from evidence_records import LIVE, NOON_S, Clock, busy_interval, edge, interval

from amoeba.evidence.store import Evidence, Store, StoreError

DISK = 4 << 20


def fill(disk: Path) -> Path:
    """A file that takes what is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


def add_until_it_fails(store: Store, first: int) -> int:
    """Add intervals with one call each; the number of the first that was not kept."""
    numbers = itertools.count(first)
    with pytest.raises(StoreError, match="hint: free some space there") as caught:
        add_all(store, numbers)
    assert caught.value.reason == "full"
    return next(numbers) - 1


def add_all(store: Store, numbers: Iterator[int]) -> None:
    for number in itertools.islice(numbers, 1000):
        wide = busy_interval(NOON_S + 10 * number, edges=20, spans=0, seed=number)
        wide.edges.append(edge(1))
        store.add(wide)


def calls(path: Path) -> int:
    with Evidence.open(path) as evidence:
        return next(each.calls for each in evidence.edges() if each.method == "open")


def test_when_there_is_space_again_it_goes_on(small_disk: Callable[[int], Path]):
    disk = small_disk(DISK)
    path = disk / "evidence.db"
    with Store.open(path, clock=Clock()) as store:
        store.went_live(LIVE)
        store.add(interval(NOON_S))
        ballast = fill(disk)
        lost = add_until_it_fails(store, 1)
        assert calls(path) == lost
        assert add_until_it_fails(store, lost) == lost
        ballast.unlink()
        store.add(interval(NOON_S + 10 * lost))
        assert calls(path) == lost + 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_file_that_has_grown_to_its_bound_needs_no_more_disk(small_disk):
    disk = small_disk(DISK)
    path = disk / "evidence.db"
    with Store.open(path, most_bytes=1 << 20, clock=Clock()) as store:
        store.went_live(LIVE)
        for number in range(300):
            if number == 150:
                fill(disk)
            store.add(busy_interval(NOON_S + 10 * number, edges=2, spans=100, seed=number))
    with Evidence.open(path) as evidence:
        assert len(list(evidence.series())) == 300
        assert len(list(evidence.spans())) > 1000


def test_a_period_that_began_on_a_full_disk_begins_with_the_next_interval_kept(small_disk):
    disk = small_disk(DISK)
    path = disk / "evidence.db"
    clock = Clock(100.0)
    with Store.open(path, clock=clock) as store:
        store.went_live(LIVE)
        ballast = fill(disk)
        add_until_it_fails(store, 1)
        clock.now_s = 200.0
        with pytest.raises(StoreError, match="full"):
            store.went_live(LIVE)
        ballast.unlink()
        store.add(interval(NOON_S + 90_000))
    with Evidence.open(path) as evidence:
        assert [each.began_s for each in evidence.lives()] == [100.0, 200.0]
        assert [each.period for each in evidence.kept()][-1] == 2


def test_opening_on_a_full_disk_is_a_clear_error(small_disk):
    disk = small_disk(DISK)
    fill(disk)
    with pytest.raises(StoreError) as caught:
        Store.open(disk / "evidence.db")
    assert caught.value.reason in ("full", "unusable")
    assert "\n  hint: " in str(caught.value)


LIMITED = """
import resource, sys
from pathlib import Path
from evidence_records import *
from amoeba.evidence.store import StoreError
path = Path(sys.argv[1])
with Store.open(path, clock=Clock()) as store:
    store.went_live(LIVE)
    store.add(interval(NOON_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    kept = 1
    try:
        while True:
            store.add(busy_interval(NOON_S + kept, seed=kept))
            kept += 1
    except StoreError as error:
        print(error.reason)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.add(interval(NOON_S + kept))
    print(kept + 1)
"""


def test_a_file_that_may_not_grow_is_the_same(path):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", LIMITED, path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    reason, kept = done.stdout.split()
    assert reason == "unusable"
    with Evidence.open(path) as evidence:
        assert len(list(evidence.series())) == int(kept)
