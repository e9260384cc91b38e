"""OpenTelemetry's own instrumentation and Amoeba's spans are one trace, with or without an SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import amoeba
from amoeba.evidence import ActiveSpan, Edge, Recorder, Span
from amoeba.runtime.deadlines import Scope
from amoeba.runtime.otel import enter_span, leave_span, otel_context

pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
pytest.importorskip(
    "opentelemetry.instrumentation.fastapi",
    reason="opentelemetry-instrumentation-fastapi is not installed",
)
pytest.importorskip(
    "opentelemetry.instrumentation.httpx",
    reason="opentelemetry-instrumentation-httpx is not installed",
)

from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

CONFIG = Path(__file__).parent / "otel_app" / "amoeba.toml"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = f"00-{TRACE}-{PARENT}-01"
CARRIED = f"00-{TRACE}-{PARENT}-00"


class Shop:
    """The shop, opened for each request, with what Amoeba and the SDK saw of it."""

    def __init__(self, memory: InMemorySpanExporter, provider: TracerProvider) -> None:
        self._memory, self._provider = memory, provider
        self.spans: list[Span] = []
        self.told: list[ReadableSpan] = []

    def instrument(self, *, sdk: bool) -> None:
        """As an application would do it at its start."""
        from otel_shop.gateway import api

        api.middleware_stack = None  # made anew with the first request
        FastAPIInstrumentor.instrument_app(api, tracer_provider=self._provider if sdk else None)

    def get(self, path: str, traceparent: str = "", *, strict: bool = False) -> Any:
        """One request; a `traceparent` that is not sampled keeps it from being traced."""
        headers = {"traceparent": traceparent} if traceparent else {}

        async def send() -> Any:
            async with amoeba.open(CONFIG, strict=strict) as app:
                gateway, recorder = app.gateway, app._host.recorder
                gateway._due = lambda _scope, _now: False
                transport = httpx.ASGITransport(gateway)
                async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
                    answer = await client.get(path, headers=headers)
                self.spans = recorder.take_spans()
                return answer.raise_for_status().json()

        found = asyncio.run(asyncio.wait_for(send(), 30))
        self.told = list(self._memory.get_finished_spans())
        return found

    def span(self, module: str) -> Span:
        """Amoeba's span of a module."""
        (found,) = [span for span in self.spans if (span.module == module and span.side != "server")
                    or (module == span.module == "gateway")]  # fmt: skip
        return found

    def server(self) -> ReadableSpan:
        """The span that FastAPI's instrumentation made of the request."""
        (found,) = [span for span in self.told if span.name == "GET /headers"]
        return found


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.syspath_prepend(str(CONFIG.parent))
    from otel_shop.gateway import api

    provider, memory = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    yield Shop(memory, provider)
    FastAPIInstrumentor.uninstrument_app(api)
    provider.shutdown()


def ids(span: ReadableSpan) -> tuple[str, str, str]:
    """Trace, span and parent."""
    parent = f"{span.parent.span_id:016x}" if span.parent else ""
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", parent


@pytest.mark.parametrize("strict", [False, True])
def test_its_span_of_a_request_stands_between_ours(shop: Shop, strict: bool):
    shop.instrument(sdk=True)
    shop.get("/headers", ASKED, strict=strict)
    trace_id, server, parent = ids(shop.server())
    gateway, stock = shop.span("gateway"), shop.span("stock")
    assert {trace_id, gateway.trace_id, stock.trace_id} == {TRACE}
    assert (gateway.parent_id, parent, stock.outer_id) == (PARENT, gateway.span_id, server)
    assert stock.parent_id == gateway.span_id


@pytest.mark.parametrize("instrumented", [False, True])
def test_without_an_sdk_nothing_stands_between_ours(shop: Shop, instrumented: bool):
    if instrumented:
        shop.instrument(sdk=False)
    found = shop.get("/headers", ASKED)
    gateway, stock = shop.span("gateway"), shop.span("stock")
    assert found["gateway"] == {"traceparent": f"00-{TRACE}-{gateway.span_id}-01"}
    assert found["stock"] == {"traceparent": f"00-{TRACE}-{stock.span_id}-01"}
    assert (stock.parent_id, stock.outer_id) == (gateway.span_id, "")


def test_one_that_nobody_looks_at_is_the_sdks_alone(shop: Shop):
    shop.instrument(sdk=True)
    found = shop.get("/headers")
    trace_id, server, parent = ids(shop.server())
    assert (shop.spans, parent) == ([], "")
    assert found["stock"] == {"traceparent": f"00-{trace_id}-{server}-01"}


def test_one_that_only_carries_a_trace_sends_it_on(shop: Shop):
    found = shop.get("/headers", CARRIED)
    assert shop.spans == []
    assert found == {"gateway": {"traceparent": CARRIED}, "stock": {"traceparent": CARRIED}}


@pytest.mark.parametrize("strict", [False, True])
def test_a_streams_producer_works_for_its_span_and_the_consumer_for_its_own(
    shop: Shop, strict: bool
):
    shop.instrument(sdk=True)
    found = shop.get("/each", ASKED, strict=strict)
    (server,) = [span for span in shop.told if span.name == "GET /each"]
    producers = [span for span in shop.spans if span.module == "stock"]
    assert {span.outer_id for span in producers if span.side != "server"} == {ids(server)[1]}
    assert {found[0], found[2]} <= {f"00-{TRACE}-{span.span_id}-01" for span in producers}
    assert {found[1], found[3]} == {f"00-{TRACE}-{ids(server)[1]}-01"}


def test_an_instrumented_client_sends_our_trace(shop: Shop):
    from otel_shop.gateway import api

    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.headers.get("traceparent", ""))

    api.state.client = httpx.AsyncClient(transport=httpx.MockTransport(echo))
    HTTPXClientInstrumentor.instrument_client(api.state.client, tracer_provider=shop._provider)
    sent = shop.get("/out", ASKED)
    (client,) = shop.told
    trace_id, span_id, parent = ids(client)
    assert sent == f"00-{trace_id}-{span_id}-01"
    assert (trace_id, parent) == (TRACE, shop.span("gateway").span_id)


def test_a_call_in_another_process_is_current_there(shop: Shop):
    async def ask() -> tuple[dict[str, str], ActiveSpan]:
        async with amoeba.open(CONFIG, topology="apart") as app:
            root = a_span(kept=True)
            entered = enter_span(Scope(span=root))
            try:
                return await app.get("stock").headers(), root
            finally:
                leave_span(entered)

    headers, root = asyncio.run(asyncio.wait_for(ask(), 30))
    assert headers["traceparent"].startswith(f"00-{root.trace_id}-")
    assert root.span_id not in headers["traceparent"]


def test_outside_nothing_of_it_remains():
    entered = enter_span(Scope(span=a_span(kept=True)))
    assert otel_context() is not None
    leave_span(entered)
    assert otel_context() is None


def test_a_call_of_no_kept_trace_leaves_the_applications_trace_alone(shop: Shop):
    with shop._provider.get_tracer("app").start_as_current_span("job") as job:
        entered = enter_span(Scope(span=a_span(kept=False)))
        assert trace.get_current_span() is job
        leave_span(entered)


def test_a_span_that_is_not_told_of_is_no_parent():
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    root = a_span(kept=True)
    entered = enter_span(Scope(span=root))
    with TracerProvider(sampler=ALWAYS_OFF).get_tracer("app").start_as_current_span("unseen"):
        inner = a_span(root)
        leave_span(enter_span(Scope(span=inner)))
    leave_span(entered)
    assert (inner.parent_id, inner.outer_id) == (root.span_id, "")


def test_who_does_not_use_it_does_not_import_it():
    program = (
        "import sys, amoeba.runtime.process, amoeba.runtime.gateway, amoeba\n"
        "amoeba.trace_headers()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def a_span(parent: ActiveSpan | None = None, *, kept: bool = True) -> ActiveSpan:
    edge = Edge("http", "gateway", "GET /", Recorder())
    return ActiveSpan(edge, "server", parent, kept=kept)
