"""What is kept is what is read, also while it is written and after a restart."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from evidence_records import (
    LIVE,
    NOON_S,
    Clock,
    edge,
    edges,
    interval,
    keep,
    replicas,
    span,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from amoeba.evidence.adding import merge_at_once
from amoeba.evidence.records import EdgeTotals, Interval, ProcessTotals, Samples
from amoeba.evidence.store import KINDS, Evidence, Store, StoreError


@settings(max_examples=25)
@given(st.lists(edges, max_size=4), replicas)
def test_every_field_of_every_record_comes_back(found, used):
    found = merge_at_once(found)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.db"
        keep(path, Interval(NOON_S, 10.0, found, used))
        with Evidence.open(path) as evidence:
            assert list(evidence.series()) == [Interval(NOON_S, 10.0, found, used)]
            assert evidence.edges() == found
            assert evidence.processes() == used


def test_every_field_of_a_span_comes_back(path):
    spans = [
        span(7, 1, 0, int(NOON_S * 1e9), duration_ns=9, error="500"),
        span(
            7, 2, 1, 5, cpu_ns=1, wait_ns=2, argument_bytes=3, answer_bytes=4, error="LookupError"
        ),
    ]
    keep(path, Interval(NOON_S, 10.0, spans=spans))
    with Evidence.open(path) as evidence:
        assert [each for _, each in evidence.spans()] == spans


def test_an_edge_that_comes_twice_in_an_interval_is_added_up(path):
    keep(path, Interval(NOON_S, 10.0, [edge(2), edge(3)]))
    with Evidence.open(path) as evidence:
        assert evidence.edges() == [edge(5)]


def test_evidence_is_read_while_it_is_written(path):
    with Store.open(path) as store, Evidence.open(path) as evidence:
        store.went_live(LIVE)
        for number in range(1, 4):
            store.add(interval(NOON_S + 10 * number, calls=1))
            assert evidence.edges()[0].calls == number


def test_a_restart_adds_to_what_was_kept(path):
    keep(path, interval(NOON_S))
    keep(path, interval(NOON_S + 10))
    with Evidence.open(path) as evidence:
        assert [each.start_s for each in evidence.series()] == [NOON_S, NOON_S + 10]


def test_a_range_has_what_began_in_it(path):
    keep(path, *[interval(NOON_S + 1800 * number, calls=10**number) for number in range(5)])
    with Evidence.open(path) as evidence:
        assert evidence.edges(NOON_S + 1800, NOON_S + 7200) == [edge(1110)]
        assert evidence.processes(NOON_S, NOON_S + 1) == {"main.0": ProcessTotals(cpu_ns=1)}
        assert evidence.edges(NOON_S + 1, NOON_S + 1800) == []


def test_evidence_is_told_apart_by_topology(path):
    keep(path, interval(NOON_S, calls=1))
    keep(path, interval(NOON_S + 10, calls=10), live=structs.replace(LIVE, topology="monolith"))
    with Evidence.open(path) as evidence:
        assert evidence.edges(topology="apart") == [edge(1)]
        assert evidence.edges(topology="monolith") == [edge(10)]
        assert evidence.edges() == [edge(11)]


def test_it_is_known_what_was_live_when(path):
    clock = Clock(100.0)
    update = structs.replace(LIVE, versions={"tickets": "v2"})
    with Store.open(path, clock=clock) as store:
        assert store.went_live(LIVE) == 1
        clock.now_s = 200.0
        assert store.went_live(update) == 2
        store.add(interval(200.0))
        with Evidence.open(path) as evidence:
            first, second = evidence.lives()
            assert [kept.period for kept in evidence.kept()] == [2]
            assert evidence.lives(0.0, 150.0) == [first]
            assert evidence.lives(topology="none") == []
    assert (first.began_s, first.ended_s, first.live) == (100.0, 200.0, LIVE)
    assert (second.began_s, second.last_s, second.ended_s, second.live) == (200, 210, None, update)


def test_a_period_that_a_kill_left_open_ended_with_its_last_interval(path):
    with Store.open(path, clock=Clock(100.0)) as store:
        store.went_live(LIVE)
        store.add(interval(100.0))
        store.add(interval(110.0))
    Store.open(path, clock=Clock(900.0)).close()
    with Evidence.open(path) as evidence:
        assert evidence.lives()[0].ended_s == 120.0


def test_an_interval_without_a_period_is_a_mistake(path):
    with Store.open(path) as store, pytest.raises(RuntimeError, match="call went_live first"):
        store.add(interval())


WRONG = {
    "an identifier that is not hex": Interval(
        NOON_S, 10.0, [edge(5)], {}, [structs.replace(span(1), trace_id="xyz")]
    ),
    "a moment that is no number": Interval(float("nan"), 10.0, [edge(5)]),
    "more calls than there are numbers": Interval(NOON_S, 10.0, [edge(2**64)]),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_not_valid_is_refused_and_the_next_is_kept(path, wrong):
    with Store.open(path) as store:
        store.went_live(LIVE)
        with pytest.raises(StoreError) as caught:
            store.add(wrong)
        assert caught.value.reason == "invalid"
        store.add(interval(NOON_S + 10, calls=3))
    with Evidence.open(path) as evidence:
        assert evidence.edges() == [edge(3)]


@pytest.fixture
def traced(path: Path) -> Path:
    first = [span(0xA1, 1, 0, 10, duration_ns=50), span(0xA1, 2, 1, 12, error="LookupError")]
    second = span(0xA2, 3, 0, 20, duration_ns=9)
    third = structs.replace(span(0xB0 << 120, 4, 0, 30), method="GET /")
    keep(path, Interval(NOON_S, 10.0, spans=[*first[::-1], second, third]))
    return path


def test_the_newest_and_the_slowest_requests_are_found(traced):
    with Evidence.open(traced) as evidence:
        newest, slowest = evidence.traces(), evidence.traces(slowest=True)
        assert [each.first.start_ns for each in newest] == [30, 20, 10]
        assert [each.first.duration_ns for each in slowest] == [1000, 50, 9]
        assert [(each.spans, each.failed) for each in newest] == [(1, 0), (1, 0), (2, 1)]
        assert [each.first.start_ns for each in evidence.traces(1)] == [30]


@pytest.mark.parametrize("route", ["POST /tickets", "gateway.POST /tickets"])
def test_requests_of_one_route_are_found(traced, route):
    with Evidence.open(traced) as evidence:
        assert [each.first.start_ns for each in evidence.traces(route=route)] == [20, 10]


def test_a_request_whose_trace_began_elsewhere_is_found(path):
    from_outside = structs.replace(span(1), parent_id="00000000000000ff")
    keep(path, Interval(NOON_S, 10.0, spans=[from_outside, span(1, 2, parent=1)]))
    with Evidence.open(path) as evidence:
        assert [(each.first, each.spans) for each in evidence.traces()] == [(from_outside, 2)]


def test_a_trace_is_found_by_how_its_identifier_begins(traced):
    with Evidence.open(traced) as evidence:
        assert [each.span_id[-1] for each in evidence.trace(f"{0xA1:032x}")] == ["1", "2"]
        assert [each.span_id[-1] for each in evidence.trace("b")] == ["4"]
        assert evidence.trace("c") == []
        with pytest.raises(StoreError, match="hint: give more digits") as caught:
            evidence.trace("000")
        assert caught.value.reason == "ambiguous"
        assert evidence.trace("no trace") == evidence.trace("0" * 33) == []


def test_the_export_is_one_record_per_line_of_json(path):
    seen = EdgeTotals(
        "http",
        "gateway",
        "GET /",
        2,
        {"OSError": 1},
        1,
        {200: 2},
        {3: 2},
        Samples(2, 9, by_size={4: (2, 7)}),
    )
    used = ProcessTotals(cpu_ns=7, loop_lag={10: 1}, blocked_by={"tickets": 5})
    keep(
        path,
        Interval(NOON_S, 10.0, [seen], {"main.0": used}, [span(1, start_ns=int(NOON_S * 1e9))]),
    )
    with Evidence.open(path) as evidence:
        lines = [json.dumps(each) for each in evidence.export()]
        assert [json.loads(each)["kind"] for each in lines] == list(KINDS)
        assert "\n".join(lines) + "\n" == (Path(__file__).parent / "export.jsonl").read_text()


def test_the_export_is_of_the_kinds_and_the_range_asked_for(path):
    keep(path, *[interval(NOON_S + 3600 * number, calls=number) for number in range(3)])
    with Evidence.open(path) as evidence:
        found = [*evidence.export(["edges", "spans"], NOON_S + 3600, NOON_S + 7200)]
    assert [(each["kind"], each["calls"]) for each in found] == [("edges", 1)]


def test_every_exported_field_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "evidence.md").read_text()
    lines = (Path(__file__).parent / "export.jsonl").read_text().splitlines()
    fields = {field for line in lines for field in json.loads(line)}
    assert {field for field in fields if f"`{field}`" not in page} == set()
