"""Calls that are looked at closely: their place in a trace, what they cost, where they wait.

A trace begins with a request that the gateway takes, as often as the budget allows. All calls that
are made for it are spans of it, in other processes too: they get its `traceparent` with the call. A
call that no request has made is looked at alike, and counted, but not kept as a trace. Any other
call only meets one comparison.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from amoeba.evidence import ActiveSpan, Samples
from amoeba.evidence.budget import next_sample_ns
from amoeba.evidence.driving import Driven
from amoeba.evidence.spans import parse
from amoeba.runtime.deadlines import Scope, current_scope
from amoeba.runtime.otel import enter_span, leave_span
from amoeba.runtime.streaming import Watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.evidence import Edge

_clock = time.perf_counter_ns
_SPAN_NS = 20_000
"""What a span costs apart from measuring sizes, generously."""


trace_context: ContextVar[str | None] = ContextVar("amoeba_trace", default=None)
"""The W3C `traceparent` of what this task works for, looked at or not."""


def current_span() -> ActiveSpan | None:
    """The call that is looked at closely and that this task works for."""
    scope = current_scope()
    return scope.span if scope is not None and scope.active else None


async def look_closely(
    target: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    edge: Edge,
    scope: Scope | None,
) -> Any:
    """Await `target` as a span of the trace of `scope`, or of one that begins here."""
    if edge.recorder is None:  # a handle before its binding: it calls itself again
        return await target(*args, **kwargs)
    with _Look(edge, scope, args, kwargs) as look:
        answer = await _driven(target(*args, **kwargs), look.span, edge)
        look.told(answer)
        return answer


def look_closely_blocking(
    target: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    edge: Edge,
    scope: Scope | None,
) -> Any:
    """As `look_closely`, of a call that blocks its thread."""
    if edge.recorder is None:
        return target(*args, **kwargs)
    with _Look(edge, scope, args, kwargs) as look:
        answer = _stepped(lambda: target(*args, **kwargs), look.span, edge)
        look.told(answer)
        return answer


def watch(
    items: Any, edge: Edge, scope: Scope | None, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Watched:
    """The items of a stream as a span of the trace of `scope`, or of one that begins here."""
    look = _Look(edge, scope, args, kwargs)
    if look.parent is None:  # not only when it ends: others would be looked at until then
        edge.sample_at_ns = next_sample_ns(_clock(), look.cost_ns)
    return Watched(items, edge, look.span, scope, look.cost_ns)


async def serve_closely(
    call: Callable[[], Any], edge: Edge, traceparent: str, queued_ns: int
) -> Any:
    """Await the callee's side of a call from another process as a span of its trace."""
    with _Serving(edge, traceparent, queued_ns) as span:
        return await _driven(call(), span, edge)


def serve_closely_blocking(call: Callable[[], Any], edge: Edge, traceparent: str) -> Any:
    """The same of a call that runs in this thread."""
    with _Serving(edge, traceparent, 0) as span:
        return _stepped(call, span, edge)


def serve_watched(items: Any, edge: Edge, traceparent: str, queued_ns: int) -> Watched:
    """The same of a stream."""
    return Watched(items, edge, _served(edge, traceparent, queued_ns), current_scope())


class _Look:
    """The caller's side of a call that is looked at closely, while it is made."""

    def __init__(
        self, edge: Edge, scope: Scope | None, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._edge, self._scope = edge, scope
        self.parent = scope.span if scope is not None and scope.active else None
        seen, began = Samples(), _clock()
        if edge.sizes is not None:
            edge.sizes.asked(args, kwargs, seen)
        self.cost_ns = _SPAN_NS + _clock() - began
        side = "client" if edge.crosses else "internal"
        self.span = ActiveSpan(edge, side, self.parent, kept=False)
        self.span.samples = seen
        if self.parent is None:
            self.span.continues(trace_context.get() or "")

    def __enter__(self) -> _Look:
        self._inner = Scope.within(self._scope, self.span)
        self._token = enter_span(self._inner)
        return self

    def told(self, answer: Any) -> None:
        """Measure the answer."""
        self.span.ended = before = _clock()
        if self._edge.sizes is not None:
            self._edge.sizes.told(answer, self.span.samples)
        self.cost_ns += _clock() - before

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        span, edge = self.span, self._edge
        if kind is not None:
            span.error = kind.__name__
        self._inner.active = False
        leave_span(self._token)
        if edge.recorder is not None:
            edge.recorder.ended(span, edge)
        if self.parent is not None:
            self.parent.children.append((span.started, span.ended))
        else:
            edge.sample_at_ns = next_sample_ns(_clock(), self.cost_ns)


class _Serving:
    """The callee's side of a call that its caller, in another process, looks at."""

    def __init__(self, edge: Edge, traceparent: str, queued_ns: int) -> None:
        self._edge = edge
        self._span = _served(edge, traceparent, queued_ns)
        self._inner = Scope.within(current_scope(), self._span)

    def __enter__(self) -> ActiveSpan:
        self._token = enter_span(self._inner)
        return self._span

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._span.error = kind.__name__
        self._inner.active = False
        leave_span(self._token)
        if self._edge.recorder is not None:
            self._edge.recorder.ended(self._span, self._edge)


def _served(edge: Edge, traceparent: str, queued_ns: int) -> ActiveSpan:
    parsed = parse(traceparent)
    span = ActiveSpan(edge, "server", None, kept=parsed is not None and parsed[2])
    span.continues(traceparent)
    span.queued_ns = queued_ns
    return span


async def _driven(awaited: Any, span: ActiveSpan, edge: Edge) -> Any:
    """Await it step by step where the callee's code runs here."""
    if span.side == "client" or edge.recorder is None:
        return await awaited
    driven = Driven(awaited, edge.recorder.steps)
    try:
        return await driven
    finally:
        span.cpu_ns += driven.cpu_ns


def _stepped(call: Callable[[], Any], span: ActiveSpan, edge: Edge) -> Any:
    """Make a call that blocks; its computing counts where the callee's code runs here."""
    if span.side == "client" or edge.recorder is None:
        return call()
    steps = edge.recorder.steps
    began = steps.begin()
    try:
        return call()
    finally:
        span.cpu_ns += steps.end(began)
