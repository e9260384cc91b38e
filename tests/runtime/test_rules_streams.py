"""Streams and threads, the same wherever the callee runs."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import amoeba


async def collect(items):
    return [item async for item in items]


def test_items_arrive_in_order_to_the_end(rig):
    assert rig.run(collect(rig.probe.count(1000))) == list(range(1000))


def test_an_empty_stream_ends(rig):
    assert rig.run(collect(rig.probe.count(0))) == []


def test_items_before_an_error_arrive_then_the_error(rig):
    from rules.probe import OutOfStock

    async def call() -> list[int]:
        seen: list[int] = []
        try:
            async for item in rig.probe.count_then_fail(500):
                seen.append(item)  # noqa: PERF401 - what came before the error is what counts
        except OutOfStock:
            return seen
        raise AssertionError

    assert rig.run(call()) == list(range(500))


def test_a_consumer_that_leaves_closes_the_producer(rig):
    async def call() -> int:
        before = await rig.probe.streams_closed()
        stream = rig.probe.endless()
        async for _ in stream:
            break
        await stream.aclose()
        return await rig.probe.wait_until_closed(before + 1) - before

    assert rig.run(call()) == 1


def test_a_stream_that_is_dropped_closes_the_producer(rig):
    async def call() -> int:
        before = await rig.probe.streams_closed()
        async for _ in rig.probe.endless():
            break
        return await rig.probe.wait_until_closed(before + 1) - before

    assert rig.run(call()) == 1


def test_a_cancelled_consumer_closes_the_producer(rig):
    async def consume(first: asyncio.Event) -> None:
        async for _ in rig.probe.endless():
            first.set()

    async def call() -> int:
        before = await rig.probe.streams_closed()
        first = asyncio.Event()
        task = asyncio.create_task(consume(first))
        await first.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await rig.probe.wait_until_closed(before + 1) - before

    assert rig.run(call()) == 1


def test_a_producer_waits_for_a_slow_consumer(rig):
    async def call() -> tuple[int, int]:
        stream = rig.probe.endless()
        consumed = 0
        async for _ in stream:
            consumed += 1
            if consumed == 50:
                break
        for _ in range(50):  # time enough for an unbounded producer to run far ahead
            await rig.probe.optional(1)
        produced = await rig.probe.produced()
        await stream.aclose()
        return consumed, produced

    consumed, produced = rig.run(call())
    window = 0 if not rig.crosses else 110 + 40  # 1 MiB of 10 kB items, credit in quarters
    assert produced <= consumed + window


def test_a_streams_deadline_is_the_consumers_scope(rig):
    async def call() -> int:
        async def consume() -> None:
            async with amoeba.deadline(0.05):
                async for _ in rig.probe.endless():
                    await asyncio.sleep(0)

        before = await rig.probe.streams_closed()
        with pytest.raises(amoeba.DeadlineExceeded):
            await consume()
        return await rig.probe.wait_until_closed(before + 1) - before

    assert rig.run(call()) == 1


def test_a_class_without_a_contract_is_called_as_before(rig):
    model = rig.app.get("model")
    assert rig.run(asyncio.to_thread(model.predict, "four")) == 4
    assert rig.run(asyncio.to_thread(model, "up")) == "UP"
    assert rig.run(asyncio.to_thread(model.label)) == "base"
    assert rig.run(model.predict_later("four")) == 4
    with pytest.raises(ValueError, match="empty"):
        rig.run(asyncio.to_thread(model.predict, ""))


def test_only_public_methods_are_a_classs_contract(rig):
    model = rig.app.get("model")
    for name in ("_private", "size", "helper", "threshold"):
        assert not hasattr(model, name)


def test_blocking_calls_run_in_parallel_threads(rig):
    model = rig.app.get("model")

    async def call() -> list[int]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(8) as pool:
            calls = [loop.run_in_executor(pool, model.predict, "x" * n) for n in range(1, 101)]
            return await asyncio.gather(*calls)

    assert rig.run(call()) == list(range(1, 101))


def test_an_async_contract_can_be_called_from_a_thread(rig):
    blocking = amoeba.blocking(rig.probe)
    assert rig.run(asyncio.to_thread(blocking.optional, 1, c=7)) == [1, 2, 7]
    assert rig.run(asyncio.to_thread(lambda: list(blocking.count(5)))) == [0, 1, 2, 3, 4]


def test_blocking_on_the_event_loop_is_refused(rig):
    async def call() -> None:
        amoeba.blocking(rig.probe).optional(1)

    with pytest.raises(RuntimeError, match="await the handle's method instead"):
        rig.run(call())


def test_a_handle_works_on_a_loop_of_another_thread(rig):
    probe = rig.probe
    found: list[object] = []

    async def elsewhere() -> tuple[list[int], list[int]]:
        return await probe.optional(1), [item async for item in probe.count(3)]

    def in_own_loop() -> None:
        found.append(asyncio.run(elsewhere()))

    async def call() -> None:
        thread = threading.Thread(target=in_own_loop)
        thread.start()
        await asyncio.to_thread(thread.join)

    rig.run(call())
    assert found == [([1, 2, 3], [0, 1, 2])]


def test_a_captured_method_is_a_coroutine_function_with_its_signature(rig):
    method = rig.probe.optional
    assert inspect.iscoroutinefunction(method)
    assert list(inspect.signature(method).parameters) == ["a", "b", "c"]
    assert method.__name__ == "optional"
