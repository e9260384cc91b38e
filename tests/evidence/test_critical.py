"""The critical path: every moment of a request belongs to exactly one of its spans."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from amoeba.evidence.critical import Part, Request, critical_paths
from amoeba.evidence.records import HTTP, Span
from amoeba.evidence.routes import route_time, time_by_route

MS = 1_000_000
TRACE = "1" * 32


def span(name: str, start: float, end: float, parent: str = "", **more: Any) -> Span:
    """A span named and numbered `name`, from `start` to `end` in milliseconds."""
    return Span(
        TRACE,
        name,
        parent,
        more.pop("caller", "" if parent else HTTP),
        more.pop("module", name),
        more.pop("method", "call"),
        "main.0",
        int(start * MS),
        int((end - start) * MS),
        **more,
    )


def crossing(name: str, start: float, end: float, parent: str, there: float, back: float) -> Any:
    """Both sides of a call to another process, the callee's from `there` to `back`."""
    caller = span(f"{name}-called", start, end, parent, module=name, side="client")
    callee = span(name, there, back, caller.span_id, side="server")
    return [caller, callee]


def path(*spans: Span) -> dict[str, Part]:
    (request,) = critical_paths(spans)
    return {part.span.span_id: part for part in request.parts}


def own(*spans: Span) -> dict[str, float]:
    return {name: part.own_ns / MS for name, part in path(*spans).items()}


def test_calls_one_after_the_other_are_all_on_the_path():
    times = own(span("r", 0, 10), span("a", 1, 4, "r"), span("b", 5, 9, "r"))
    assert times == {"r": 3, "a": 3, "b": 4}


def test_of_calls_at_the_same_time_only_the_one_that_ends_last_is_on_the_path():
    parts = path(span("r", 0, 10), span("a", 1, 8, "r"), span("b", 1, 9, "r"))
    assert {name: part.own_ns / MS for name, part in parts.items()} == {"r": 2, "a": 0, "b": 8}
    assert parts["a"].windows == ()
    assert parts["b"].windows == ((1 * MS, 9 * MS),)
    assert [parts[name].parallel for name in "rab"] == [False, True, True]


def test_a_call_after_parallel_ones_is_sequential_and_on_the_path():
    spans = span("r", 0, 10), span("a", 1, 5, "r"), span("b", 1, 4, "r"), span("c", 5, 9, "r")
    parts = path(*spans)
    assert own(*spans) == {"r": 2, "a": 4, "b": 0, "c": 4}
    assert [parts[name].parallel for name in "abc"] == [True, True, False]


def test_what_a_call_beside_the_path_called_is_not_on_it_either():
    times = own(
        span("r", 0, 10), span("a", 1, 8, "r"), span("deep", 2, 7, "a"), span("b", 1, 9, "r")
    )
    assert (times["a"], times["deep"]) == (0, 0)


def test_a_call_that_outlives_its_caller_was_not_waited_for():
    assert own(span("r", 0, 10), span("background", 2, 15, "r")) == {"r": 10, "background": 0}


def test_own_time_is_cpu_as_far_as_it_was_measured_and_else_waiting():
    parts = path(span("r", 0, 10, cpu_ns=2 * MS), span("a", 1, 7, "r", cpu_ns=9 * MS))
    assert (parts["r"].cpu_ns, parts["r"].wait_ns) == (2 * MS, 2 * MS)
    assert (parts["a"].cpu_ns, parts["a"].wait_ns) == (6 * MS, 0)


def test_the_way_to_another_process_and_back_is_crossing():
    parts = path(span("r", 0, 10), *crossing("a", 1, 9, "r", there=3, back=8))
    assert parts["a-called"].crossing_ns == parts["a-called"].own_ns == 3 * MS
    assert (parts["a"].own_ns, parts["a"].crossing_ns) == (5 * MS, 0)


def test_of_a_callee_that_told_nothing_it_is_said_that_it_is_not_known():
    parts = path(span("r", 0, 10), span("a", 1, 9, "r", side="client"))
    assert (parts["a"].unseen_ns, parts["a"].crossing_ns, parts["a"].wait_ns) == (8 * MS, 0, 0)


def test_a_callee_whose_clock_is_off_is_moved_into_its_callers_time():
    off = 3600_000
    spans = crossing("a", 1, 9, "r", there=off + 3, back=off + 7)
    parts = path(span("r", 0, 10), *spans, span("deep", off + 4, off + 5, "a"))
    assert parts["a"].windows == ((3 * MS, 4 * MS), (5 * MS, 7 * MS))
    assert parts["deep"].windows == ((4 * MS, 5 * MS),)
    assert parts["a-called"].crossing_ns == 4 * MS


def test_a_callee_that_ran_on_after_its_caller_gave_up_has_its_callers_time():
    parts = path(span("r", 0, 10), *crossing("a", 1, 9, "r", there=2, back=30))
    assert (parts["a"].own_ns, parts["a-called"].own_ns) == (8 * MS, 0)


def test_clocks_that_differ_by_microseconds_do_not_make_calls_parallel():
    parts = path(span("r", 0, 10), span("a", 1, 4.005, "r"), span("b", 4, 9, "r"))
    assert not parts["a"].parallel
    assert not parts["b"].parallel
    assert parts["a"].own_ns == 3 * MS


def test_what_lost_its_caller_comes_after_the_requests():
    found = critical_paths([span("lost", 0, 3, "gone", caller="x"), span("r", 1, 10)])
    assert [(each.first.span_id, each.whole) for each in found] == [("r", True), ("lost", False)]


def test_a_trace_may_have_several_requests():
    spans = [span("r", 0, 3, "browser", caller=HTTP), span("q", 4, 5, "browser", caller=HTTP)]
    assert [(each.first.span_id, each.whole) for each in critical_paths(spans)] == [
        ("r", True),
        ("q", True),
    ]


def test_spans_that_made_each_other_are_left_out():
    assert critical_paths([span("a", 0, 1, "b"), span("b", 0, 1, "a"), span("c", 0, 1, "c")]) == []
    assert critical_paths([]) == []


@st.composite
def traces(draw: st.DrawFn) -> list[Span]:
    """Any spans at all, with missing ones, skewed clocks and nonsense among them."""
    spans = []
    for number in range(draw(st.integers(1, 12))):
        start, length = draw(st.integers(-(10**7), 10**7)), draw(st.integers(-5, 10**7))
        parent = draw(st.integers(-1, number - 1 if number else -1))
        spans.append(
            Span(
                TRACE,
                str(draw(st.sampled_from([number, number, number, 0]))),
                "gone" if draw(st.booleans()) and parent > 0 else str(parent) if number else "",
                draw(st.sampled_from([HTTP, "a"])),
                draw(st.sampled_from(["a", "b"])),
                "call",
                "main.0",
                start,
                length,
                cpu_ns=draw(st.integers(0, 10**7)),
                side=draw(st.sampled_from(["internal", "client", "server"])),
            )
        )
    return draw(st.permutations(spans))


@settings(max_examples=150, deadline=None)
@given(traces())
def test_times_on_the_path_add_up_to_the_requests_and_are_never_negative(spans):
    for request in critical_paths(spans):
        assert sum(part.own_ns for part in request.parts) == max(0, request.first.duration_ns)
        for part in request.parts:
            kinds = part.cpu_ns, part.wait_ns, part.crossing_ns, part.unseen_ns
            assert sum(kinds) == part.own_ns
            assert min(kinds) >= 0


@settings(max_examples=100, deadline=None)
@given(traces())
def test_at_every_moment_one_span_is_on_the_path(spans):
    for request in critical_paths(spans):
        windows = sorted(window for part in request.parts for window in part.windows)
        assert all(before[1] == after[0] for before, after in pairwise(windows))


def requests(*spans: Span) -> list[Request]:
    return critical_paths(spans)


def test_routes_are_added_up_with_the_slowest_tenth_apart():
    many = []
    for number in range(20):
        slow = 50 if number in (3, 4) else 0
        first = span("r", 0, 10 + slow, method="POST /a", cpu_ns=MS)
        many += requests(first, *crossing("m", 1, 9 + slow, "r", there=2, back=8 + slow))
    many += requests(span("r", 0, 1, method="GET /b", cpu_ns=MS))
    a, b = time_by_route(many)
    assert (a.route, a.all.requests, a.slowest.requests) == ("POST /a", 20, 2)
    assert (b.route, b.all.requests, b.slowest.requests) == ("GET /b", 1, 1)
    m, gateway = a.slowest.calls
    assert (m.module, m.wait_ns, m.crossing_ns) == ("m", 112 * MS, 4 * MS)
    assert (gateway.cpu_ns, gateway.wait_ns) == (2 * MS, 2 * MS)
    assert a.slowest.took_ns == 120 * MS == sum(each.path_ns for each in a.slowest.calls)


def test_a_call_between_processes_counts_once():
    spans = [
        *crossing("m", 1, 5, "r", there=2, back=4),
        *crossing("n", 1, 4, "r", there=2, back=3),
        *crossing("o", 6, 8, "r", there=6.5, back=7.5),
    ]
    totals = route_time(requests(span("r", 0, 9), *spans)).all
    counts = {each.module: (each.sequential, each.parallel) for each in totals.calls}
    assert counts == {"r": (1, 0), "m": (0, 1), "n": (0, 1), "o": (1, 0)}


def test_requests_that_were_not_traced_are_in_no_sum():
    found = route_time(requests(span("r", 0, 9, wait_ns=9 * MS)), "x")
    assert (found.all.requests, found.slowest.requests, found.not_traced) == (0, 0, 1)
