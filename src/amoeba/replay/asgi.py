"""A client of an ASGI app in the same process: its lifespan, and one request."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from amoeba.errors import AmoebaError
from amoeba.evidence.payloads import WHOLE
from amoeba.replay.outcomes import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from amoeba.evidence.payloads import Payload

_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
_PLAIN_BODY = b"Internal Server Error"
_ERROR = 500
_GRACE_S = 2.0  # to end after the client has left
_ASGI = {"version": "3.0", "spec_version": "2.3"}


class LifespanFailed(AmoebaError):  # noqa: N818 - says what is the case
    """The gateway's lifespan failed; the cause says why, where it raised."""

    reason: str

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        return f"the gateway's lifespan failed: {self.reason}" if self.reason else "it failed"


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Begin and end the app's lifespan, if it has one; gives its state. Raises LifespanFailed."""
    state: dict[str, Any] = {}
    asked: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": _ASGI, "state": state}
    task = asyncio.ensure_future(app(scope, asked.get, told.put))

    async def ask(what: str) -> None:
        await asked.put({"type": f"lifespan.{what}"})
        answered = asyncio.ensure_future(told.get())
        await asyncio.wait([answered, task], return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            answered.cancel()
        elif answered.result()["type"].endswith(".failed"):
            cause = task.exception() if (await asyncio.wait([task], timeout=_GRACE_S))[0] else None
            reason = str(cause) if cause is not None else answered.result().get("message", "")
            raise LifespanFailed(reason) from cause

    try:
        await ask("startup")
        yield state
        if not task.done():
            await ask("shutdown")
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # an app may have no lifespan
            await task


class Exchange:
    """One request, as the server would give it to the app, and what is answered."""

    def __init__(self, payload: Payload, state: dict[str, Any]) -> None:
        self._payload = payload
        self._asked = False
        self._over = asyncio.Event()
        self._most_bytes = _enough(payload)
        self.answer = Answer(0, [], b"", whole=False)
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": payload.http_version,
            "method": payload.method,
            "scheme": payload.scheme,
            "path": payload.path,
            "raw_path": payload.raw_path,
            "root_path": payload.root_path,
            "query_string": payload.query,
            "headers": payload.headers,
            "client": payload.client,
            "server": payload.server,
            "state": dict(state),
        }

    async def run(self, app: Any) -> BaseException | None:
        """Make the request; returns what left the app.

        The client leaves when it has as much of the answer as was recorded, if that was not whole:
        a stream may have no end.
        """
        task = asyncio.ensure_future(app(self.scope, self._receive, self._send))
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait([task, over], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait([task], timeout=None if self.answer.whole else _GRACE_S)
        finally:
            over.cancel()
            ended = task.done()
            task.cancel()
        await asyncio.wait([task])
        error = None if task.cancelled() or not ended else task.exception()
        if error is not None and not self.answer.status:
            self.answer = Answer(_ERROR, _PLAIN, _PLAIN_BODY)
        return error

    async def _receive(self) -> dict[str, Any]:
        if self._asked:
            await self._over.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": self._payload.body.data, "more_body": False}

    async def _send(self, message: Any) -> None:
        answer = self.answer
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body" and not self._over.is_set():
            answer.body += message.get("body", b"")
            answer.whole = not message.get("more_body", False)
            if answer.whole or len(answer.body) >= self._most_bytes:
                self._over.set()
        await asyncio.sleep(0)  # a stream that never waits would otherwise not see the client leave


def _enough(payload: Payload) -> float:
    """How many bytes of the answer are enough."""
    return float("inf") if payload.answer.state == WHOLE else max(1, len(payload.answer.data))
