"""What the gateway adds to an app: the status of what Amoeba raised, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

import amoeba
from amoeba.runtime.gateway import ErrorEdge

ERRORS = {
    "unavailable": amoeba.Unavailable("tickets", "no replica is ready", 2.5),
    "overloaded": amoeba.Overloaded("tickets", "too much"),
    "late": amoeba.DeadlineExceeded("over"),
    "own": ValueError("a bug"),
    "remote": amoeba.RemoteError("a:B", "secret text", "secret traceback"),
}


def make_app() -> FastAPI:
    app = FastAPI()

    @app.get("/raise/{name}")
    async def raise_it(name: str) -> None:
        raise ERRORS[name]

    @app.get("/own500")
    async def own_500() -> PlainTextResponse:
        return PlainTextResponse("mine", status_code=500)

    @app.get("/http")
    async def http() -> None:
        raise HTTPException(503, "of my own")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> Any:
            yield "one"
            raise amoeba.Unavailable("tickets", "gone")

        return StreamingResponse(parts())

    return app


def get(app: Any, path: str, *, raises: bool = False) -> httpx.Response:
    async def fetch() -> httpx.Response:
        transport = httpx.ASGITransport(ErrorEdge(app), raise_app_exceptions=raises)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(fetch())


@pytest.mark.parametrize(
    ("name", "status", "retry_after"),
    [("unavailable", 503, "3"), ("overloaded", 503, "1"), ("late", 504, None)],
)
def test_what_amoeba_raised_has_its_status(name, status, retry_after):
    answer = get(make_app(), f"/raise/{name}", raises=True)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"detail"}


def test_any_other_exception_is_the_apps_own_500():
    for name in ("own", "remote"):
        answer = get(make_app(), f"/raise/{name}")
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_an_exception_is_still_raised_for_the_server_to_log():
    with pytest.raises(ValueError, match="a bug"):
        get(make_app(), "/raise/own", raises=True)


def test_the_apps_own_answers_pass_untouched():
    assert get(make_app(), "/own500").text == "mine"
    assert get(make_app(), "/http").json() == {"detail": "of my own"}
    assert get(make_app(), "/nowhere").status_code == 404


def test_the_apps_own_handler_wins():
    app = make_app()

    @app.exception_handler(amoeba.Unavailable)
    async def handler(request: Request, error: amoeba.Unavailable) -> JSONResponse:
        return JSONResponse({"sorry": error.module}, status_code=418)

    answer = get(app, "/raise/unavailable")
    assert (answer.status_code, answer.json()) == (418, {"sorry": "tickets"})


def test_an_answer_that_has_begun_is_not_replaced():
    with pytest.raises(amoeba.Unavailable):
        get(make_app(), "/stream", raises=True)


def test_background_tasks_run_after_the_answer():
    app, ran = FastAPI(), []

    @app.get("/")
    async def root(tasks: BackgroundTasks) -> str:
        tasks.add_task(ran.append, "after")
        return "answer"

    assert get(app, "/").json() == "answer"
    assert ran == ["after"]
