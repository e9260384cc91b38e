"""What a task works for goes along, wherever the callee runs, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

import amoeba
from amoeba.evidence import ActiveSpan, Edge
from amoeba.evidence.spans import parse
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope
from amoeba.runtime.tracing import trace_context

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def for_a_request(rig: Any, call: Any) -> tuple[ActiveSpan, Any]:
    """A call below a span that stands for a request that is looked at, and its answer."""
    edge = Edge("http", "gateway", "GET /", rig.app._host.recorder)
    root = ActiveSpan(edge, "server", None, kept=True)

    async def body() -> Any:
        token = enter_scope(Scope(span=root))
        try:
            return await call()
        finally:
            leave_scope(token)

    return root, rig.run(body())


def own_traces() -> Any:
    """OpenTelemetry's tracer, as an application has one that traces for itself."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="pip install 'amoeba[otlp]'")
    from opentelemetry import trace

    return trace.get_tracer("own", tracer_provider=sdk.TracerProvider())


def test_headers_name_the_call_that_makes_the_request(rig):
    root, found = for_a_request(rig, rig.probe.headers)
    trace_id, parent_id, sampled = parse(found["traceparent"])
    assert (trace_id, sampled) == (root.trace_id, True)
    assert parent_id != root.span_id


def test_headers_carry_on_what_nobody_looks_at_and_are_empty_outside(rig):
    carried = f"00-{TRACE}-{PARENT}-00"

    async def call() -> list[dict[str, str]]:
        found = [amoeba.trace_headers(), await rig.probe.headers()]
        token = trace_context.set(carried)
        found += [amoeba.trace_headers(), await rig.probe.headers()]
        trace_context.reset(token)
        return found

    assert rig.run(call()) == [{}, {}, {"traceparent": carried}, {"traceparent": carried}]


def test_a_call_that_no_request_made_is_of_no_trace(rig):
    edge = rig.app._host.recorder.edge("gateway", "probe", "headers")
    edge.sample_at_ns, before = 0, edge.samples.calls
    assert rig.run(rig.probe.headers()) == {}
    assert edge.samples.calls == before + 1


def test_such_a_call_is_looked_at_on_both_sides_though(rig):
    recorder = rig.app._host.recorder
    recorder.take_spans()
    edge = recorder.edge("gateway", "probe", "tag")
    edge.sample_at_ns, before = 0, edge.samples.cpu_ns
    rig.run(rig.probe.tag())
    if rig.mode != "remote":
        assert edge.samples.cpu_ns > before
    assert recorder.take_spans() == []


def test_an_applications_own_span_is_below_the_call(rig):
    own_traces()

    async def call() -> Any:
        await rig.probe.in_a_span("warm")  # from then on OpenTelemetry is imported there
        return await rig.probe.in_a_span("work")

    root, found = for_a_request(rig, call)
    trace_id, _, sampled = parse(found["traceparent"])
    assert (trace_id, sampled) == (root.trace_id, True)


@pytest.mark.parametrize("looked_at", [False, True])
def test_a_trace_of_the_applications_own_reaches_modules_in_other_processes(rig, looked_at):
    tracer = own_traces()
    edge = rig.app._host.recorder.edge("gateway", "probe", "in_a_span")

    async def call() -> tuple[int, dict[str, str]]:
        await rig.probe.in_a_span("warm")
        edge.sample_at_ns = 0 if looked_at else 1 << 62
        with tracer.start_as_current_span("own") as own:
            return own.get_span_context().trace_id, await rig.probe.in_a_span("work")

    own_id, found = rig.run(call())
    trace_id, _, sampled = parse(found["traceparent"])
    assert (trace_id, sampled) == (f"{own_id:032x}", True)
