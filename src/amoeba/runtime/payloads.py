"""Records requests of chosen routes, at the edge: what came in and what was answered.

    uvicorn → PayloadRecorder → RequestRecorder → the app      a tap on `receive` and on `send`

Whatever passes is passed on at once and unchanged; the tap only remembers it, within bounds. When
the request recorder keeps the request as evidence, because it is traced, failed or was unusually
slow, what was remembered is redacted and goes with the next report. Otherwise it is forgotten.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from amoeba.evidence.payloads import Payload, Shelf
from amoeba.evidence.redaction import redact
from amoeba.runtime.taps import TAP, Room, Tap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amoeba.app.payloads import PayloadSpec

log = logging.getLogger("amoeba.gateway")

_MOST_BYTES = 8 << 20
"""What may be remembered of all requests that are being served."""

_MOST_WAITING_BYTES = _MOST_REPORTED_BYTES = 4 << 20
"""What may wait for a report, and go with one: well below what a message may have."""
_ERROR = 500
# In a pattern, where the braces are escaped.
_PARAMETER = re.compile(r"\\{\w+(?::(\w+))?\\}")


class PayloadRecorder:
    """Records what passes an ASGI app, as far as `spec` wants it. `payloads` go with reports."""

    def __init__(self, spec: PayloadSpec) -> None:
        self._spec = spec
        self._routes = Routes(spec.routes)
        self._room = Room(_MOST_BYTES)
        self._shelf = Shelf(_MOST_WAITING_BYTES)

    @property
    def routes(self) -> tuple[str, ...]:
        """The routes of which requests are recorded."""
        return self._spec.routes

    def around(self, app: Any) -> Any:
        """The same app, recorded."""

        async def recorded(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["method"] not in self._routes.methods:
                await app(scope, receive, send)
                return
            tap = Tap(scope, receive, send, self._spec.body_bytes, self._room)
            scope[TAP] = tap
            try:
                await app(scope, tap.receive, tap.send)
            except BaseException:
                tap.status = tap.status or _ERROR
                raise
            finally:
                self._over(tap, scope)

        return recorded

    def take(self) -> list[Payload]:
        """What was recorded since the last time, the rest of it the next time."""
        return self._shelf.take(_MOST_REPORTED_BYTES)

    def take_back(self, payloads: list[Payload]) -> None:
        """They could not be told."""
        self._shelf.add(payloads)

    def _over(self, tap: Tap, scope: Any) -> None:
        try:
            if not tap.trace_id:
                return
            path = tap.path.removeprefix(tap.root_path) or "/"
            route = self._routes.of(scope["method"], path, route_path(scope))
            if route:
                payload = tap.payload(route)
                redact(payload, self._spec.redact)
                self._shelf.add([payload])
        except Exception:
            log.exception("a request of %s could not be recorded", scope["method"])
        finally:
            tap.forget()


class Routes:
    """The chosen routes: `METHOD /path/{of}/route`."""

    def __init__(self, routes: Iterable[str]) -> None:
        self._patterns = {each: _pattern(each.partition(" ")[2]) for each in routes}
        self.methods = frozenset(each.partition(" ")[0] for each in routes)

    def of(self, method: str, path: str, taken: str) -> str:
        """The chosen route of a request; empty when it is of none.

        `taken` is the path of the app's route that took it, when that is known: within a router or
        a mounted app this may be without its prefix.
        """
        for route, pattern in self._patterns.items():
            named, _, template = route.partition(" ")
            if named == method and template.endswith(taken) and pattern.fullmatch(path):
                return route
        return ""


def route_path(scope: Any) -> str:
    """The path of the route that took a request, as the application wrote it; empty if unknown."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else ""


def _pattern(template: str) -> re.Pattern[str]:
    def parameter(found: re.Match[str]) -> str:
        return ".+" if found[1] == "path" else "[^/]+"

    return re.compile(_PARAMETER.sub(parameter, re.escape(template)))
