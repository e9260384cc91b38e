"""The `Server-Timing` header tells which replica answered for each module."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

import amoeba
from amoeba.app.manifest import GatewaySpec
from amoeba.evidence import Recorder
from amoeba.runtime.gateway import edge
from amoeba.runtime.server_timing import header_value
from amoeba.runtime.timings import current_timings, note
from amoeba.wire.frames import Timing


def made_app() -> FastAPI:
    app = FastAPI()

    @app.get("/plain")
    def plain() -> str:  # in a thread of FastAPI's
        timings = current_timings()
        if timings is not None:
            note(timings, "model", "models.1", 1500)
        return "plain"

    @app.get("/down")
    async def down() -> None:
        raise amoeba.Unavailable("model", "gone")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> Any:
            yield str(current_timings() is not None)

        return StreamingResponse(parts())

    return app


def get(path: str, *, on: bool = True) -> httpx.Response:
    async def send() -> httpx.Response:
        app = edge(made_app(), GatewaySpec(server_timing=on), "main.0", Recorder())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(send())


def test_an_answer_names_the_gateway_and_who_was_called():
    value = get("/plain").headers["server-timing"]
    assert re.fullmatch(
        r'gateway;desc="main\.0";dur=[\d.e-]+, model;desc="models\.1";dur=1\.5', value
    )


def test_an_answer_of_amoebas_own_has_it_too():
    answer = get("/down")
    assert answer.status_code == 503
    assert answer.headers["server-timing"].startswith('gateway;desc="main.0";dur=')


def test_a_stream_has_it_when_it_begins():
    answer = get("/stream")
    assert answer.text == "True"
    assert answer.headers["server-timing"].startswith("gateway;")


def test_without_the_setting_nothing_is_told():
    assert "server-timing" not in get("/plain", on=False).headers


def test_durations_are_milliseconds():
    assert header_value([Timing("a-b", "x.0", 12_345)]) == 'a-b;desc="x.0";dur=12.345'
    assert header_value([]) == ""
