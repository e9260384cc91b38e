"""A driven coroutine behaves as before, and its own computing is told from its waiting."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from amoeba.evidence.driving import Driven, Steps

MS = 1_000_000
_AROUND_NS = 4 * MS
"""What an event loop computes around what is burned, at most: less than the shortest burn."""


def burn(milliseconds: float) -> int:
    """Compute, on this thread's own clock, so that a busy machine changes nothing.

    Returns how long it was in the end, in nanoseconds.
    """
    began = time.thread_time_ns()
    while time.thread_time_ns() < began + int(milliseconds * MS):
        pass
    return time.thread_time_ns() - began


def run(coroutine: Any) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_answers_and_errors_come_through():
    async def add(a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError("missing")

    async def body() -> None:
        assert await Driven(add(1, 2), Steps()) == 3
        with pytest.raises(KeyError, match="missing"):
            await Driven(fail(), Steps())

    run(body())


def test_computing_counts_and_waiting_does_not():
    burned = []

    async def work() -> None:
        burned.append(burn(20))
        await asyncio.sleep(0.05)
        burned.append(burn(10))

    async def body() -> int:
        driven = Driven(work(), Steps())
        await driven
        return driven.cpu_ns

    counted = run(body())
    assert 0 <= counted - sum(burned) < _AROUND_NS


def test_a_driven_call_inside_has_its_own_share():
    steps = Steps()
    inner: list[Driven] = []
    burned = {"callee": 0, "caller": 0}

    async def callee() -> None:
        burned["callee"] += burn(20)
        await asyncio.sleep(0)
        burned["callee"] += burn(10)

    async def caller() -> None:
        burned["caller"] += burn(10)
        inner.append(Driven(callee(), steps))
        await inner[0]

    async def body() -> int:
        driven = Driven(caller(), steps)
        await driven
        return driven.cpu_ns

    counted = run(body())
    assert 0 <= counted - burned["caller"] < _AROUND_NS
    assert 0 <= inner[0].cpu_ns - burned["callee"] < _AROUND_NS


def test_what_others_compute_in_between_does_not_count():
    burned = []

    async def work() -> None:
        burned.append(burn(5))
        await asyncio.sleep(0.01)

    async def body() -> int:
        driven = Driven(work(), Steps())
        task = asyncio.ensure_future(driven)
        for _ in range(5):
            await asyncio.sleep(0)
            burn(10)
        await task
        return driven.cpu_ns

    counted = run(body())
    assert 0 <= counted - burned[0] < _AROUND_NS


def test_cancelling_reaches_what_is_driven():
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            seen.append("left")

    async def body() -> None:
        task = asyncio.ensure_future(Driven(work(), Steps()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(body())
    assert seen == ["cancelled", "left"]


def test_a_coroutine_may_catch_what_is_thrown_into_it():
    async def work() -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return "caught"
        return "slept"

    async def body() -> str:
        task = asyncio.ensure_future(Driven(work(), Steps()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        return str(await task)

    assert run(body()) == "caught"


def test_task_groups_and_timeouts_work_inside():
    async def work() -> str:
        try:
            async with asyncio.timeout(0.01), asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(30))
        except TimeoutError:
            return "in time"
        return "late"

    async def body() -> Any:
        return await Driven(work(), Steps())

    assert run(body()) == "in time"
