"""Requests of chosen routes are recorded at the edge; what passes is not touched by that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.responses import StreamingResponse

from amoeba.app import GatewaySpec
from amoeba.app.payloads import PayloadSpec, read_place
from amoeba.evidence import Recorder
from amoeba.evidence.payloads import CROWDED, CUT, HIDDEN, LEFT, UNREAD, WHOLE, Body, Payload
from amoeba.runtime.gateway import edge
from amoeba.runtime.payloads import PayloadRecorder

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
QUIET = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
CHOSEN = (
    "POST /echo",
    "GET /items/{item}",
    "POST /files",
    "GET /stream",
    "POST /ignore",
    "GET /bug",
)


def made_app() -> FastAPI:
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> Any:
        return await request.json()

    @app.get("/items/secret")
    async def secret() -> None: ...

    @app.get("/items/{item}")
    async def item(item: str) -> str:
        return item

    @app.post("/files")
    async def files(name: str = Form(), file: UploadFile = File()) -> list[Any]:  # noqa: B008 - FastAPI's way
        return [name, len(await file.read())]

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def items() -> AsyncIterator[str]:
            for number in range(1000):
                yield f"data: {number}\n\n"

        return StreamingResponse(items(), media_type="text/event-stream")

    @app.post("/ignore")
    async def ignore() -> str:
        return "ignored"

    @app.get("/bug")
    async def bug() -> None:
        raise KeyError("bug")

    return app


class Rig:
    """A recorded app; only what is asked for, fails or is slow is kept as evidence."""

    def __init__(self, redact: Iterable[str] = (), app: Any = None, **spec: Any) -> None:
        places = tuple(place for place in map(read_place, redact) if place)
        given = {"routes": CHOSEN, "redact": places} | spec
        self.recorder = PayloadRecorder(PayloadSpec(**given))
        self.app = edge(app or made_app(), GatewaySpec(), "main.0", Recorder(), self.recorder)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **more)

        return asyncio.run(request())

    def ask(self, method: str, path: str, **more: Any) -> Payload:
        """Send it traced; what is recorded of it."""
        headers = ASKED | more.pop("headers", {})
        self.send(method, path, **more, headers=headers)
        (found,) = self.recorder.take()
        return found

    @property
    def remembered_bytes(self) -> int:
        return self.recorder._room.taken_bytes


def test_a_request_is_recorded_with_its_answer():
    rig = Rig()
    found = rig.ask("POST", "/echo?page=2", json={"a": 1})
    assert (found.trace_id, found.route, found.status) == (TRACE, "POST /echo", 200)
    assert (found.method, found.path, found.query) == ("POST", "/echo", b"page=2")
    assert (found.body, found.answer) == (Body(b'{"a":1}'), Body(b'{"a":1}'))
    assert dict(found.headers)[b"content-type"] == b"application/json"
    assert dict(found.answer_headers) == {b"content-type": b"application/json"}
    assert found.client
    assert rig.remembered_bytes == 0


def test_other_routes_are_not_recorded_nor_requests_that_are_no_evidence():
    rig = Rig()
    for path in ("/items/tea", "/nowhere", "/items/secret", "/docs"):
        rig.send("GET", path, headers=ASKED)
    rig.send("PUT", "/items/tea", headers=ASKED)
    assert [each.path for each in rig.recorder.take()] == ["/items/tea"]
    for _ in range(30):
        rig.send("GET", "/items/tea", headers=QUIET)
    assert len(rig.recorder.take()) < 10
    assert rig.remembered_bytes == 0


def test_a_failure_is_recorded_though_nobody_looked():
    rig = Rig()
    rig.send("GET", "/bug")
    rig.recorder.take()
    rig.send("GET", "/bug", headers=QUIET)
    (found,) = rig.recorder.take()
    assert (found.trace_id, found.status) == (TRACE, 500)
    assert found.answer.data == b"Internal Server Error"


def test_an_app_without_routes_is_recorded_by_its_paths():
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    rig = Rig(app=app, routes=("GET /a/{id}/b/{rest:path}",))
    for path in ("/a/1/b/2/3", "/a/1/2/b/3", "/a/1/b"):
        rig.send("GET", path, headers=ASKED)
    assert [(each.path, each.status) for each in rig.recorder.take()] == [("/a/1/b/2/3", 204)]


def test_a_route_of_an_included_router_is_known_with_its_prefix():
    from fastapi import APIRouter

    router, app = APIRouter(), FastAPI()

    @router.get("/items/{item}")
    async def item(item: str) -> str:
        return item

    app.include_router(router, prefix="/api")
    rig = Rig(app=app, routes=("GET /api/items/{item}",))
    assert rig.ask("GET", "/api/items/tea").route == "GET /api/items/{item}"


def test_what_is_to_be_redacted_does_not_leave():
    rig = Rig(redact=["$.key", "header:authorization"])
    found = rig.ask("POST", "/echo", json={"key": "s3cr3t"}, headers={"Authorization": "s3cr3t"})
    assert found.redacted == ["header:authorization", "$.key"]
    assert found.body.data == found.answer.data == b'{"key":"[redacted]"}'


def test_an_upload_is_recorded_and_left_out_where_something_is_to_be_redacted():
    upload = {"files": {"file": ("x.bin", bytes(range(256)))}, "data": {"name": "x"}}
    found = Rig().ask("POST", "/files", **upload)
    assert found.body.state == WHOLE
    assert bytes(range(256)) in found.body.data
    assert found.answer.data == b'["x",256]'
    hidden = Rig(redact=["$.name"]).ask("POST", "/files", **upload)
    assert (hidden.body, hidden.answer.state) == (Body(b"", HIDDEN), WHOLE)
    assert "neither JSON nor a form" in hidden.why_not


def test_a_body_larger_than_the_bound_is_cut_and_passes_whole():
    rig = Rig(body_bytes=1000)
    answer = rig.send("POST", "/echo", json="x" * 5000, headers=ASKED)
    assert answer.json() == "x" * 5000
    (found,) = rig.recorder.take()
    assert (len(found.body.data), found.body.state, found.answer.state) == (1000, CUT, CUT)
    assert "larger than what is kept" in found.why_not


def test_a_body_that_the_app_did_not_read_can_be_replayed_without():
    found = Rig().ask("POST", "/ignore", json={"a": 1})
    assert (found.body, found.why_not) == (Body(b"", UNREAD), "")
    assert Rig().ask("GET", "/items/tea").body.state == WHOLE


def test_a_long_stream_is_passed_on_as_it_comes():
    rig = Rig(body_bytes=100)
    answer = rig.send("GET", "/stream", headers=ASKED)
    assert answer.text.endswith("data: 999\n\n")
    (found,) = rig.recorder.take()
    assert found.answer == Body(answer.content[:100], CUT)


def test_each_message_passes_before_the_next_is_made():
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            order.append(f"app got {message['body'].decode()}")
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"x", b"y"):
            await send({"type": "http.response.body", "body": part, "more_body": part == b"x"})
            order.append(f"app sent {part.decode()}")

    async def run() -> None:
        parts = iter([(b"1", True), (b"2", False)])

        async def receive() -> Any:
            body, more = next(parts)
            order.append(f"client sent {body.decode()}")
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: Any) -> None:
            if "body" in message:
                order.append(f"client got {message['body'].decode()}")

        await Rig(app=app).app(scope_of("POST", "/echo"), receive, send)

    asyncio.run(run())
    assert order == [
        "client sent 1", "app got 1", "client sent 2", "app got 2",
        "client got x", "app sent x", "client got y", "app sent y",
    ]  # fmt: skip


def scope_of(method: str, path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [
            (b"content-length", b"9"),
            (b"traceparent", ASKED["traceparent"].encode()),
        ],
    }


def test_a_client_that_leaves_is_told_of():
    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def run(rig: Rig) -> None:
        messages = iter(
            [
                {"type": "http.request", "body": b"half", "more_body": True},
                {"type": "http.disconnect"},
            ]
        )

        async def receive() -> Any:
            return next(messages)

        async def send(_message: Any) -> None: ...

        await rig.app(scope_of("POST", "/echo"), receive, send)

    rig = Rig(app=app)
    asyncio.run(run(rig))
    (found,) = rig.recorder.take()
    assert (found.body, found.status, found.answer.state) == (Body(b"half", LEFT), 0, UNREAD)
    assert "was gone" in found.why_not


def test_what_is_remembered_at_once_is_bounded():
    started, release = asyncio.Semaphore(0), asyncio.Event()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        started.release()
        await release.wait()
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})

    async def run(rig: Rig) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": bytes(1 << 20), "more_body": False}

        async def send(_message: Any) -> None: ...

        tasks = [
            asyncio.create_task(rig.app(scope_of("POST", "/echo"), receive, send))
            for _ in range(12)
        ]
        for _ in tasks:
            await started.acquire()
        assert rig.remembered_bytes == 8 << 20
        release.set()
        await asyncio.gather(*tasks)

    rig = Rig(app=app, body_bytes=1 << 20)
    asyncio.run(run(rig))
    assert rig.remembered_bytes == 0
    found = [*rig.recorder.take(), *rig.recorder.take()]
    assert sum(each.size_bytes for each in found) <= 4 << 20
    assert CROWDED in {each.body.state for each in found}


def test_a_mistake_in_recording_costs_no_request(monkeypatch, caplog):
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("amoeba.runtime.payloads.redact", fails)
    rig = Rig()
    assert rig.send("GET", "/items/tea", headers=ASKED).json() == "tea"
    assert rig.recorder.take() == []
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("GET /item/{item}", "did you mean 'GET /items/{item}'?"),
        ("PUT /echo", "did you mean"),
        ("GET /items/{item}", ""),
        ("GET /static/x.css", ""),
    ],
)
def test_a_route_that_the_app_does_not_have_is_told(caplog, route, said):
    app = made_app()
    app.mount("/static", made_app())
    Rig(app=app, routes=(route,))
    assert (f"the gateway has no route '{route}'" in caplog.text) == bool(said)
    assert said in caplog.text


def test_of_an_app_that_does_not_tell_its_routes_none_is_unknown(caplog):
    async def app(*_: Any) -> None: ...

    Rig(app=app, routes=("GET /x",))
    assert caplog.text == ""


def test_without_routes_the_edge_is_as_it_would_be():
    app = made_app()
    plain = edge(app, GatewaySpec(), "main.0", Recorder())
    assert type(plain).__name__ == "RequestRecorder"


def test_a_route_of_the_same_name_below_another_path_is_not_meant():
    app, admin = FastAPI(), FastAPI()

    @admin.get("/items/{item}")
    async def item(item: str) -> str:
        return item

    app.mount("/admin", admin)
    rig = Rig(app=app)
    rig.send("GET", "/admin/items/tea", headers=ASKED)
    assert rig.recorder.take() == []
    rig = Rig(app=app, routes=("GET /admin/items/{item}",))
    assert rig.ask("GET", "/admin/items/tea").route == "GET /admin/items/{item}"
