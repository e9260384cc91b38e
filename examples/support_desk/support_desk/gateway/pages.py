"""A page for a person: write a message, and see what the desk makes of it.

Server-rendered. A small script beside it shows two things that come later than the page: the
summary's sentences as they stream in, and which process answered for each module, which is in the
`Server-Timing` header of the page and of the summary.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Request, Response
from fastapi.templating import Jinja2Templates
from pydantic import ValidationError

import amoeba
from support_desk.gateway.schemas import EXAMPLE, KEY, LONGEST_MESSAGE, NewMessage, TicketId
from support_desk.gateway.settings import DEADLINE_S
from support_desk.tickets import KeyReused, NewTicket, Ticket, TicketNotFound, Tickets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_desk.extractor import Entity

log = logging.getLogger("support_desk.gateway")

HEADERS = {
    "content-security-policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
routes = APIRouter(include_in_schema=False)
tickets = amoeba.use(Tickets)
templates = Jinja2Templates(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; `kind` is that of the entity it is, or empty."""

    text: str
    kind: str = ""


@routes.get("/")
async def show(request: Request, ticket: TicketId | None = None) -> Response:
    """Show the form, and below it a ticket that is there."""
    if not ticket:
        return _page(request)
    try:
        async with amoeba.deadline(DEADLINE_S):
            return _page(request, await tickets.get(ticket))
    except TicketNotFound:
        return _page(request, notice="There is no such ticket.", status=404)
    except (amoeba.Unavailable, amoeba.DeadlineExceeded):
        return _page(request, notice="The desk is away. Try again in a moment.", status=503)


@routes.post("/")
async def write(
    request: Request,
    customer_id: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    key: Annotated[str, Form(max_length=200, pattern=f"{KEY}|^$")] = "",
) -> Response:
    """Store what was written and show what the desk makes of it."""
    form = {"customer_id": customer_id, "text": text, "key": key or str(uuid4())}
    form = {name: _writable(value) for name, value in form.items()}
    try:
        new = NewMessage(customer_id=customer_id, text=text)
    except ValidationError as error:
        return _page(request, notice=_fault(error), status=422, form=form)
    stored = None
    try:
        async with amoeba.deadline(DEADLINE_S):
            stored = await tickets.open(NewTicket(new.customer_id, new.text, form["key"]))
            return _page(request, await tickets.enrich(stored.id), form=_next(new))
    except KeyReused:
        notice = "Something else was sent from this form before. Send this one again."
        return _page(request, notice=notice, status=409, form=_next(new))
    except Exception as error:  # noqa: BLE001 - the message may be stored: it must be said
        return _put_off(request, error, stored, form)


def _put_off(
    request: Request, error: Exception, stored: Ticket | None, form: dict[str, str]
) -> Response:
    """Say that the desk cannot answer now, and whether the message is stored."""
    log.warning("a message from the page was not read: %r", error)
    module = error.module if isinstance(error, amoeba.Unavailable) else "the desk"
    if stored is not None:
        notice = f"Your message is stored. It will be read when {module} is back."
        return _page(request, stored, notice=notice, status=503, form=form)
    # The key stays: should the message be stored after all, it is not stored again.
    notice = f"Nobody knows whether your message has arrived: {module} is away. Send it again."
    return _page(request, notice=notice, status=503, form=form)


def pieces(text: str, entities: tuple[Entity, ...]) -> Iterator[Piece]:
    """Cut a text at its entities."""
    reached = 0
    for entity in entities:
        if entity.start > reached:
            yield Piece(text[reached : entity.start])
        yield Piece(text[entity.start : entity.end], entity.type)
        reached = entity.end
    if reached < len(text):
        yield Piece(text[reached:])


def _page(
    request: Request,
    ticket: Ticket | None = None,
    *,
    notice: str = "",
    status: int = 200,
    form: dict[str, str] | None = None,
) -> Response:
    context: dict[str, Any] = {
        "ticket": ticket,
        "messages": [(each, list(pieces(each.text, each.entities))) for each in ticket.messages]
        if ticket
        else [],
        "notice": notice,
        "form": form or {"customer_id": "c-1042", "text": EXAMPLE, "key": str(uuid4())},
        "longest": LONGEST_MESSAGE,
    }
    return templates.TemplateResponse(
        request, "desk.html", context, status_code=status, headers=HEADERS
    )


def _writable(text: str) -> str:
    """Replace halves of characters, which a form can bring and no page can show."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _next(new: NewMessage) -> dict[str, str]:
    """Keep what was written, under a new key: sent again, it is a new message."""
    return {"customer_id": new.customer_id, "text": new.text, "key": str(uuid4())}


def _fault(error: ValidationError) -> str:
    names = {"customer_id": "The customer's number", "text": "The message"}
    said = [f"{names[str(each['loc'][0])]}: {each['msg'].lower()}." for each in error.errors()]
    return " ".join(said)
