"""What goes out when an answer cannot be had in time, and what may be documented of it."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

import amoeba
from support_desk.gateway.schemas import EXAMPLE_TICKET

if TYPE_CHECKING:
    from support_desk.tickets import Ticket

log = logging.getLogger("support_desk.gateway")

DOWN: dict[int | str, dict[str, Any]] = {  # FastAPI's own type for the argument
    413: {"description": "The body is too large"},
    503: {"description": "A module is unavailable; `Retry-After` says when to try again"},
    504: {"description": "No answer before the deadline"},
}
NO_TICKET: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such ticket"}}
KEPT: dict[int | str, dict[str, Any]] = DOWN | {
    409: {"description": "The `Idempotency-Key` was used for another message"},
    503: {
        "description": "The message is stored, a module that should read it is unavailable: the "
        "ticket is `pending` and will be read later. `Location` names it. Without `ticket` in the "
        "body it is not known whether the message was stored: repeat the request with the same "
        "`Idempotency-Key`.",
        "content": {
            "application/json": {
                "example": {
                    "detail": "module classifier is unavailable; the ticket is stored",
                    "module": "classifier",
                    "ticket": {"id": EXAMPLE_TICKET, "status": "pending"},
                }
            }
        },
    },
    504: {"description": "No answer before the deadline; what 503 says of `ticket` holds here too"},
    500: {"description": "A model failed on the message; what 503 says of `ticket` holds here too"},
}


def put_off(ticket: Ticket, why: Exception) -> JSONResponse:
    """Say that a ticket is stored, and why it has not been read yet."""
    content: dict[str, Any] = {"ticket": {"id": ticket.id, "status": ticket.status}}
    headers = {"location": f"/tickets/{ticket.id}"}
    if isinstance(why, amoeba.Unavailable):
        headers["retry-after"] = str(max(1, math.ceil(why.retry_after_s)))
        detail = f"module {why.module} is unavailable; the ticket is stored"
        return JSONResponse({"detail": detail, "module": why.module} | content, 503, headers)
    if isinstance(why, amoeba.DeadlineExceeded):
        detail = "the ticket was not read before the deadline; it is stored"
        return JSONResponse({"detail": detail} | content, 504, headers)
    log.error("ticket %s is stored but cannot be read", ticket.id, exc_info=why)
    return JSONResponse(
        {"detail": "the ticket could not be read; it is stored"} | content, 500, headers
    )


def triage_example(**more: Any) -> dict[str, Any]:
    """Give an answer as the documentation shows it."""
    return {
        **more,
        "intent": "duplicate_payment",
        "confidence": 0.87,
        "entities": [
            {"type": "date", "text": "3 May", "start": 36, "end": 41},
            {"type": "amount", "text": "£12.50", "start": 43, "end": 49},
        ],
        "summary": "I was charged twice for my lunch on 3 May, £12.50 each time.",
        "priority": "high",
        "queue": "payments",
    }
