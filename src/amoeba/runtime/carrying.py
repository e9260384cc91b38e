"""What a task works for: the trace and the span that log lines and outgoing requests name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amoeba.evidence.spans import parse
from amoeba.runtime.otel import otel_context
from amoeba.runtime.tracing import current_span, trace_context

if TYPE_CHECKING:
    from amoeba.evidence import ActiveSpan


class Carried(NamedTuple):
    """Identifiers of W3C Trace Context, in hex, and whether somebody looks at the trace."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """As the header of a request."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


def carried() -> Carried | None:
    """The innermost span that this task works for; None when it works for no trace.

    This is OpenTelemetry's current span, where the application uses it; otherwise the call that
    Amoeba looks at; otherwise what came with the request, looked at or not. A call that is looked
    at but that no request has made is of no trace: nobody is told of it.
    """
    current = otel_context()
    if current is not None:
        sampled = bool(current.trace_flags.sampled)
        return Carried(f"{current.trace_id:032x}", f"{current.span_id:016x}", sampled)
    span = current_span()
    if span is not None and span.kept:
        return Carried(span.trace_id, span.span_id, sampled=True)
    parsed = parse(trace_context.get() or "")
    return None if parsed is None else Carried(*parsed)


def outgoing_traceparent(span: ActiveSpan | None) -> str | None:
    """The `traceparent` for a module that is called for `span`; None when it is of no trace."""
    if span is not None and span.kept:
        return span.traceparent
    if otel_context() is None:
        return trace_context.get()
    found = carried()
    return None if found is None else found.traceparent


def trace_headers() -> dict[str, str]:
    """Headers for an outgoing request of any client: the W3C `traceparent`, when there is one.

    What answers it then belongs to the trace of the request that is being worked on.
    """
    found = carried()
    return {} if found is None else {"traceparent": found.traceparent}
