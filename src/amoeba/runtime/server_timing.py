"""The `Server-Timing` header: which replica answered for each module that a request needed.

    Server-Timing: gateway;desc="main.0";dur=5.1, tickets;desc="tickets.0";dur=4.7

`dur` is in milliseconds, summed over a module's calls, so calls made side by side may exceed the
whole. Browsers show it among a request's timings, and pages can read it
(https://www.w3.org/TR/server-timing/). What happens after the answer has begun is not in it: of a
stream, what was needed for its first item.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from amoeba.runtime.timings import noting
from amoeba.topology import GATEWAY
from amoeba.wire.frames import Timing

if TYPE_CHECKING:
    from collections.abc import Iterable

_clock = time.perf_counter_ns


class ServerTiming:
    """Adds the header to every answer of an ASGI app that runs in `replica`."""

    def __init__(self, app: Any, replica: str) -> None:
        self._app, self._replica = app, replica

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        timings: list[Timing] = []
        start_ns = _clock()

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                own = Timing(GATEWAY, self._replica, (_clock() - start_ns) // 1000)
                value = header_value([own, *timings])
                headers = [*message.get("headers", ()), (b"server-timing", value.encode())]
                message = {**message, "headers": headers}
            await send(message)

        with noting(timings):
            await self._app(scope, receive, told)


def header_value(timings: Iterable[Timing]) -> str:
    """The metrics of the header, in the order given."""
    return ", ".join(
        f'{each.module};desc="{each.replica}";dur={each.duration_us / 1000:g}' for each in timings
    )
