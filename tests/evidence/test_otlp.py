"""A span of Amoeba's is one of OpenTelemetry's, by its conventions where there is one."""

from __future__ import annotations

from typing import Any

import pytest

from amoeba.evidence import Span
from amoeba.evidence.otlp import attributes_of, name_of

TRACE, ID, PARENT, OUTER = "a" * 32, "b" * 16, "c" * 16, "d" * 16


def request(method: str = "GET /items/{item}", **more: Any) -> Span:
    return Span(TRACE, ID, "", "http", "gateway", method, "main.0", 10, 5, side="server", **more)


def call(side: str, **more: Any) -> Span:
    return Span(TRACE, ID, PARENT, "gateway", "stock", "count", "", 10, 5, side=side, **more)


def test_a_request_has_its_method_and_its_route():
    assert name_of(request()) == "GET /items/{item}"
    assert attributes_of(request(cpu_ns=3, wait_ns=2)) == {
        "amoeba.caller": "http",
        "http.request.method": "GET",
        "http.route": "/items/{item}",
        "amoeba.cpu_ns": 3,
        "amoeba.wait_ns": 2,
    }


def test_one_that_failed_has_its_status():
    found = attributes_of(request(error="503"))
    assert (found["error.type"], found["http.response.status_code"]) == ("503", 503)


def test_one_that_no_route_took_has_none():
    assert "http.route" not in attributes_of(request("GET other"))


@pytest.mark.parametrize(
    ("side", "more"),
    [
        (
            "internal",
            {"code.function.name": "stock.count", "amoeba.cpu_ns": 0, "amoeba.wait_ns": 0},
        ),
        ("client", {"rpc.system.name": "amoeba", "rpc.method": "stock/count"}),
        (
            "server",
            {
                "rpc.system.name": "amoeba",
                "rpc.method": "stock/count",
                "code.function.name": "stock.count",
                "amoeba.cpu_ns": 0,
                "amoeba.wait_ns": 0,
            },
        ),
    ],
)
def test_a_call_is_of_rpc_where_it_crosses_and_of_code_where_it_runs(
    side: str, more: dict[str, Any]
):
    assert name_of(call(side)) == "stock.count"
    both = {"amoeba.caller": "gateway", "amoeba.module": "stock"}
    assert attributes_of(call(side)) == both | more


def test_sizes_and_the_exception_are_there_where_they_are_known():
    found = attributes_of(call("client", argument_bytes=7, answer_bytes=9, error="KeyError"))
    assert (found["amoeba.argument_bytes"], found["amoeba.answer_bytes"]) == (7, 9)
    assert found["error.type"] == "KeyError"


class TestMade:
    """With the SDK."""

    @pytest.fixture
    def made(self) -> Any:
        pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
        from amoeba.evidence.otlp import SpanMaker

        maker = SpanMaker("shop", "apart")
        return lambda span, replica="main.0": maker.made(replica, [span])[0]

    @pytest.mark.parametrize(("side", "far"), [("internal", False), ("server", True)])
    def test_its_place_in_the_trace(self, made: Any, side: str, far: bool):
        found = made(call(side))
        assert (found.context.trace_id, found.context.span_id) == (int(TRACE, 16), int(ID, 16))
        assert (found.parent.span_id, found.parent.is_remote) == (int(PARENT, 16), far)
        assert (found.kind.name, found.start_time, found.end_time) == (side.upper(), 10, 15)

    def test_the_applications_own_span_between_comes_first(self, made: Any):
        assert made(call("internal", outer_id=OUTER)).parent.span_id == int(OUTER, 16)

    def test_the_first_of_a_trace_has_no_parent(self, made: Any):
        assert made(request()).parent is None

    def test_a_failure_is_an_error(self, made: Any):
        assert made(call("client", error="KeyError")).status.status_code.name == "ERROR"
        assert made(call("client")).status.status_code.name == "UNSET"

    def test_the_resource_is_the_replica(self, made: Any):
        found = made(request(), "stocks.1").resource.attributes
        assert (found["service.name"], found["service.instance.id"]) == ("shop", "stocks.1")
        assert made(request(), "main.0").resource != made(request(), "stocks.1").resource
