"""The routes table as the supervisor keeps it, and those who follow it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from amoeba.runtime import Endpoint, Routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence


class RouteTable:
    """The newest routes; every change is a new version, pushed to all followers."""

    def __init__(self) -> None:
        self.routes = Routes()
        self.ended = False
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[Routes], None]] = []

    def publish(self, modules: Mapping[str, Sequence[Endpoint]], down: Mapping[str, str]) -> None:
        """Make these the routes, when they differ from the present ones."""
        table = {name: tuple(endpoints) for name, endpoints in modules.items() if endpoints}
        if table == self.routes.modules and dict(down) == self.routes.down:
            return
        self.routes = Routes(self.routes.version + 1, table, dict(down))
        self._wake()

    def listen(self, listener: Callable[[Routes], None]) -> None:
        """Call `listener` with every table from now on: for a host in this process."""
        self._listeners.append(listener)
        listener(self.routes)

    def end(self) -> None:
        """Let all who follow stop."""
        self.ended = True
        self._wake()

    async def follow(self) -> AsyncIterator[Routes]:
        """Every table, beginning with the present one; a slow follower skips to the newest."""
        seen = -1
        while not self.ended:
            changed = self._changed
            if self.routes.version != seen:
                seen = self.routes.version
                yield self.routes
            else:
                await changed.wait()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        for listener in self._listeners:
            listener(self.routes)
