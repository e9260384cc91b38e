"""Handles: what a caller holds of another module.

A handle's methods are closures over one replaceable target each. Replacing the target is how a
running application divides: no caller knows, and a method that was captured earlier follows too.
The edge (who calls what) is fixed with the target, so recording needs no lookup.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from amoeba.contract import Contract, Kind, Method
from amoeba.errors import did_you_mean
from amoeba.evidence import Edge, bucket_of
from amoeba.runtime.deadlines import Scope, check_scope, current_scope
from amoeba.runtime.timings import note
from amoeba.runtime.tracing import look_closely, look_closely_blocking, watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from amoeba.runtime.streaming import Watched

    Replace = Callable[[Callable[..., Any], Edge], None]
    Cell = Callable[[Callable[..., Any], Edge], tuple[Callable[..., Any], Replace]]

log = logging.getLogger("amoeba.calls")

_clock = time.perf_counter_ns


class Handle:
    """The base of every handle. Instances have one attribute per method of their contract."""

    def __init__(
        self,
        contract: Contract,
        unbound: Callable[[Method], Callable[..., Any]],
        cells: Mapping[Kind, Cell] | None = None,
    ) -> None:
        """Make the methods, by `cells`; `unbound(method)` is the target of each until `bind`."""
        self._amoeba_contract = contract
        self._amoeba_replace: dict[str, Replace] = {}
        for name, method in contract.methods.items():
            edge = Edge("", "", name)
            function, replace = (cells or RECORDED)[method.kind](unbound(method), edge)
            # Only the name and the documentation: `__wrapped__` would lead tools past the handle.
            function.__name__, function.__qualname__ = name, f"{contract.cls.__qualname__}.{name}"
            function.__doc__ = getattr(getattr(contract.cls, name, None), "__doc__", None)
            function.__signature__ = method.signature  # type: ignore[attr-defined]  # read by inspect
            object.__setattr__(self, "_amoeba_call" if name == "__call__" else name, function)
            self._amoeba_replace[name] = replace

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the contract's `__call__`, when it has one."""
        call = self.__dict__.get("_amoeba_call")
        if call is None:
            msg = f"{self._amoeba_contract.cls.__qualname__} has no __call__ method"
            raise TypeError(msg)
        return call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Only reached for a name that the contract does not have."""
        if name.startswith("_"):
            raise AttributeError(name)
        contract = self._amoeba_contract
        hint = did_you_mean(name, contract.methods)
        msg = f"{contract.cls.__qualname__} has no method {name!r}" + (f"; {hint}" if hint else "")
        raise AttributeError(msg)

    def __repr__(self) -> str:
        return f"<handle of {self._amoeba_contract.name}>"


def bind(
    handle: Handle,
    target_of: Callable[[str], Callable[..., Any]],
    edge_of: Callable[[str], Edge],
) -> None:
    """Give every method of `handle` a new target and edge, for calls that begin from now on."""
    for name, replace in handle._amoeba_replace.items():  # noqa: SLF001 - this module's own class
        replace(target_of(name), edge_of(name))


def _unary_cell(target: Callable[..., Any], edge: Edge) -> tuple[Callable[..., Any], Replace]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        scope = current_scope()
        if scope is not None:
            check_scope(scope)
        recorded = edge
        recorded.in_flight += 1
        start = _clock()
        try:
            if scope is None:
                closely = start >= recorded.sample_at_ns
            else:
                closely = _closely(scope, recorded, start)
            if closely:
                return await look_closely(target, args, kwargs, recorded, scope)
            return await target(*args, **kwargs)
        except BaseException as error:
            recorded.failed(error)
            raise
        finally:
            recorded.in_flight -= 1
            took = _clock() - start
            shift = took.bit_length() - 6  # `bucket_of`, written out: a call would cost 60 ns
            recorded.latency[(shift << 5) + (took >> shift) if shift > 0 else took] += 1
            if scope is not None:
                _note(scope, recorded, took)

    def replace(new_target: Callable[..., Any], new_edge: Edge) -> None:
        nonlocal target, edge
        target, edge = new_target, new_edge

    return call, replace


def _blocking_cell(target: Callable[..., Any], edge: Edge) -> tuple[Callable[..., Any], Replace]:
    lock = threading.Lock()  # protects the edge's counts: callers are threads
    warned = False

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal warned
        if not warned and on_event_loop():
            warned = True
            warn_blocking(edge)
        scope = current_scope()
        if scope is not None:
            check_scope(scope)
        recorded = edge
        with lock:
            recorded.in_flight += 1
        start = _clock()
        try:
            if _looks(scope, recorded, start):
                return look_closely_blocking(target, args, kwargs, recorded, scope)
            return target(*args, **kwargs)
        except BaseException as error:
            recorded.failed(error)
            raise
        finally:
            took = _clock() - start
            with lock:
                recorded.in_flight -= 1
                recorded.latency[bucket_of(took)] += 1
            if scope is not None:
                _note(scope, recorded, took)

    def replace(new_target: Callable[..., Any], new_edge: Edge) -> None:
        nonlocal target, edge
        target, edge = new_target, new_edge

    return call, replace


def _looks(scope: Scope | None, edge: Edge, now_ns: int) -> bool:
    """Whether a call is looked at closely."""
    return now_ns >= edge.sample_at_ns if scope is None else _closely(scope, edge, now_ns)


def _closely(scope: Scope, edge: Edge, now_ns: int) -> bool:
    """Whether a call within a scope is looked at closely."""
    if not scope.active or not scope.decided:
        return now_ns >= edge.sample_at_ns
    return scope.span is not None


def _note(scope: Scope, edge: Edge, took_ns: int) -> None:
    """Note an answer of this process; one of another is noted where its replica is chosen."""
    if scope.timings is not None and scope.active and edge.replica:
        note(scope.timings, edge.module, edge.replica, took_ns // 1000)


def warn_blocking(edge: Edge) -> None:
    """Say that a call blocks the event loop."""
    log.warning(
        "%s → %s.%s blocks the event loop it is called on: call it from a thread, "
        "or give the module a contract with `async def` methods",
        edge.caller,
        edge.module,
        edge.method,
    )


def on_event_loop() -> bool:
    """Whether the caller runs on an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _stream_cell(target: Callable[..., Any], edge: Edge) -> tuple[Callable[..., Any], Replace]:
    def call(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        items, scope = target(*args, **kwargs), current_scope()
        if edge.recorder is not None and _looks(scope, edge, _clock()):
            return _recorded_stream(items, edge, scope, (args, kwargs))
        return _recorded_stream(items, edge, scope)

    def replace(new_target: Callable[..., Any], new_edge: Edge) -> None:
        nonlocal target, edge
        target, edge = new_target, new_edge

    return call, replace


class _recorded_stream:  # noqa: N801 - reads as the function it stands for
    """A stream's items unchanged; the stream counts as one call, from first use to its end."""

    __slots__ = ("_edge", "_items", "_scope", "_start", "_watched", "_with")

    def __init__(
        self,
        items: Any,
        edge: Edge,
        scope: Scope | None,
        looked_at: tuple[tuple[Any, ...], dict[str, Any]] | None = None,
    ) -> None:
        """`looked_at`: its arguments, when it is looked at closely."""
        self._items, self._edge = aiter(items), edge
        self._scope = scope  # until the first item
        self._with = looked_at  # until its first use
        self._watched: Watched | None = None
        self._start = 0

    def __aiter__(self) -> _recorded_stream:
        return self

    async def __anext__(self) -> Any:
        if not self._start:
            self._start = _clock()
            self._edge.in_flight += 1
            if self._with is not None:
                self._items = self._watched = watch(
                    self._items, self._edge, self._scope, *self._with
                )
                self._with = None
        try:
            item = await self._items.__anext__()
        except BaseException as error:
            if not isinstance(error, StopAsyncIteration):
                self._edge.failed(error)
            self._end()
            raise
        if self._scope is not None:
            _note(self._scope, self._edge, _clock() - self._start)
            self._scope = None
        return item

    async def aclose(self) -> None:
        """End the stream early; its producer is closed."""
        self._end()
        close = getattr(self._items, "aclose", None)
        if close is not None:
            await close()

    def __del__(self) -> None:
        self._end()

    def _end(self) -> None:
        if self._watched is not None:
            self._watched.end()
            self._watched = None
        if self._start > 0:
            self._edge.in_flight -= 1
            self._edge.latency[bucket_of(_clock() - self._start)] += 1
        self._start = -1


RECORDED: dict[Kind, Cell] = {
    Kind.UNARY: _unary_cell,
    Kind.BLOCKING: _blocking_cell,
    Kind.STREAM: _stream_cell,
}
