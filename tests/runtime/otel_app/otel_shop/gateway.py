from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI

import amoeba

api = FastAPI()
log = logging.getLogger("otel_shop.gateway")


@api.get("/headers")
async def headers() -> dict[str, Any]:
    log.warning("asks for headers")
    stock = amoeba.use("stock")
    return {"gateway": amoeba.trace_headers(), "stock": await stock.headers()}


@api.get("/each")
async def each() -> list[str]:
    """What a stream's producer and its consumer would send, in turn."""
    found = []
    async for item in amoeba.use("stock").each():
        found += [item, amoeba.trace_headers().get("traceparent", "")]
    return found


@api.get("/out")
async def out() -> str:
    """What an HTTP client that the application made sends."""
    answer = await api.state.client.get("http://elsewhere/")
    return str(answer.text)
