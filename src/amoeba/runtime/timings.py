"""Timings: which replicas answered the calls that were made for a request, and how long they took.

Noted only inside a scope that asks for it. They go back with each answer, so the gateway knows of
the calls that its callees made in other processes too.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from amoeba.runtime.deadlines import Scope, current_scope, enter_scope, leave_scope
from amoeba.wire.frames import MOST_TIMINGS, Timing

if TYPE_CHECKING:
    from collections.abc import Iterator


def current_timings() -> list[Timing] | None:
    """Where the calling task notes who answers; None when nobody asks."""
    scope = current_scope()
    return scope.timings if scope is not None and scope.active else None


def note(timings: list[Timing], module: str, replica: str, duration_us: int) -> None:
    """Add an answer to those of the same module and replica; of many replicas only the first."""
    for place, known in enumerate(timings):
        if known.module == module and known.replica == replica:
            timings[place] = Timing(module, replica, known.duration_us + duration_us)
            return
    if len(timings) < MOST_TIMINGS:
        timings.append(Timing(module, replica, duration_us))


def note_all(timings: list[Timing], told: list[Timing]) -> None:
    """Add what an answer tells."""
    for each in told:
        note(timings, each.module, each.replica, each.duration_us)


@contextmanager
def noting(timings: list[Timing]) -> Iterator[None]:
    """Note in `timings` who answers the calls inside; what outlives the block is not noted."""
    scope = Scope.within(current_scope())
    scope.timings = timings
    token = enter_scope(scope)
    try:
        yield
    finally:
        scope.active = False
        leave_scope(token)
