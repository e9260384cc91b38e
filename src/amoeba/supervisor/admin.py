"""The admin port: `/livez`, `/readyz`, `/metrics`. Never among the user's own routes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from amoeba.supervisor.supervisor import Supervisor


class Admin:
    """Serves the admin port on a listening socket."""

    def __init__(self, supervisor: Supervisor, sock: socket.socket) -> None:
        import uvicorn

        class Server(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                yield

        config = uvicorn.Config(
            _app(supervisor), log_level="error", access_log=False, lifespan="off", loop="none"
        )
        self._server = Server(config)
        self._socket = sock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to serve."""
        self._task = asyncio.create_task(self._server.serve([self._socket]))

    async def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = self._server.force_exit = True
        if self._task is not None:
            await self._task


def _app(supervisor: Supervisor) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        status, kind, body = _answer(supervisor, scope["path"])
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _answer(supervisor: Supervisor, path: str) -> tuple[int, str, bytes]:
    if path == "/livez":
        return 200, "text/plain", b"ok\n"
    if path == "/readyz":
        missing = supervisor.missing()
        body = msgspec.json.encode({"ready": not missing, "missing": missing})
        return (503 if missing else 200), "application/json", body
    if path == "/metrics":
        from amoeba.supervisor.metrics import render_metrics

        kind = "text/plain; version=0.0.4; charset=utf-8"
        return 200, kind, render_metrics(supervisor.status())
    return 404, "text/plain", b"not found: the admin port has /livez, /readyz and /metrics\n"
