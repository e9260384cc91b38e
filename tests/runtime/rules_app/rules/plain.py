import asyncio
import os
import threading
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

import amoeba
from amoeba.runtime.deadlines import remaining_s
from amoeba.runtime.services import trace_context
from rules.elsewhere import Listed, Unlisted
from rules.probe import TAG, OutOfStock, Point, Probe


class PlainProbe(Probe):
    def __init__(self) -> None:
        self._kept: list[int] = []
        self._begun = self._cancelled = self._produced = self._closed = 0
        self._changed = asyncio.Condition()

    async def add(self, items: list[int], item: int) -> list[int]:
        items.append(item)
        self._kept = items
        return items

    async def kept(self) -> list[int]:
        return self._kept

    async def tag(self) -> str:
        return TAG.get()

    async def type_of(self, point: Point) -> str:
        return type(point).__name__

    async def fail(self, how: str) -> None:
        errors: dict[str, Exception] = {
            "built-in": KeyError("missing"),
            "contract": OutOfStock("apples", left=2),
            "listed": Listed("listed"),
            "unlisted": Unlisted("only I know it"),
            "group": ExceptionGroup("several", [ValueError("one"), OutOfStock("pears", left=0)]),
            "amoeba": amoeba.Unavailable("warehouse", "closed"),
        }
        raise errors[how]

    async def wait_forever(self) -> None:
        async with self._changed:
            self._begun += 1
            self._changed.notify_all()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            async with self._changed:
                self._cancelled += 1
                self._changed.notify_all()
            raise

    async def begun(self) -> int:
        return self._begun

    async def wait_until_begun(self, count: int) -> int:
        async with self._changed:
            await self._changed.wait_for(lambda: self._begun >= count)
        return self._begun

    async def cancelled(self) -> int:
        return self._cancelled

    async def wait_until_cancelled(self, count: int) -> int:
        async with self._changed:
            await self._changed.wait_for(lambda: self._cancelled >= count)
        return self._cancelled

    async def remaining_s(self) -> float | None:
        return remaining_s()

    async def trace(self) -> str | None:
        return trace_context.get()

    async def headers(self) -> dict[str, str]:
        return amoeba.trace_headers()

    async def in_a_span(self, name: str) -> dict[str, str]:
        from opentelemetry import propagate, trace
        from opentelemetry.sdk.trace import TracerProvider

        found: dict[str, str] = {}
        tracer = trace.get_tracer("rules", tracer_provider=TracerProvider())
        with tracer.start_as_current_span(name):
            propagate.inject(found)
        return found

    async def scale(self, array: NDArray[np.float64], by: float) -> NDArray[np.float64]:
        return array * by

    async def is_writeable(self, array: NDArray[np.float64]) -> bool:
        return bool(array.flags.writeable)

    async def reverse(self, data: bytes) -> bytes:
        return data[::-1]

    async def unencodable(self) -> Any:
        return object()

    async def optional(self, a: int, b: int = 2, *, c: int = 3) -> list[int]:
        return [a, b, c]

    async def pid(self) -> int:
        return os.getpid()

    @amoeba.threaded
    def thread(self) -> str:
        return threading.current_thread().name

    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    async def count_then_fail(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number
        raise OutOfStock("numbers", left=0)

    async def endless(self) -> AsyncIterator[bytes]:
        self._produced = 0
        try:
            while True:
                self._produced += 1
                yield bytes(10_000)
                await asyncio.sleep(0)
        finally:
            self._closed += 1
            async with self._changed:
                self._changed.notify_all()

    async def produced(self) -> int:
        return self._produced

    async def streams_closed(self) -> int:
        return self._closed

    async def wait_until_closed(self, count: int) -> int:
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed >= count)
        return self._closed
