"""A collector on a port of this machine, for tests: it reads OTLP and answers as it is told to."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Collects between `with` and its end. `answers` are statuses in turn, then 200; 0 hangs."""

    def __init__(self, *answers: int, port: int = 0) -> None:
        self.answers = list(answers)
        self.requests: list[ExportTraceServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._released = threading.Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.paths.append(self.path)
                status = collector.answers.pop(0) if collector.answers else 200
                if status == 200:
                    collector.headers.append({k.lower(): v for k, v in self.headers.items()})
                    collector.requests.append(ExportTraceServiceRequest.FromString(body))
                if status == 0:
                    collector._released.wait()
                    return
                self.send_response(status)
                if status == 503:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def spans(self) -> list[tuple[dict[str, Any], Any]]:
        """Each span with the attributes of its resource."""
        return [
            (values(of.resource.attributes), span)
            for request in self.requests
            for of in request.resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]

    def names(self) -> list[str]:
        return [span.name for _, span in self.spans()]


def values(attributes: Any) -> dict[str, Any]:
    """Attributes of OTLP as a dict."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
