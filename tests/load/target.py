"""A server of known behaviour, in a process of its own: `python -m load.target DESCRIPTOR`.

Each path does one thing; `/seen` tells which requests came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from harness import TIMEOUT_S, fetch, wait_for

GATE_S = 0.01
seen: list[dict[str, Any]] = []
stalls: dict[str, float] = {}


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    status, answer = await answered(scope, body, receive)
    headers = [(b"content-length", str(len(answer)).encode()), (b"location", b"http://192.0.2.1/")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def answered(scope: Any, body: bytes, receive: Any) -> tuple[int, bytes]:
    _, kind, *rest = scope["path"].split("/")
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    if kind == "slow":
        await asyncio.sleep(float(query["s"]))
    elif kind == "status":
        return int(rest[0]), b""
    elif kind == "gate":
        async with gate:
            await asyncio.sleep(GATE_S)
    elif kind == "hang":
        await receive()
    elif kind == "stall":
        stall(query)
    elif kind == "seen":
        found, seen[:] = list(seen), []
        return 200, json.dumps(found).encode()
    elif kind == "keep":
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        path = f"{scope['raw_path'].decode()}?{scope['query_string'].decode()}"
        seen.append({"path": path, "headers": headers, "body": body.decode()})
    return 200, b"ok"


gate = asyncio.Semaphore(1)


def stall(query: dict[str, str]) -> None:
    """Blocks the whole server once per run, some time after the run's first request."""
    at = stalls.setdefault(query["run"], time.monotonic() + float(query["after"]))
    if time.monotonic() >= at:
        stalls[query["run"]] = float("inf")
        time.sleep(float(query["s"]))


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """The server in a process of its own; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = "http://{}:{}".format(*listener.getsockname())
        server = subprocess.Popen(
            [sys.executable, "-m", "load.target", str(listener.fileno())],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONPATH": "."},
            pass_fds=[listener.fileno()],
        )
    try:
        wait_for(lambda: server.poll() is not None or answers(url), f"{url} to answer")
        yield url
    finally:
        server.terminate()
        server.wait(TIMEOUT_S)


def answers(url: str) -> bool:
    try:
        return fetch(url).status == 200
    except OSError:
        return False


if __name__ == "__main__":
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    # `uvicorn --fd` takes the socket for a Unix one, and answers wait for delayed acknowledgements.
    uvicorn.Server(config).run([socket.socket(fileno=int(sys.argv[1]))])
