"""Many texts are triaged side by side, and each answer comes as soon as it is there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support_desk.tickets import BatchItem, Priority, Queue, Triage
from support_desk.tickets.batches import SIDE_BY_SIDE, as_ready

import amoeba


def triaged(text: str) -> Triage:
    return Triage(text, 1.0, (), "", Priority.LOW, Queue.GENERAL)


async def at_once(text: str) -> Triage:
    return triaged(text)


def run(body: Any) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(20):
            return await body

    return asyncio.run(bounded())


async def collect(texts: list[str], triage: Any = at_once) -> list[BatchItem]:
    return [item async for item in as_ready(texts, triage)]


@pytest.mark.parametrize("count", [0, 1, SIDE_BY_SIDE - 1, SIDE_BY_SIDE, SIDE_BY_SIDE + 1, 1000])
def test_every_text_is_answered_once(count):
    texts = [f"text {number}" for number in range(count)]
    found = run(collect(texts))
    assert sorted(item.index for item in found) == list(range(count))
    assert all(item.triage == triaged(texts[item.index]) for item in found)


def test_no_more_than_some_run_side_by_side():
    running, most = 0, 0

    async def count(text: str) -> Triage:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return triaged(text)

    run(collect(["x"] * 100, count))
    assert most == SIDE_BY_SIDE


def test_an_answer_does_not_wait_for_one_that_takes_longer():
    async def body() -> None:
        late = asyncio.Event()

        async def wait_for_first(text: str) -> Triage:
            if text == "0":
                await late.wait()
            return triaged(text)

        items = as_ready([str(number) for number in range(50)], wait_for_first)
        found = [(await anext(items)).index for _ in range(49)]
        assert 0 not in found
        late.set()
        assert [item.index async for item in items] == [0]

    run(body())


def test_a_module_that_is_down_is_said_at_its_texts_alone():
    async def sometimes(text: str) -> Triage:
        if text == "1":
            raise amoeba.Unavailable("classifier", "gone")
        return triaged(text)

    found = {item.index: item for item in run(collect(["0", "1", "2"], sometimes))}
    assert found[1] == BatchItem(1, None, "module classifier is unavailable")
    assert found[0].triage is not None
    assert found[2].error == ""


def test_left_early_it_stops_what_runs():
    async def body() -> int:
        cancelled = 0

        async def forever(text: str) -> Triage:
            nonlocal cancelled
            if text == "0":
                return triaged(text)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled += 1
                raise
            return triaged(text)

        items = as_ready([str(number) for number in range(5)], forever)
        assert (await anext(items)).index == 0
        await items.aclose()
        return cancelled

    assert run(body()) == 4


def test_a_text_on_which_a_model_fails_costs_no_other_its_answer():
    async def fail_on_one(text: str) -> Triage:
        if text == "1":
            raise ValueError(text)
        return triaged(text)

    found = {item.index: item for item in run(collect(["0", "1", "2"], fail_on_one))}
    assert found[1] == BatchItem(1, None, "it cannot be triaged")
    assert found[2].triage == triaged("2")
