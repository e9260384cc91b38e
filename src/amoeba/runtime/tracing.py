"""Calls that are looked at closely: their place in a trace, what they cost, where they wait.

A trace begins with a request that the gateway takes, as often as the budget allows. All calls that
are made for it are spans of it, in other processes too: they get its `traceparent` with the call. A
call that no request has made is looked at alike, and counted, but not kept as a trace. Any other
call only meets one comparison.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from amoeba.errors import ContractError
from amoeba.evidence import ActiveSpan, Samples
from amoeba.evidence.budget import next_sample_ns
from amoeba.evidence.driving import Driven
from amoeba.evidence.spans import parse
from amoeba.runtime.deadlines import Scope, current_scope
from amoeba.runtime.otel import enter_span, leave_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.contract import ContractCodec, Message
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
    parent = scope.span if scope is not None and scope.active else None
    seen, began = Samples(), _clock()
    if edge.sizes is not None:
        edge.sizes.asked(args, kwargs, seen)
    cost_ns = _SPAN_NS + _clock() - began
    span = ActiveSpan(edge, "client" if edge.crosses else "internal", parent, kept=False)
    span.samples = seen
    if parent is None:
        span.continues(trace_context.get() or "")
    inner = Scope.within(scope, span)
    token = enter_span(inner)
    try:
        answer = await _driven(target(*args, **kwargs), span, edge)
        span.ended = before = _clock()
        if edge.sizes is not None:
            edge.sizes.told(answer, seen)
        cost_ns += _clock() - before
    except BaseException as error:
        span.error = type(error).__name__
        raise
    finally:
        inner.active = False
        leave_span(token)
        edge.recorder.ended(span, edge)
        if parent is not None:
            parent.children.append((span.started, span.ended))
        else:
            edge.sample_at_ns = next_sample_ns(_clock(), cost_ns)
    return answer


async def serve_closely(
    call: Callable[[], Any], edge: Edge, traceparent: str, queued_ns: int
) -> Any:
    """Await the callee's side of a call from another process as a span of its trace."""
    assert edge.recorder is not None  # noqa: S101 - edges of a recorder have it
    parsed = parse(traceparent)
    span = ActiveSpan(edge, "server", None, kept=parsed is not None and parsed[2])
    span.continues(traceparent)
    span.queued_ns = queued_ns
    inner = Scope.within(current_scope(), span)
    token = enter_span(inner)
    try:
        return await _driven(call(), span, edge)
    except BaseException as error:
        span.error = type(error).__name__
        raise
    finally:
        inner.active = False
        leave_span(token)
        edge.recorder.ended(span, edge)


async def _driven(awaited: Any, span: ActiveSpan, edge: Edge) -> Any:
    """Await it step by step where the callee's code runs here."""
    if span.side == "client" or edge.recorder is None:
        return await awaited
    driven = Driven(awaited, edge.recorder.steps)
    try:
        return await driven
    finally:
        span.cpu_ns += driven.cpu_ns


class Sizes:
    """Tells the sizes of a method's calls, and what encoding and decoding them takes.

    Also of calls that do not cross: this is what a split would add. Types that cannot cross have no
    size. Arguments are measured before the call: a callee in the same process may change them.
    """

    def __init__(self, codecs: ContractCodec, method: str, loop: asyncio.AbstractEventLoop) -> None:
        self._codecs, self._method, self._loop = codecs, method, loop

    def asked(self, args: tuple[Any, ...], kwargs: dict[str, Any], into: Samples) -> None:
        """Measure the arguments."""
        if self._here():
            with suppress(ContractError):
                codec = self._codecs[self._method].arguments
                into.argument_bytes = _crossed(
                    lambda: codec.encode(args, kwargs), codec.decode, into
                )

    def told(self, answer: Any, into: Samples) -> None:
        """Measure the answer."""
        if self._here():
            with suppress(ContractError):
                codec = self._codecs[self._method].result
                into.answer_bytes = _crossed(lambda: codec.encode((answer,)), codec.decode, into)

    def _here(self) -> bool:
        """A codec is for one thread: the host's."""
        return asyncio.get_running_loop() is self._loop


def _crossed(encode: Callable[[], Message], decode: Callable[[Message], Any], into: Samples) -> int:
    """Encode and decode; the size of what would cross, in bytes."""
    began = _clock()
    message = encode()
    encoded = _clock()
    decode(message)
    into.encode_ns += encoded - began
    into.decode_ns += _clock() - encoded
    return len(message.payload) + sum(map(len, message.buffers))
