"""Requests: the first edge of whatever happens, and where traces begin.

Every request is counted on the edge `http → gateway.METHOD /path/{of}/route`. A few begin a trace,
and those whose `traceparent` says that somebody looks at them. Of the others, one that fails or
takes unusually long is kept as a single span: it is known that it was so, not why.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amoeba.evidence import ActiveSpan, bucket_of
from amoeba.evidence.budget import next_sample_ns
from amoeba.evidence.driving import Driven
from amoeba.evidence.records import HTTP
from amoeba.evidence.spans import parse
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope
from amoeba.runtime.otel import enter_span, leave_span
from amoeba.runtime.taps import TAP
from amoeba.runtime.tracing import trace_context
from amoeba.topology import GATEWAY

if TYPE_CHECKING:
    from amoeba.evidence import Edge, Recorder

_clock = time.perf_counter_ns
_ERROR = 500
_COST_NS = 100_000  # of a traced request, apart from its calls: generously
_MOST_KINDS = 256
_KEPT_GAP_NS = 100_000_000  # between single spans that are kept of one route
OTHER = "other"
"""The route of a request that none of the application's routes took."""


class RequestRecorder:
    """Records the requests of an ASGI app that runs in `replica`."""

    def __init__(self, app: Any, recorder: Recorder, replica: str) -> None:
        self._app, self._recorder, self._replica = app, recorder, replica
        self._sample_at: dict[tuple[str, str], int] = {}
        self._keep_at: dict[str, int] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send)
        if request.asked_for or self._due(scope, request.start_ns):
            await self._traced(scope, receive, request)
        else:
            await self._counted(scope, receive, request)

    async def _counted(self, scope: Any, receive: Any, request: _Request) -> None:
        token = enter_scope(Scope(decided=True))
        carried = trace_context.set(request.traceparent) if request.carries else None
        try:
            await self._app(scope, receive, request.send)
        finally:
            if carried is not None:
                trace_context.reset(carried)
            leave_scope(token)
            self._keep(self._count(scope, request), request)

    async def _traced(self, scope: Any, receive: Any, request: _Request) -> None:
        edge = self._edge(OTHER)
        span = ActiveSpan(edge, "server", None, kept=True)
        span.continues(request.traceparent)
        inner = Scope(span=span)
        token = enter_span(inner)
        driven = Driven(self._app(scope, receive, request.send), self._recorder.steps)
        try:
            await driven
        finally:
            inner.active = False
            leave_span(token)
            span.cpu_ns += driven.cpu_ns
            edge = self._count(scope, request)
            span.method = edge.method
            span.error = request.error
            self._recorder.ended(span, edge)
            request.kept_as(span.trace_id)

    def _due(self, scope: Any, now_ns: int) -> bool:
        """Whether a request of this kind is to be traced; of each kind in its turn."""
        kind = scope["method"], scope["path"].partition("/")[2].partition("/")[0]
        due = self._sample_at.get(kind, 0)
        if now_ns < due or (not due and len(self._sample_at) >= _MOST_KINDS):
            return False
        self._sample_at[kind] = next_sample_ns(now_ns, _COST_NS)
        return True

    def _edge(self, route: str) -> Edge:
        edge = self._recorder.edge(HTTP, GATEWAY, route)
        edge.replica = self._replica
        return edge

    def _count(self, scope: Any, request: _Request) -> Edge:
        edge = self._edge(f"{scope['method']} {route_of(scope)}")
        took = request.took_ns = _clock() - request.start_ns
        edge.latency[bucket_of(took)] += 1
        if request.error:
            edge.errors[request.error] += 1
        return edge

    def _keep(self, edge: Edge, request: _Request) -> None:
        """Keep a request that was not traced, when it failed or took unusually long."""
        now = _clock()
        unusual = bool(request.error) or request.took_ns > edge.slow_ns
        if not unusual or now < self._keep_at.get(edge.method, 0):
            return
        self._keep_at[edge.method] = now + _KEPT_GAP_NS
        span = ActiveSpan(edge, "server", None, kept=True)
        span.continues(request.traceparent)
        span.error = request.error
        span.start_ns -= request.took_ns
        span.started -= request.took_ns
        self._recorder.keep(span.finished())
        request.kept_as(span.trace_id)


class _Request:
    """One request: what came with it and what it was answered."""

    def __init__(self, scope: Any, send: Any) -> None:
        self.start_ns = _clock()
        self._scope, self._send = scope, send
        self.took_ns = 0
        self.status = _ERROR  # of an app that raises before it answers
        headers = scope["headers"]
        found = next((value for name, value in headers if name == b"traceparent"), b"")
        self.traceparent: str = found.decode("latin-1")
        parsed = parse(self.traceparent) if found else None
        self.carries, self.asked_for = parsed is not None, parsed is not None and parsed[2]

    @property
    def error(self) -> str:
        """The status of a failure; empty for an answer."""
        return str(self.status) if self.status >= _ERROR else ""

    def kept_as(self, trace_id: str) -> None:
        """It is kept as evidence: tell who records what came with it, if anybody does."""
        if TAP in self._scope:
            self._scope[TAP].trace_id = trace_id

    async def send(self, message: Any) -> None:
        """The app's `send`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def route_of(scope: Any) -> str:
    """The path of the route that took a request, as the application wrote it."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else OTHER
