"""Traces reach a collector, or it is said once why not; the application never waits for it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from harness import Run, fetch, wait_for

from amoeba.app import read_application
from amoeba.errors import ConfigurationError
from amoeba.evidence import Span
from amoeba.supervisor import exporting
from amoeba.supervisor.exporting import TraceExporter, make_exporter
from amoeba.topology import Topology

pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.http.trace_exporter", reason="amoeba[otlp] is not installed"
)

from otlp_collector import Collector, values

SHOP = Path(__file__).parent.parent / "runtime" / "otel_app"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def span(method: str = "count", **more: Any) -> Span:
    return Span(TRACE, "2" * 16, "3" * 16, "gateway", "stock", method, "", 5, 7, **more)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the supervisor has said."""
    found: list[str] = []
    monkeypatch.setattr(exporting, "say", found.append)
    return found


@pytest.fixture
def exporter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """An exporter to a URL, started; with the exporter's own retries for a moment only."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.3")
    started: list[TraceExporter] = []

    def start(url: str, **environment: str) -> TraceExporter:
        made = make_exporter(application(tmp_path, url), Topology("monolith"), environment)
        assert made is not None
        made.start()
        started.append(made)
        return made

    monkeypatch.setattr(exporting, "_LAST_FLUSH_S", 0.1)
    yield start
    for each in started:
        asyncio.run(each.finish())


def application(folder: Path, url: str = "") -> Any:
    (folder / "shop.py").write_text("")
    otlp = f'otlp = "{url}"\n' if url else ""
    (folder / "amoeba.toml").write_text(f'[app]\nname = "shop"\ngateway = "shop:api"\n\n'
                                        f"[evidence]\n{otlp}")  # fmt: skip
    return read_application(folder / "amoeba.toml")


def test_a_span_arrives_whole(exporter):
    with Collector() as collector:
        exporter(collector.url).offer("main.0", [span(side="internal", cpu_ns=2, error="KeyError")])
        ((resource, found),) = wait_for(collector.spans, "the span")
    assert collector.paths == ["/v1/traces"]
    assert resource["service.name"] == "shop"
    assert (resource["service.instance.id"], resource["amoeba.topology"]) == ("main.0", "monolith")
    assert (found.name, found.kind, found.status.code) == ("stock.count", 1, 2)
    assert (found.trace_id.hex(), found.span_id.hex()) == (TRACE, "2" * 16)
    assert (found.parent_span_id.hex(), found.start_time_unix_nano) == ("3" * 16, 5)
    assert found.end_time_unix_nano == 12
    assert values(found.attributes)["amoeba.cpu_ns"] == 2


def test_what_is_offered_before_the_end_still_arrives(exporter, monkeypatch):
    monkeypatch.setattr(exporting, "_LAST_FLUSH_S", 20)
    with Collector() as collector:
        made = exporter(collector.url)
        made.offer("main.0", [span(str(number)) for number in range(1500)])
        asyncio.run(made.finish())
        assert collector.names() == [f"stock.{number}" for number in range(1500)]


def test_headers_come_from_the_standard_variable(exporter, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret")
    with Collector() as collector:
        exporter("", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url).offer("main.0", [span()])
        wait_for(collector.names, "the span")
    assert collector.headers[0]["x-key"] == "secret"


def test_a_collector_that_is_busy_for_a_moment_loses_nothing(exporter, said):
    with Collector(503) as collector:
        exporter(collector.url).offer("main.0", [span()])
        assert wait_for(collector.names, "the span") == ["stock.count"]
    assert said == []


def test_one_that_refuses_is_told_of_once_and_again_when_it_takes_them(exporter, said):
    with Collector(500, 500) as collector:
        made = exporter(collector.url)
        for count in (1, 2):
            made.offer("main.0", [span("lost")])
            wait_for(lambda count=count: len(collector.paths) == count, "the answer")
        made.offer("main.0", [span()])
        wait_for(lambda: len(said) == 2, "both lines")
        assert collector.names() == ["stock.count"]
    where = f"{collector.url}/v1/traces"
    assert said == [f"traces are not exported: {where} answers 500 Internal Server Error",
                    "traces are exported again; 2 spans were lost"]  # fmt: skip


def test_one_that_is_down_is_found_when_it_is_up(exporter, said):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = exporter(f"http://127.0.0.1:{port}")
    made.offer("main.0", [span("lost")])
    wait_for(lambda: said, "the line")
    assert said == [f"traces are not exported: http://127.0.0.1:{port}/v1/traces cannot be reached"]
    with Collector(port=port) as collector:
        made.offer("main.0", [span()])
        wait_for(lambda: len(said) == 2, "the other line")
        assert collector.names() == ["stock.count"]


def test_one_that_hangs_is_told_of(exporter, said):
    with Collector(0, 0) as collector:
        exporter(collector.url).offer("main.0", [span()])
        wait_for(lambda: said, "the line")
    assert said == [f"traces are not exported: {collector.url}/v1/traces does not answer"]


def test_one_that_hangs_does_not_hold_up_the_end(exporter, monkeypatch, said):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    with Collector(0) as collector:
        made = exporter(collector.url)
        made.offer("main.0", [span()])
        wait_for(lambda: collector.paths, "the request")
        asyncio.run(made.finish())
    assert said == []


class Blocked:
    """A sink that takes nothing until it is told to."""

    trouble = ""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), threading.Event()
        self.count = 0
        self.arrives = False

    def deliver(self, spans: Sequence[Any]) -> bool:
        self.asked.set()
        self.go.wait()
        self.count += len(spans)
        arrived, self.arrives = self.arrives, True
        return arrived

    def close(self) -> None:
        self.go.set()


class Makes:
    """Stands for SpanMaker."""

    def made(self, _replica: str, spans: Sequence[Span]) -> list[Any]:
        return list(spans)


def test_the_queue_is_bounded_and_what_it_loses_is_counted(monkeypatch, said):
    monkeypatch.setattr(exporting, "_MOST_SPANS", 10)
    sink = Blocked()
    made = TraceExporter(lambda: sink, Makes)
    made.start()
    made.offer("main.0", [span()])
    assert sink.asked.wait(30)
    made.offer("main.0", [span()] * 25)
    sink.go.set()
    wait_for(lambda: len(said) == 2, "both lines")
    asyncio.run(made.finish())
    assert sink.count == 1 + 10
    assert said[1] == "traces are exported again; 16 spans were lost"


def test_a_library_that_does_not_load_ends_only_the_export(said):
    def broken() -> Any:
        raise ImportError("no protobuf")

    made = TraceExporter(broken, Makes)
    made.start()
    wait_for(lambda: said, "the line")
    made.offer("main.0", [span()])
    asyncio.run(made.finish())
    assert said == ["traces are not exported: ImportError: no protobuf"]


def test_without_the_extra_the_start_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "_LIBRARIES", ("opentelemetry.sdk.trace", "no_such.package"))
    found = application(tmp_path, "http://127.0.0.1:4318")
    with pytest.raises(ConfigurationError) as caught:
        make_exporter(found, Topology("monolith"), {})
    assert str(caught.value) == (
        f"{tmp_path}/amoeba.toml:6: evidence.otlp: exporting traces needs opentelemetry-sdk and "
        "opentelemetry-exporter-otlp-proto-http\n  hint: pip install 'amoeba[otlp]'"
    )


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"},
            "OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' is no URL of a collector\n"
            '  expected: "http://127.0.0.1:4318", or with https and a path\n'
            "  hint: put http:// before it",
        ),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            },
            "OTEL_EXPORTER_OTLP_ENDPOINT: is for the protocol 'grpc'\n"
            "  expected: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf",
        ),
    ],
)
def test_a_variable_that_is_meant_for_another_keeps_nothing_from_starting(
    tmp_path, said, environment, line
):
    assert make_exporter(application(tmp_path), Topology("monolith"), environment) is None
    assert said == [f"traces are not exported: {line}"]


def test_nothing_is_exported_unless_it_is_asked_for(tmp_path):
    assert make_exporter(application(tmp_path), Topology("monolith"), {}) is None


def shop(folder: Path, url: str) -> Path:
    text = (SHOP / "amoeba.toml").read_text().replace("[app]", f'[app]\npaths = ["{SHOP}"]')
    (folder / "amoeba.toml").write_text(f'{text}\n[evidence]\notlp = "{url}"\n')
    return folder


def test_a_request_through_two_processes_is_one_trace_at_the_collector(tmp_path):
    with Collector() as collector:
        with Run(shop(tmp_path, collector.url), "--topology", "apart").ready() as run:
            fetch(f"{run.url}/headers", headers={"traceparent": f"00-{TRACE}-{'1' * 16}-01"})
            assert run.end() == 0
        found = {(span.name, span.kind): (resource, span) for resource, span in collector.spans()}
    server, client, callee = (
        found[key] for key in [("GET /headers", 2), ("stock.headers", 3), ("stock.headers", 2)]
    )
    assert {span.trace_id.hex() for _, span in (server, client, callee)} == {TRACE}
    assert server[1].parent_span_id.hex() == "1" * 16
    assert client[1].parent_span_id == server[1].span_id
    assert callee[1].parent_span_id == client[1].span_id
    assert {of["service.name"] for of, _ in found.values()} == {"otel-shop"}
    assert [of["service.instance.id"] for of, _ in (server, client, callee)] == [
        "main.0", "main.0", "stocks.0"]  # fmt: skip


def test_a_collector_that_is_down_costs_a_run_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    environment = {"OTEL_EXPORTER_OTLP_TIMEOUT": "0.1"}
    with Run(shop(tmp_path, url), env=environment).ready() as run:
        for _ in range(2):
            assert fetch(f"{run.url}/headers").status == 200
        run.wait_for_line(r"amoeba: traces are not exported: .* cannot be reached")
        assert run.end() == 0
    assert len(re.findall("export|Transient", run.err)) == 1, run.err
