"""Puts the application together."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from support_desk.gateway import pages, tickets, training, triage
from support_desk.gateway.limits import LARGEST_BATCH, BodyLimit
from support_desk.tickets import CustomerNotFound, KeyReused, TicketNotFound
from support_desk.training import RunNotFound, TrainingBusy

STATUS: dict[type[Exception], int] = {
    TicketNotFound: 404,
    CustomerNotFound: 404,
    RunNotFound: 404,
    KeyReused: 409,
    TrainingBusy: 409,
}

api = FastAPI(title="Support desk", summary="Sorts the messages of a bank's customers.")
api.add_middleware(BodyLimit, limits={"/triage/batch": LARGEST_BATCH})
for part in (triage, tickets, training, pages):
    api.include_router(part.routes)
api.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))


@api.exception_handler(RequestValidationError)
async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
    """Say what is wrong with a request, without the customer's words.

    FastAPI would repeat the input, which does not belong in logs and may not even be encodable.
    """
    told = [{key: fault[key] for key in ("type", "loc", "msg")} for fault in error.errors()]
    return JSONResponse({"detail": told}, status_code=422)


async def explain(_: Request, error: Exception) -> JSONResponse:
    """Answer with the status of an error of the contracts."""
    return JSONResponse({"detail": str(error)}, status_code=STATUS[type(error)])


for kind in STATUS:
    api.add_exception_handler(kind, explain)
