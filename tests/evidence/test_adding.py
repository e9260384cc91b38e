from __future__ import annotations

import pytest
from evidence_records import edge, edges, processes
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from amoeba.evidence.adding import (
    add_edge,
    add_process,
    edges_since,
    gpu_seconds,
    merge_at_once,
    merge_over_time,
    process_since,
)
from amoeba.evidence.records import EdgeTotals, ProcessTotals, Samples
from amoeba.evidence.store.packing import pack_edge, unpack_edge


def copy(totals: EdgeTotals) -> EdgeTotals:
    key = totals.caller, totals.module, totals.method
    return unpack_edge(*key, totals.calls, pack_edge(totals))


@settings(max_examples=50)
@given(st.lists(edges, max_size=6), st.randoms())
def test_the_order_of_adding_makes_no_difference(records, rng):
    shuffled = rng.sample(records, len(records))
    assert merge_over_time(map(copy, records)) == merge_over_time(map(copy, shuffled))
    assert merge_at_once(map(copy, records)) == merge_at_once(map(copy, shuffled))


@settings(max_examples=50)
@given(st.lists(edges, max_size=6))
def test_what_is_merged_is_not_changed(records):
    before = [copy(each) for each in records]
    merge_over_time(records)
    assert records == before


def test_every_field_of_an_edge_adds_up():
    one = EdgeTotals("a", "b", "c", 2, {"E": 1}, 1, {5: 2}, {1: 2}, Samples(*range(7), {3: (1, 9)}))
    add_edge(one, copy(one))
    doubled = Samples(0, 2, 4, 6, 8, 10, 12, {3: (2, 18)})
    assert one == EdgeTotals("a", "b", "c", 4, {"E": 2}, 1, {5: 4}, {1: 4}, doubled)


def test_calls_in_flight_add_up_over_processes_but_not_over_time():
    seen = [structs.replace(edge(), in_flight=flying) for flying in (3, 4)]
    assert merge_at_once(seen)[0].in_flight == 7
    assert merge_over_time(seen)[0].in_flight == 4


def test_of_a_process_over_time_work_adds_up_and_memory_is_the_highest():
    one = ProcessTotals(1, 2, 3, 4, 50, 60, 70, 80, 0.2, {1: 1}, {"m": 1}, {"m": 2})
    other = ProcessTotals(1, 2, 3, 4, 55, 6, 7, 8, 0.8, {1: 1}, {"m": 1}, {"m": 2})
    assert add_process(one, 10.0, other, 30.0) == 40.0
    assert one.gpu_busy == pytest.approx(0.65)
    assert structs.replace(one, gpu_busy=None) == ProcessTotals(
        2, 4, 6, 8, 55, 60, 70, 80, None, {1: 2}, {"m": 2}, {"m": 4}
    )


def test_a_gpu_that_was_not_measured_is_not_taken_for_idle():
    one, used = ProcessTotals(), ProcessTotals(gpu_bytes=5, gpu_busy=0.5)
    assert (gpu_seconds(one, 10.0), gpu_seconds(used, 10.0)) == (0.0, 10.0)
    measured_s = add_process(one, 0.0, used, 10.0)
    assert add_process(one, measured_s, ProcessTotals(), 0.0) == 10.0
    assert (one.gpu_bytes, one.gpu_busy) == (5, 0.5)


@settings(max_examples=50)
@given(st.lists(edges, max_size=4), st.lists(edges, max_size=4))
def test_what_was_added_since_is_found_again(before, added):
    before, added = merge_at_once(before), merge_at_once(added)
    now = merge_at_once([*map(copy, before), *map(copy, added)])
    flying = {(each.caller, each.module, each.method): each.in_flight for each in now}
    found = edges_since(now, before)
    assert {structs.astuple(each)[:3] for each in found} >= {
        structs.astuple(each)[:3] for each in added if each.calls
    }
    for each in found:
        key = each.caller, each.module, each.method
        had = [one for one in before if (one.caller, one.module, one.method) == key]
        both = merge_at_once([structs.replace(each, in_flight=0), *had])[0]
        (total,) = [one for one in now if (one.caller, one.module, one.method) == key]
        assert without_zeros(both) == without_zeros(total)
        assert each.in_flight == flying[key]


def without_zeros(totals: EdgeTotals) -> tuple[object, ...]:
    kept = [totals.errors, totals.latency, totals.queued]
    return (totals.calls, *({k: n for k, n in each.items() if n} for each in kept))


@pytest.mark.parametrize(
    "now",
    [
        [edge(2, "open")],
        [edge(4, "open"), edge(9, "close")],
        [EdgeTotals("gateway", "tickets", "open", 6, {}, 0, {100: 6}), edge(9, "close")],
    ],
    ids=["an edge is missing", "calls fell", "a bucket fell"],
)
def test_after_a_restart_everything_is_new(now):
    before = [edge(5, "open"), edge(1, "close")]
    assert edges_since(now, before) == sorted(now, key=lambda each: each.method)


def test_an_edge_on_which_nothing_happened_is_left_out():
    assert edges_since([edge(5, "open"), edge(2, "close")], [edge(5, "open")]) == [edge(2, "close")]


@given(processes, processes)
def test_what_a_process_used_since_is_found_again(before, used):
    now = ProcessTotals()
    add_process(now, 0.0, before, 1.0)
    add_process(now, 1.0, used, 1.0)
    found = process_since(now, before)
    assert [found.cpu_ns, found.gc_pauses, found.gc_pause_ns] == [
        used.cpu_ns,
        used.gc_pauses,
        used.gc_pause_ns,
    ]
    assert found.loop_lag == used.loop_lag
    assert found.rss_bytes == now.rss_bytes


def test_a_process_that_was_started_anew_counts_from_zero():
    before, now = ProcessTotals(cpu_ns=100, gc_pauses=1), ProcessTotals(cpu_ns=40, gc_pauses=2)
    assert process_since(now, before) == now
    assert process_since(now, None) == now


def test_an_edge_on_which_calls_were_only_in_flight_may_go():
    counted = EdgeTotals("a", "b", "c", 5, {}, 0, {100: 5})
    flying = EdgeTotals("a", "b", "d", 0, {}, 1, {})
    (more,) = edges_since([structs.replace(counted, calls=7, latency={100: 7})], [counted, flying])
    assert more.calls == 2
