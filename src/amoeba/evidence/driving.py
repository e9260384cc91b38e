"""Drives a coroutine step by step, which separates computing from waiting.

Wall time between two awaits of interleaved tasks is not service time; the time of the steps is. A
step of one driven coroutine may contain steps of others that it awaits: those count as theirs, so
each has only what is its own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

_clock = time.thread_time_ns


class Steps:
    """The steps that run at this moment in one thread, innermost last."""

    def __init__(self) -> None:
        self._inner_ns: list[int] = []

    def begin(self) -> int:
        """A step begins; give the result to `end`."""
        self._inner_ns.append(0)
        return _clock()

    def end(self, start_ns: int) -> int:
        """A step ends; its CPU time without that of the steps inside, in nanoseconds."""
        took = _clock() - start_ns
        own = took - self._inner_ns.pop()
        if self._inner_ns:
            self._inner_ns[-1] += took
        return own


class Driven:
    """Awaits a coroutine; `cpu_ns` is what its own steps have used."""

    __slots__ = ("_coroutine", "_steps", "cpu_ns")

    def __init__(self, coroutine: Any, steps: Steps) -> None:
        self._coroutine, self._steps = coroutine, steps
        self.cpu_ns = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        """What it awaits is passed through, and so is what it is sent or thrown."""
        iterator = self._coroutine.__await__()
        send, sent = iterator.send, None
        while True:
            start = self._steps.begin()
            try:
                awaited = send(sent)
            except StopIteration as stop:
                return stop.value
            finally:
                self.cpu_ns += self._steps.end(start)
            try:
                sent = yield awaited
                send = iterator.send
            except BaseException as error:  # noqa: BLE001 - the coroutine decides
                sent, send = error, iterator.throw
