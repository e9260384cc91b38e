"""Scopes: what a task's calls inherit: their deadline, their trace, and who notes who answers.

One context variable holds them all, so a call reads one. A deadline has one timer per scope.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Self

from amoeba.errors import DeadlineExceeded

if TYPE_CHECKING:
    from types import TracebackType

    from amoeba.evidence import ActiveSpan
    from amoeba.wire.frames import Timing


class Scope:
    """The time at which calls inside must have ended, by `time.monotonic`; infinity for none.

    `timings`, when there are any, note who answers the calls inside. `span` is the call, looked at
    closely, that is being worked for; `decided` tells that nothing else inside begins a trace. A
    task that outlives the scope it was started in keeps its context; `active` exempts it.
    """

    __slots__ = ("active", "decided", "span", "timings", "when")

    def __init__(
        self,
        when: float = math.inf,
        timings: list[Timing] | None = None,
        span: ActiveSpan | None = None,
        *,
        decided: bool = False,
    ) -> None:
        self.when, self.timings, self.span = when, timings, span
        self.active, self.decided = True, decided or span is not None

    @classmethod
    def within(cls, outer: Scope | None, span: ActiveSpan | None = None) -> Scope:
        """A scope that inherits what still holds of the one around it; `span` is its own."""
        if outer is None or not outer.active:
            return cls(span=span)
        inherited = outer.span if span is None else span
        return cls(outer.when, outer.timings, inherited, decided=outer.decided)


_scope: ContextVar[Scope | None] = ContextVar("amoeba_deadline", default=None)
current_scope = _scope.get
enter_scope, leave_scope = _scope.set, _scope.reset

without_deadlines: ContextVar[bool] = ContextVar("amoeba_without_deadlines", default=False)
"""Whether deadlines that begin here never pass, because somebody looks at it in a debugger."""


class Deadline:
    """`async with amoeba.deadline(2):` — what is inside ends within 2 s or DeadlineExceeded.

    A scope inside another can only shorten it.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._scope = Scope()
        self._token: Token[Scope | None] | None = None
        self._timer = asyncio.timeout(None)

    async def __aenter__(self) -> Self:
        now = time.monotonic()
        self._scope = Scope.within(current_scope())
        if not without_deadlines.get():
            when = self._scope.when = min(now + self._timeout_s, self._scope.when)
            self._timer = asyncio.timeout(max(0.0, when - now))
        await self._timer.__aenter__()
        self._token = _scope.set(self._scope)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._scope.active = False
        if self._token is not None:
            _scope.reset(self._token)
        try:
            await self._timer.__aexit__(exc_type, exc, traceback)
        except TimeoutError:
            text = f"the deadline of {self._timeout_s:g} s passed"
            raise DeadlineExceeded(text) from None


def deadline(timeout_s: float) -> Deadline:
    """Give everything inside the `async with` at most `timeout_s` seconds.

    The deadline goes with every call, to other processes too. Raises DeadlineExceeded, which is a
    TimeoutError.
    """
    return Deadline(timeout_s)


def check_scope(scope: Scope) -> None:
    """Raise DeadlineExceeded when an active scope's time has passed."""
    if scope.when != math.inf and scope.active and time.monotonic() >= scope.when:
        msg = "the deadline had passed before the call"
        raise DeadlineExceeded(msg)


def remaining_s() -> float | None:
    """Seconds that calls made here may still take; None without a deadline."""
    scope = current_scope()
    if scope is None or not scope.active or scope.when == math.inf:
        return None
    return scope.when - time.monotonic()
