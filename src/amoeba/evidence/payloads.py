"""What is recorded of a request, as it travels from the gateway's host into its file.

Only of chosen routes, and without what was to be redacted: both happen where the request is served.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "[redacted]"
"""What stands in the place of a redacted value."""

WHOLE, UNREAD, CUT, LEFT, CROWDED, HIDDEN = "whole", "unread", "cut", "left", "crowded", "hidden"

_WHY = {
    CUT: "its body is larger than what is kept (request in [evidence.payloads])",
    LEFT: "the client was gone before it had sent the whole body",
    CROWDED: "its body found no room: too much was being recorded at that moment",
    HIDDEN: "its body was left out: it is neither JSON nor a form in which to find what to redact",
}
_PER_RECORD_BYTES = 512


class Body(msgspec.Struct):
    """A body, or the beginning of it.

    `state`: `whole`; `unread`: the application did not ask for more; `cut` at the bound; `left`:
    the client was gone before the end; `crowded`: there was no room for more; `hidden`: left out,
    because what is to be redacted could not be found in it.
    """

    data: bytes = b""
    state: str = WHOLE


class Payload(msgspec.Struct):
    """One request as the gateway received it, and what it answered.

    `start_ns` is since the epoch. `redacted` names each place where MARK stands for what was there.
    `status` is 0 when nothing was answered; `answer_headers` are those that tell how to read it.
    """

    trace_id: str
    start_ns: int
    route: str
    method: str
    scheme: str
    http_version: str
    path: str
    raw_path: bytes
    root_path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    body: Body
    status: int
    answer_headers: list[tuple[bytes, bytes]]
    answer: Body
    redacted: list[str] = []

    @property
    def size_bytes(self) -> int:
        """About what it takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        bodies = len(self.body.data) + len(self.answer.data)
        named = sum(map(len, self.redacted))
        return _PER_RECORD_BYTES + len(self.raw_path) + len(self.query) + headers + bodies + named

    @property
    def why_not(self) -> str:
        """Why the request cannot be made again; empty when it can."""
        return _WHY.get(self.body.state, "")


class Shelf:
    """Payloads on their way, at most so many bytes of them; the oldest make room."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._payloads: deque[Payload] = deque()
        self.held_bytes = 0

    def add(self, payloads: Iterable[Payload]) -> None:
        """Hold them too."""
        for payload in payloads:
            self._payloads.append(payload)
            self.held_bytes += payload.size_bytes
            while self.held_bytes > self._most_bytes:
                self._pop()

    def take(self, most_bytes: int) -> list[Payload]:
        """The oldest, at most so many bytes of them; these are not held any more."""
        taken: list[Payload] = []
        taken_bytes = 0
        while self._payloads and taken_bytes + self._payloads[0].size_bytes <= most_bytes:
            taken_bytes += self._payloads[0].size_bytes
            taken.append(self._pop())
        return taken

    def _pop(self) -> Payload:
        payload = self._payloads.popleft()
        self.held_bytes -= payload.size_bytes
        return payload
