"""The request is given to the app as a server would, and so is its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from payload_records import recorded

from amoeba.evidence.payloads import CUT, Body, Payload
from amoeba.replay.asgi import Exchange, LifespanFailed, lifespan
from amoeba.runtime.deadlines import check_scope, current_scope, deadline, without_deadlines


def run(app: Any, payload: Payload, state: dict[str, Any] | None = None) -> Exchange:
    async def made() -> Exchange:
        exchange = Exchange(payload, state or {})
        exchange.error = await exchange.run(app)  # type: ignore[attr-defined]
        return exchange

    return asyncio.run(asyncio.wait_for(made(), 30))


def app_of(endpoint: Callable[..., Any], method: str = "POST") -> FastAPI:
    app = FastAPI()
    app.add_api_route("/x", endpoint, methods=[method], response_model=None)
    return app


def test_the_request_is_what_was_recorded():
    async def endpoint(request: Request) -> Any:
        return [
            (await request.body()).decode(),
            request.headers["x-a"],
            request.query_params["q"],
            request.client.host if request.client else None,
            str(request.url),
        ]

    payload = recorded(
        body=b"hello",
        headers=[(b"host", b"shop.test"), (b"x-a", b"1")],
        query=b"q=2",
        client=("10.0.0.1", 9),
        scheme="https",
    )
    found = run(app_of(endpoint), payload).answer
    assert (found.status, found.whole) == (200, True)
    assert found.body == b'["hello","1","2","10.0.0.1","https://shop.test/x?q=2"]'


def test_what_leaves_the_app_is_answered_with_500():
    async def app(*_: Any) -> None:
        raise KeyError("bug")

    found = run(app, recorded())
    assert repr(found.error) == "KeyError('bug')"
    assert (found.answer.status, found.answer.body) == (500, b"Internal Server Error")


def test_the_client_leaves_a_stream_when_it_has_what_was_recorded():
    left = []

    async def endpoint() -> StreamingResponse:
        async def items() -> Any:
            try:
                while True:
                    yield "item\n"
            finally:
                left.append(True)

        return StreamingResponse(items())

    found = run(app_of(endpoint), recorded(answer=Body(b"item\n" * 3, CUT))).answer
    assert found.body == b"item\n" * 3
    assert not found.whole
    assert left == [True]


def test_an_app_that_does_not_see_the_client_leave_is_ended(monkeypatch):
    monkeypatch.setattr("amoeba.replay.asgi._GRACE_S", 0.0)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.Event().wait()

    found = run(app, recorded(answer=Body(b"x", CUT)))
    assert (found.answer.body, found.error) == (b"x", None)


def within(app: Any) -> dict[str, Any]:
    async def made() -> dict[str, Any]:
        async with lifespan(app) as state:
            return dict(state)

    return asyncio.run(asyncio.wait_for(made(), 30))


def test_the_lifespan_runs_from_begin_to_end_and_gives_its_state():
    order: list[str] = []

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        order.append("begins")
        yield {"found": 1}
        order.append("ends")

    assert within(FastAPI(lifespan=life)) == {"found": 1}
    assert order == ["begins", "ends"]


def test_a_lifespan_that_fails_is_told_of():
    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        raise OSError("no database")
        yield

    with pytest.raises(LifespanFailed, match="the gateway's lifespan failed: ") as caught:
        within(FastAPI(lifespan=life))
    assert "no database" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


def test_an_app_needs_no_lifespan():
    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        assert scope["type"] == "http"

    assert within(app) == {}


@pytest.mark.parametrize("looking", [True, False])
def test_deadlines_do_not_pass_while_somebody_looks(looking):
    async def inside() -> None:
        without_deadlines.set(looking)
        async with deadline(-1.0):
            scope = current_scope()
            assert scope is not None
            check_scope(scope)
            await asyncio.sleep(0)

    if looking:
        asyncio.run(inside())
        return
    with pytest.raises(TimeoutError):
        asyncio.run(inside())
