"""OpenTelemetry's context: the span that Amoeba looks at is the current one there too.

What instruments HTTP clients, databases and frameworks then makes its spans below Amoeba's, whether
the application has configured an SDK or not. Nothing here imports OpenTelemetry: an application
that does not use it pays nothing, and one that does pays only for calls that are looked at closely.

A call that is looked at but belongs to no kept trace stays invisible: as a parent that is not
sampled it would take the application's own spans out of its own traces.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from amoeba.evidence.spans import parse
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope

if TYPE_CHECKING:
    from contextvars import Token

    from amoeba.evidence import ActiveSpan

Entered: TypeAlias = "tuple[Token[Scope | None], Any]"

_SAMPLED = 0x01


def enter_span(scope: Scope) -> Entered:
    """Enter a scope and, where OpenTelemetry is used, make its span the current one there."""
    token = enter_scope(scope)
    trace = _loaded()
    if trace is None or scope.span is None:
        return token, None
    return token, _attach(trace, scope.span)


def leave_span(entered: Entered) -> None:
    """Leave what `enter_span` entered. Raises ValueError in another context than that."""
    leave_scope(entered[0])
    if entered[1] is not None:
        sys.modules["opentelemetry.context"].detach(entered[1])


def adopt(traceparent: str) -> None:
    """Make what came with a call the current span of this task, which is the call's own."""
    trace, parsed = _loaded(), parse(traceparent)
    if trace is not None and parsed is not None:
        trace_id, span_id, sampled = parsed
        _show(trace, (trace_id, span_id), sampled=sampled, remote=True)


def otel_context() -> Any:
    """The SpanContext of OpenTelemetry's current span; None when there is none."""
    trace = _loaded()
    if trace is None:
        return None
    found = trace.get_current_span().get_span_context()
    return found if found.is_valid else None


def _loaded() -> Any:
    """The module `opentelemetry.trace` when somebody has imported it, to its end."""
    trace = sys.modules.get("opentelemetry.trace")
    return trace if trace is not None and hasattr(trace, "__all__") else None


def _attach(trace: Any, span: ActiveSpan) -> Any:
    """Make `span` OpenTelemetry's current one, below the application's own; how to undo it."""
    above = trace.get_current_span().get_span_context()
    if above.trace_flags.sampled and f"{above.trace_id:032x}" == span.trace_id:
        outer = f"{above.span_id:016x}"
        span.outer_id = outer if outer != span.parent_id else span.outer_id
    if not span.kept:
        return None
    return _show(trace, (span.trace_id, span.span_id), sampled=True, remote=False)


def _show(trace: Any, ids: tuple[str, str], *, sampled: bool, remote: bool) -> Any:
    """Make a span that is not OpenTelemetry's its current one; how to undo it."""
    trace_id, span_id = (int(each, 16) for each in ids)
    flags = trace.TraceFlags(_SAMPLED if sampled else 0)
    context = trace.SpanContext(trace_id, span_id, is_remote=remote, trace_flags=flags)
    shown = trace.set_span_in_context(trace.NonRecordingSpan(context))
    return sys.modules["opentelemetry.context"].attach(shown)
