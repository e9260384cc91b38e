"""Taps: what passes between a server and an ASGI app is remembered, within bounds, and passed on.

Nothing is delayed or changed. What is remembered are references and no copies, but for the part
that a bound cuts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amoeba.evidence.payloads import CROWDED, CUT, LEFT, UNREAD, WHOLE, Body, Payload
from amoeba.evidence.redaction import header_of

if TYPE_CHECKING:
    from collections.abc import Iterable

TAP = "amoeba.tap"
"""The key of the tap in an ASGI scope."""

_TELLING = (b"content-type", b"content-encoding")


class Room:
    """Counts the bytes that the taps of a process remember."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.taken_bytes = 0

    def take(self, size: int) -> bool:
        """Whether there is room for so many bytes more; then they are taken."""
        if self.taken_bytes + size > self._most_bytes:
            return False
        self.taken_bytes += size
        return True

    def give(self, size: int) -> None:
        """These are not remembered any more."""
        self.taken_bytes -= size


class Keeping:
    """The beginning of one body, at most `most_bytes` of it."""

    __slots__ = ("_chunks", "_most_bytes", "_room", "size", "state")

    def __init__(self, most_bytes: int, room: Room) -> None:
        self._most_bytes, self._room = most_bytes, room
        self._chunks: list[bytes] = []
        self.size = 0
        self.state = UNREAD

    def add(self, data: bytes, *, more: bool) -> None:
        """The next part has passed."""
        if self.state != UNREAD:
            return
        if self.size + len(data) > self._most_bytes:
            data, self.state = data[: self._most_bytes - self.size], CUT
        elif not more:
            self.state = WHOLE
        if self._room.take(len(data)):
            self._chunks.append(bytes(data))
            self.size += len(data)
        else:
            self.state = CROWDED

    def body(self) -> Body:
        """What was remembered."""
        return Body(b"".join(self._chunks), self.state)

    def forget(self) -> None:
        """Remember nothing."""
        self._room.give(self.size)
        self._chunks, self.size = [], 0


class Tap:
    """What passes of one request. `trace_id` is set when the request is kept as evidence."""

    def __init__(self, scope: Any, receive: Any, send: Any, most_bytes: int, room: Room) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self.path, self.root_path = scope["path"], scope.get("root_path", "")  # routers change them
        self.start_ns = time.time_ns()
        self.trace_id = ""
        self.request, self.answer = Keeping(most_bytes, room), Keeping(most_bytes, room)
        self.status = 0
        self._answer_headers: Iterable[tuple[bytes, bytes]] = ()

    async def receive(self) -> Any:
        """The app's `receive`."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.request.add(message.get("body", b""), more=message.get("more_body", False))
        elif message["type"] == "http.disconnect" and self.request.state == UNREAD:
            self.request.state = LEFT
        return message

    async def send(self, message: Any) -> None:
        """The app's `send`."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            self._answer_headers = message.get("headers", ())
        elif message["type"] == "http.response.body":
            self.answer.add(message.get("body", b""), more=message.get("more_body", False))
        await self._send(message)

    def payload(self, route: str) -> Payload:
        """The request as it is to be kept."""
        scope = self._scope
        if self.request.state in (UNREAD, LEFT) and not _has_body(scope["headers"]):
            self.request.state = WHOLE
        client, server = scope.get("client"), scope.get("server")
        return Payload(
            trace_id=self.trace_id,
            start_ns=self.start_ns,
            route=route,
            method=scope["method"],
            scheme=scope.get("scheme", "http"),
            http_version=scope.get("http_version", "1.1"),
            path=self.path,
            raw_path=scope.get("raw_path") or self.path.encode(),
            root_path=self.root_path,
            query=scope.get("query_string", b""),
            headers=[(bytes(name), bytes(value)) for name, value in scope["headers"]],
            client=(str(client[0]), int(client[1] or 0)) if client else None,
            server=(str(server[0]), server[1]) if server else None,
            body=self.request.body(),
            status=self.status,
            answer_headers=[
                (bytes(name), bytes(value))
                for name, value in self._answer_headers
                if name.lower() in _TELLING
            ],
            answer=self.answer.body(),
        )

    def forget(self) -> None:
        """Remember nothing."""
        self.request.forget()
        self.answer.forget()


def _has_body(headers: Any) -> bool:
    length = header_of(headers, b"content-length")
    return (length not in (b"", b"0")) or bool(header_of(headers, b"transfer-encoding"))
