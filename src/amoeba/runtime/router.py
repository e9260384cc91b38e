"""A host's routes: the newest table, and a pool of replicas for each module called elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from amoeba.runtime.routing import Pool, Routes

if TYPE_CHECKING:
    from collections.abc import Callable


class Router:
    """Takes routes as they are pushed and tells pools and waiters."""

    def __init__(self) -> None:
        self._routes = Routes()
        self._pools: dict[str, Pool] = {}
        self._changed = asyncio.Event()

    def update(self, routes: Routes) -> None:
        """Use `routes` unless a newer table is in use already."""
        if routes.version <= self._routes.version:
            return
        self._routes = routes
        for pool in self._pools.values():
            self._apply(pool)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def pool(self, module: str, make: Callable[[], Pool]) -> Pool:
        """The pool of a module, made when first asked for."""
        if module not in self._pools:
            self._pools[module] = make()
            self._apply(self._pools[module])
        return self._pools[module]

    async def reachable(self, module: str) -> None:
        """Wait until the module has a replica, or is known to be down."""
        while module not in self._routes.modules and module not in self._routes.down:
            await self._changed.wait()

    def close(self) -> None:
        """Close every connection that is idle."""
        for pool in self._pools.values():
            pool.close()

    def _apply(self, pool: Pool) -> None:
        routes = self._routes
        endpoints = routes.modules.get(pool.module, ())
        pool.update(endpoints, routes.down.get(pool.module, ""))
