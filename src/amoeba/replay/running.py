"""Runs an application in this one process, for one request."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Any

from amoeba.app import add_paths
from amoeba.replay.asgi import Exchange, lifespan
from amoeba.replay.outcomes import Outcome
from amoeba.runtime import Host
from amoeba.runtime.current import current
from amoeba.runtime.deadlines import without_deadlines
from amoeba.runtime.gateway import ErrorEdge, load_gateway
from amoeba.runtime.process import loop_factory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from amoeba.app import Application
    from amoeba.evidence.payloads import Payload
    from amoeba.replay.debugging import Debugger

_ERROR = 500
_EASY_SWITCH_S = 0.0005  # as a host of `amoeba run` has it


def replay(
    application: Application,
    payload: Payload,
    debugger: Debugger,
    look: Callable[[Outcome], None],
    *,
    strict: bool = False,
) -> Outcome:
    """Start all modules here, make the request, and stop them; `look` before they stop.

    With an interactive debugger deadlines do not pass. Raises ConfigurationError, StartError or
    LifespanFailed before the request.
    """
    add_paths(application)
    sys.setswitchinterval(_EASY_SWITCH_S)
    with debugger.installed(), asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_replay(application, payload, debugger, look, strict=strict))


async def _replay(
    application: Application,
    payload: Payload,
    debugger: Debugger,
    look: Callable[[Outcome], None],
    *,
    strict: bool,
) -> Outcome:
    async with _started(application, strict=strict) as app:
        seen = _Seen(app)
        async with lifespan(app) as state:
            exchange = Exchange(payload, state)
            without_deadlines.set(debugger.interactive)
            with debugger.armed():
                left_app = await exchange.run(ErrorEdge(seen))
            outcome = Outcome(exchange.answer, seen.error or left_app, left=debugger.left)
            if outcome.answer.status >= _ERROR and not outcome.left:
                outcome.raised = debugger.cause(outcome.error)
            look(outcome)
            return outcome


@contextlib.asynccontextmanager
async def _started(application: Application, *, strict: bool) -> AsyncIterator[Any]:
    host = Host(application, application.modules, strict=strict)
    try:
        host.plan()
        app = load_gateway(application)
        _bind_handles(host)
        await host.start()
        _bind_handles(host)
        yield app
    finally:
        await host.stop()


def _bind_handles(host: Host) -> None:
    for handle in list(current.lazy):
        handle.bind(host)


class _Seen:
    """The app; `error` is what left it, also when an answer is made of that."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.error: BaseException | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI interface."""
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.error = error
            raise
