"""The HTTP edge refuses what it cannot take, names the field, and repeats no customer's words."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from desk_gateway import HttpDesk, run_gateway
from support_desk.gateway import settings
from support_desk.gateway.limits import LARGEST_BATCH, LARGEST_BODY, BodyLimit
from support_desk.gateway.schemas import MOST_TEXTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

TEXT = "duplicate_payment of £12"
POST = {"customer_id": "c1", "text": TEXT}
JSON = {"content-type": "application/json"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a test's body against the gateway."""
    return functools.partial(run_gateway, tmp_path, monkeypatch)


INVALID = [
    ("/triage", b'{"text": ""}', ["body", "text"]),
    ("/triage", b'{"text": "  \\n "}', ["body", "text"]),
    ("/triage", json.dumps({"text": "x" * 5001}).encode(), ["body", "text"]),
    ("/triage", b"{}", ["body", "text"]),
    ("/triage", b'{"text": 5}', ["body", "text"]),
    ("/triage", b'{"text": null}', ["body", "text"]),
    ("/triage", b'{"text": NaN}', ["body", "text"]),
    ("/triage", b'{"text": "half a character: \\ud800"}', None),
    ("/triage", b'{"text": "nul \\u0000 byte"}', ["body", "text"]),
    ("/triage", b"[]", ["body"]),
    ("/triage", b"not JSON", None),
    ("/triage", b"", ["body"]),
    ("/triage/batch", b'{"texts": []}', ["body", "texts"]),
    ("/triage/batch", b'{"texts": ["fine", ""]}', ["body", "texts", 1]),
    ("/triage/batch", json.dumps({"texts": ["x"] * (MOST_TEXTS + 1)}).encode(), ["body", "texts"]),
    ("/tickets", b'{"text": "hello"}', ["body", "customer_id"]),
    ("/tickets", b'{"customer_id": "c1"}', ["body", "text"]),
    ("/tickets", b'{"customer_id": "", "text": "hello"}', ["body", "customer_id"]),
    ("/tickets", b'{"customer_id": "a b", "text": "hello"}', ["body", "customer_id"]),
    ("/tickets/0/messages", b'{"text": "x", "author": "boss"}', ["body", "author"]),
]


@pytest.mark.parametrize(("path", "content", "where"), INVALID)
def test_anything_else_is_unprocessable_and_names_the_field(desk, path, content, where):
    async def body(made: HttpDesk) -> None:
        answer = await made.http.post(path, content=content, headers=JSON)
        assert answer.status_code == 422
        faults = answer.json()["detail"]
        assert all(set(fault) == {"type", "loc", "msg"} for fault in faults)
        if where is not None:
            assert where in [fault["loc"] for fault in faults]
        assert made.classifier.asked == 0

    desk(body)


@pytest.mark.parametrize("key", ["", "has space", "x" * 201, "ümlaut".encode()])
def test_a_key_that_is_none_is_unprocessable(desk, key):
    async def body(made: HttpDesk) -> None:
        headers = {"idempotency-key": key}
        answer = await made.http.post("/tickets", json=POST, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["header", "idempotency-key"]

    desk(body)


@pytest.mark.parametrize(
    "path", ["/tickets/%00", "/tickets/no", "/tickets/" + "0" * 37, "/?ticket=%00"]
)
def test_what_can_be_no_ticket_is_unprocessable(desk, path):
    async def body(made: HttpDesk) -> None:
        assert (await made.http.get(path)).status_code == 422

    desk(body)


def test_a_form_with_half_a_character_or_a_strange_key_is_refused(desk):
    async def body(made: HttpDesk) -> None:
        edge = "x" * 20
        half = (
            f"--{edge}\r\ncontent-disposition: form-data; name=text\r\n\r\n\\ud800\r\n"
            f"--{edge}\r\ncontent-disposition: form-data; name=customer_id\r\n\r\nc1\r\n"
            f"--{edge}--\r\n"
        )
        kind = {"content-type": f"multipart/form-data; boundary={edge}; charset=unicode_escape"}
        assert (await made.http.post("/", content=half, headers=kind)).status_code == 422
        form = {"customer_id": "c1", "text": "mortgage", "key": "\x00"}
        assert (await made.http.post("/", data=form)).status_code == 422

    desk(body)


def test_a_refusal_does_not_repeat_what_the_customer_wrote(desk):
    async def body(made: HttpDesk) -> None:
        long = {"text": "my password is swordfish " * 300}
        answer = await made.http.post("/triage", json=long)
        assert answer.status_code == 422
        assert "swordfish" not in answer.text

    desk(body)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("path", "limit"), [("/triage", LARGEST_BODY), ("/", LARGEST_BODY)])
def test_a_body_that_is_too_large_is_413(desk, path, limit, chunked):
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(limit // 1000 + 1):
            yield b" " * 1000

    async def body(made: HttpDesk) -> None:
        content = chunks() if chunked else b" " * (limit + 1)
        headers = {"content-type": "application/x-www-form-urlencoded"} if path == "/" else JSON
        answer = await made.http.post(path, content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json() == {"detail": f"the body is larger than {limit} bytes"}

    desk(body)


def test_a_batch_may_be_larger(desk):
    async def body(made: HttpDesk) -> None:
        texts = ["mortgage " + "x" * 400] * 500
        answer = await made.http.post("/triage/batch", json={"texts": texts})
        assert (answer.status_code, len(answer.text.splitlines())) == (200, 500)
        assert LARGEST_BATCH > 1000 * 5000 * 6

    desk(body)


def test_the_limit_is_counted_where_no_length_is_told():
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def call(parts: int) -> int:
        waiting = [{"type": "http.request", "body": b"x" * 10, "more_body": n + 1 < parts}
                   for n in range(parts)]  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": "/x", "headers": []}
        await BodyLimit(app, {"/x": 30})(scope, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(call(3)) == 200
    assert asyncio.run(call(4)) == 413


def test_the_deadline_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("SUPPORT_DESK_DEADLINE", raising=False)
    assert settings.deadline_s() == 5
    monkeypatch.setenv("SUPPORT_DESK_DEADLINE", "0.25")
    assert settings.deadline_s() == 0.25


@pytest.mark.parametrize("value", ["", "soon", "0", "-1", "nan", "inf"])
def test_a_deadline_that_is_no_time_is_an_error(value, monkeypatch):
    monkeypatch.setenv("SUPPORT_DESK_DEADLINE", value)
    with pytest.raises(ValueError, match="SUPPORT_DESK_DEADLINE") as caught:
        settings.deadline_s()
    assert str(caught.value) == (
        f"SUPPORT_DESK_DEADLINE is {value!r}\n"
        "  where: the environment of the gateway's process\n"
        "  expected: a positive number of seconds\n"
        "hint: SUPPORT_DESK_DEADLINE=5 amoeba run"
    )
