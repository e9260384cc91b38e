"""An interval by the second."""

from __future__ import annotations

import pytest

from amoeba.evidence import EdgeTotals, ProcessTotals, bucket_of
from amoeba.evidence.rates import rates_of
from amoeba.evidence.records import HTTP, Interval

MS = 1_000_000


def edge(caller: str, method: str, calls: int, failed: int = 0, in_flight: int = 0) -> EdgeTotals:
    errors = {"500": failed} if failed else {}
    latency = {bucket_of(2 * MS): calls} if calls else {}
    return EdgeTotals(caller, "gateway", method, calls, errors, in_flight, latency)


def test_calls_are_told_by_the_second_the_busiest_first():
    edges = [edge(HTTP, "GET /a", 10, failed=5), edge(HTTP, "GET /b", 30), edge("x", "y", 100)]
    rates = rates_of(Interval(0.0, 5.0, edges))
    assert [(each.method, each.per_s) for each in rates.edges] == [
        ("y", 20),
        ("GET /b", 6),
        ("GET /a", 2),
    ]
    assert rates.edges[2].errors_per_s == 1
    assert rates.edges[0].p99_ns == pytest.approx(2 * MS, rel=0.016)


def test_requests_are_the_calls_of_routes():
    rates = rates_of(Interval(0.0, 5.0, [edge(HTTP, "a", 20, failed=5), edge("x", "y", 100, 50)]))
    assert (rates.requests_per_s, rates.failed) == (4, 0.25)


def test_a_call_that_has_not_ended_has_no_latency():
    rates = rates_of(Interval(0.0, 5.0, [edge("x", "y", 0, in_flight=3)]))
    assert (rates.edges[0].in_flight, rates.edges[0].p50_ns, rates.failed) == (3, None, 0)


def test_a_process_is_told_in_cpus_and_shares_of_the_time():
    used = ProcessTotals(
        cpu_ns=3000 * MS,
        gc_pause_ns=20 * MS,
        rss_bytes=7,
        descriptors=8,
        loop_lag={bucket_of(MS): 9},
        blocked_by={"a": 100 * MS, "b": 400 * MS},
    )
    found = rates_of(Interval(0.0, 2.0, [], {"main.0": used})).processes["main.0"]
    assert (found.cpus, found.gc, found.blocked_by, found.blocked) == (1.5, 0.01, "b", 0.2)
    assert (found.rss_bytes, found.descriptors, found.gpu_busy) == (7, 8, None)
    assert found.loop_lag_p99_ns == pytest.approx(MS, rel=0.016)


def test_nothing_is_no_rate():
    rates = rates_of(Interval(0.0, 1.0, [], {"main.0": ProcessTotals()}))
    assert (rates.requests_per_s, rates.failed, rates.edges) == (0, 0, [])
    assert rates.processes["main.0"].blocked_by == ""
    assert rates.processes["main.0"].loop_lag_p99_ns is None
