from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import amoeba

log = logging.getLogger("otel_shop.stock")


class Stock:
    """Counts what is there."""

    async def headers(self) -> dict[str, str]:
        """What a request that goes out from here would carry."""
        log.warning("asked for headers")
        return amoeba.trace_headers()

    async def each(self) -> AsyncIterator[str]:
        """The same with each of two items."""
        for _ in range(2):
            yield amoeba.trace_headers().get("traceparent", "")
