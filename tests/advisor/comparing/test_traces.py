"""What the evidence of a run says of its structure."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from amoeba.advisor.comparing.traces import computing, shape_of
from amoeba.evidence.records import EdgeTotals, Interval, Live, Samples, Span
from amoeba.evidence.store import Store


def edge(caller: str, module: str, method: str, calls: int, looked_at: int, cpu_ns: int):
    samples = Samples(calls=looked_at, cpu_ns=cpu_ns)
    return EdgeTotals(caller, module, method, calls, {}, 0, {100: calls}, samples=samples)


def span(trace: str, number: int, parent: str, module: str, method: str, **more) -> Span:
    caller = more.pop("caller", "gateway")
    replica = more.pop("replica", "main.0")
    return Span(trace * 32, f"{trace}{number:015x}", parent, caller, module, method, replica, 1, 2,
                **more)  # fmt: skip


def test_what_a_call_takes_counts_for_all_calls():
    edges = [
        edge("http", "gateway", "POST /", 1000, 10, 10_000),
        edge("gateway", "model", "run", 500, 5, 100_000),
        edge("other", "model", "run", 100, 1, 20_000),
        edge("gateway", "never", "seen", 100, 0, 0),
    ]
    assert computing(edges) == {"gateway": 1e6, "model": 12e6}


def test_requests_are_weighed_by_how_often_their_route_is_called(tmp_path: Path):
    spans = [
        span("a", 1, "", "gateway", "POST /", caller="http", cpu_ns=5, side="server"),
        span("a", 2, f"a{1:015x}", "model", "run", side="client"),
        span("a", 3, f"a{2:015x}", "model", "run", side="server", replica="models.0"),
        span("b", 1, "", "gateway", "GET /", caller="http", cpu_ns=5, side="server"),
        span("c", 1, "", "gateway", "POST /", caller="http", side="server"),  # kept, not looked at
    ]
    edges = [
        edge("http", "gateway", "POST /", 300, 1, 10),
        edge("http", "gateway", "GET /", 100, 1, 10),
    ]
    store = Store.open(tmp_path / "evidence.db")
    store.went_live(Live("desk", "apart", "1", {}))
    store.add(Interval(1e9, 10.0, edges, {}, spans))
    store.close()
    shape = shape_of(tmp_path / "evidence.db")
    assert shape.traces == 2
    assert shape.hops == pytest.approx(0.75)
    assert shape.processes == pytest.approx((300 * 2 + 100 * 1) / 400)
    assert shape.spans == pytest.approx((300 * 3 + 100 * 1) / 400)
    assert shape.cpu_by_module == {"gateway": 1.0}


def test_without_evidence_nothing_is_claimed(tmp_path: Path):
    shape = shape_of(tmp_path / "evidence.db")
    assert math.isnan(shape.hops)
    assert shape.cpu_by_module == {}
