"""The HTTP edge: checks what comes in, sets how long an answer may take, asks `tickets`.

A module that is unavailable (503 with `Retry-After`) and a deadline that has passed (504) become
responses in Amoeba itself, so there is no error handling here.
"""

import math
import os
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StringConstraints

import amoeba
from support_desk.tickets import Tickets, Triage

LONGEST_MESSAGE = 5000
EXAMPLE = "I was charged twice for my lunch on 3 May, £12.50 each time."


def deadline_s() -> float:
    """Read how long a request may take, in seconds, from `SUPPORT_DESK_DEADLINE`; 5 if not set.

    Raises `ValueError` where the variable is not a positive number.
    """
    value = os.environ.get("SUPPORT_DESK_DEADLINE", "5")
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(
            f"SUPPORT_DESK_DEADLINE is {value!r}\n"
            "  where: the environment of the gateway's process\n"
            "  expected: a positive number of seconds\n"
            "hint: SUPPORT_DESK_DEADLINE=5 amoeba run"
        )
    return seconds


class NewMessage(BaseModel):
    """A customer's message."""

    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_MESSAGE),
        Field(description="What the customer wrote; white space around it is removed."),
    ]
    model_config = {"json_schema_extra": {"examples": [{"text": EXAMPLE}]}}


RESPONSES: dict[int | str, dict[str, Any]] = {  # FastAPI's own type for the argument
    200: {
        "description": "Where the message goes and how soon it should be answered",
        "content": {
            "application/json": {
                "example": {
                    "intent": "duplicate_payment",
                    "confidence": 0.87,
                    "entities": [],
                    "summary": "",
                    "priority": "high",
                    "queue": "payments",
                }
            }
        },
    },
    503: {"description": "A module is unavailable; `Retry-After` says when to try again"},
    504: {"description": "No answer before the deadline"},
}

DEADLINE_S = deadline_s()
api = FastAPI(title="Support desk", summary="Sorts the messages of a bank's customers.")
tickets = amoeba.use(Tickets)


@api.exception_handler(RequestValidationError)
async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong with a request, without the customer's words.

    FastAPI would repeat the input, which does not belong in logs and may not even be encodable.
    """
    told = [{key: fault[key] for key in ("type", "loc", "msg")} for fault in error.errors()]
    return JSONResponse({"detail": told}, status_code=422)


@api.post("/triage", responses=RESPONSES)
async def triage(message: NewMessage) -> Triage:
    """Name a message's intent, and decide its priority and the queue it belongs in."""
    async with amoeba.deadline(DEADLINE_S):
        return await tickets.triage(message.text)
