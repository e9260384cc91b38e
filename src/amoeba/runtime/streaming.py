"""Streams that are looked at closely: one span from the first item that is asked for to the end.

The producer's code runs while an item is asked for, and only then: what the consumer does between
two items is neither its computing nor its waiting. Of the items only the first few are measured,
and the size of the rest follows from theirs.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from amoeba.evidence.budget import next_sample_ns
from amoeba.evidence.driving import Driven
from amoeba.runtime.deadlines import Scope, current_scope
from amoeba.runtime.otel import enter_span, leave_span

if TYPE_CHECKING:
    from amoeba.evidence import ActiveSpan, Edge
    from amoeba.runtime.otel import Entered

_clock = time.perf_counter_ns
_MEASURED = 16
_STEP_NS = 7_000
"""What looking closely costs for each item, apart from measuring it, generously."""


class Watched:
    """The items of a stream unchanged, while its span lasts. Used by one task at a time.

    `cost_ns` is what looking at it has cost so far, apart from its steps.
    """

    def __init__(
        self, items: Any, edge: Edge, span: ActiveSpan, outer: Scope | None, cost_ns: int = 0
    ) -> None:
        self._items, self._edge, self.span = items, edge, span
        self._inner = Scope.within(outer, span)
        self._within = self._inner  # in which the producer goes on
        self._parent = outer.span if outer is not None and outer.active else None
        self._count = 0
        self._left_ns = 0  # when the consumer got its last item
        self.cost_ns = cost_ns

    def __aiter__(self) -> Watched:
        return self

    async def __anext__(self) -> Any:
        if self.span.ended:
            return await self._items.__anext__()
        self._resume()
        try:
            item = await self._next()
        except BaseException as error:
            if not isinstance(error, StopAsyncIteration):
                self.span.error = type(error).__name__
            self.end()
            raise
        self._measure(item)
        self._left_ns = _clock()
        return item

    async def aclose(self) -> None:
        """End it early; the producer is closed."""
        close = getattr(self._items, "aclose", None)
        token = enter_span(self._within)
        try:
            if close is not None:
                await close()
        finally:
            _leave(token)
            self.end()

    def __del__(self) -> None:
        self.end()

    def end(self) -> None:
        """Nothing more is asked for."""
        span, edge = self.span, self._edge
        if span.ended or edge.recorder is None:
            return
        self._resume()
        span.ended = _clock()
        self._inner.active = False
        if self._count > _MEASURED:
            samples = span.samples
            for name in ("answer_bytes", "encode_ns", "decode_ns"):
                whole = getattr(samples, name) * self._count // _MEASURED
                setattr(samples, name, whole)
        edge.recorder.ended(span, edge)
        if self._parent is not None:
            self._parent.away_ns += span.ended - span.started - span.paused_ns
        elif span.side != "server":
            cost_ns = self.cost_ns + self._count * _STEP_NS
            edge.sample_at_ns = max(edge.sample_at_ns, next_sample_ns(_clock(), cost_ns))

    async def _next(self) -> Any:
        token = enter_span(self._within)
        driven = None
        try:
            if self.span.side == "client" or self._edge.recorder is None:
                return await self._items.__anext__()
            driven = Driven(self._items.__anext__(), self._edge.recorder.steps)
            return await driven
        finally:
            if driven is not None:
                self.span.cpu_ns += driven.cpu_ns
            self._within = current_scope() or self._inner  # the producer's own, such as a deadline
            _leave(token)

    def _resume(self) -> None:
        """The consumer is back, or gone: what it did meanwhile was its own."""
        if self._left_ns:
            self.span.paused_ns += _clock() - self._left_ns
            self._left_ns = 0

    def _measure(self, item: Any) -> None:
        self._count += 1
        sizes = self._edge.sizes
        if sizes is not None and self._count <= _MEASURED:
            began = _clock()
            sizes.streamed(item, self.span.samples)
            self.cost_ns += _clock() - began


def _leave(token: Entered) -> None:
    with suppress(ValueError):  # it is being closed in another context than it was used in
        leave_span(token)
