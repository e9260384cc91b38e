"""The seam itself: a handle's target is replaced, and whoever holds it follows."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from amoeba.contract import read_contract
from amoeba.evidence import Edge
from amoeba.runtime.handles import Handle, bind


class Clock(Protocol):
    async def now(self) -> str:
        """What time it is."""
        ...

    def ticks(self, count: int) -> AsyncIterator[int]: ...


class Here:
    async def now(self) -> str:
        return "here"

    async def ticks(self, count: int) -> AsyncIterator[int]:
        for tick in range(count):
            yield tick


class There:
    async def now(self) -> str:
        return "there"

    async def ticks(self, count: int) -> AsyncIterator[int]:
        for tick in range(count):
            yield -tick


@pytest.fixture
def handle() -> Handle:
    made = Handle(read_contract(Clock), lambda _: pytest.fail)
    put(made, Here())
    return made


def put(handle: Handle, target: object) -> None:
    bind(handle, lambda name: getattr(target, name), lambda m: Edge("web", "clock", m))


async def collect(items: AsyncIterator[int]) -> list[int]:
    return [item async for item in items]


def test_a_method_captured_earlier_follows_a_new_target(handle):
    captured, stream = handle.now, handle.ticks
    assert asyncio.run(captured()) == "here"
    put(handle, There())
    assert asyncio.run(captured()) == "there"
    assert asyncio.run(collect(stream(3))) == [0, -1, -2]


def test_a_call_in_flight_ends_where_it_began(handle):
    release = asyncio.Event()

    class Slow(Here):
        async def now(self) -> str:
            await release.wait()
            return "slow"

    async def call() -> tuple[str, str]:
        put(handle, Slow())
        first = asyncio.create_task(handle.now())
        await asyncio.sleep(0)
        put(handle, There())
        second = await handle.now()
        release.set()
        return await first, second

    assert asyncio.run(call()) == ("slow", "there")


def test_a_methods_object_stays_the_same(handle):
    before = handle.now
    put(handle, There())
    assert handle.now is before


def test_a_method_shows_its_name_documentation_and_signature(handle):
    assert handle.now.__name__ == "now"
    assert handle.now.__qualname__ == "Clock.now"
    assert inspect.getdoc(handle.now) == "What time it is."
    assert str(inspect.signature(handle.ticks)) == "(count: 'int') -> 'AsyncIterator[int]'"


def test_a_handle_without_call_is_not_callable(handle):
    with pytest.raises(TypeError, match="Clock has no __call__ method"):
        handle()


def test_a_handle_says_what_it_is(handle):
    assert repr(handle) == f"<handle of {Clock.__module__}:Clock>"


def test_a_method_that_is_not_there_is_named_with_its_nearest(handle):
    with pytest.raises(AttributeError, match="Clock has no method 'nwo'; did you mean 'now'"):
        handle.nwo()


class Plain:
    def work(self) -> int:
        return 1


def test_a_blocking_call_on_an_event_loop_is_logged_once(caplog):
    made = Handle(read_contract(Plain), lambda _: pytest.fail)
    bind(made, lambda _: Plain().work, lambda m: Edge("web", "plain", m))

    async def call() -> int:
        return made.work() + made.work()

    assert made.work() == 1
    assert caplog.messages == []
    assert asyncio.run(call()) == 2
    (message,) = caplog.messages
    assert message.startswith("web → plain.work blocks the event loop it is called on")
