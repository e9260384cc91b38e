"""Routes for whoever runs the desk: behind a token, which is set in the environment."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Response
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

import amoeba
from support_desk.gateway.answers import DOWN
from support_desk.gateway.schemas import NewRun
from support_desk.gateway.settings import DEADLINE_S, admin_token
from support_desk.gateway.streams import events
from support_desk.training import Run, Training

bearer = HTTPBearer(auto_error=False, description="The value of SUPPORT_DESK_ADMIN_TOKEN")


def admin(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
    """Let in who knows the token; without one in the environment, nobody."""
    token = admin_token()
    if not token:
        raise HTTPException(403, "set SUPPORT_DESK_ADMIN_TOKEN where the gateway runs")
    if given is None or not hmac.compare_digest(given.credentials.encode(), token.encode()):
        raise HTTPException(401, "a token is needed", {"www-authenticate": "Bearer"})


ADMIN = DOWN | {
    401: {"description": "The token is missing or wrong"},
    403: {"description": "SUPPORT_DESK_ADMIN_TOKEN is not set: nobody gets in"},
}
routes = APIRouter(
    prefix="/admin", tags=["training"], dependencies=[Depends(admin)], responses=ADMIN
)
training = amoeba.use(Training)


@routes.post("/training", status_code=202, responses={409: {"description": "A run is going on"}})
async def start_training(new: NewRun, response: Response) -> Run:
    """Begin to train new models; `Location` names where to watch."""
    async with amoeba.deadline(DEADLINE_S):
        run = await training.start(new.seed)
    response.headers["location"] = f"/admin/training/{run.id}/progress"
    return run


@routes.get("/training")
async def list_training() -> tuple[Run, ...]:
    """Tell of every run, the newest first."""
    async with amoeba.deadline(DEADLINE_S):
        return await training.runs()


@routes.get("/training/{run_id}/progress", response_class=StreamingResponse,
            responses={404: {"description": "There is no such run"}})  # fmt: skip
async def watch_training(run_id: Annotated[str, Path(max_length=100)]) -> StreamingResponse:
    """Watch a run: an event `run` now and at each change, then `end`."""
    return await events(training.watch(run_id), "run")
