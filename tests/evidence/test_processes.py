"""What a process uses is told by module: who computes, and who holds up the event loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from amoeba.evidence.processes import OTHER, ProcessRecorder

SOURCE = """
import time

def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
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


def run(body: Any) -> Any:
    return asyncio.run(asyncio.wait_for(body, 30))


@pytest.mark.skipif(not hasattr(time, "thread_time"), reason="needs the clocks of threads")
def test_computing_belongs_to_the_module_whose_code_runs():
    async def body() -> dict[str, int]:
        with recorded(asyncio.get_running_loop()) as recorder:
            threads = [
                threading.Thread(target=module_named(f"desk.{name}").burn, args=(seconds,))
                for name, seconds in (("busy", 0.9), ("idle", 0.3))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                await asyncio.to_thread(thread.join)
            return recorder.totals().cpu_by_module

    found = run(body())
    assert 0.6e9 < found["busy"] < 1.2e9
    assert 0.1e9 < found["idle"] < 0.6e9


def test_a_module_that_holds_up_the_event_loop_is_named():
    async def body() -> Any:
        with recorded(asyncio.get_running_loop()) as recorder:
            await asyncio.sleep(0.1)
            began = time.perf_counter_ns()
            module_named("desk.blocker").burn(0.5)
            took = time.perf_counter_ns() - began
            await asyncio.sleep(0.1)
            return recorder.totals(), took

    totals, took = run(body())
    assert 0.4 * took < totals.blocked_by["blocker"] < 1.2 * took
    assert sum(totals.loop_lag.values()) > 3
    assert max(totals.loop_lag) > min(totals.loop_lag)


def test_what_is_no_modules_is_other():
    async def body() -> dict[str, int]:
        with recorded(asyncio.get_running_loop()) as recorder:
            await asyncio.to_thread(module_named("elsewhere").burn, 0.4)
            return recorder.totals().cpu_by_module

    assert set(run(body())) == {OTHER}


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
