"""The gateway."""

import asyncio
import os
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

import amoeba
from till.prices import Prices

api = FastAPI()
prices = amoeba.use(Prices)


class Order(BaseModel):
    customer: str
    item: str
    count: int


@api.post("/buy")
async def buy(order: Order) -> dict[str, object]:
    price = await prices.price(order.item, order.count)
    return {"customer": order.customer, "price": price, "pid": os.getpid()}


@api.get("/weight/{item}")
async def weight(item: str, request: Request) -> dict[str, object]:
    if request.headers.get("authorization") == "let me fail":
        raise PermissionError("not you")
    try:
        return {"grams": await prices.weigh(item)}
    except (ValueError, amoeba.RemoteError):
        return JSONResponse({"detail": "the scales are broken"}, status_code=503)


@api.get("/late")
async def late() -> float:
    async with amoeba.deadline(0):
        return await prices.price("tea", 1)


@api.post("/notes")
async def note(request: Request) -> str:
    return await prices.note((await request.body()).decode())


@api.get("/events")
async def events() -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        number = 0
        while True:
            yield f"data: {number}\n\n"
            number += 1
            await asyncio.sleep(0.001)

    return StreamingResponse(lines(), media_type="text/event-stream")


@api.post("/upload")
async def upload(request: Request) -> int:
    body = await request.body()
    if b"\x00\xff" in body:
        raise ValueError(f"{len(body)} bytes, not all of them text")
    return len(body)
