"""The file stays within its size, whatever is written and whoever reads."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from evidence_records import LIVE, NOON_S, Clock, busy_interval, edge, keep

from amoeba.evidence.records import Interval
from amoeba.evidence.store import Evidence, Store, StoreError

MOST = 1 << 20
ONE_WRITE = 256 << 10


def size(path: Path) -> int:
    return sum(each.stat().st_size for each in path.parent.glob("evidence.db*") if is_data(each))


def is_data(path: Path) -> bool:
    return path.name.endswith((".db", "-wal"))


def wide(start_s: float) -> Interval:
    """Much on edges, and no spans."""
    return busy_interval(start_s, edges=100, spans=0, seed=int(start_s))


def test_the_oldest_spans_go_first_and_the_size_stays(path):
    clock = Clock()
    with Store.open(path, most_bytes=MOST, clock=clock) as store:
        store.went_live(LIVE)
        for number in range(200):
            clock.now_s = NOON_S + 10 * number
            store.add(busy_interval(clock.now_s, seed=number))
            assert size(path) <= MOST + ONE_WRITE
        with Evidence.open(path) as evidence:
            assert len(list(evidence.series())) == 200
            starts = [span.start_ns / 1e9 for _, span in evidence.spans()]
    assert NOON_S < starts[0] < starts[-1] == NOON_S + 1990
    assert starts == sorted(starts)


def test_then_the_oldest_intervals_go_with_the_periods_they_were_in(path):
    clock = Clock()
    with Store.open(path, most_bytes=MOST, clock=clock) as store:
        for number in range(150):
            clock.now_s = NOON_S + 10 * number
            if number % 50 == 0:
                store.went_live(LIVE)
            store.add(wide(clock.now_s))
            assert size(path) <= MOST + ONE_WRITE
        with Evidence.open(path) as evidence:
            starts = [each.start_s for each in evidence.series()]
            assert [each.id for each in evidence.lives()] == [2, 3]
    assert starts[0] > NOON_S + 500
    assert starts == [starts[0] + 10 * number for number in range(len(starts))]
    assert starts[-1] == NOON_S + 1490


def test_an_interval_far_larger_than_others_finds_room(path):
    with Store.open(path, most_bytes=4 * MOST, clock=Clock()) as store:
        store.went_live(LIVE)
        for number in range(5):
            store.add(busy_interval(NOON_S + 10 * number, spans=10_000, seed=number))
    with Evidence.open(path) as evidence:
        assert len([span for _, span in evidence.spans()]) >= 10_000
        assert len(list(evidence.series())) == 5


def test_what_can_never_fit_is_refused_and_the_rest_is_kept(path):
    with Store.open(path, most_bytes=MOST, clock=Clock()) as store:
        store.went_live(LIVE)
        with pytest.raises(StoreError) as caught:
            store.add(busy_interval(NOON_S, spans=20_000))
        assert caught.value.reason == "full"
        store.add(Interval(NOON_S, 10.0, [edge(3)]))
    with Evidence.open(path) as evidence:
        assert evidence.edges() == [edge(3)]


def test_a_bound_that_was_lowered_gives_the_space_back(path):
    keep(path, *[busy_interval(NOON_S + n, edges=5, spans=1000, seed=n) for n in range(40)])
    assert size(path) > 3 * MOST
    with Store.open(path, most_bytes=MOST, clock=Clock()) as store:
        store.went_live(LIVE)
        for number in range(10):
            store.add(Interval(NOON_S + 100 + number, 1.0))
        assert size(path) <= MOST + ONE_WRITE


def test_a_reader_that_holds_a_snapshot_holds_up_the_writer_not_the_disk(path):
    with Store.open(path, most_bytes=MOST, clock=Clock()) as store:
        store.went_live(LIVE)
        store.add(wide(NOON_S))
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM intervals").fetchone()
            with pytest.raises(StoreError, match="hint: end what reads the file") as caught:
                fill(store)
            assert caught.value.reason == "held"
            assert size(path) <= MOST + ONE_WRITE
            reader.execute("COMMIT")
            store.add(wide(NOON_S + 1000))
        assert size(path) <= MOST + ONE_WRITE
    with Evidence.open(path) as evidence:
        assert [each.start_s for each in evidence.series()][-1] == NOON_S + 1000


def fill(store: Store) -> None:
    for number in range(1, 100):
        store.add(wide(NOON_S + number))


def test_our_own_readers_hold_nothing_up(path):
    with Store.open(path, most_bytes=MOST, clock=Clock()) as store, Evidence.open(path) as evidence:
        store.went_live(LIVE)
        store.add(wide(NOON_S))
        reading = evidence.export()
        next(reading)
        fill(store)
        assert size(path) <= MOST + ONE_WRITE
