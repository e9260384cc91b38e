"""Calls that are looked at closely are spans of one trace, wherever the callee runs."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from pathlib import Path
from typing import Any

import pytest

import amoeba
from amoeba.evidence import ActiveSpan, Edge, Span
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope

CONFIG = Path(__file__).parent / "rules_app" / "amoeba.toml"


def traced(rig: Any, call: Any) -> tuple[ActiveSpan, list[Span]]:
    """The spans that a call leaves in this process, below one that stands for a request."""
    recorder = rig.app._host.recorder
    recorder.take_spans()
    edge = Edge("http", "gateway", "GET /", recorder)
    root = ActiveSpan(edge, "server", None, kept=True)

    async def inside() -> None:
        token = enter_scope(Scope(span=root))
        try:
            await call()
        finally:
            leave_scope(token)

    rig.run(inside())
    return root, [span for span in recorder.take_spans() if span.side != "server"]


def test_a_call_is_a_span_below_its_caller(rig):
    root, (span,) = traced(rig, rig.probe.pid)
    assert (span.trace_id, span.parent_id) == (root.trace_id, root.span_id)
    assert (span.caller, span.module, span.method) == ("gateway", "probe", "pid")
    assert span.side == ("client" if rig.crosses else "internal")
    assert span.replica == ("" if rig.mode == "remote" else "main.0")
    assert root.children


def test_a_callees_own_calls_are_below_it(rig):
    front = rig.app.get("front")
    root, spans = traced(rig, front.remaining_behind_s)
    by_module = {span.module: span for span in spans}
    assert set(by_module) == {"front", "probe"}
    assert by_module["front"].parent_id == root.span_id
    if not rig.crosses or rig.mode == "remote":
        assert by_module["probe"].parent_id == by_module["front"].span_id
    assert by_module["probe"].caller == "front"


def test_sizes_are_known_of_calls_that_do_not_cross_too(rig):
    _, (span,) = traced(rig, lambda: rig.probe.add([1, 2, 3], 4))
    assert span.argument_bytes == len(b"\x92\x93\x01\x02\x03\x04")
    assert span.answer_bytes == len(b"\x91\x94\x01\x02\x03\x04")


def test_an_array_counts_with_its_bytes(rig):
    import numpy as np

    _, (span,) = traced(rig, lambda: rig.probe.scale(np.ones(100_000), 2.0))
    assert 800_000 < span.argument_bytes < 800_200
    assert 800_000 < span.answer_bytes < 800_200


def test_what_fails_says_how(rig):
    async def fail() -> None:
        from rules.probe import OutOfStock

        with pytest.raises(OutOfStock):
            await rig.probe.fail("contract")

    _, (span,) = traced(rig, fail)
    assert span.error == "OutOfStock"


def test_a_thread_of_the_callee_computes_for_it(rig):
    _, (span,) = traced(rig, rig.probe.thread)
    if not rig.crosses:
        assert span.cpu_ns > 0


def test_a_call_that_no_request_made_is_counted_in_its_turn_but_no_trace(rig):
    recorder = rig.app._host.recorder
    edge = recorder.edge("gateway", "probe", "optional")
    edge.sample_at_ns = 0
    recorder.take_spans()

    async def twice() -> None:
        await rig.probe.optional(1)
        await rig.probe.optional(1)

    before = edge.samples.calls
    rig.run(twice())
    assert edge.samples.calls == before + 1
    assert recorder.take_spans() == []


def test_a_deadline_inside_does_not_end_a_trace(rig):
    async def call() -> None:
        async with amoeba.deadline(20):
            await rig.probe.pid()

    _, (span,) = traced(rig, call)
    assert span.method == "pid"


def test_another_process_tells_its_side_of_the_call(tmp_path):
    async def call() -> list[Span]:
        async with amoeba.open(CONFIG, topology="all-apart") as app:
            recorder = app._host.recorder
            root = ActiveSpan(Edge("http", "gateway", "GET /", recorder), "server", None, kept=True)
            token = enter_scope(Scope(span=root))
            try:
                await app.get("front").remaining_behind_s()
            finally:
                leave_scope(token)
            here = recorder.take_spans()
            supervisor = app._supervisor
            while len(told := supervisor.collector.spans()) < 3:  # noqa: ASYNC110 - reports come
                await asyncio.sleep(0.01)
            return [*here, *told]

    spans = asyncio.run(asyncio.wait_for(call(), 30))
    chain = {(span.module, span.side): span for span in spans}
    assert set(chain) == {("front", "client"), ("front", "server"), ("probe", "client"),
                          ("probe", "server")}  # fmt: skip
    assert len({span.trace_id for span in spans}) == 1
    order = [chain["front", "client"], chain["front", "server"], chain["probe", "client"],
             chain["probe", "server"]]  # fmt: skip
    for above, below in itertools.pairwise(order):
        assert below.parent_id == above.span_id
    assert [span.replica for span in order[1::2]] == ["fronts.0", "probes.0"]
    assert {span.caller for span in order[2:]} == {"front"}


def test_a_stream_is_a_span_from_its_first_use_to_its_end(rig):
    async def consume() -> None:
        assert [number async for number in rig.probe.count(20)] == list(range(20))

    root, (span,) = traced(rig, consume)
    assert (span.module, span.method, span.parent_id) == ("probe", "count", root.span_id)
    assert span.side == ("client" if rig.crosses else "internal")
    assert span.argument_bytes == len(b"\x91\x14")
    assert span.answer_bytes == 20  # a byte each: the first 16 are measured, the rest is alike
    assert root.away_ns > 0
    assert span.error == ""


def test_what_the_consumer_does_between_items_is_not_the_streams_waiting(rig):
    paused_ns = 0

    async def consume() -> None:
        nonlocal paused_ns
        async for _ in rig.probe.count(5):
            began = time.perf_counter_ns()
            await asyncio.sleep(0.02)
            paused_ns += time.perf_counter_ns() - began

    _, (span,) = traced(rig, consume)
    assert span.duration_ns >= paused_ns
    assert span.wait_ns + span.cpu_ns <= span.duration_ns - paused_ns


def test_a_stream_that_fails_says_how(rig):
    async def consume() -> None:
        from rules.probe import OutOfStock

        with pytest.raises(OutOfStock):
            async for _ in rig.probe.count_then_fail(3):
                pass

    _, (span,) = traced(rig, consume)
    assert span.error == "OutOfStock"
    assert span.answer_bytes == 3


def test_a_stream_that_is_left_early_ends_then(rig):
    async def consume() -> None:
        items = rig.probe.endless()
        await anext(items)
        await items.aclose()

    _, (span,) = traced(rig, consume)
    assert span.method == "endless"
    assert span.error == ""


def test_a_stream_that_is_dropped_ends_then(rig):
    async def consume() -> None:
        items = rig.probe.endless()
        await anext(items)
        del items
        gc.collect()

    _, (span,) = traced(rig, consume)
    assert span.method == "endless"


def test_a_blocking_call_is_a_span_with_what_its_thread_computed(rig):
    model = rig.app.get("model")

    async def call() -> None:
        assert await asyncio.to_thread(model.predict, "a text") is not None

    root, (span,) = traced(rig, call)
    assert (span.module, span.method, span.parent_id) == ("model", "predict", root.span_id)
    assert span.argument_bytes > 0
    assert span.answer_bytes > 0
    assert (span.cpu_ns > 0) is not rig.crosses


def test_a_stream_that_no_request_made_is_counted_in_its_turn(rig):
    edge = rig.app._host.recorder.edge("gateway", "probe", "count")
    edge.sample_at_ns = 0

    async def twice() -> None:
        for _ in range(2):
            assert [number async for number in rig.probe.count(3)] == [0, 1, 2]

    before = edge.samples.calls
    rig.run(twice())
    assert edge.samples.calls == before + 1


def test_another_process_tells_its_side_of_a_stream_and_of_a_blocking_call(tmp_path):
    async def call() -> list[Span]:
        async with amoeba.open(CONFIG, topology="apart") as app:
            recorder = app._host.recorder
            root = ActiveSpan(Edge("http", "gateway", "GET /", recorder), "server", None, kept=True)
            token = enter_scope(Scope(span=root))
            try:
                assert len([each async for each in app.get("front").count_behind(7)]) == 7
                await asyncio.to_thread(app.get("model").predict, "a text")
            finally:
                leave_scope(token)
            here = recorder.take_spans()
            supervisor = app._supervisor
            while len(told := supervisor.collector.spans()) < 2:  # noqa: ASYNC110 - reports come
                await asyncio.sleep(0.01)
            return [*here, *told]

    spans = asyncio.run(asyncio.wait_for(call(), 30))
    chain = {(span.module, span.method, span.side): span for span in spans}
    for module, method in (("probe", "count"), ("model", "predict")):
        caller, callee = chain[module, method, "client"], chain[module, method, "server"]
        assert callee.parent_id == caller.span_id
        assert callee.trace_id == caller.trace_id
        assert callee.replica == "probes.0"
        assert callee.cpu_ns > 0
    assert chain["probe", "count", "client"].caller == "front"
