"""The methods of handles where nothing is measured (`record = false`): what a call is otherwise.

Deadlines hold, answers are noted for `Server-Timing`, and a blocking call on an event loop warns.
A handle gets these or the recorded ones when it is made, so neither pays for the choice.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amoeba.contract import Kind
from amoeba.runtime.deadlines import check_scope, current_scope
from amoeba.runtime.handles import RECORDED, on_event_loop, warn_blocking
from amoeba.runtime.timings import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.evidence import Edge
    from amoeba.runtime.deadlines import Scope
    from amoeba.runtime.handles import Cell, Replace

_clock = time.perf_counter_ns


def _unary_cell(target: Callable[..., Any], edge: Edge) -> tuple[Callable[..., Any], Replace]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        scope = current_scope()
        if scope is None:
            return await target(*args, **kwargs)
        check_scope(scope)
        callee, start = edge, _clock()
        try:
            return await target(*args, **kwargs)
        finally:
            _note(scope, callee, start)

    def replace(new_target: Callable[..., Any], new_edge: Edge) -> None:
        nonlocal target, edge
        target, edge = new_target, new_edge

    return call, replace


def _blocking_cell(target: Callable[..., Any], edge: Edge) -> tuple[Callable[..., Any], Replace]:
    warned = False

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal warned
        if not warned and on_event_loop():
            warned = True
            warn_blocking(edge)
        scope = current_scope()
        if scope is None:
            return target(*args, **kwargs)
        check_scope(scope)
        callee, start = edge, _clock()
        try:
            return target(*args, **kwargs)
        finally:
            _note(scope, callee, start)

    def replace(new_target: Callable[..., Any], new_edge: Edge) -> None:
        nonlocal target, edge
        target, edge = new_target, new_edge

    return call, replace


def _stream_cell(target: Callable[..., Any], edge: Edge) -> tuple[Callable[..., Any], Replace]:
    noted, replace_noted = RECORDED[Kind.STREAM](target, edge)  # on an edge that nobody reads

    def call(*args: Any, **kwargs: Any) -> Any:
        scope = current_scope()
        if scope is not None and scope.timings is not None:
            return noted(*args, **kwargs)
        return target(*args, **kwargs)

    def replace(new_target: Callable[..., Any], new_edge: Edge) -> None:
        nonlocal target
        target = new_target
        replace_noted(new_target, new_edge)

    return call, replace


def _note(scope: Scope, callee: Edge, start: int) -> None:
    if scope.timings is not None and scope.active and callee.replica:
        note(scope.timings, callee.module, callee.replica, (_clock() - start) // 1000)


UNRECORDED: dict[Kind, Cell] = {
    Kind.UNARY: _unary_cell,
    Kind.BLOCKING: _blocking_cell,
    Kind.STREAM: _stream_cell,
}
