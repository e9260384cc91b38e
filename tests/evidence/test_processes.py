"""What a process uses is told by module: who computes, and who holds up the event loop."""

from __future__ import annotations

import asyncio
import gc
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from amoeba.evidence.histogram import bucket_of
from amoeba.evidence.processes import OTHER, ProcessRecorder

MS = 1_000_000

SOURCE = """
import time

def burn(enough):
    most = time.thread_time() + 10
    while not enough() and time.thread_time() < most:
        pass
    return time.thread_time_ns()
"""


def module_named(name: str) -> Any:
    module = types.ModuleType(name)
    exec(compile(SOURCE, f"{name}.py", "exec"), module.__dict__)
    return module


def owner_of(name: str) -> str:
    return name.removeprefix("desk.") if name.startswith("desk.") else ""


@contextmanager
def recorded(loop: asyncio.AbstractEventLoop) -> Iterator[ProcessRecorder]:
    recorder = ProcessRecorder(owner_of)
    recorder.start(loop)
    try:
        yield recorder
    finally:
        recorder.stop()


async def beat(recorder: ProcessRecorder) -> None:
    """Until the recorder has seen the event loop wake up once more."""
    beats = sum(recorder.totals().loop_lag.values())
    while sum(recorder.totals().loop_lag.values()) == beats:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)


def run(body: Any) -> Any:
    return asyncio.run(asyncio.wait_for(body, 30))


def test_computing_belongs_to_the_module_whose_code_runs():
    async def body() -> tuple[dict[str, int], dict[str, int]]:
        with recorded(asyncio.get_running_loop()) as recorder:

            def burned(name: str, least_ns: int) -> int:
                def enough() -> bool:
                    return recorder.totals().cpu_by_module.get(name, 0) >= least_ns

                return int(module_named(f"desk.{name}").burn(enough))

            spent = await asyncio.gather(
                asyncio.to_thread(burned, "busy", 300 * MS),
                asyncio.to_thread(burned, "idle", 100 * MS),
            )
            return dict(zip(("busy", "idle"), spent, strict=True)), recorder.totals().cpu_by_module

    spent, found = run(body())
    # A thread's time is counted when it is looked at, so never before it is spent.
    assert 300 * MS <= found["busy"] <= spent["busy"]
    assert 100 * MS <= found["idle"] <= spent["idle"]


def hold_up(name: str, s: float) -> int:
    """Hold up the event loop in code of `name`; how long it did, in ns."""
    began = time.perf_counter_ns()
    module_named(name).burn(lambda: time.perf_counter_ns() - began > s * 1e9)
    return time.perf_counter_ns() - began


@pytest.mark.parametrize(("name", "named"), [("desk.blocker", "blocker"), ("elsewhere", OTHER)])
def test_who_holds_up_the_event_loop_is_named(name, named):
    async def body() -> tuple[Any, int]:
        with recorded(asyncio.get_running_loop()) as recorder:
            await beat(recorder)
            took = hold_up(name, 0.4)
            await beat(recorder)
            return recorder.totals(), took

    totals, took = run(body())
    # A look may find what runs between the block and the next beat.
    assert max(totals.blocked_by, key=totals.blocked_by.__getitem__) == named
    # From the end of the block back to the middle between the two beats around its beginning; a
    # beat may come late, but the last one before the block was waited for.
    assert sum(totals.blocked_by.values()) >= took - 10 * MS - len(totals.blocked_by)
    assert max(totals.loop_lag) >= bucket_of(380 * MS)


def test_what_holds_up_the_event_loop_shortly_blames_nobody():
    async def body() -> dict[str, int]:
        with recorded(asyncio.get_running_loop()) as recorder:
            await beat(recorder)
            heartbeat = recorder._heartbeat
            heartbeat.found("blocker", MS)
            heartbeat._due_ns = time.perf_counter_ns() - 5 * MS
            heartbeat._next.cancel()
            heartbeat._beat(asyncio.get_running_loop())
            heartbeat._due_ns = time.perf_counter_ns() - 60 * MS
            heartbeat._next.cancel()
            heartbeat._beat(asyncio.get_running_loop())
            return recorder.totals().blocked_by

    assert "blocker" not in run(body())


def test_pauses_memory_and_descriptors_are_counted():
    async def body() -> Any:
        with recorded(asyncio.get_running_loop()) as recorder:
            gc.collect()
            recorder.started(12_345)
            return recorder.totals()

    totals = run(body())
    assert totals.gc_pauses >= 1
    assert totals.gc_pause_ns > 0
    assert totals.rss_bytes > 1 << 20
    assert totals.rss_at_start_bytes > 1 << 20
    assert totals.descriptors > 2
    assert totals.start_ns == 12_345
    assert totals.cpu_ns > 0


def test_after_its_end_nothing_is_recorded():
    async def body() -> tuple[int, int]:
        with recorded(asyncio.get_running_loop()) as recorder:
            pass
        callbacks = len(gc.callbacks)
        beats = sum(recorder.totals().loop_lag.values())
        await asyncio.sleep(0.2)
        assert len(gc.callbacks) == callbacks
        return beats, sum(recorder.totals().loop_lag.values())

    before, after = run(body())
    assert before == after
