"""What a process uses is told by module: who computes, and who holds up the event loop."""

from __future__ import annotations

import asyncio
import gc
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def test_a_module_that_holds_up_the_event_loop_is_named():
    async def body() -> Any:
        with recorded(asyncio.get_running_loop()) as recorder:
            await beat(recorder)
            began = time.perf_counter_ns()
            module_named("desk.blocker").burn(
                lambda: recorder.totals().blocked_by.get("blocker", 0) >= 300 * MS
            )
            await beat(recorder)
            return recorder.totals(), time.perf_counter_ns() - began

    totals, took = run(body())
    assert set(totals.blocked_by) == {"blocker"}
    assert 300 * MS <= totals.blocked_by["blocker"] <= took
    assert max(totals.loop_lag) >= bucket_of(300 * MS)


def test_what_is_no_modules_is_other():
    async def body() -> dict[str, int]:
        with recorded(asyncio.get_running_loop()) as recorder:
            await asyncio.to_thread(
                module_named("elsewhere").burn,
                lambda: sum(recorder.totals().cpu_by_module.values()) >= 100 * MS,
            )
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
