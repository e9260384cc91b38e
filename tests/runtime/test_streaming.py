"""What looking at a stream closely finds of its producer and its consumer, and what it may cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Protocol

from amoeba.contract import read_contract
from amoeba.evidence import ActiveSpan, Edge, Recorder, Span
from amoeba.runtime.deadlines import Scope
from amoeba.runtime.sizes import ModuleSizes
from amoeba.runtime.tracing import watch

MS = 1_000_000


class Feed(Protocol):
    def items(self, count: int) -> AsyncIterator[str]: ...


def burn(milliseconds: int) -> None:
    """Compute, by this thread's own clock."""
    until = time.thread_time_ns() + milliseconds * MS
    while time.thread_time_ns() < until:
        pass


def an_edge() -> Edge:
    edge = Recorder().edge("gateway", "feed", "items")
    edge.sizes = ModuleSizes(read_contract(Feed), "feed").method("items")
    return edge


def test_computing_waiting_and_the_consumers_time_are_told_apart():
    async def items() -> AsyncIterator[str]:
        for _ in range(3):
            burn(10)
            await asyncio.sleep(0.01)
            yield "item"

    async def consume() -> tuple[Span, ActiveSpan]:
        edge = an_edge()
        root = ActiveSpan(Edge("http", "gateway", "GET /"), "server", None, kept=True)
        async for _ in watch(items(), edge, Scope(span=root), (3,), {}):
            burn(20)
        assert edge.recorder is not None
        (span,) = edge.recorder.take_spans()
        return span, root

    span, root = asyncio.run(consume())
    assert 30 * MS <= span.cpu_ns < 45 * MS
    assert span.wait_ns >= 30 * MS
    assert span.cpu_ns + span.wait_ns <= span.duration_ns - 60 * MS
    assert 60 * MS <= root.away_ns <= span.duration_ns - 60 * MS


def test_a_consumer_that_waits_between_items_is_not_away():
    async def items() -> AsyncIterator[str]:
        yield "first"
        yield "second"

    async def consume() -> Span:
        root = ActiveSpan(Edge("http", "gateway", "GET /"), "server", None, kept=True)
        async for _ in watch(items(), an_edge(), Scope(span=root), (2,), {}):
            await asyncio.sleep(0.05)
        return root.finished()

    assert asyncio.run(consume()).wait_ns >= 90 * MS


def test_a_long_stream_puts_the_next_look_off():
    async def items() -> AsyncIterator[str]:
        for _ in range(20_000):
            yield "item"

    async def consume() -> int:
        edge = an_edge()
        async for _ in watch(items(), edge, None, (1,), {}):
            pass
        return edge.sample_at_ns - time.perf_counter_ns()

    assert asyncio.run(consume()) > 5_000 * MS


def test_items_that_take_long_to_measure_do_so_too():
    class Slow:
        def asked(self, *_: Any) -> None:
            """Nothing."""

        def streamed(self, *_: Any) -> None:
            burn(10)

    async def items() -> AsyncIterator[str]:
        for _ in range(8):
            yield "item"

    async def consume() -> int:
        edge = an_edge()
        edge.sizes = Slow()  # type: ignore[assignment]
        async for _ in watch(items(), edge, None, (1,), {}):
            pass
        return edge.sample_at_ns - time.perf_counter_ns()

    assert asyncio.run(consume()) > 3_000 * MS
