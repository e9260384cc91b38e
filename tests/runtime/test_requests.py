"""Every request is counted on its route's edge; a few begin a trace, and what fails is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException

import amoeba
from amoeba.evidence import Recorder, Span
from amoeba.evidence.budget import NEVER
from amoeba.runtime.deadlines import current_scope
from amoeba.runtime.gateway import ErrorEdge
from amoeba.runtime.requests import RequestRecorder
from amoeba.runtime.tracing import current_span, trace_context

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def made_app() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item}")
    async def item(item: str) -> dict[str, Any]:
        span, scope = current_span(), current_scope()
        return {
            "item": item,
            "trace": span.trace_id if span else None,
            "carried": trace_context.get(),
            "decided": scope is not None and scope.decided,
        }

    @app.get("/down")
    async def down() -> None:
        raise amoeba.Unavailable("model", "gone")

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(403)

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("bug")

    return app


class Rig:
    """A recorded app. `quiet` keeps all but what is asked for from being traced."""

    def __init__(self, *, quiet: bool = True) -> None:
        self.recorder = Recorder()
        self.app = RequestRecorder(ErrorEdge(made_app()), self.recorder, "main.0")
        if quiet:
            self.app._due = lambda _scope, _now: False  # type: ignore[method-assign]

    def get(self, path: str, count: int = 1, **headers: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                for _ in range(count):
                    answer = await client.get(path, headers=headers)
                return answer

        return asyncio.run(send())

    def edges(self) -> dict[str, tuple[int, dict[str, int]]]:
        return {each.method: (each.calls, each.errors) for each in self.recorder.totals()}


def test_requests_are_counted_by_route():
    rig = Rig()
    for path in ("/items/tea", "/items/coffee", "/nowhere"):
        rig.get(path)
    assert rig.edges() == {"GET /items/{item}": (2, {}), "GET other": (1, {})}
    (edge,) = {(each.caller, each.module) for each in rig.recorder.totals()}
    assert edge == ("http", "gateway")


@pytest.mark.parametrize(
    ("path", "errors"), [("/down", {"503": 1}), ("/bug", {"500": 1}), ("/refused", {})]
)
def test_an_error_is_a_status_of_the_servers(path: str, errors: dict[str, int]):
    rig = Rig()
    rig.get(path)
    assert rig.edges() == {f"GET {path}": (1, errors)}


def test_a_request_that_is_asked_for_is_traced_below_its_parent():
    rig = Rig()
    answer = rig.get("/items/tea", traceparent=f"00-{TRACE}-{PARENT}-01")
    assert answer.json()["trace"] == TRACE
    (span,) = rig.recorder.take_spans()
    assert (span.trace_id, span.parent_id, span.side) == (TRACE, PARENT, "server")
    assert (span.module, span.method, span.replica) == ("gateway", "GET /items/{item}", "main.0")
    assert span.cpu_ns > 0


def test_one_that_nobody_looks_at_carries_its_trace_on():
    rig = Rig()
    carried = f"00-{TRACE}-{PARENT}-00"
    found = rig.get("/items/tea", traceparent=carried).json()
    assert found == {"item": "tea", "trace": None, "carried": carried, "decided": True}
    assert rig.recorder.take_spans() == []


@pytest.mark.parametrize("header", ["nonsense", f"00-4b_{TRACE[3:]}-{PARENT}-01", "x" * 9000])
def test_what_is_no_traceparent_goes_no_further(header: str):
    rig = Rig()
    found = rig.get("/items/tea", traceparent=header).json()
    assert (found["trace"], found["carried"]) == (None, None)


@pytest.mark.parametrize("path", ["/down", "/bug"])
def test_one_that_fails_is_kept_though_nobody_looked(path: str):
    rig = Rig()
    rig.get(path, traceparent=f"00-{TRACE}-{PARENT}-00")
    (span,) = rig.recorder.take_spans()
    assert (span.trace_id, span.method) == (TRACE, f"GET {path}")
    assert span.error in ("503", "500")
    assert span.duration_ns > 0


def test_one_that_takes_unusually_long_is_kept_too():
    rig = Rig()
    rig.get("/items/tea")
    edge = rig.recorder.edge("http", "gateway", "GET /items/{item}")
    assert edge.slow_ns == NEVER
    edge.slow_ns = 1
    rig.get("/items/tea")
    assert [span.error for span in rig.recorder.take_spans()] == [""]


def test_many_failures_at_once_are_not_all_kept():
    rig = Rig()
    rig.get("/down", count=50)
    assert len(rig.recorder.take_spans()) < 50
    assert rig.edges()["GET /down"] == (50, {"503": 50})


def test_the_first_request_of_each_kind_is_traced_and_the_next_in_its_turn():
    rig = Rig(quiet=False)
    rig.get("/items/tea", count=20)
    rig.get("/refused")
    spans: list[Span] = rig.recorder.take_spans()
    methods = [span.method for span in spans]
    assert methods.count("GET /items/{item}") < 10
    assert {"GET /items/{item}", "GET /refused"} == set(methods)


def test_other_protocols_pass():
    seen: list[str] = []

    async def app(scope: Any, _receive: Callable[..., Any], _send: Callable[..., Any]) -> None:
        seen.append(scope["type"])

    recorder = Recorder()
    asyncio.run(RequestRecorder(app, recorder, "main.0")({"type": "websocket"}, None, None))
    assert (seen, recorder.totals()) == (["websocket"], [])
