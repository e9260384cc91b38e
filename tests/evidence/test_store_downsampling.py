"""What is old is kept coarser, and adds up to the same."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path

import pytest
from evidence_records import (
    DAY_S,
    HOUR_S,
    LIVE,
    NOON_S,
    Clock,
    edge,
    edges,
    interval,
    keep,
    replicas,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from amoeba.evidence.adding import merge_at_once
from amoeba.evidence.records import EdgeTotals, Interval, ProcessTotals
from amoeba.evidence.store import Evidence, Store
from amoeba.evidence.store.connecting import connect_writer
from amoeba.evidence.store.downsampling import downsample

HOURS = 3
Sums = tuple[list[EdgeTotals], dict[str, ProcessTotals], float]


def downsample_all(path: Path, now_s: float) -> None:
    with closing(connect_writer(path, 1 << 28)) as connection:
        while downsample(connection, now_s):
            pass


def sums(evidence: Evidence, since_s: float, until_s: float, topology: str | None) -> Sums:
    used = evidence.processes(since_s, until_s, topology)
    width = sum(each.width_s for each in evidence.series(since_s, until_s, topology))
    return evidence.edges(since_s, until_s, topology), used, pytest.approx(width)


def all_sums(path: Path) -> list[Sums]:
    ends = [NOON_S + HOUR_S * number for number in range(HOURS + 1)]
    ranges = [(since, until) for since in ends for until in ends if since < until]
    with Evidence.open(path) as evidence:
        return [
            sums(evidence, *each, topology)
            for each in ranges
            for topology in (None, "apart", "together")
        ]


def near(used: dict[str, ProcessTotals]) -> dict[str, ProcessTotals]:
    """Shares are means, which floating point makes equal only nearly."""
    return {
        name: structs.replace(each, gpu_busy=pytest.approx(each.gpu_busy))
        if each.gpu_busy is not None
        else each
        for name, each in used.items()
    }


intervals = st.builds(
    Interval,
    st.floats(NOON_S, NOON_S + HOUR_S * HOURS - 1),
    st.sampled_from([10.0, 3.5]),
    st.lists(edges, max_size=3).map(merge_at_once),
    replicas,
)
ages = st.sampled_from([0, 2 * HOUR_S, 6 * HOUR_S, 2 * DAY_S, 31 * DAY_S, 99 * DAY_S])


@settings(max_examples=20)
@given(st.lists(st.tuples(intervals, st.booleans()), max_size=12), ages)
def test_the_sums_of_any_hours_are_the_same_before_and_after(found, age_s):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.db"
        for apart in (True, False):
            kept = sorted((one for one, here in found if here is apart), key=lambda i: i.start_s)
            keep(path, *kept, live=structs.replace(LIVE, topology="apart" if apart else "together"))
        before = all_sums(path)
        downsample_all(path, NOON_S + age_s)
        assert all_sums(path) == [(calls, near(used), width) for calls, used, width in before]


def widths(path: Path) -> Counter[float]:
    with Evidence.open(path) as evidence:
        return Counter(each.width_s for each in evidence.series())


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [
        (HOUR_S, {10: 720}),
        (3 * HOUR_S, {60: 120}),
        (2 * DAY_S, {600: 12}),
        (40 * DAY_S, {3600: 2}),
    ],
    ids=["an hour", "a day", "30 days", "older"],
)
def test_the_older_the_coarser(path, age_s, expected):
    keep(path, *[interval(NOON_S + 10 * number) for number in range(720)])
    downsample_all(path, NOON_S + age_s)
    assert widths(path) == expected


def test_it_happens_while_intervals_are_added_a_little_at_a_time(path):
    clock = Clock()
    with Store.open(path, clock=clock) as store, Evidence.open(path) as evidence:
        store.went_live(LIVE)
        for number in range(180):
            clock.now_s = NOON_S + 10 * number
            store.add(interval(clock.now_s))
        counts = [180]
        clock.now_s = NOON_S + 2 * HOUR_S
        for number in range(120):
            store.add(interval(clock.now_s + number))
            counts.append(len(list(evidence.series())))
        assert all(before + 1 - after <= 2 for before, after in pairwise(counts))
        assert counts[-1] == 30 + 120
        assert evidence.edges() == [edge(300)]


@pytest.mark.parametrize(
    ("width_s", "days", "most"),
    [(60, 1.2, 60 + 1380 + 40), (600, 31, 6 + 138 + 4176 + 40)],
    ids=["a minute", "ten minutes"],
)
def test_intervals_as_wide_as_a_slot_are_merged_in_time_too(path, width_s, days, most):
    clock = Clock()
    with Store.open(path, clock=clock) as store, Evidence.open(path) as evidence:
        store.went_live(LIVE)
        for number in range(round(days * DAY_S / width_s)):
            clock.now_s = NOON_S + width_s * number
            store.add(Interval(clock.now_s, width_s))
        assert len(list(evidence.series())) <= most


def test_what_is_merged_while_it_is_read_is_read_once(path):
    keep(path, *[interval(NOON_S + 10 * number) for number in range(720)])
    with Evidence.open(path) as evidence:
        reading = evidence.series()
        first = list(islice(reading, 100))
        downsample_all(path, NOON_S + 3 * HOUR_S)
        calls = [each.edges[0].calls for each in [*first, *reading]]
    assert calls == [1] * 360 + [6] * 60


def test_intervals_of_different_periods_stay_apart(path):
    keep(path, interval(NOON_S + 1, calls=1))
    keep(path, interval(NOON_S + 2, calls=10))
    downsample_all(path, NOON_S + 99 * DAY_S)
    with Evidence.open(path) as evidence:
        assert [(each.period, each.interval.edges) for each in evidence.kept()] == [
            (1, [edge(1)]),
            (2, [edge(10)]),
        ]


def test_what_comes_late_joins_what_was_merged(path):
    keep(path, interval(NOON_S + 10))
    downsample_all(path, NOON_S + DAY_S / 2)
    with Store.open(path, clock=Clock(NOON_S + DAY_S / 2)) as store:
        store._live, store._period = LIVE, 1
        store.add(interval(NOON_S))
    with Evidence.open(path) as evidence:
        (only,) = evidence.series()
        assert (only.start_s, only.width_s, only.edges) == (NOON_S, 20.0, [edge(2)])
