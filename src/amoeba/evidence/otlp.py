"""Amoeba's spans as OpenTelemetry's, for its exporters.

Needs `opentelemetry-sdk`, which is imported when a SpanMaker is made. Names of attributes are those
of OpenTelemetry's semantic conventions where there is one, otherwise `amoeba.…`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba._version import __version__
from amoeba.evidence.records import HTTP, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import SpanContext

Attributes = dict[str, str | int]
_SAMPLED = 0x01


class SpanMaker:
    """Makes OpenTelemetry's spans of an application that runs in `topology`."""

    def __init__(self, application: str, topology: str) -> None:
        from opentelemetry import trace
        from opentelemetry.sdk import resources
        from opentelemetry.sdk import trace as sdk
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._trace, self._sdk, self._resources = trace, sdk, resources
        self._names = {"service.name": application, "amoeba.topology": topology}
        self._scope = InstrumentationScope("amoeba", __version__)
        self._by_replica: dict[str, Resource] = {}

    def made(self, replica: str, spans: Iterable[Span]) -> list[ReadableSpan]:
        """The spans that a replica has told of."""
        resource = self._by_replica.get(replica)
        if resource is None:
            names = {**self._names, "service.instance.id": replica}
            resource = self._by_replica[replica] = self._resources.Resource.create(names)
        return [self._made(span, resource) for span in spans]

    def _made(self, span: Span, resource: Resource) -> ReadableSpan:
        above = span.outer_id or span.parent_id
        trace = self._trace
        status = trace.StatusCode.ERROR if span.error else trace.StatusCode.UNSET
        return self._sdk.ReadableSpan(
            name=name_of(span),
            context=self._context(span.trace_id, span.span_id),
            parent=self._context(span.trace_id, above, far=span.side == "server")
            if above
            else None,
            resource=resource,
            attributes=attributes_of(span),
            kind=trace.SpanKind[span.side.upper()],
            status=trace.Status(status),
            start_time=span.start_ns,
            end_time=span.start_ns + span.duration_ns,
            instrumentation_scope=self._scope,
        )

    def _context(self, trace_id: str, span_id: str, *, far: bool = False) -> SpanContext:
        ids = int(trace_id, 16), int(span_id, 16)
        flags = self._trace.TraceFlags(_SAMPLED)
        return self._trace.SpanContext(*ids, is_remote=far, trace_flags=flags)


def name_of(span: Span) -> str:
    """`GET /items/{item}` for a request, `module.method` for a call."""
    return span.method if span.caller == HTTP else f"{span.module}.{span.method}"


def attributes_of(span: Span) -> Attributes:
    """What is known of a span; what does not apply to it is left out."""
    found: Attributes = {"amoeba.caller": span.caller}
    found |= _of_request(span) if span.caller == HTTP else _of_call(span)
    if span.error:
        found["error.type"] = span.error
    if span.side != "client":
        found |= {"amoeba.cpu_ns": span.cpu_ns, "amoeba.wait_ns": span.wait_ns}
    if span.argument_bytes:
        found["amoeba.argument_bytes"] = span.argument_bytes
    if span.answer_bytes:
        found["amoeba.answer_bytes"] = span.answer_bytes
    return found


def _of_request(span: Span) -> Attributes:
    method, _, route = span.method.partition(" ")
    found: Attributes = {"http.request.method": method}
    if route.startswith("/"):
        found["http.route"] = route
    if span.error.isdecimal():
        found["http.response.status_code"] = int(span.error)
    return found


def _of_call(span: Span) -> Attributes:
    """A call is of RPC where it crosses; of code where the callee's own runs."""
    found: Attributes = {"amoeba.module": span.module}
    if span.side != "internal":
        found |= {"rpc.system.name": "amoeba", "rpc.method": f"{span.module}/{span.method}"}
    if span.side != "client":
        found["code.function.name"] = f"{span.module}.{span.method}"
    return found
