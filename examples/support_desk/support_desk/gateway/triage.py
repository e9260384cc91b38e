"""Routes that store nothing."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

import amoeba
from support_desk.gateway.answers import DOWN, triage_example
from support_desk.gateway.schemas import NewText, NewTexts
from support_desk.gateway.settings import DEADLINE_S
from support_desk.gateway.streams import lines
from support_desk.tickets import BatchItem, Tickets, Triage

routes = APIRouter(tags=["triage"])
tickets = amoeba.use(Tickets)

ONE = DOWN | {
    200: {
        "description": "Where the text would go and how soon it should be answered",
        "content": {"application/json": {"example": triage_example()}},
    }
}
MANY = DOWN | {
    200: {
        "description": "A line for each text, as soon as it is ready, in any order: `index` says "
        "which text it is of; `error` stands in place of the rest when a module was unavailable",
        "content": {"application/x-ndjson": {"example": triage_example(index=0)}},
    }
}


@routes.post("/triage", responses=ONE)
async def triage(new: NewText) -> Triage:
    """Name a text's intent and entities, summarize it, and decide its priority and queue."""
    async with amoeba.deadline(DEADLINE_S):
        return await tickets.triage(new.text)


@routes.post("/triage/batch", response_class=StreamingResponse, responses=MANY)
async def triage_batch(new: NewTexts) -> StreamingResponse:
    """Do the same for up to a thousand texts. Lines come as they are ready, without a deadline."""
    return await lines(tickets.triage_all(tuple(new.texts)), _line)


def _line(item: BatchItem) -> dict[str, Any]:
    if item.triage is None:
        return {"index": item.index, "error": item.error}
    found: dict[str, Any] = msgspec.to_builtins(item.triage)
    return {"index": item.index} | found
