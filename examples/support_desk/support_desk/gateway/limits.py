"""Refuses bodies that are too large, before they are read whole."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

LARGEST_BODY = 64 * 1024
"""In bytes: the longest message, each character escaped in JSON, and as much again."""

LARGEST_BATCH = 32 * 1024 * 1024
"""In bytes: a thousand of the longest messages, in a script that takes three bytes a character."""


class BodyLimit:
    """Answers 413 where a body is larger than its path may have, whatever its length says."""

    def __init__(self, app: Any, limits: dict[str, int]) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limits.get(scope["path"], LARGEST_BODY)
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit:
            await _refusal(limit)(scope, receive, send)
            return
        body = _CountedBody(receive, send, limit)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            # Whatever the app makes of a body that ends early: the refusal below says why.
            if not body.too_large or body.answering:
                raise
        if body.too_large and not body.answering:
            await _refusal(limit)(scope, receive, send)


class _CountedBody:
    """Lets an app read up to `limit` bytes; past that, the client seems gone to it.

    What the app answers to that is dropped: frameworks make an error of their own of it.
    """

    def __init__(self, receive: Any, send: Any, limit: int) -> None:
        self._receive, self._send, self._left = receive, send, limit
        self.too_large = self.answering = False

    async def receive(self) -> Any:
        """The app's `receive`."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0 or self.answering:
            return message
        self.too_large = True
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """The app's `send`."""
        if not self.too_large:
            self.answering = True
            await self._send(message)


def _refusal(limit: int) -> JSONResponse:
    return JSONResponse({"detail": f"the body is larger than {limit} bytes"}, status_code=413)
