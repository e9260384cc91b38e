from __future__ import annotations

import asyncio

import pytest

from amoeba.contract import read_contract
from amoeba.evidence import EdgeTotals, Recorder, bucket_of, merge_at_once
from amoeba.runtime.handles import Handle, bind


class Shop:
    async def price(self, item: str) -> int:
        if item == "gold":
            raise LookupError(item)
        return 3

    def stock(self, item: str) -> int:
        return 1


def handle_of(recorder: Recorder) -> Handle:
    handle = Handle(read_contract(Shop), lambda _: pytest.fail)
    shop = Shop()
    bind(handle, lambda name: getattr(shop, name), lambda m: recorder.edge("web", "shop", m))
    return handle


def test_calls_errors_and_latency_are_counted_per_edge():
    recorder = Recorder()
    handle = handle_of(recorder)

    async def call() -> None:
        for _ in range(3):
            await handle.price("tea")
        with pytest.raises(LookupError):
            await handle.price("gold")

    asyncio.run(call())
    assert handle.stock("tea") == 1
    by_method = {each.method: each for each in recorder.totals()}
    assert (by_method["price"].calls, by_method["price"].errors) == (4, {"LookupError": 1})
    assert (by_method["stock"].calls, by_method["stock"].errors) == (1, {})
    assert by_method["price"].in_flight == 0
    assert (by_method["price"].caller, by_method["price"].module) == ("web", "shop")


def test_a_call_without_an_end_is_in_flight():
    recorder = Recorder()
    handle = Handle(read_contract(Shop), lambda _: pytest.fail)
    go_on = asyncio.Event()

    async def slow(item: str) -> int:
        await go_on.wait()
        return 3

    bind(handle, lambda _: slow, lambda m: recorder.edge("web", "shop", m))

    async def call() -> tuple[int, int]:
        task = asyncio.create_task(handle.price("tea"))
        await asyncio.sleep(0)
        during = recorder.totals()[0].in_flight
        go_on.set()
        await task
        return during, recorder.totals()[0].in_flight

    assert asyncio.run(call()) == (1, 0)


def test_an_edge_that_was_never_called_is_not_reported():
    recorder = Recorder()
    handle_of(recorder)
    assert recorder.totals() == []


def test_the_written_out_bucket_is_the_histograms():
    recorder = Recorder()
    handle = handle_of(recorder)
    asyncio.run(handle.price("tea"))
    (bucket,) = recorder.totals()[0].latency
    assert 0 < bucket <= bucket_of(10**9)


def test_totals_of_several_processes_merge_at_once():
    one = EdgeTotals("web", "shop", "price", 2, {"A": 1}, 1, {5: 2})
    two = EdgeTotals("web", "shop", "price", 3, {"A": 1, "B": 2}, 0, {5: 1, 9: 2})
    other = EdgeTotals("web", "shop", "stock", 1, {}, 0, {1: 1})
    assert merge_at_once([other, one, two]) == [
        EdgeTotals("web", "shop", "price", 5, {"A": 2, "B": 2}, 1, {5: 3, 9: 2}),
        other,
    ]
