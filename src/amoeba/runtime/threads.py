"""CPU-bound implementations: a plain `def` that runs in a worker thread, the contract stays async.

Also the way back: calling an async contract from a thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from amoeba.runtime.tracing import current_span

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from amoeba.evidence import ActiveSpan

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

_WORKERS = min(32, (os.cpu_count() or 1) + 4)


@functools.lru_cache(maxsize=1)
def workers() -> ThreadPoolExecutor:
    """The process's worker threads, made when first needed."""
    return ThreadPoolExecutor(_WORKERS, thread_name_prefix="amoeba-worker")


def threaded(
    method: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Make a plain method async: each call runs it in a worker thread.

    A cancelled caller stops waiting at once; the thread runs on to its end.
    """

    @functools.wraps(method)
    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await in_thread(functools.partial(method, self, *args, **kwargs))

    return call


async def in_thread(function: Callable[[], R]) -> R:
    """Run `function` in a worker thread, with the context of the caller."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    span = current_span()
    if span is not None:
        function = functools.partial(_measured, function, span, time.perf_counter_ns())
    return await loop.run_in_executor(workers(), context.run, function)


def _measured(function: Callable[[], R], span: ActiveSpan, asked_ns: int) -> R:
    """Run a function for a call that is looked at closely: what it computes is the call's."""
    span.queued_ns += time.perf_counter_ns() - asked_ns
    steps = span.steps
    began = steps.begin()
    try:
        return function()
    finally:
        span.cpu_ns += steps.end(began)
