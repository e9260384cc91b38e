"""Routes of tickets and customers."""

from __future__ import annotations

from uuid import uuid4

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

import amoeba
from support_desk.gateway.answers import DOWN, KEPT, NO_TICKET, put_off, triage_example
from support_desk.gateway.schemas import (
    EXAMPLE_TICKET,
    CustomerId,
    IdempotencyKey,
    NewMessage,
    NextMessage,
    TicketId,
)
from support_desk.gateway.settings import DEADLINE_S
from support_desk.gateway.streams import events
from support_desk.tickets import Customer, NewTicket, Ticket, Tickets

routes = APIRouter(tags=["tickets"])
tickets = amoeba.use(Tickets)

OPENED = KEPT | {
    201: {
        "description": "The ticket is stored and read; `Location` names it",
        "content": {
            "application/json": {
                "example": triage_example(
                    id=EXAMPLE_TICKET,
                    customer_id="c-1042",
                    status="open",
                    features={"open_tickets": 1, "messages_last_hour": 1, "last_intents": []},
                    created_at="2026-05-04T09:12:44.120000Z",
                    due_at="2026-05-04T13:12:44.120000Z",
                    overdue=False,
                )
            }
        },
    }
}


@routes.post("/tickets", status_code=201, response_model=Ticket, responses=OPENED)
async def open_ticket(
    new: NewMessage, response: Response, idempotency_key: IdempotencyKey = None
) -> Ticket | Response:
    """Store a customer's message, read it, and decide where it goes and how soon."""
    stored = None
    try:
        async with amoeba.deadline(DEADLINE_S):
            key = idempotency_key or str(uuid4())
            stored = await tickets.open(NewTicket(new.customer_id, new.text, key))
            ticket = await tickets.enrich(stored.id)
    except Exception as error:  # the message is stored: whatever failed then, say so
        if stored is None:
            raise
        return put_off(stored, error)
    response.headers["location"] = f"/tickets/{ticket.id}"
    return ticket


@routes.post("/tickets/{ticket_id}/messages", status_code=201, response_model=Ticket,
             responses=KEPT | NO_TICKET)  # fmt: skip
async def add_message(
    ticket_id: TicketId, new: NextMessage, idempotency_key: IdempotencyKey = None
) -> Ticket | Response:
    """Store one more message of a conversation and read it. An agent's stops the clock."""
    stored = None
    try:
        async with amoeba.deadline(DEADLINE_S):
            key = idempotency_key or str(uuid4())
            stored = await tickets.add_message(ticket_id, new.author, new.text, key)
            return await tickets.enrich(stored.id)
    except Exception as error:  # the message is stored: whatever failed then, say so
        if stored is None:
            raise
        return put_off(stored, error)


@routes.get("/tickets/{ticket_id}", responses=DOWN | NO_TICKET)
async def get_ticket(ticket_id: TicketId) -> Ticket:
    """Give a ticket with its conversation; needs no model."""
    async with amoeba.deadline(DEADLINE_S):
        return await tickets.get(ticket_id)


@routes.post("/tickets/{ticket_id}/close", responses=DOWN | NO_TICKET)
async def close_ticket(ticket_id: TicketId) -> Ticket:
    """Nothing more is to be done; a new message of the customer's opens it again."""
    async with amoeba.deadline(DEADLINE_S):
        return await tickets.close(ticket_id)


@routes.get("/tickets/{ticket_id}/summary", response_class=StreamingResponse,
            responses=DOWN | NO_TICKET)  # fmt: skip
async def get_summary(ticket_id: TicketId) -> StreamingResponse:
    """Summarize the conversation: an event `sentence` for each, then `end`."""
    return await events(tickets.summarize(ticket_id), "sentence")


@routes.get("/customers/{customer_id}", responses=DOWN | {404: {"description": "Unknown"}})
async def get_customer(customer_id: CustomerId) -> Customer:
    """Tell what is known of a customer."""
    async with amoeba.deadline(DEADLINE_S):
        return await tickets.customer(customer_id)
