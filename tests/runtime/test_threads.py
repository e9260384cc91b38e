"""What a worker thread computes belongs to the call that it works for, and to no other one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

import amoeba
from amoeba.contract import read_contract
from amoeba.evidence import ActiveSpan, Edge, Recorder, Span
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope
from amoeba.runtime.handles import Handle, bind

MS = 1_000_000


def burn(milliseconds: int) -> None:
    """Compute, by this thread's own clock."""
    until = time.thread_time_ns() + milliseconds * MS
    while time.thread_time_ns() < until:
        pass


class Inner:
    def work(self) -> None:
        burn(40)


class Outer:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    @amoeba.threaded
    def work(self) -> None:
        burn(20)
        self._inner.work()


def bound(recorder: Recorder, module: str, target: Any) -> Any:
    handle = Handle(read_contract(type(target)), lambda _: pytest.fail)
    bind(
        handle,
        lambda name: getattr(target, name),
        lambda name: recorder.edge("gateway" if module == "outer" else "outer", module, name),
    )
    return handle


def test_a_blocking_call_from_a_worker_thread_has_its_own_share():
    recorder = Recorder()
    outer = bound(recorder, "outer", Outer(bound(recorder, "inner", Inner())))
    edge = Edge("http", "gateway", "GET /", recorder)

    async def request() -> dict[str, Span]:
        token = enter_scope(Scope(span=ActiveSpan(edge, "server", None, kept=True)))
        try:
            await outer.work()
        finally:
            leave_scope(token)
        return {span.module: span for span in recorder.take_spans()}

    spans = asyncio.run(request())
    assert 20 * MS <= spans["outer"].cpu_ns < 35 * MS
    assert 40 * MS <= spans["inner"].cpu_ns < 55 * MS
    assert spans["inner"].parent_id == spans["outer"].span_id
