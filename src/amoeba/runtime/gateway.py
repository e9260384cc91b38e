"""The gateway: the user's ASGI app on uvicorn, unchanged but for what a lost module answers."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import math
from typing import TYPE_CHECKING, Any

import uvicorn

from amoeba.app import import_object
from amoeba.errors import (
    AmoebaError,
    ConfigurationError,
    DeadlineExceeded,
    Problem,
    Unavailable,
    did_you_mean,
    render,
)
from amoeba.runtime.known_routes import unknown_routes
from amoeba.runtime.log_lines import uvicorn_logging
from amoeba.runtime.requests import RequestRecorder
from amoeba.runtime.server_timing import ServerTiming

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from amoeba.app import Application
    from amoeba.app.manifest import GatewaySpec
    from amoeba.evidence import Recorder
    from amoeba.runtime.payloads import PayloadRecorder

log = logging.getLogger("amoeba.gateway")

_STATUS_ERROR = 500
_OURS = {
    "host": "set [gateway] host",
    "port": "set [gateway] port",
    "uds": "set [gateway] host and port",
    "fd": "set [gateway] host and port",
    "workers": "set `replicas` of the gateway's process in a topology",
    "reload": "there is no reload yet: restart `amoeba run`",
}
_PLAIN_BODY = b"Internal Server Error"


def load_gateway(application: Application) -> Any:
    """Import the ASGI app, or call its factory. Raises ConfigurationError."""
    found = import_object(application.gateway, "app.gateway")
    if inspect.isfunction(found) and not inspect.signature(found).parameters:
        found = found()
    if not callable(found):
        problem = Problem(
            what=f"{application.gateway} is a {type(found).__name__}, not an ASGI app",
            where="app.gateway",
            expected="an ASGI app such as FastAPI(), or a function that returns one",
        )
        raise ConfigurationError([problem])
    return found


def edge(
    app: Any,
    http: GatewaySpec,
    replica: str,
    recorder: Recorder | None,
    payloads: PayloadRecorder | None = None,
) -> Any:
    """The app with what Amoeba adds to it, as `replica` serves it; its requests are recorded."""
    served: Any = ErrorEdge(app)
    if http.server_timing:
        served = ServerTiming(served, replica)
    if recorder is not None:
        served = RequestRecorder(served, recorder, replica)
    if payloads is None:
        return served
    for problem in unknown_routes(app, payloads.routes):
        log.warning("%s", render(problem))
    return payloads.around(served)


class ErrorEdge:
    """Turns what Amoeba raised into its HTTP status, where the app itself had no answer.

    Unavailable and Overloaded become 503 with Retry-After, DeadlineExceeded 504. An app such as
    Starlette answers an unhandled exception with its plain 500 and raises it again: that answer
    is held back until the exception is known. Any other answer passes untouched.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = _HeldAnswer(send)
        try:
            await self._app(scope, receive, held.send)
        except (Unavailable, DeadlineExceeded) as error:
            if not held.replaceable:
                await held.release()
                raise
            log.warning("%s %s: %s", scope["method"], scope["path"], error)
            await _answer(error, send)
        except BaseException:
            await held.release()
            raise
        else:
            await held.release()


class _HeldAnswer:
    """Passes an answer on, but holds back a plain 500 until it is clear what caused it."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._held: list[Any] = []
        self._started = False

    @property
    def replaceable(self) -> bool:
        """Whether nothing was sent yet, or only a plain 500 that is still here."""
        return not self._started or bool(self._held)

    async def send(self, message: Any) -> None:
        """The app's `send`."""
        if message["type"] == "http.response.start" and message["status"] == _STATUS_ERROR:
            self._started = True
            self._held.append(message)
            return
        if self._held and message.get("body", b"") == _PLAIN_BODY and not message.get("more_body"):
            self._held.append(message)
            return
        self._started = True
        await self.release()
        await self._send(message)

    async def release(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)


async def _answer(error: Unavailable | DeadlineExceeded, send: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    if isinstance(error, Unavailable):
        status = 503
        wait = max(1, math.ceil(error.retry_after_s))
        headers.append((b"retry-after", str(wait).encode()))
        detail = f'{{"detail":"module {error.module} is unavailable, try again later"}}'
    else:
        status, detail = 504, '{"detail":"the request took longer than its deadline"}'
    body = detail.encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """uvicorn, told by the host when to stop, and telling when it is started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_started = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the host."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self.is_started.set()


class LifespanError(AmoebaError):
    """The app's start failed; uvicorn has logged why."""


def _config(app: Any, options: dict[str, Any]) -> uvicorn.Config:
    """Uvicorn's configuration. Raises ConfigurationError for options it cannot use."""
    known = set(inspect.signature(uvicorn.Config).parameters) - {"app"}
    problems = [
        Problem(
            what="unknown option of uvicorn" if name not in known else "is not uvicorn's here",
            where=f"gateway.uvicorn.{name}",
            hint=did_you_mean(name, known - set(_OURS)) if name not in known else _OURS[name],
        )
        for name in options
        if name not in known or name in _OURS
    ]
    if problems:
        raise ConfigurationError(problems)
    try:
        ours = {"loop": "none", "log_config": uvicorn_logging()}
        return uvicorn.Config(app, **{**ours, **options})
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        what = f"uvicorn refuses these options: {type(error).__name__}: {error}"
        raise ConfigurationError([Problem(what=what, where="gateway.uvicorn")]) from None


class Gateway:
    """The ASGI app being served on an inherited, listening socket."""

    def __init__(self, app: Any, options: dict[str, Any], sock: socket.socket) -> None:
        config = _config(app, options)
        self._server = _Server(config)
        self._socket = sock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run the app's lifespan and begin to serve. Raises LifespanError when it fails."""
        self._task = asyncio.create_task(self._serve())
        started = asyncio.create_task(self._server.is_started.wait())
        await asyncio.wait([self._task, started], return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._task.done():
            self._task.result()
            msg = "the gateway's server ended while it started"
            raise LifespanError(msg)

    async def stop(self, timeout_s: float) -> None:
        """Answer the requests in flight, for at most `timeout_s`, then run the lifespan's end."""
        self._server.should_exit = True
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=timeout_s)
            if not done:
                self._server.force_exit = True
                await asyncio.wait([self._task], timeout=2.0)

    async def _serve(self) -> None:
        try:
            await self._server.serve([self._socket])
        except SystemExit:  # uvicorn's way to say that the lifespan failed
            msg = "the gateway's lifespan failed"
            raise LifespanError(msg) from None
